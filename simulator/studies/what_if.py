"""What the same plans would cost at another activity, read off the bill: where the ranking would turn.

The population stays and everybody comes f times as often. What the population drives stays, what traffic drives grows
f times, and a fleet has in every hour the replicas that its capacity rule gives for f times that hour's work, so that
a fleet's minimum is felt; those above the reserved number are paid by the hour. Value grows f times too, at the quality
of today. Left out: a cache's hit ratio grows with traffic, and so do the users of a scope that goes by logins. So it is
an estimate, and says "about".
"""

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from simulator.backends.fleet import Fleet
from simulator.core.units import HOUR_S
from simulator.core.usage import Driver, Usage
from simulator.prices.bill import Bill
from simulator.studies.comparison import COST, VALUE, Comparison

HIGHEST_FACTOR = 1000.0
STEPS = 25
BISECTIONS = 40


def cost_at_traffic(comparison: Comparison, plan: str, factor: float) -> float:
    """Return about what a plan would cost with ``factor`` times the traffic. [USD per 30-day month]"""
    result = comparison.plans[plan]

    def grown(usage: Usage) -> Usage:
        if usage.driver is not Driver.TRAFFIC:
            return usage
        if usage.follows_replicas:
            hours = [replica_hours(comparison, plan, usage.backend, times) for times in (1.0, factor)]
            return replace(usage, quantity=max(usage.quantity + hours[1] - hours[0], 0.0))
        return usage.scaled(factor)

    bill = Bill.of([grown(usage) for usage in result.bill.usages], comparison.book, result.bill.horizon_s)
    return bill.total_usd_per_month


def loss_at_traffic(comparison: Comparison, plan: str, factor: float) -> float:
    """Return about what decides against a plan with ``factor`` times the traffic: cost, less value where it is given.

    [USD per 30-day month]
    """
    metrics = comparison.plans[plan].metrics
    value_usd = metrics[VALUE].mean * factor if comparison.weighs_value else 0.0
    return cost_at_traffic(comparison, plan, factor) - value_usd


def value_per_request_of_equals(comparison: Comparison, plan: str, rival: str) -> float | None:
    """Return at what value of a request two plans have the same net value; None where no value makes them equal. [USD]

    Value is proportional to what a request is worth, so that this is exact for the runs at hand. Nothing is said where
    chance alone may have made the plans differ in value or in cost.
    """
    value = comparison.scenario.value
    if value is None:
        return None
    more_value, more_cost = (comparison.difference(plan, rival, metric) for metric in (VALUE, COST))
    if more_value.includes_zero or more_cost.includes_zero or more_value.mean * more_cost.mean < 0:
        return None
    return value.per_request_usd * more_cost.mean / more_value.mean


def replica_hours(comparison: Comparison, plan: str, backend: str, factor: float) -> float:
    """Return about how many replica-hours a plan's fleet needs for ``factor`` times the work of each hour.

    Those of reserved replicas, which are paid for anyhow, are left out.
    """
    fleet = comparison.scenario.backends[backend]
    assert isinstance(fleet, Fleet)
    busy = [
        use.busy_replica_s / HOUR_S
        for outcome in comparison.plans[plan].outcomes
        for use in outcome.fleets
        if use.backend == backend
    ]
    clock = comparison.scenario.demand.clock
    per_replica_s = fleet.slots / fleet.full_batch_work_s
    needed = [
        fleet.capacity.mean_replicas_for(factor * load, factor * load * per_replica_s, clock.hour(number * HOUR_S))
        for number, load in enumerate(np.mean(busy, axis=0))
    ]
    return float(sum(max(replicas - fleet.reserved_replicas, 0.0) for replicas in needed))


def break_even_factor(comparison: Comparison, plan: str, rival: str) -> float | None:
    """Return the nearest factor on the traffic at which two plans are equally good; None where there is none.

    Equally good is of the same cost, or of the same net value where value is given.
    """

    def gap(factor: float) -> float:
        return loss_at_traffic(comparison, plan, factor) - loss_at_traffic(comparison, rival, factor)

    here = gap(1.0)
    if here == 0:
        return 1.0
    found = [
        _crossing(gap, factors)
        for factors in (np.geomspace(1.0, HIGHEST_FACTOR, STEPS), np.geomspace(1.0, 1 / HIGHEST_FACTOR, STEPS))
    ]
    return min(
        (factor for factor in found if factor is not None), key=lambda factor: abs(math.log(factor)), default=None
    )


def _crossing(gap: Callable[[float], float], factors: npt.NDArray[np.float64]) -> float | None:
    sign = gap(1.0) > 0
    for near, far in pairwise(map(float, factors)):
        if (gap(far) > 0) != sign:
            return _bisect(gap, near, far, near_is_worse=sign)
    return None


def _bisect(gap: Callable[[float], float], near: float, far: float, *, near_is_worse: bool) -> float:
    for _ in range(BISECTIONS):
        middle = math.sqrt(near * far)
        near, far = (middle, far) if (gap(middle) > 0) == near_is_worse else (near, middle)
    return far
