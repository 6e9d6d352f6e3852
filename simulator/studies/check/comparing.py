"""What a check is, and how far a simulation's mean is from what theory says."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from scipy.special import erf, ndtri, stdtr

from simulator.scenario.schema import Scenario
from simulator.simulation.outcome import Outcome
from simulator.simulation.simulate import simulate

LONGEST_NAME: Final = 31
"""Letters of a check's name that fit a line of 80 columns beside its numbers."""
_ROUNDING: Final = 1e-9
"""What two ways to compute the same number may be apart, as a share of it."""
_LEAST_PROBABILITY: Final = 1e-300
_FARTHEST_Z: Final = 12.0
_STEPS: Final = 4_001


@dataclass(frozen=True)
class Check:
    """A number that theory knows and a simulation measures."""

    what: str
    """With its unit, in brackets; a fraction or a count has none. At most LONGEST_NAME letters."""
    theory: float
    value: Callable[[Any], float | Sequence[float]]
    """Reads it from a sample: one number, or several that are independent of one another."""


@dataclass(frozen=True)
class Experiment:
    """Independent samples of one scenario, and what is checked in them."""

    name: str
    """Unique: it chooses the random numbers, so that no two experiments share any."""
    sample: Callable[[int, int], Any]
    """Simulates it for a seed and the number of a replication."""
    replications: int
    """Of the short form."""
    checks: tuple[Check, ...]


@dataclass(frozen=True)
class Group:
    """Experiments about one subject."""

    title: str
    experiments: tuple[Experiment, ...]


@dataclass(frozen=True)
class Distance:
    """How far the mean of independent values is from what it should be."""

    mean: float
    standard_error: float
    z: float
    """Deviation in standard errors, as a normal variable: a few values with a wild error are given less weight."""


@dataclass(frozen=True)
class Finding:
    """What came of a check."""

    group: str
    what: str
    theory: float
    distance: Distance


def distance(values: Sequence[float], theory: float) -> Distance:
    """Return how far the mean of independent values is from theory.

    Parameters
    ----------
    values
        One per replication, two at least: within a replication requests depend on one another, so that only the spread
        between replications says how sure the mean is.
    theory
        What the mean should be.

    Notes
    -----
    The deviation in standard errors has Student's t distribution; ``z`` is the normal deviate that is as unlikely.
    """
    mean = float(np.mean(values))
    error = float(np.std(values, ddof=1)) / math.sqrt(len(values))
    off = mean - theory
    if abs(off) <= _ROUNDING * abs(theory):
        return Distance(mean, error, 0.0)
    if error == 0:
        return Distance(mean, error, math.copysign(math.inf, off))
    tail = max(float(stdtr(len(values) - 1, -abs(off) / error)), _LEAST_PROBABILITY)
    return Distance(mean, error, math.copysign(-float(ndtri(tail)), off))


def expected_largest_z(checks: int) -> float:
    """Return the mean of the largest absolute value among so many independent normal variables."""
    z = np.linspace(0.0, _FARTHEST_Z, _STEPS)
    return float(np.trapezoid(1 - erf(z / math.sqrt(2)) ** checks, z))


def threshold_z(checks: int, false_alarm: float) -> float:
    """Return the distance that one of so many right checks exceeds with a probability of ``false_alarm`` in all."""
    return -float(ndtri(false_alarm / checks / 2))


def simulated(world: Callable[[int], Scenario]) -> Callable[[int, int], Outcome]:
    """Return the sampling of a scenario's only plan, from what makes the scenario for a seed."""

    def sample(seed: int, replication: int) -> Outcome:
        scenario = world(seed)
        (plan,) = scenario.plans
        return simulate(scenario, plan, replication)

    return sample
