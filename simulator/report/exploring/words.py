"""What the explorer says: which plan is best where the knobs stand, how that was come by, and what is not known."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from simulator.core.estimate import Estimate
from simulator.core.units import write_share
from simulator.report import format as form
from simulator.report.format import metric_label, metric_text
from simulator.studies.comparison import COST, Comparison
from simulator.studies.exploring.exploration import Look, PlanSeen, Stage
from simulator.studies.exploring.following import Billed
from simulator.studies.planner.beside import AIMS, is_apart
from simulator.studies.planner.estimating import PlanEstimate
from simulator.studies.recommendation import answer
from simulator.studies.verdict import violations
from simulator.studies.words import listed

NEAR = AIMS[COST]
"""Closed forms that are nearer to each other do not say which plan is the cheaper one."""
FEW = 3
"""Of plans that break a bound, so many are told of in the verdict."""
LITTLE = 1e-3
"""Costs that are nearer are the same."""
PARTS = re.compile(r'"[^"]*"|\[\d+\]|[^.\["]+')


@dataclass(frozen=True)
class Choice:
    """What closed forms would choose."""

    best: str | None
    near: tuple[str, ...]
    """Plans whose cost they do not tell from the best's."""
    broken: Mapping[str, str]
    """By plan, which bounds it breaks."""
    unknown: Mapping[str, str]
    """By plan whose cost no closed form gives, why."""
    costs_usd: Mapping[str, float]
    """By plan. [USD per 30-day month]"""


def choice_of(look: Look) -> Choice:
    """Return what the closed forms of a look would choose: the least cost among the plans that meet every bound."""
    costs = {name: plan.metrics[COST].value for name, plan in look.plans.items() if COST in plan.metrics}
    broken = {name: text for name, plan in look.plans.items() if (text := _broken(look, plan))}
    ranked = sorted((name for name in costs if name not in broken), key=costs.__getitem__)
    best = ranked[0] if ranked else None
    near = tuple(name for name in ranked[1:] if best and costs[name] <= costs[best] * (1 + NEAR))
    unknown = {name: plan.why for name, plan in look.plans.items() if name not in costs}
    return Choice(best, near, broken, unknown, costs)


def _broken(look: Look, plan: PlanSeen) -> str:
    found = violations(look.scenario.slo, {name: Estimate.of([seen.value]) for name, seen in plan.metrics.items()})
    return "; ".join(each.text for each in found)


def verdict(look: Look) -> str:
    """Return which plan is best, in a sentence or two."""
    if look.stage is Stage.SIMULATED and look.simulated is not None:
        return " ".join(_chosen(look.simulated.comparison))
    return " ".join(_planned(look, choice_of(look)))


def _chosen(comparison: Comparison) -> Iterator[str]:
    """Say what the simulation chooses, and which plans are as good or not decided."""
    said, selection = answer(comparison), comparison.selection
    yield said[0]
    yield from () if comparison.recommended else _first(said[1:])
    within = f"as good within {write_share(selection.indifference_fraction)} of the cost"
    for what, names in ((within, selection.as_good), ("not decided", selection.undecided)):
        if names and comparison.fewest_replications > 1:
            yield f"{listed([form.one_line(name) for name in names])} {'is' if len(names) == 1 else 'are'} {what}."


def _first(of_plans: Sequence[str]) -> Iterator[str]:
    """Yield what is said of the first few plans, and how many more there are."""
    yield from of_plans[:FEW]
    if len(of_plans) > FEW:
        yield f"So it is with {len(of_plans) - FEW} more."


def _planned(look: Look, choice: Choice) -> Iterator[str]:
    if choice.best is None:
        known = [f"{form.one_line(name)}: {text}." for name, text in choice.broken.items() if name in choice.costs_usd]
        yield "By closed forms no plan meets every bound." if known else "No closed form is known."
        yield from _first(known)
    else:
        cost = form.usd(choice.costs_usd[choice.best])
        least = "costs least of the plans that meet every bound" if len(look.plans) > 1 else "is the only plan"
        yield f"By closed forms {form.one_line(choice.best)} {least}: {cost} a month."
    if choice.near:
        names, cost = (
            listed([form.one_line(name) for name in choice.near]),
            "costs" if len(choice.near) == 1 else "cost",
        )
        yield f"{names} {cost} about as much: closed forms are not near enough to tell."
    if look.scenario.value is not None:
        yield "What answers are worth is not in it: only a simulation says that."
    for name, why in choice.unknown.items():
        yield f"{form.one_line(name)} has no closed form ({why}): only a simulation says what it costs."
    unseen = [form.one_line(name) for name, plan in look.plans.items() if name not in choice.unknown and plan.why]
    if unseen and look.scenario.slo.latency_p99_s is not None:
        yield f"How long {listed(unseen)} takes is not known by closed form, nor whether it keeps its bound of latency."


