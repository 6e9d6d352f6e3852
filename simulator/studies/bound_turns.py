"""At which bounds of the SLO another plan would be recommended: what was simulated, judged anew."""

import math
from collections.abc import Iterator
from dataclasses import replace

from simulator.core.key_kind import KeyKind
from simulator.studies.axes import Axis, axes_of, turn_along
from simulator.studies.comparison import Comparison
from simulator.studies.rivals import loss_usd
from simulator.studies.turns import Proof, Turn
from simulator.studies.verdict import violations

DIGITS = 3
FARTHEST = math.log(10.0)
"""No bound is told that is more than ten times today's, or less than a tenth of it."""


def bound_turns(comparison: Comparison) -> tuple[Turn, ...]:
    """Return the nearest turn each way of each bound that the scenario states as a number."""
    axes = (axis for axis in axes_of(comparison.scenario) if axis.kind is KeyKind.WEIGHT)
    return tuple(turn for axis in axes if axis.number.keys[0] == "slo" for turn in _turns(comparison, axis))


def _turns(comparison: Comparison, axis: Axis) -> Iterator[Turn]:
    """Yield them: what is recommended can change only where a bound passes what one of the plans does."""
    metric = next((name for name in _all_metrics(comparison) if name in (axis.key[4:], f"{axis.key[4:]}_s")), "")
    found = {plan.metrics[metric].mean for plan in comparison.plans.values() if metric in plan.metrics}
    for up in (True, False):
        there = (value for value in found if value and (value > axis.now) == up and axis.distance(value) <= FARTHEST)
        for value in sorted(there, reverse=not up):
            turn = _turn(comparison, axis, value, up=up)
            if turn is not None:
                yield turn
                break


def _all_metrics(comparison: Comparison) -> list[str]:
    return list(dict.fromkeys(metric for plan in comparison.plans.values() for metric in plan.metrics))


def _turn(comparison: Comparison, axis: Axis, value: float, *, up: bool) -> Turn | None:
    """Return the turn where a bound passes a value, if what is recommended differs on its two sides."""
    far, near = (axis.rounded(value, up=way, digits=DIGITS) for way in (up, not up))
    near = near if near != far and (near > axis.now) == up else axis.now
    before, after = _judged(comparison, axis, near), _judged(comparison, axis, far)
    best, rival = comparison.recommended, None if after is None else after.recommended
    if before is None or after is None or best is None or rival is None or rival == best or before.recommended != best:
        return None
    more_usd = loss_usd(comparison, rival) - loss_usd(comparison, best)
    broken = after.plans[best].violations
    why = f"{best} breaks it ({broken[0].text.partition(',')[0]})" if broken else "it keeps the bound there"
    return replace(turn_along(axis, rival, (near, more_usd), (far, more_usd), Proof.JUDGED), why=why)


def _judged(comparison: Comparison, axis: Axis, value: float) -> Comparison | None:
    there = axis.at(value)
    if there is None:
        return None
    plans = {
        name: replace(plan, violations=violations(there.slo, plan.metrics)) for name, plan in comparison.plans.items()
    }
    return replace(comparison, scenario=there, plans=plans)
