"""The recommendation in short: two lines of verdict, and a line for each other plan."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from simulator.core.estimate import Estimate
from simulator.core.selection import Standing
from simulator.core.units import about_duration
from simulator.studies.comparison import NET_VALUE, Comparison, PlanResult
from simulator.studies.plan_words import MORE, broken, mean, seen, trouble, unsure
from simulator.studies.saturation import Verdict
from simulator.studies.verdict import Violation, bound_words
from simulator.studies.words import CENT_USD, listed, owed, percent, quality, usd

LEAST_RATIO = 1.5
"""What differs by fewer times is not told of a plan in a line."""
LEAST_POINTS = 0.05
"""Nor a share that differs by less."""
LEAST_QUALITY = 0.0005
"""Nor a quality."""


def verdict_lines(comparison: Comparison, called: Mapping[str, str] | None = None) -> tuple[str, str]:
    """Return the recommendation in two lines: the choice and what it saves; how old, late and wasted its answers are.

    Where nothing is recommended they say why, and what comes nearest.

    Parameters
    ----------
    comparison
        What was compared.
    called
        What plans are called; by default their names.
    """
    names = called or {name: name for name in comparison.plans}
    best = comparison.recommended
    if comparison.is_too_little:
        return f"Too little to recommend anything: {seen(comparison)} in all.", f"{MORE}."
    if best is None:
        return _breaking(comparison), _nearest(comparison, names)
    return _choice(comparison, best, names), _character(comparison.plans[best])


def _choice(comparison: Comparison, best: str, names: Mapping[str, str]) -> str:
    """Say what to choose, and how it stands against the others: no surer than their intervals are."""
    result, selection = comparison.plans[best], comparison.selection
    amount = f"{usd(result.cost_usd_per_month)} a month"
    if comparison.weighs_value:
        amount = f"{owed(result.metrics[NET_VALUE].mean)} of net value a month"
    if not selection.against:
        return f"Choose {names[best]}, {_only(comparison)}: {amount}."
    if comparison.fewest_replications == 1:
        little = selection.indifference_fraction * abs(result.cost_usd_per_month)
        near = [name for name in comparison.rivals if abs(comparison.gap(name).mean) <= little]
        apart = _ahead(comparison, [name for name in comparison.rivals if name not in near], names)
        alike = _clause(near, ("is about as good", "are about as good"), names)
        return f"Choose {names[best]}: {amount}{apart}{alike}, as a single replication has it."
    worse = [name for name in comparison.rivals if selection.standing(name) is Standing.WORSE]
    better = "brings in more" if comparison.weighs_value else "is cheaper"
    doubt = f"; whether {_who(selection.undecided, names, 'or')} {better} is not decided" if selection.undecided else ""
    return (
        f"Choose {names[best]}{' for now' if doubt else ''}: {amount}{_ahead(comparison, worse, names)}"
        f"{_clause(selection.as_good, ('is as good', 'are as good'), names)}"
        f"{_clause(selection.no_better, ('is no better', 'are no better'), names)}{doubt}."
    )


def _only(comparison: Comparison) -> str:
    if len(comparison.plans) == 1:
        return "the only plan"
    keeps_up = " and keeps up" if comparison.passes_over_overloaded else ""
    return f"the only one of {len(comparison.plans)} plans that meets every bound{keeps_up}"


def _ahead(comparison: Comparison, worse: Sequence[str], names: Mapping[str, str]) -> str:
    """Say how much better the best is than the first that is worse, and how far chance alone may move that."""
    if not worse:
        return ""
    gap = comparison.gap(worse[0])
    more = "more" if comparison.weighs_value else "less"
    return f", {usd(abs(gap.mean))}{_within(gap)} {more} than {names[worse[0]]}"


def _within(gap: Estimate) -> str:
    """Return how far chance alone may move a difference; nothing where that is not known or not to be seen."""
    is_seen = not math.isnan(gap.low) and owed(gap.low) != owed(gap.high) and gap.half_width >= CENT_USD
    return f" ± {usd(gap.half_width)}" if is_seen else ""


def _clause(plans: Sequence[str], verbs: tuple[str, str], names: Mapping[str, str]) -> str:
    return f"; {_who(plans, names, 'and')} {verbs[len(plans) > 1]}" if plans else ""


def _who(plans: Sequence[str], names: Mapping[str, str], joined: str) -> str:
    """Return plans as a headline names them: more than two are counted."""
    if len(plans) > 2:  # noqa: PLR2004
        return f"{'one of ' if joined == 'or' else ''}{len(plans)} others"
    return f" {joined} ".join(names[plan] for plan in plans)


def _breaking(comparison: Comparison) -> str:
    """Say how many plans break each bound."""
    plans = comparison.plans.values()
    if len(plans) == 1:
        return "The only plan does not meet every bound."
    broken = Counter(bound_words(each.metric) for plan in plans for each in plan.violations)
    said = [f"{number} of {len(plans)} break {bound}" for bound, number in broken.most_common()]
    return f"No plan meets every bound: {listed(said)}."


def _nearest(comparison: Comparison, names: Mapping[str, str]) -> str:
    """Say which plan keeps up and is the least times beyond the bound that it breaks most, and by how much it is."""
    plans = comparison.plans
    name = min(
        comparison.ranking, key=lambda each: (plans[each].is_overloaded, max(map(_times, plans[each].violations)))
    )
    comes = f"{names[name]} comes nearest" if len(plans) > 1 else names[name]
    return f"{comes}, {usd(plans[name].cost_usd_per_month)} a month: {broken(plans[name])}.{trouble(plans[name])}"


def _times(violation: Violation) -> tuple[float, float]:
    """Return how many times its bound a value is; of those whose bound is 0, the values tell."""
    return violation.value / violation.bound if violation.bound else math.inf, violation.value


def _character(result: PlanResult) -> str:
    """Say in a line how old and how late a plan's answers are, what of it nobody reads, and whether it keeps up."""
    metrics, facts = result.metrics, []
    if "age_mean_s" in metrics:
        facts.append(f"mean age {about_duration(metrics['age_mean_s'].mean)}")
    if "latency_p99_s" in metrics:
        facts.append(f"p99 latency {about_duration(metrics['latency_p99_s'].mean)}")
    if "quality_mean" in metrics:
        facts.append(f"mean quality {quality(metrics['quality_mean'].mean)}")
    if "wasted_fraction" in metrics:
        unread, spent = metrics["wasted_fraction"].mean, mean(result, "wasted_usd_per_month")
        price = f" ({usd(spent)} a month)" if spent else ""
        facts.append(f"{percent(unread)} never read{price}" if unread else "nothing unread")
    if not facts:
        return f"It answers nobody.{trouble(result)}"
    said = ", ".join(facts)
    return f"{said[:1].upper()}{said[1:]}.{trouble(result)}"


