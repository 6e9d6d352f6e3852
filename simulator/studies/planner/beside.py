"""Where a simulation and the closed forms are farther apart than closed forms are meant to be, and why."""

from collections.abc import Iterator
from dataclasses import dataclass

from simulator.core.estimate import Estimate
from simulator.studies.comparison import COST, Comparison
from simulator.studies.planner.alone import is_silent
from simulator.studies.planner.estimating import World
from simulator.studies.planner.values import Value

AIMS = {COST: 0.03, "age_mean_s": 0.02, "stale_fraction": 0.02, "latency_p99_s": 0.15}
"""How far an approximate value may be off, relative to the simulation."""


@dataclass(frozen=True)
class Apart:
    """A metric of a plan, simulated and by closed form."""

    plan: str
    metric: str
    simulated: Estimate
    estimated: Value

    @property
    def off_fraction(self) -> float:
        """How far the closed form is off, relative to the simulation."""
        return self.estimated.value / self.simulated.mean - 1

    @property
    def is_off(self) -> bool:
        """Whether it is off by more than closed forms are meant to be."""
        return abs(self.off_fraction) > AIMS[self.metric]

    @property
    def is_by_chance(self) -> bool:
        """Whether chance alone may have made it, or how much of it chance is, is not known."""
        return not (self.estimated.value < self.simulated.low or self.estimated.value > self.simulated.high)


def apart(comparison: Comparison) -> tuple[Apart, ...]:
    """Return what is farther apart than the aims and than chance, the farthest first; overloaded plans are left out."""
    found = [each for each in side_by_side(comparison) if is_apart(each.metric, each.estimated, each.simulated)]
    return tuple(sorted(found, key=lambda each: -abs(each.off_fraction) / AIMS[each.metric]))


def side_by_side(comparison: Comparison) -> Iterator[Apart]:
    """Yield what closed forms say of each plan beside what was simulated; overloaded plans are left out."""
    if is_silent(comparison):
        return
    world = World.of(comparison.scenario)
    for name, result in comparison.plans.items():
        if result.is_overloaded:
            continue
        values = world.estimate(name, comparison.book).metrics
        for metric in AIMS:
            value, estimate = values.get(metric), result.metrics.get(metric)
            if value is not None and estimate is not None and estimate.mean:
                yield Apart(name, metric, estimate, value)


def is_apart(metric: str, value: Value, estimate: Estimate) -> bool:
    """Return whether a closed form is farther from a simulation than its aim and than chance."""
    if not estimate.mean:
        return False
    both = Apart("", metric, estimate, value)
    return both.is_off and not both.is_by_chance
