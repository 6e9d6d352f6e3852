"""What a title may say of the choice between plans: no more than the intervals allow, in the words of the selection."""

import math
from collections.abc import Sequence

from simulator.core.estimate import Estimate
from simulator.core.selection import Standing
from simulator.core.units import write_share
from simulator.report import format as form
from simulator.report.charts.look import called
from simulator.studies.comparison import Comparison
from simulator.studies.words import listed

PAIR = 2


def choice(comparison: Comparison) -> str:
    """Say what the recommended plan saves, or brings in more, than the next that might be chosen; begins small."""
    best, rivals, selection = comparison.recommended, comparison.rivals, comparison.selection
    assert best is not None
    name, amount = called(comparison, best), _amount(comparison, best)
    if not rivals:
        keeps = " and keeps up" if comparison.passes_over_overloaded else ""
        return f"{name} is the only plan that meets every bound{keeps}, at {amount} a month"
    others = [each for each in rivals if each not in selection.as_good]
    if math.isnan(selection.against[rivals[0]].estimate.low):
        other = f"{called(comparison, rivals[0])} {_amount(comparison, rivals[0])}"
        return f"{name} {_does(comparison)} {amount} a month, {other}"
    if selection.undecided:
        return _undecided(comparison, best, selection.undecided)
    if not others:
        return f"{_the_same(comparison, (best, *rivals))}, {amount} a month"
    if selection.standing(others[0]) is not Standing.WORSE:
        other = called(comparison, others[0])
        return f"{name} {_does(comparison)} {amount} a month; {other} is no better, and may be as good"
    return _more(comparison, (best, *selection.as_good), others[0], last=len(rivals) == 1)


def interval(estimate: Estimate) -> str:
    """Return the ends of an interval as a title has them; nothing where they are not known or not to be seen."""
    ends = form.usd(estimate.low), form.usd(estimate.high)
    return "" if math.isnan(estimate.low) or ends[0] == ends[1] else f", {ends[0]} to {ends[1]} by chance alone"


def _more(comparison: Comparison, tied: Sequence[str], other: str, *, last: bool) -> str:
    """Say by how much the best of those that are as good is better than another, which is surely worse."""
    gap = comparison.selection.against[other].estimate
    size, than = form.usd(gap.mean), f"{called(comparison, other)}{'' if last else ', the next'}"
    if len(tied) == 1:
        saves = f"brings in {size} a month more than" if comparison.weighs_value else f"saves {size} a month against"
        return f"{called(comparison, tied[0])} {saves} {than}{interval(gap)}"
    more = "more" if comparison.weighs_value else "less"
    amount = _amount(comparison, tied[0])
    return f"{_the_same(comparison, tied)}, {amount} a month: {size} {more} than {than}{interval(gap)}"


def _the_same(comparison: Comparison, tied: Sequence[str]) -> str:
    """Say that plans are as good as each other."""
    all_of_them = len(tied) == len(comparison.plans)
    many = f"all {len(tied)} plans" if all_of_them else f"{len(tied)} plans that meet every bound"
    who = listed([called(comparison, each) for each in tied]) if len(tied) == PAIR else many
    within = write_share(comparison.selection.indifference_fraction)
    return f"{who} {'bring in' if comparison.weighs_value else 'cost'} the same within {within}{_of_cost(comparison)}"


def _undecided(comparison: Comparison, best: str, others: Sequence[str]) -> str:
    first = [best, *(each for each in comparison.ranking if each in others)]
    amounts = [_amount(comparison, each) for each in first]
    if len(first) == PAIR:
        who = f"{called(comparison, first[0])} and {called(comparison, first[1])}"
        return f"chance does not decide between {who}: {amounts[0]} and {amounts[1]} a month"
    who = f"{called(comparison, best)} and {len(others)} other plans"
    return f"chance does not decide between {who}: {amounts[0]} to {amounts[-1]} a month"


def _amount(comparison: Comparison, plan: str) -> str:
    return form.usd(comparison.plans[plan].metrics[comparison.judged_by].mean)


def _does(comparison: Comparison) -> str:
    return "brings in" if comparison.weighs_value else "costs"


def _of_cost(comparison: Comparison) -> str:
    return " of the cost" if comparison.weighs_value else ""
