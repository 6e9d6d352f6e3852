"""How large a fleet must be: p99 latency and cost by its number of replicas, by closed forms."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from simulator.backends.base import Resizable
from simulator.core.arrays import FloatArray
from simulator.core.units import DAY_S, HOUR_S
from simulator.studies.comparison import COST, Comparison
from simulator.studies.planner.alone import is_silent, metrics_alone, stated_as

MOST = 18
"""Sizes that are looked at."""
ROOM = 3.0
"""The largest has so many times the replicas that are busy in the busiest hour."""
LEAST = 6
P99 = "latency_p99_s"


@dataclass(frozen=True)
class FleetSizes:
    """One plan's fleet, with so many replicas all day."""

    plan: str
    backend: str
    sizes: tuple[int, ...]
    p99_s: FloatArray
    """NaN where it does not keep up. [s]"""
    cost_usd: FloatArray
    """[USD per 30-day month]"""
    busy_replicas: FloatArray
    """As simulated, by hour of the day, the mean of all days."""
    now: tuple[int, int]
    """The least and most replicas that it may have."""

    @property
    def smallest(self) -> int | None:
        """The smallest that keeps up; None where none does."""
        known = np.isfinite(self.p99_s)
        return self.sizes[int(np.argmax(known))] if known.any() else None

    def smallest_within(self, bound_s: float) -> int | None:
        """Return the smallest from which on p99 is within a bound; None where none is."""
        good = [size for size, p99_s in zip(self.sizes, self.p99_s, strict=True) if p99_s <= bound_s]
        return good[0] if good else None


def fleet_sizes(comparison: Comparison) -> FleetSizes | None:
    """Return them for the best ranked plan that has a fleet; None where closed forms have nothing to say."""
    found = None if is_silent(comparison) else next(_fleets(comparison), None)
    if found is None:
        return None
    name, backend, fleet = found
    busy = _busy(comparison, name, backend)
    sizes = _sizes(float(busy.max()))
    seen = [_with(comparison, name, backend, fleet, size) for size in sizes]
    p99_s, cost_usd = (np.array([each[place] for each in seen]) for place in (0, 1))
    if not np.isfinite(p99_s).any():
        return None
    return FleetSizes(name, backend, sizes, p99_s, cost_usd, busy, fleet.replica_range)


def _fleets(comparison: Comparison) -> Iterator[tuple[str, str, Resizable]]:
    """Yield plans with what serves their requests, where that is a fleet; the best ranked first."""
    for name in comparison.ranking:
        backend = comparison.scenario.plans[stated_as(comparison, name)].backend
        found = comparison.scenario.backends.get(backend) if backend else None
        fleets = comparison.plans[name].outcomes[0].fleets if comparison.plans[name].outcomes else ()
        if backend and isinstance(found, Resizable) and any(use.backend == backend for use in fleets):
            yield name, backend, found


def _busy(comparison: Comparison, name: str, backend: str) -> FloatArray:
    """Return how many replicas were busy, by hour of the day."""
    outcomes = comparison.plans[name].outcomes
    uses = [use.busy_replica_s for each in outcomes for use in each.fleets if use.backend == backend]
    start_s = outcomes[0].hours.start_s
    length_s = np.diff(np.append(start_s, comparison.scenario.horizon_s))
    busy = np.mean(uses, axis=0) / length_s
    start = comparison.scenario.demand.home_start
    midnight_s = start.hour * HOUR_S + start.minute * 60.0
    hours = ((start_s + midnight_s) % DAY_S // HOUR_S).astype(int)
    return np.array([busy[hours == hour].mean() if (hours == hour).any() else 0.0 for hour in range(24)])


def _sizes(busiest: float) -> tuple[int, ...]:
    """Return numbers of replicas from fewer than are busy to many more."""
    least, most = max(1, math.floor(busiest / 2)), max(math.ceil(ROOM * busiest), LEAST)
    return tuple(sorted({round(size) for size in np.geomspace(least, most, MOST)}))


def _with(comparison: Comparison, name: str, backend: str, fleet: Resizable, size: int) -> tuple[float, float]:
    """Return p99 and cost with so many replicas all day. [s, USD per month]"""
    backends = {**comparison.scenario.backends, backend: fleet.with_replicas(size)}
    scenario = comparison.scenario.model_copy(update={"backends": backends})
    metrics = metrics_alone(scenario, stated_as(comparison, name), comparison.book)
    return metrics.get(P99, math.nan), metrics.get(COST, math.nan)
