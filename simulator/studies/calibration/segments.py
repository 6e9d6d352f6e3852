"""Users of two kinds, where one gamma does not say how many are active, or how soon they come again.

What matters of how often users came is which share of them is active within a day or a week, and how many logins
follow another one within the time that a cache keeps a prediction. Both are summed over the counts of the log and over
counts drawn from the fit. Where these are apart a mixture of two gammas is fitted, and taken if BIC prefers it and it
is nearer.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from scipy.optimize import minimize

from simulator.core.arrays import FloatArray
from simulator.core.streams import stream
from simulator.core.units import HOURS_PER_DAY
from simulator.studies.calibration.activity import BOUNDS, Beginning, Gamma, Likelihood
from simulator.studies.calibration.newton import left_out

ACTIVE_DAYS: Final = (1.0, 7.0)
AGAIN_DAYS: Final = (6.0 / HOURS_PER_DAY, 1.0, 7.0)
"""Windows of activity, and times in which another login follows."""
MOST_OF_LOG: Final = 0.5
"""Longer windows are not looked at."""
POOR: Final = 0.05
"""A share that is so far off, relative to that by the counts, is told and mended."""
DRAWN: Final = 400_000
STARTS: Final = ((0.3, 3.0, 0.2), (0.1, 6.0, 0.3), (0.5, 2.0, 0.05))
"""Share of the busy ones, and how many times as often as all who came the busy ones and the others come."""
MORE_PARAMETERS: Final = 3
LARGEST_LOG: Final = 12.0
LEAST_UNSEEN: Final = 1e-300


@dataclass(frozen=True)
class Part:
    """A kind of users: its share of all who are not dormant, and the gamma of its primary logins."""

    share_fraction: float
    shape: float
    mean_per_day: float


@dataclass(frozen=True)
class Mixture:
    """Two kinds of users, the busier one first, and the same without each group of users."""

    parts: tuple[Part, Part]
    without: tuple[tuple[Part, Part], ...]

    def of(self, without: int | None) -> tuple[Part, Part]:
        """Return the two kinds by all users, or by those of all groups but one."""
        return self.parts if without is None else self.without[without]


@dataclass(frozen=True)
class Misfit:
    """How a share by the fit is apart from that by the counts."""

    what: str
    counted: float
    fitted: float

    @property
    def error(self) -> float:
        """How far off it is, relative to that by the counts."""
        return self.fitted / self.counted - 1.0 if self.counted else 0.0


@dataclass(frozen=True)
class Kinds:
    """Whether one gamma says what matters of how often users came, and two if it does not."""

    log_likelihood: float
    """Of what is taken: of one gamma, or of two."""
    unseen_fraction: float
    """Share of the users, dormant ones left out, who never come in the log, likewise."""
    one: tuple[Misfit, ...]
    """Of one gamma."""
    two: tuple[Misfit, ...] = ()
    """Of two, where one is poor."""
    mixture: Mixture | None = None
    """Two kinds of users, where they are wanted."""

    @property
    def parameters(self) -> int:
        """How many numbers say how often users come."""
        return 2 + (MORE_PARAMETERS if self.mixture is not None else 0)

    @property
    def worst(self) -> Misfit | None:
        """What one gamma says worst, where that is poor."""
        found = max(self.one, key=lambda each: abs(each.error), default=None)
        return found if found is not None and abs(found.error) > POOR else None


def fitted_kinds(likelihood: Likelihood, by_group: Sequence[Likelihood], gamma: Gamma) -> Kinds:
    """Return how good a gamma is, and two where it is poor and two are better.

    Parameters
    ----------
    likelihood
        Of all users.
    by_group
        Of those of each group.
    gamma
        The one that fits best.
    """
    one = misfits(likelihood, (Part(1.0, gamma.shape, gamma.mean_per_day),))
    kinds = Kinds(gamma.log_likelihood, gamma.unseen_fraction, one)
    if kinds.worst is None:
        return kinds
    best = _fitted(likelihood)
    gain = log_likelihood(likelihood, best) - gamma.log_likelihood
    parts = _parts(best)
    two = misfits(likelihood, parts)
    worst = max((abs(each.error) for each in two), default=math.inf)
    if 2.0 * gain <= MORE_PARAMETERS * math.log(likelihood.seen.users.sum()) or worst >= abs(kinds.worst.error):
        return replace(kinds, two=two)
    moved = left_out(lambda logs: np.array([log_likelihood(each, logs) for each in by_group]), best)
    without = tuple(_parts(moved[:, group]) for group in range(moved.shape[1]))
    unseen = unseen_fraction(likelihood, parts)
    return Kinds(gamma.log_likelihood + gain, unseen, one, two, Mixture(parts, without))


def log_likelihood(likelihood: Likelihood, logs: FloatArray) -> float:
    """Return the log-likelihood of two kinds of users, the logarithms of whose odds, shapes and means are given."""
    parts = _parts(logs, sort=False)
    by_part = [math.log(each.share_fraction) + likelihood.each(each.shape, each.mean_per_day) for each in parts]
    return likelihood.summed(np.logaddexp(*by_part), math.log(max(_unseen(likelihood, parts), LEAST_UNSEEN)))


def unseen_fraction(likelihood: Likelihood, parts: Sequence[Part]) -> float:
    """Return the share of users who never come in the log; 0 where they join when they come."""
    return _unseen(likelihood, parts) if likelihood.beginning is Beginning.LASTING else 0.0


def _unseen(likelihood: Likelihood, parts: Sequence[Part]) -> float:
    return sum(each.share_fraction * math.exp(likelihood.log_unseen(each.shape, each.mean_per_day)) for each in parts)


def _fitted(likelihood: Likelihood) -> FloatArray:
    users, seen = float(likelihood.seen.users.sum()), likelihood.seen
    logins = float(seen.users @ (seen.again + 1)) / likelihood.reach.per_cluster
    mean = logins / (users + (likelihood.unseen or 0.0)) / likelihood.reach.days
    best = None

    def loss(logs: FloatArray) -> float:
        return -log_likelihood(likelihood, logs) / users

    for share, times, less in STARTS:
        first = np.log([share / (1.0 - share), 2.0, mean * times, 1.0, mean * less])
        found = minimize(
            loss,
            first,
            method="Nelder-Mead",
            bounds=[(-LARGEST_LOG, LARGEST_LOG), *BOUNDS, *BOUNDS],
            options={"xatol": 1e-4, "fatol": 1e-9, "maxiter": 3_000},
        )
        if best is None or found.fun < best.fun:
            best = found
    assert best is not None
    return np.asarray(best.x)


def _parts(logs: FloatArray, *, sort: bool = True) -> tuple[Part, Part]:
    share = 1.0 / (1.0 + math.exp(-float(np.clip(logs[0], -LARGEST_LOG, LARGEST_LOG))))
    shape, mean, other_shape, other_mean = (float(each) for each in np.exp(logs[1:]))
    both = Part(share, shape, mean), Part(1.0 - share, other_shape, other_mean)
    return (both[1], both[0]) if sort and mean < other_mean else both


def misfits(likelihood: Likelihood, parts: Sequence[Part]) -> tuple[Misfit, ...]:
    """Return what matters of how often users came, by the counts and by as many as one likes drawn from a fit.

    Nothing where nobody came again.

    Parameters
    ----------
    likelihood
        Has the counts.
    parts
        The fit.
    """
    rng = stream(0, 0, "counts of a fit")
    seen, is_joining = likelihood.seen, likelihood.beginning is Beginning.JOINING
    days = likelihood.left_days if is_joining else np.full(seen.users.size, likelihood.reach.days)
    logins = (seen.again + (not is_joining)).astype(np.float64)
    chosen = rng.choice(seen.users.size, DRAWN, p=seen.users / seen.users.sum()) if is_joining else np.zeros(DRAWN, int)
    kind = rng.choice(len(parts), DRAWN, p=[each.share_fraction for each in parts])
    shape, mean = (np.array([getattr(each, name) for each in parts])[kind] for name in ("shape", "mean_per_day"))
    clusters = rng.poisson(rng.gamma(shape, mean / shape) * days[chosen])
    follow = 1.0 / likelihood.reach.per_cluster
    drawn = clusters + np.where(clusters > 0, rng.negative_binomial(np.maximum(clusters, 1), follow), 0)
    weight, of_drawn = seen.users, np.ones(DRAWN)
    if not is_joining and likelihood.unseen is None:  # of those who came
        of_drawn = (drawn > 0).astype(np.float64)
    elif not is_joining:
        weight = seen.users / (1.0 + (likelihood.unseen or 0.0) / seen.users.sum())
    if not (weight @ logins > 0 and of_drawn @ drawn > 0):  # everybody came once, of which nothing follows
        return ()
    per = likelihood.reach.per_cluster
    counted = _shares(logins, days, weight, float(seen.users.sum()), per, likelihood.reach.days)
    fitted = _shares(
        drawn.astype(np.float64), days[chosen], of_drawn, float(of_drawn.sum()), per, likelihood.reach.days
    )
    return tuple(Misfit(what, counted[what], fitted[what]) for what in counted)


def _shares(
    logins: FloatArray, days: FloatArray, users: FloatArray, all_users: float, per_cluster: float, log_days: float
) -> Mapping[str, float]:
    """Return shares that follow from counts of users who come at any time alike.

    Of n clusters in L days none is within w of them with probability (1 - w/L)^n.
    """
    found = {}
    for within in (each for each in ACTIVE_DAYS if each <= MOST_OF_LOG * log_days):
        active = 1.0 - _away(within, days, logins / per_cluster)
        found[f"the share active within {within:g} d"] = float(users @ active) / all_users
    for within in (each for each in AGAIN_DAYS if each <= MOST_OF_LOG * log_days):
        again = 1.0 - _away(within, days, np.maximum(logins - 1.0, 0.0) / per_cluster)
        found[f"the share of logins that follow another within {within * HOURS_PER_DAY:g} h"] = float(
            (users * logins) @ again
        ) / float(users @ logins)
    return found


def _away(within_days: float, days: FloatArray, clusters: FloatArray) -> FloatArray:
    return np.asarray((1.0 - np.minimum(within_days / days, 1.0)) ** clusters)
