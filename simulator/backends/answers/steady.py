"""What a backend does in the long run of each hour, before anything is simulated."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from simulator.core.arrays import FloatArray
from simulator.core.prompt_lengths import ByPrompt

THINNED = 400
"""Values that stand for a sample."""


@dataclass(frozen=True)
class AskedHours:
    """What is asked of an online backend, hour by hour."""

    length_s: FloatArray
    """Of each hour; the last may be cut off. [s]"""
    computations: FloatArray
    """Computations asked for in each."""
    hour: tuple[int, ...]
    """Which hours they are, counted from a Monday 00:00 on the scenario's clock."""

    @property
    def per_s(self) -> FloatArray:
        """Computations asked for per second. [1/s]"""
        return self.computations / self.length_s


@dataclass(frozen=True)
class SteadyHours:
    """What it does then: all arrays of shape (hours,)."""

    busy_replica_s: FloatArray
    """Replica time worked. [s]"""
    provisioned_replica_s: FloatArray
    """Replica time billed. [s]"""
    replicas_peak: float
    """Most replicas at a time."""
    given_up: FloatArray
    """Share of the computations that time out at last."""
    refused: FloatArray
    """Share of them that are refused at last."""
    waited: Callable[[FloatArray], FloatArray]
    """Returns the share of the answered that wait longer than some times, shape (hours, *times). [s]"""
    answered: Callable[[FloatArray], FloatArray]
    """Returns the share of the answered whose wait and service take longer, likewise."""
    service_s: FloatArray
    """Times of computations, equally likely. [s]"""
    steps_s: FloatArray = field(default_factory=lambda: np.zeros(0))
    """Where the law of the answered has steps. [s]"""
    counts: Mapping[str, float] = field(default_factory=dict)
    """What its computations add up to, by the names of simulation.records.STATION; those left out are 0."""
    tokens: Mapping[str, ByPrompt] = field(default_factory=dict)
    beyond_reserved_s: float = 0.0
    """Of the replica time, that of the replicas above the reserved number. [s]"""
    leaves_out: tuple[str, ...] = ()
    """What replica time and usage leave out; nothing where these are exact."""
    waits_leave_out: tuple[str, ...] = ()
    """What waits and latencies leave out besides."""
    no_waits: str = ""
    """Why waits are not known by any closed form; empty where they are."""
    no_form: str = ""
    """Why nothing of all that is known; empty where it is."""

    @classmethod
    def unknown(cls, asked: AskedHours, why: str) -> "SteadyHours":
        """Return nothing that is known, and why."""
        nothing = np.zeros(asked.length_s.size)
        nobody = nobody_waits(nothing.size)
        counts = defaultdict[str, float](float)
        return cls(nothing, nothing, 0.0, nothing, nothing, nobody, nobody, np.zeros(1), counts=counts, no_form=why)


def thinned(sample: FloatArray) -> FloatArray:
    """Return fewer values that stand for a sample, and have its mean."""
    if sample.size <= THINNED:
        return sample
    chosen = np.quantile(sample, (np.arange(THINNED) + 0.5) / THINNED)
    return np.asarray(chosen * (sample.mean() / chosen.mean()))


def nobody_waits(hours: int) -> Callable[[FloatArray], FloatArray]:
    """Return the law of waits of nothing. [s]"""
    return lambda times_s: np.zeros((hours, np.size(times_s)))


def mixed(usual_s: FloatArray, other_s: FloatArray, share: FloatArray) -> Callable[[FloatArray], FloatArray]:
    """Return the law of times that are of one sample, and in a share of each hour of another. [s]"""
    usual, other = np.sort(usual_s), np.sort(other_s)

    def longer(times_s: FloatArray) -> FloatArray:
        of_usual, of_other = (
            1.0 - np.searchsorted(sample, times_s, side="right") / sample.size for sample in (usual, other)
        )
        return np.asarray((1 - share)[:, None] * of_usual + share[:, None] * of_other)

    return longer
