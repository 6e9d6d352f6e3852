"""The recommendation in words: what to do, what speaks against the others, and what would change it."""

import math
from collections.abc import Callable, Iterator

from simulator.core.estimate import Estimate
from simulator.core.units import about_duration
from simulator.studies.comparison import COST, Comparison, PlanResult
from simulator.studies.what_if import break_even_factor

NEVER_ACTIVE = 0.999
CENT_USD = 0.01
PRACTICALLY_THE_SAME = 1.01
"""Costs within one percent, however sure the difference, decide nothing."""


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
    cost = f"{_usd(result.cost_usd_per_month)} a month{_interval(result.metrics[COST], _usd)}"
    yield f"Choose {best}, {what}: {cost}. {_nature(result)}"
    for name in comparison.ranking[1:]:
        yield _against(comparison, name, best)
    yield from _turning_points(comparison, best)


def _against(comparison: Comparison, name: str, best: str) -> str:
    gap = comparison.difference(name, best, COST)
    plan = comparison.plans[name]
    apart = f"{_usd(abs(gap.mean))} a month {'more' if gap.mean >= 0 else 'less'} than {best}{_interval(gap)}"
    if not plan.meets_slo:
        return f"{name} breaks a bound: {_broken(plan)}. It costs {apart}."
    if name in comparison.as_good:
        return f"{name} is as good within the error: it costs {apart}. {_nature(plan)}"
    cheapest = comparison.plans[best].cost_usd_per_month
    times = plan.cost_usd_per_month / cheapest if cheapest > 0 else math.inf
    near = ", practically the same" if times < PRACTICALLY_THE_SAME else ""
    return f"{name} costs {apart}{near}. {_nature(plan)}"


def _nature(result: PlanResult) -> str:
    """Say how old and how late a plan's answers are, and what of it nobody reads."""
    metrics = result.metrics
    facts = []
    if "age_mean_s" in metrics:
        facts.append(f"are {about_duration(metrics['age_mean_s'].mean)} old on average")
    if "latency_p99_s" in metrics:
        facts.append(f"take {about_duration(metrics['latency_p99_s'].mean)} at p99")
    answers = f"Its answers {' and '.join(facts)}" if facts else "It answers nobody"
    unread = metrics["wasted_fraction"].mean if "wasted_fraction" in metrics else 0.0
    if unread == 0:
        return f"{answers}."
    spent = _usd(metrics["wasted_usd_per_month"].mean)
    return f"{answers}; {_percent(unread)} of what it computes is never read, which is {spent} a month."


def _turning_points(comparison: Comparison, best: str) -> Iterator[str]:
    demand = comparison.scenario.demand
    now = demand.share_active_at()
    for name in comparison.ranking[1:]:
        if not comparison.plans[name].meets_slo:
            continue
        if name in comparison.as_good:
            continue
        factor = break_even_factor(comparison, best, name)
        active = math.nan if factor is None else demand.share_active_at(factor)
        if factor is None or (active > NEVER_ACTIVE and comparison.scenario.traffic.replay is None):
            yield f"There is no activity at which {name} would be cheaper, as far as the bill tells."
        else:
            side = "above" if factor > 1 else "below"
            if comparison.scenario.traffic.replay is not None:  # the file, not the population, says how often they come
                yield f"{name} would be cheaper {side} about {factor:.2g} times the traffic, as far as the bill tells."
                continue
            turn = f"{side} about {active * 100:.2g} % daily active"
            yield f"{name} would be cheaper {turn}, as far as the bill tells; today it is {_percent(now)}."


def _broken(result: PlanResult) -> str:
    return "; ".join(violation.text for violation in result.violations)


def _percent(share: float) -> str:
    return f"{share * 100:.3g} %"


def _usd(amount: float) -> str:
    if 0 < amount < CENT_USD:
        return "less than a cent"
    return f"${amount:,.0f}" if amount >= 100 else f"${amount:,.2f}"  # noqa: PLR2004  (cents matter below $100)


def _signed(amount: float) -> str:
    return f"{'+' if amount >= 0 else '-'}{_usd(abs(amount))}"


def _interval(estimate: Estimate, write: Callable[[float], str] = _signed) -> str:
    """Return an interval in brackets; nothing where it is not known, or too narrow to be seen."""
    if math.isnan(estimate.low) or write(estimate.low) == write(estimate.high):
        return ""
    return f" (95 % interval {write(estimate.low)} to {write(estimate.high)})"
