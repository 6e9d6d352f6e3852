"""The recommendation in words: what to do, what speaks against the others, and what would change it."""

import math
from collections.abc import Callable, Iterator
from dataclasses import replace

from simulator.core.estimate import CONFIDENCE, Estimate
from simulator.core.selection import Standing
from simulator.core.units import about_duration, write_share
from simulator.studies.aim import MOST_REPLICATIONS
from simulator.studies.comparison import COST, NET_VALUE, VALUE, Comparison, PlanResult, Words
from simulator.studies.headline import verdict_lines as verdict_lines  # noqa: PLC0414  (the recommendation in short)
from simulator.studies.plan_words import MORE, broken, mean, seen, trouble
from simulator.studies.turning_sentences import floor_sentence, turning_sentences
from simulator.studies.warnings import warnings_of
from simulator.studies.what_if import value_per_request_of_equals
from simulator.studies.words import CENT_USD, listed, of_chance, owed, percent, quality, usd

LEAST_PAIRING = 1.05
"""Pairing that is worth fewer times the replications is not told of."""


def recommendation(comparison: Comparison) -> tuple[str, ...]:
    """Return the recommendation, a sentence or two a line."""
    return tuple(_lines(comparison)) if comparison.words is None else comparison.words.recommendation


def what_would_change(comparison: Comparison) -> tuple[str, ...]:
    """Return those sentences of the recommendation that tell of other circumstances: a smaller fleet, other users."""
    if comparison.words is not None:
        return comparison.words.what_would_change
    best = comparison.recommended
    if best is None or comparison.is_too_little:
        return ()
    return (*_floor(comparison), *_turning_points(comparison, best))


def answer(comparison: Comparison) -> tuple[str, ...]:
    """Return the recommendation without what would change it, which is known later."""
    later = what_would_change(comparison)
    return tuple(sentence for sentence in recommendation(comparison) if sentence not in later)


def in_words(comparison: Comparison) -> Comparison:
    """Return the comparison with all that is said of it, so that it is found once, and said again when it is kept."""
    words = Words(recommendation(comparison), warnings_of(comparison), what_would_change(comparison))
    return replace(comparison, words=words)


def _lines(comparison: Comparison) -> Iterator[str]:
    best = comparison.recommended
    if comparison.is_too_little:
        yield _too_little(comparison)
        return
    if best is None:
        yield "No plan meets every bound."
        for name in comparison.ranking:
            yield f"{name}: {broken(comparison.plans[name])}.{trouble(comparison.plans[name])}"
        return
    result = comparison.plans[best]
    amount = _net_value(result) if comparison.weighs_value else _cost(result)
    yield f"Choose {best}, {_best_of(comparison)}: {amount}. {_nature(result)}"
    yield from how_sure(comparison)
    yield from _floor(comparison)
    for name in comparison.ranking[1:]:
        yield _against(comparison, name, best)
    yield from _turning_points(comparison, best)


def how_sure(comparison: Comparison) -> Iterator[str]:
    """Say how sure the choice is, where it is not decided or was to be made sure."""
    selection, number = comparison.selection, comparison.replications
    if not selection.against or (comparison.aim.is_fixed and (number == 1 or not selection.undecided)):
        return
    if comparison.fewest_replications == 1:
        yield "How sure the choice is cannot be told from a single replication; more time gives more of them."
        return
    within = f"within {write_share(selection.indifference_fraction)} of its cost"
    right = f"it is the best, {within}, with a probability of {_at_least(selection.probability)}"
    if not selection.undecided:
        yield f"The choice is made with {write_share(selection.confidence)} confidence: {right}, as far as chance goes."
        return
    more = "" if number >= MOST_REPLICATIONS else "; --confidence adds replications until it is"
    yield f"The choice is not decided between it and {listed(selection.undecided)}{more}. So far {right}."


def _at_least(probability: float) -> str:
    """Return a probability as it may be said: rounded down, and never as a certainty."""
    shown = math.floor(min(probability, 0.999) * 1000) / 10
    return f"at least {shown:g} %" if shown else "not known how much"


def _too_little(comparison: Comparison) -> str:
    """Say that nothing can be recommended, why, and what each plan cost here, to two digits as no more is known."""
    costs = (f"{name} {_rough_usd(comparison.plans[name].cost_usd_per_month)}" for name in comparison.ranking)
    why = f"Too little to recommend anything: {seen(comparison)} in all"
    return f"{why}. A month of it costs about: {', '.join(costs)}. {MORE}."


def _rough_usd(amount: float) -> str:
    """Return an amount with two significant digits."""
    if 0 < amount < CENT_USD:
        return "less than a cent"
    digits = 1 - math.floor(math.log10(amount)) if amount > 0 else 0
    return f"${round(amount, digits):,.{max(min(digits, 2), 0)}f}"


def _best_of(comparison: Comparison) -> str:
    """Say what the recommended plan is the best of."""
    if len(comparison.plans) == 1:
        return "the only plan"
    if comparison.weighs_value:
        keep = " and keep up" if comparison.passes_over_overloaded else ""
        return f"of the largest net value among those that meet every bound{keep}"
    return f"the cheapest plan that meets every bound{' and keeps up' if comparison.passes_over_overloaded else ''}"


def _cost(result: PlanResult) -> str:
    return f"{usd(result.cost_usd_per_month)} a month{_interval(result.metrics[COST], usd)}"


def _net_value(result: PlanResult) -> str:
    net, value = result.metrics[NET_VALUE], result.metrics[VALUE].mean
    parts = f"value of {usd(value)} less cost of {usd(result.cost_usd_per_month)}"
    return f"{owed(net.mean)} a month{_interval(net, owed)}, {parts}"


