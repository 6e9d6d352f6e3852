"""At which price of a meter another plan would cost as little as the recommended one.

Usage does not depend on prices, so that for prices without tiers, free units or terms this is exact for the run at
hand (with commitments nothing is said): of two plans that spend B and b a month on a meter, and are D apart, the costs
are equal where the meter costs 1 + D / (B - b) times as much.
"""

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from simulator.studies.comparison import Comparison, PlanResult

FARTHEST = 10.0
"""No price is told that is more than so many times today's, or less than so much of it."""
LEAST_ADVANTAGE = 0.01
"""Of the cost: plans nearer to each other are practically the same, and no price makes either the better one."""
SHOWN = 2
"""Meters that are told, those with the nearest prices."""


@dataclass(frozen=True)
class PriceTurn:
    """A price at which another plan costs as little."""

    meter: str
    plan: str
    times: float
    """How many times today's price."""


def price_turns(comparison: Comparison) -> tuple[PriceTurn, ...]:
    """Return the nearest price of each meter that changes what is recommended, the nearest of all first."""
    best = comparison.recommended
    if best is None or comparison.is_too_little or comparison.book.commitments:
        return ()
    nearest = dict[str, PriceTurn]()
    for turn in _turns(comparison, best):
        known = nearest.get(turn.meter)
        if known is None or abs(math.log(turn.times)) < abs(math.log(known.times)):
            nearest[turn.meter] = turn
    found = sorted(nearest.values(), key=lambda turn: abs(math.log(turn.times)))
    return tuple(found[:SHOWN])


def _turns(comparison: Comparison, best: str) -> Iterator[PriceTurn]:
    first = comparison.plans[best]
    for name in comparison.rivals:
        rival = comparison.plans[name]
        if name in comparison.selection.near or not rival.meets_slo or rival.is_overloaded:
            continue
        apart_usd = abs(comparison.gap(name).mean)
        if apart_usd <= LEAST_ADVANTAGE * first.cost_usd_per_month:
            continue
        more, less = spent_by_meter(first), spent_by_meter(rival)
        for meter in {**more, **less}:
            spent_usd = more.get(meter, 0.0) - less.get(meter, 0.0)
            if math.isnan(spent_usd) or spent_usd == 0:
                continue
            times = 1 + apart_usd / spent_usd
            if 1 / FARTHEST <= times <= FARTHEST:
                yield PriceTurn(meter, name, times)


def spent_by_meter(result: PlanResult) -> dict[str, float]:
    """Return what a plan spends on each meter; NaN where its price is not the same for each unit. [USD per month]"""
    found = defaultdict[str, float](float)
    for line in result.bill.lines:
        found[line.meter] += math.nan if line.terms else line.usd_per_month
    return found
