"""What of a plan's bill is there whoever comes: the least replicas that its fleet may have."""

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from simulator.backends.base import Standing
from simulator.core.units import HOUR_S, MONTH_S
from simulator.scenario.schema import Scenario
from simulator.simulation.outcome import FleetUse
from simulator.studies.comparison import Comparison
from simulator.studies.looking import Looks
from simulator.studies.turns import Floor

LARGE_FRACTION = 0.5
"""Of the bill, from which on the minimum is spoken of."""
BUSY_FRACTION = 0.6
"""A smaller number of replicas is tried that is no busier than this in the busiest hour."""
MOST_FRACTION = 0.5
"""Of what looks may cost, what this one may."""
LEAST_SAVED = 0.05
"""Of the bill: what is not worth a word."""


def floor_of(looks: Looks, plan: str) -> Floor | None:
    """Return what of a plan's bill is its fleet's minimum, where that is most of it; and what less would save.

    Of a closed loop nothing is said of less, as fewer replicas would also answer fewer requests.
    """
    found = _floor(looks.comparison, plan)
    if found is None or looks.comparison.scenario.traffic.closed_loop is not None:
        return found
    return _with_fewer(looks, found)


def _floor(comparison: Comparison, plan: str) -> Floor | None:
    bill_usd = comparison.plans[plan].cost_usd_per_month
    for name, standing, usd in minimums_of(comparison, plan):
        if usd >= LARGE_FRACTION * bill_usd:
            uses = _uses(comparison, plan, name)
            busy = sum(float(use.busy_replica_s.sum()) for use in uses)
            had = sum(float(use.provisioned_replica_s.sum()) for use in uses)
            busy_fraction = busy / had if had else 0.0
            return Floor(plan, name, standing.replicas, standing.is_fixed, usd, bill_usd, busy_fraction)
    return None


def minimums_of(comparison: Comparison, plan: str) -> Iterator[tuple[str, Standing, float]]:
    """Yield the fleets of a plan with the replicas that they always have, and what these cost. [USD per month]"""
    scenario, result = comparison.scenario, comparison.plans[plan]
    for name in scenario.online_names(scenario.plans[plan]):
        standing = scenario.online(name).standing()
        lines = zip(result.bill.usages, result.bill.lines, strict=False)
        paid = [line for usage, line in lines if usage.backend == name and usage.follows_replicas]
        if standing is not None and len(paid) == 1 and paid[0].quantity:
            hours = standing.replicas * MONTH_S / HOUR_S
            yield name, standing, paid[0].usd_per_month * min(hours / paid[0].quantity, 1.0)


def _uses(comparison: Comparison, plan: str, backend: str) -> list[FleetUse]:
    outcomes = comparison.plans[plan].outcomes
    return [use for outcome in outcomes for use in outcome.fleets if use.backend == backend]


def _with_fewer(looks: Looks, floor: Floor) -> Floor:
    """Simulate the plan with as few replicas as may do; nothing is said of fewer where it then breaks a bound."""
    comparison = looks.comparison
    uses = _uses(comparison, floor.plan, floor.backend)
    busiest = max(float(np.max(use.busy_replica_s)) for use in uses) / HOUR_S
    fewer = max(math.ceil(busiest / BUSY_FRACTION), 1)
    if fewer >= floor.replicas:
        return floor
    there = _with_replicas(comparison.scenario, floor.backend, fewer)
    seen = looks.at("with fewer replicas", there, (floor.plan,), MOST_FRACTION)
    less = seen[floor.plan] if seen else None
    if less is None or less.trouble or less.is_doubtful:
        return floor
    saved_usd = floor.bill_usd_per_month - less.cost_usd_per_month
    if saved_usd < LEAST_SAVED * floor.bill_usd_per_month:
        return floor
    return replace(floor, fewer=fewer, saves_usd_per_month=saved_usd, p99_s=less.p99_s)


def _with_replicas(scenario: Scenario, backend: str, replicas: int) -> Scenario:
    standing = scenario.online(backend).standing()
    assert standing is not None
    changed = {**scenario.backends, backend: standing.changed(replicas)}
    return scenario.model_copy(update={"backends": changed})
