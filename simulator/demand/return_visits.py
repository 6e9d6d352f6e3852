"""Return visits: a login is followed by another of the same user, that one too, and so on.

The logins that follow from one primary login, and it, are a cluster (a Bartlett-Lewis process). People come back
sooner than a Poisson process says, and this is how.
"""

import functools
from typing import Annotated, Self

import numpy as np
from pydantic import Field, model_validator

from simulator.core.arrays import FloatArray
from simulator.core.component import Part
from simulator.core.duration.base import AnyDuration, Duration
from simulator.core.streams import stream
from simulator.core.units import DAY_S, Fraction, about_duration

KEPT_FRACTION = 0.999
"""A cluster is followed until so many of its return visits have come; the later ones are left out."""
LONGEST_S = 366 * DAY_S
"""Clusters that take longer are refused: a simulation begins by drawing the logins of that time."""
SAMPLE = 2**16
"""Return visits that the length of a cluster is measured on; they put the share kept at 0.999 within 0.0004."""


class ReturnVisits(Part):
    """Each login, a return visit too, is followed by another with some probability after a random gap."""

    probability_fraction: Annotated[Fraction, Field(le=0.95, examples=["30 %"])]
    """Share of logins that another of the same user follows. The profile does not modulate it."""
    gap: AnyDuration
    """The time from a login to the one that follows it."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.longest_s > LONGEST_S:
            span = about_duration(self.longest_s)
            raise ValueError(
                f"{KEPT_FRACTION * 100:g} % of the return visits come only within {span} of the first login, and it "
                f"must be within {about_duration(LONGEST_S)}; lower 'probability' or 'gap'"
            )
        return self

    @property
    def logins_per_primary(self) -> float:
        """Mean logins of a cluster: 1 / (1 - probability)."""
        return 1.0 / (1.0 - self.probability_fraction)

    @property
    def longest_s(self) -> float:
        """How long after its primary login a cluster is followed. [s]"""
        return float(np.quantile(_lags_s(self.probability_fraction, self.gap), KEPT_FRACTION, method="higher"))

    @property
    def mean_lag_s(self) -> float:
        """Mean time from a primary login to a return visit of its cluster. [s]"""
        return self.gap.typical_s * self.logins_per_primary

    def returns_after(self, step_s: float) -> FloatArray:
        """Return how many return visits a primary login has 0, 1, 2, ... steps of time later, on average.

        The primary login is anywhere in its step. Measured on a fixed sample, for expectations alone.

        Parameters
        ----------
        step_s
            Length of a step. [s]
        """
        lags = _lags_s(self.probability_fraction, self.gap) / step_s
        lags = lags[lags <= self.longest_s / step_s]
        whole = np.floor(lags).astype(np.int64)
        size = int(whole.max(initial=0)) + 2
        late = np.bincount(whole, lags - whole, size)
        visits = np.bincount(whole, minlength=size) - late + np.concatenate([[0.0], late[:-1]])
        return np.asarray(visits * (self.logins_per_primary - 1.0) / SAMPLE)


@functools.lru_cache(maxsize=16)
def _lags_s(probability: float, gap: Duration) -> FloatArray:
    """Return the times from a primary login to return visits drawn at random from clusters. [s]

    The how-manieth of its cluster a random return visit is, is geometric.
    """
    rng = stream(0, 0, "lags of return visits")
    nth = rng.geometric(1.0 - probability, SAMPLE)
    with np.errstate(over="ignore"):
        gaps_s = gap.draw_s(rng, int(nth.sum()))
        lags_s = np.add.reduceat(gaps_s, np.cumsum(nth) - nth)
    lags_s.setflags(write=False)
    return np.asarray(lags_s)
