"""The recommendation in words: what to do, what speaks against the others, and what would change it."""

import math
from collections.abc import Iterator

from simulator.core.estimate import Estimate
from simulator.studies.comparison import COST, Comparison, PlanResult
from simulator.studies.what_if import break_even_factor

NEVER_ACTIVE = 0.999


def recommendation(comparison: Comparison) -> tuple[str, ...]:
    """Return the recommendation, a sentence or two a line."""
    return tuple(_lines(comparison))


def _lines(comparison: Comparison) -> Iterator[str]:
    best = comparison.recommended
    if best is None:
        yield "No plan meets every bound."
        for name in comparison.ranking:
            yield f"{name}: {_broken(comparison.plans[name])}."
        return
    result = comparison.plans[best]
    what = "the only plan" if len(comparison.plans) == 1 else "the cheapest plan that meets every bound"
    yield f"Choose {best}: {what}, at {_usd(result.cost_usd_per_month)} a month{_spread(result.metrics[COST])}."
    for name in comparison.ranking[1:]:
        yield _against(comparison, name, best)
    yield from _turning_points(comparison, best)


def _against(comparison: Comparison, name: str, best: str) -> str:
    gap = comparison.difference(name, best, COST)
    plan = comparison.plans[name]
    if not plan.meets_slo:
        return f"{name} breaks a bound: {_broken(plan)}. It costs {_amount_apart(gap)}."
    if name in comparison.as_good:
        return f"{name} is as good within the error: it costs {_amount_apart(gap)}."
    times = f" ({plan.cost_usd_per_month / comparison.plans[best].cost_usd_per_month:.3g} times as much)"
    return f"{name} costs {_amount_apart(gap)}{times if comparison.plans[best].cost_usd_per_month > 0 else ''}."


def _amount_apart(gap: Estimate) -> str:
    return f"{_usd(abs(gap.mean))} a month {'more' if gap.mean >= 0 else 'less'}{_interval(gap)}"


def _turning_points(comparison: Comparison, best: str) -> Iterator[str]:
    population = comparison.scenario.population
    now = population.share_active_at()
    for name in comparison.ranking[1:]:
        if not comparison.plans[name].meets_slo:
            continue
        factor = break_even_factor(comparison, best, name)
        active = math.nan if factor is None else population.share_active_at(factor)
        if factor is None or active > NEVER_ACTIVE:
            yield f"At no activity would {name} be cheaper, as far as the bill tells."
        else:
            side = "above" if factor > 1 else "below"
            yield f"{name} would be cheaper {side} about {_percent(active)} daily active (today {_percent(now)})."


def _broken(result: PlanResult) -> str:
    return "; ".join(violation.text for violation in result.violations)


def _percent(share: float) -> str:
    return f"{share * 100:.2g} %"


def _usd(amount: float) -> str:
    return f"${amount:,.0f}" if amount >= 100 else f"${amount:,.2f}"  # noqa: PLR2004  (cents matter below $100)


def _signed(amount: float) -> str:
    return f"{'+' if amount >= 0 else '-'}{_usd(abs(amount))}"


def _spread(estimate: Estimate) -> str:
    return "" if math.isnan(estimate.low) else f" (95 % interval {_usd(estimate.low)} to {_usd(estimate.high)})"


def _interval(estimate: Estimate) -> str:
    return (
        ""
        if math.isnan(estimate.low)
        else f" ({_signed(estimate.low)} to {_signed(estimate.high)} with 95 % confidence)"
    )
