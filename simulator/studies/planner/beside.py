"""Where a simulation and the closed forms are farther apart than closed forms are meant to be, and why."""

from collections.abc import Iterator
from dataclasses import dataclass

from simulator.core.estimate import Estimate
from simulator.studies.comparison import COST, Comparison
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


def apart(comparison: Comparison) -> tuple[Apart, ...]:
    """Return what is farther apart than the aims and than chance, the farthest first; overloaded plans are left out."""
    # the file of a replay may be gone when a kept run is shown
    silent = comparison.is_too_little or comparison.scenario.traffic.replay is not None
    found = [] if silent else list(_all_apart(comparison))
    return tuple(sorted(found, key=lambda each: -abs(each.off_fraction) / AIMS[each.metric]))


def _all_apart(comparison: Comparison) -> Iterator[Apart]:
    world = World.of(comparison.scenario)
    for name, result in comparison.plans.items():
        if result.is_overloaded:
            continue
        values = world.estimate(name, comparison.book).metrics
        for metric in AIMS:
            value, estimate = values.get(metric), result.metrics.get(metric)
            if value is not None and estimate is not None and is_apart(metric, value, estimate):
                yield Apart(name, metric, estimate, value)


def is_apart(metric: str, value: Value, estimate: Estimate) -> bool:
    """Return whether a closed form is farther from a simulation than its aim and than chance."""
    if not estimate.mean:
        return False
    by_chance = not (value.value < estimate.low or value.value > estimate.high)  # also where nothing is known
    return not by_chance and abs(value.value / estimate.mean - 1) > AIMS[metric]
