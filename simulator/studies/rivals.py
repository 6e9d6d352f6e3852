"""How far the plans that a recommended one was chosen from are behind it, here and elsewhere."""

from collections.abc import Iterator, Mapping

from simulator.studies.axes import Axis
from simulator.studies.comparison import Comparison
from simulator.studies.first_crossing import Gaps

LEAST_ADVANTAGE = 0.01
"""Of the cost: plans nearer to each other are practically the same, and neither wins."""
WORTH_A_CHANGE = 0.05
"""Of the cost: a plan that is practically as good today is no news before it is better by so much."""
TIMES = (10.0, 5.0, 2.0, 1.25)
"""How many times today's value is looked at, and how small a part of it: the most at which a scenario is valid."""


def ends_of(axis: Axis, gaps: Gaps) -> Iterator[float]:
    """Yield the farthest values above and below today's at which there are gaps."""
    for up in (True, False):
        values = (axis.rounded(axis.now * times if up else axis.now / times, up=not up) for times in TIMES)
        ahead = (value for value in values if (value > axis.now) == up and value != axis.now)
        found = next((value for value in ahead if gaps(value) is not None), None)
        if found is not None:
            yield found


def loss_usd(comparison: Comparison, name: str) -> float:
    """Return what decides against a plan: its cost, or its net value with the other sign. [USD per month]"""
    mean = comparison.plans[name].metrics[comparison.judged_by].mean
    return -mean if comparison.weighs_value else mean


def gaps_of(comparison: Comparison, losses_usd: Mapping[str, float]) -> dict[str, float]:
    """Return how far rivals are behind the recommended plan, over its cost; below 0 one would be recommended.

    One that is practically as good today is ahead when it is better by `WORTH_A_CHANGE`.

    Parameters
    ----------
    comparison
        What is known of today.
    losses_usd
        What decides against plans elsewhere, the recommended one among them. [USD per month]
    """
    best = comparison.recommended
    assert best is not None
    scale_usd = max(abs(losses_usd[best]), comparison.plans[best].cost_usd_per_month, 1e-9)
    return {
        name: (losses_usd[name] - losses_usd[best]) / scale_usd + (WORTH_A_CHANGE if is_near(comparison, name) else 0)
        for name in comparison.rivals
        if name in losses_usd
    }


def gaps_now(comparison: Comparison) -> dict[str, float]:
    """Return how far rivals are behind today."""
    return gaps_of(comparison, {name: loss_usd(comparison, name) for name in comparison.plans})


def is_near(comparison: Comparison, name: str) -> bool:
    """Return whether a plan is practically as good as the recommended one."""
    best = comparison.recommended
    assert best is not None
    apart_usd = loss_usd(comparison, name) - loss_usd(comparison, best)
    least_usd = LEAST_ADVANTAGE * comparison.plans[best].cost_usd_per_month
    return apart_usd <= least_usd or name in comparison.selection.near


def wins(there: Comparison, rival: str, best: str) -> bool:
    """Return whether a rival is recommended elsewhere, or would be but for one that is as good."""
    first = there.recommended
    if first is None or loss_usd(there, rival) >= loss_usd(there, best):
        return False
    ahead_usd = loss_usd(there, rival) - loss_usd(there, first)
    return first == rival or (first != best and ahead_usd <= LEAST_ADVANTAGE * there.plans[rival].cost_usd_per_month)