def stage_words(look: Look) -> str:
    """Return how what is shown was come by, and of how many users."""
    users = f"{form.count(look.scenario.population.users)} users"
    if look.stage is Stage.SIMULATED and look.simulated is not None:
        number = look.simulated.comparison.replications
        return f"simulated: {users}, {number} replication{'' if number == 1 else 's'}"
    if look.stage is Stage.BETWEEN:
        return f"{look.stage} near by, {users}: about {form.about_share(max(look.off_fraction, LITTLE))} off at most"
    return f"{look.stage}, {users}; nothing of it is simulated"


def simulation_words(look: Look) -> str:
    """Return what a simulation says of the closed forms; nothing where there is none."""
    if look.simulated is None or look.simulated.comparison.is_too_little:
        return ""
    comparison, scenario = look.simulated.comparison, look.scenario
    apart = _apart(look.simulated)
    if look.stage is Stage.SIMULATED:
        return f"Of the closed forms beside it, {apart}"
    some = f"{form.count(comparison.scenario.population.users)} of {form.count(scenario.population.users)} users"
    there, as_good = comparison.recommended, [form.one_line(name) for name in comparison.selection.as_good]
    chosen = f"there {form.one_line(there)} is the one to choose" if there else "there is none to choose there"
    chosen += f", and {listed(as_good)} {'is' if len(as_good) == 1 else 'are'} as good" if as_good else ""
    above = "Fewer users are another question: what stands above is of all, by closed forms"
    return f"Simulated with {some}: {chosen}. {above}. For as many users as were simulated, their {apart}"


def _apart(billed: Billed) -> str:
    """Return how far closed forms are from a simulation of as many users."""
    comparison = billed.comparison
    off = {
        name: abs(plan.metrics[COST].value / comparison.plans[name].cost_usd_per_month - 1)
        for name, plan in billed.planned.items()
        if COST in plan.metrics
        and comparison.plans[name].cost_usd_per_month
        and not comparison.plans[name].is_overloaded
    }
    if not off:
        return "nothing can be compared."
    worst = max(off, key=off.__getitem__)
    costs = f"costs are off by {form.share(off[worst])} at most ({form.one_line(worst)})"
    if off[worst] < LITTLE:
        costs = f"costs are the same within {form.about_share(LITTLE)}"
    if comparison.fewest_replications == 1:
        return f"{costs}; one replication does not tell how near ages and latencies are."
    others = list(_others(comparison, billed.planned))
    return (
        f"{costs}; {listed(others)}."
        if others
        else f"{costs}, and ages and latencies are as near as they are meant to be."
    )


def _others(comparison: Comparison, planned: Mapping[str, PlanEstimate]) -> Iterator[str]:
    for name, plan in planned.items():
        result = comparison.plans[name]
        for metric in (metric for metric in AIMS if metric != COST and not result.is_overloaded):
            value, estimate = plan.metrics.get(metric), result.metrics.get(metric)
            if value and estimate and is_apart(metric, value, estimate):
                both = metric_text(metric, estimate.mean), metric_text(metric, value.value)
                yield f"{form.one_line(name)}, {metric_label(metric)}: {both[0]} simulated, {both[1]} by closed form"


def label_of(key: str, names: Sequence[str]) -> str:
    """Return what a knob is called: ``cached: cache ttl``; ``names`` are the plans and backends."""
    if key.startswith("prices."):
        return f"price of {key.removeprefix('prices.').replace('/', ' ').replace('_', ' ')}"
    family, _, rest = key.partition(".")
    if family in {"plans", "backends"}:
        owner = max((name for name in names if rest.startswith((f"{name}.", f'"{name}".'))), key=len, default="")
        inner = rest.removeprefix(f'"{owner}".').removeprefix(f"{owner}.")
        return f"{form.one_line(owner)}: {_spoken(inner)}"
    return _spoken(key if family == "store" else rest)


def _spoken(rest: str) -> str:
    return " ".join(part.strip('"').replace("_", " ") for part in PARTS.findall(rest))