def _against(comparison: Comparison, name: str, best: str) -> str:
    plan = comparison.plans[name]
    apart = _apart(comparison, name, best)
    if not plan.meets_slo:
        return f"{name} breaks a bound: {broken(plan)}. It {apart}.{trouble(plan)}"
    return f"{name} {_standing(comparison, name)}{apart}. {_nature(plan)}"


def _standing(comparison: Comparison, name: str) -> str:
    """Say how a plan stands against the recommended one; nothing where the figures say it."""
    standing = comparison.selection.standing(name)
    if standing is None or standing is Standing.WORSE or comparison.fewest_replications == 1:
        return ""
    if standing is Standing.AS_GOOD:
        return f"is as good within {write_share(comparison.selection.indifference_fraction)} of the cost: it "
    if standing is Standing.NO_BETTER:
        return "is no better, and may be as good: it "
    more = comparison.selection.against[name].more
    return f"is not decided, {'too many' if more is None else f'about {more:,}'} more replications would do it: it "


def _apart(comparison: Comparison, name: str, best: str) -> str:
    """Say how far a plan is from the best in what decides."""
    gap = comparison.gap(name)
    size = f"{usd(abs(gap.mean))} a month"
    sure = comparison.selection.confidence if name in comparison.selection.against else CONFIDENCE
    chance = _interval(gap, also=_pairing(comparison, name, best), confidence=sure)
    than = f"{'more' if gap.mean >= 0 else 'less'} than {best}{chance}"
    if not comparison.weighs_value:
        return f"costs {size} {than}" if gap.mean else f"costs the same as {best}{chance}"
    cost, value = (comparison.difference(name, best, metric).mean for metric in (COST, VALUE))
    why = f"its answers are worth {_more_or_less(value)}, and it costs {_more_or_less(cost)}"
    return f"brings in {size} {than}, as {why}"


def _pairing(comparison: Comparison, name: str, best: str) -> str:
    """Say what it is worth that both plans saw the same requests; nothing where it is worth little."""
    times = comparison.pairing(name, best, comparison.judged_by)
    if not (math.isfinite(times) and times >= LEAST_PAIRING):
        return ""
    rounded = float(f"{times:.2g}")
    return f"pairing makes it as good as {rounded:,.{0 if rounded >= 10 else 1}f} times the replications"  # noqa: PLR2004


def _more_or_less(gap_usd: float) -> str:
    if abs(gap_usd) < CENT_USD:
        return "as much"
    return f"{usd(abs(gap_usd))} {'more' if gap_usd >= 0 else 'less'}"


def _nature(result: PlanResult) -> str:
    """Say how old and how late a plan's answers are, what of it nobody reads, and whether it keeps up."""
    metrics = result.metrics
    facts = []
    if "age_mean_s" in metrics:
        facts.append(f"are {about_duration(metrics['age_mean_s'].mean)} old on average")
    if "latency_p99_s" in metrics:
        facts.append(f"take {about_duration(metrics['latency_p99_s'].mean)} at p99")
    if "quality_mean" in metrics:
        facts.append(f"have a mean quality of {quality(metrics['quality_mean'].mean)}")
    answers = f"Its answers {listed(facts)}" if facts else "It answers nobody"
    unread, spent = mean(result, "wasted_fraction"), mean(result, "wasted_usd_per_month")
    if unread == 0:
        return f"{answers}.{trouble(result)}"
    price = f", which is {usd(spent)} a month, its storage included" if spent else ""
    return f"{answers}; {percent(unread)} of what it computes is never read{price}.{trouble(result)}"


def _floor(comparison: Comparison) -> Iterator[str]:
    if comparison.turning_points is not None and comparison.turning_points.floor is not None:
        yield floor_sentence(comparison.turning_points.floor)


def _turning_points(comparison: Comparison, best: str) -> Iterator[str]:
    if comparison.turning_points is not None:
        yield from turning_sentences(comparison.turning_points, weighs_value=comparison.weighs_value)
    if comparison.weighs_value:
        for name in comparison.rivals:
            if name not in comparison.selection.near:
                yield from _at_another_value(comparison, best, name)


def _at_another_value(comparison: Comparison, best: str, name: str) -> Iterator[str]:
    value, turn_usd = comparison.scenario.value, value_per_request_of_equals(comparison, best, name)
    if value is not None and turn_usd is not None:
        more = turn_usd > value.per_request_usd
        said = f"the scenario says {value.per_request_usd:.3g} USD"
        least = f"{'more' if more else 'less'} than {_rounded(turn_usd, up=more):.3g} USD"
        yield f"{name} would bring in more if a request were worth {least}; {said}."


def _rounded(amount: float, *, up: bool) -> float:
    """Return an amount at three digits, on the side on which what is said of it holds."""
    step = 10.0 ** (math.floor(math.log10(amount)) - 2) if amount > 0 else 1.0
    return (math.ceil if up else math.floor)(amount / step) * step


def _signed(amount: float) -> str:
    return f"{'+' if amount >= 0 else '-'}{usd(abs(amount))}"


def _interval(
    estimate: Estimate, write: Callable[[float], str] = _signed, also: str = "", confidence: float = CONFIDENCE
) -> str:
    """Return an interval in brackets, and what else is to be said of it; what is not known or not to be seen is not."""
    ends = estimate.low, estimate.high
    if math.isnan(estimate.low) or write(estimate.low) == write(estimate.high) or max(map(abs, ends)) < CENT_USD:
        return ""
    chance = f"{of_chance(confidence)}: {write(estimate.low)} to {write(estimate.high)}"
    return f" ({'; '.join(filter(None, (chance, also)))})"