def objections(comparison: Comparison, called: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Return what speaks against every plan but the recommended one, and what for it; a line each, best first.

    Differences of cost and of net value are in USD per 30-day month.

    Parameters
    ----------
    comparison
        What was compared.
    called
        What plans are called; by default their names.
    """
    best, names = comparison.recommended, called or {name: name for name in comparison.plans}
    if comparison.is_too_little:
        return ()
    if best is None:
        return tuple(f"{names[name]}: {'; '.join(_faults(comparison.plans[name]))}" for name in comparison.ranking)
    return tuple(f"{names[name]}: {_objection(comparison, name, best)}" for name in comparison.ranking[1:])


def _objection(comparison: Comparison, name: str, best: str) -> str:
    plan = comparison.plans[name]
    traits = list(_traits(plan, comparison.plans[best]))
    worse, better = (", ".join(text for is_worse, text in traits if is_worse is side) for side in (True, False))
    apart = f"{_standing(comparison, name)}{_apart(comparison, name)}"
    return "; ".join(filter(None, [*_faults(plan), apart, worse, better and f"but {better}"]))


def _traits(plan: PlanResult, best: PlanResult) -> Iterator[tuple[bool, str]]:
    """Yield in what a plan differs much from the best, and whether for the worse."""
    for metric, more, less in (("age_mean_s", "older", "fresher"), ("latency_p99_s", "slower", "faster")):
        own, others = mean(plan, metric), mean(best, metric)
        if metric in plan.metrics and metric in best.metrics and max(own, others) > LEAST_RATIO * min(own, others):
            yield own > others, f"{more if own > others else less} ({about_duration(own)})"
    own, others = (mean(each, "wasted_fraction") for each in (plan, best))
    if abs(own - others) >= LEAST_POINTS:
        yield own > others, f"{percent(own)} never read"
    own, others = (mean(each, "quality_mean") for each in (plan, best))
    if abs(own - others) >= LEAST_QUALITY and min(own, others) > 0:
        yield own < others, f"quality {quality(own)}"


def _faults(plan: PlanResult) -> Iterator[str]:
    if plan.violations:
        yield broken(plan)
    if plan.saturation.verdict is not Verdict.STABLE:
        yield f"{plan.saturation.verdict}: {plan.saturation.reason}"
    if plan.unsure_bounds:
        yield f"may break its bound of {unsure(plan)}"


def _standing(comparison: Comparison, name: str) -> str:
    standing = comparison.selection.standing(name)
    if standing is Standing.AS_GOOD:
        return "as good, "
    if standing is Standing.NO_BETTER:
        return "no better, "
    if standing is Standing.UNDECIDED and comparison.fewest_replications > 1:
        more = comparison.selection.against[name].more
        return f"not decided (about {more:,} more replication{'s' * (more > 1)}), " if more else "not decided, "
    return ""


def _apart(comparison: Comparison, name: str) -> str:
    gap = comparison.gap(name)
    verb = "brings in" if comparison.weighs_value else "costs"
    if abs(gap.mean) < CENT_USD:
        return f"{verb} the same"
    return f"{verb} {usd(abs(gap.mean))}{_within(gap)} {'more' if gap.mean > 0 else 'less'}"
