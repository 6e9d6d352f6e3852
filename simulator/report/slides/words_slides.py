"""The question, the answer as a table, what would change it, what it rests on, and how sure it is."""

import math
from collections.abc import Iterator, Mapping, Sequence

from simulator.core.units import HOUR_S, MINUTE_S
from simulator.report import format as form
from simulator.report.brief import Assumption, Brief
from simulator.report.slides import fitting
from simulator.report.slides.deck import Cell, Opening, Slide, Table, Words
from simulator.report.slides.naming import ROOMY, called
from simulator.report.tables import Row
from simulator.studies.comparison import Comparison, PlanResult
from simulator.studies.headline import verdict_lines
from simulator.studies.words import listed, of_chance

_COLUMNS = (
    ("cost per month", "cost a month", 0.17),
    ("net of cost", "net of cost", 0.13),
    ("above rank 1", "against rank 1", 0.13),
    ("against rank 1", "against rank 1", 0.13),
    ("never read", "never read", 0.1),
    ("age p95", "age p95", 0.12),
    ("latency p99", "latency p99", 0.11),
    ("bounds", "bounds", 0.1),
)
"""Rows of the comparison that are columns of the answer, and how wide they are."""
_WITHIN = {"cost per month": "chance, 95 %"}
_LEAST_NAME = 0.25
"""Of the table's width, for the names."""
_TABLE_IN = 11.9
"""Names are cut to what a column of the built-in template has room for; a narrower one wraps them."""


def opening_slide(brief: Brief) -> Slide:
    """Return the title slide."""
    about = " · ".join(brief.provenance[1:])
    asked = "What does it take to serve predictions this way?"
    question = asked if len(brief.plan_names) == 1 else "Which way to serve predictions is best?"
    return Slide("title", brief.title, Opening([question, about]), notes=[brief.question, about, _repeat(brief)])


def _repeat(brief: Brief) -> str:
    return f"Made again by: {brief.repeat}" if brief.repeat else ""


def question_slide(brief: Brief) -> Slide:
    """Return what was asked: of whom, between what, by which measure, within which bounds."""
    comparison = brief.comparison
    scenario, metrics = comparison.scenario, next(iter(comparison.plans.values())).metrics
    many = len(brief.plan_names) > 1
    title = "Which way to serve predictions is best?" if many else "What does it take to serve predictions this way?"
    who = [f"{form.count(scenario.population.users)} users"]
    if "daily_active_fraction" in metrics:
        who.append(f"{form.share(metrics['daily_active_fraction'].mean)} active on a day")
    for metric, when in (("requests_per_s_mean", "on average"), ("requests_per_s_peak", "in the busiest minute")):
        if metric in metrics:
            who.append(f"{form.number(metrics[metric].mean)} requests/s {when}")
    names = listed([called(comparison, name) for name in comparison.plans])
    judged = "net value: what answers are worth, less what they cost" if comparison.weighs_value else "cost"
    words = [
        f"{'Compared' if many else 'Looked at'}: {names}",
        f"Who comes: {', '.join(who)}",
        f"Bounds: {', '.join(bounds(comparison)) or 'none is set'}",
        f"Simulated: {', '.join(brief.provenance[2:]).replace(' simulated', '')}",
    ]
    if many:
        words[-1] += "; every plan serves the same requests"
        words.append(f"Judged by {judged}, per 30-day month, among plans that meet every bound and keep up")
    return Slide("question", title, Words(words), notes=[brief.question, _repeat(brief)])


def bounds(comparison: Comparison) -> Iterator[str]:
    """Yield what answers must be like, a bound each."""
    slo = comparison.scenario.slo
    if slo.latency_p99_s is not None:
        yield f"99 % of requests answered within {form.exact_duration(slo.latency_p99_s)}"
    if slo.age_p95_s is not None:
        yield f"95 % of predictions no older than {form.exact_duration(slo.age_p95_s)}"
    if slo.default_fraction is not None:
        yield f"at most {form.about_share(slo.default_fraction)} answered by default"
    if slo.batch_deadline_s is not None:
        hour, seconds = divmod(slo.batch_deadline_s, HOUR_S)
        yield f"runs published by {int(hour):02d}:{int(seconds // MINUTE_S):02d}"


def answer_slide(brief: Brief) -> Slide:
    """Return the plans side by side, the first of the ranking first."""
    comparison = brief.comparison
    rows = {row.label: row for group in reversed(brief.rows) for row in group}
    columns = [column for column in _COLUMNS if column[0] in rows]
    taken = sum(width for *_, width in columns)
    rest = max(1.0 - taken, _LEAST_NAME)
    widths = [rest, *(width * (1.0 - rest) / taken for *_, width in columns)]
    lines, size_pt = (2, 16) if len(comparison.plans) <= ROOMY else (1, 12)
    short = fitting.cut_names(list(comparison.plans), size_pt, widths[0] * _TABLE_IN - 0.2, lines)
    table = [[Cell("plan"), *(Cell(text, is_number=True) for _, text, _ in columns)]]
    for plan in brief.ranked:
        best = plan.name == comparison.recommended
        cells = [_cell(rows, label, plan, strong=best) for label, *_ in columns]
        table.append([Cell(short[plan.name], strong=best), *cells])
    names = {name: called(comparison, name) for name in comparison.plans}
    title, character = verdict_lines(comparison, names)
    chance = "" if comparison.replications == 1 else f" \N{PLUS-MINUS SIGN} is {of_chance()}."
    spoken = f"Table of the plans, the first of the ranking first. {' '.join(brief.answer)}"
    body = Table(table, widths, spoken)
    return Slide("answer", title.removesuffix("."), body, character + chance, [*brief.answer, brief.chance])


def _cell(rows: Mapping[str, Row], label: str, plan: PlanResult, *, strong: bool) -> Cell:
    within = rows.get(_WITHIN.get(label, ""))
    value = rows[label].cells[plan.name].replace(" ", "\N{NO-BREAK SPACE}")  # a unit stays with its number
    text = f"{value} {within.cells[plan.name] if within else ''}".strip()
    return Cell(text or form.NOTHING, strong, bad=label == "bounds" and not plan.meets_slo, is_number=True)


def change_slide(brief: Brief) -> Iterator[Slide]:
    """Yield what would change the answer, where anything is known of it."""
    if brief.changes:
        yield Slide("change", "What would change the answer", Words(brief.changes), notes=brief.changes)


def assumption_slides(brief: Brief) -> Iterator[Slide]:
    """Yield what it rests on: prices with their sources, and where all other values are."""
    values = [f"{each.what}: {each.value}" for each in brief.inputs]
    notes = ["Every value of the scenario, defaults included:", *values]
    if brief.prices:
        yield Slide(
            "assumptions",
            "The prices that it rests on, with their sources",
            prices_table(brief.prices),
            "All other values of the scenario are in the notes",
            notes,
        )


def prices_table(prices: Sequence[Assumption]) -> Table:
    """Return prices with where and when each was read."""
    head = [Cell("price of"), Cell("is", is_number=True), Cell("read from"), Cell("on")]
    rows = [
        [Cell(each.what), Cell(each.value, is_number=True), Cell(each.source), Cell(each.date)]
        for each in _by_price(prices)
    ]
    return Table([head, *rows], [0.25, 0.16, 0.41, 0.18], "Table of the prices, with where and when each was read.")


def _by_price(prices: Sequence[Assumption]) -> Iterator[Assumption]:
    """Yield the prices, those of one meter once."""
    found: dict[tuple[str, str, str, str], list[str]] = {}
    for each in prices:
        item, _, meter = each.what.rpartition(" (")
        found.setdefault((meter.removesuffix(")"), each.value, each.source, each.date), []).append(item)
    for (meter, value, source, date), items in found.items():
        yield Assumption(f"{meter}: {', '.join(dict.fromkeys(items))}", value, source, date)


def sure_slide(brief: Brief) -> Slide:
    """Return how sure it is: chance, ignorance, closed forms beside the simulation, warnings."""
    comparison = brief.comparison
    words = [f"Chance: {brief.chance}", *_how_sure(comparison)]
    words.append("What is not known of the inputs is in no interval: prices, traffic and service times are as stated")
    if brief.apart:
        words.append(f"Closed forms are apart from the simulation: {brief.apart[0]}")
    words += [f"Warning: {text}" for text in brief.warnings]
    notes = [*words, *brief.apart[1:], _repeat(brief)]
    return Slide("sure", "How sure it is", Words(words), notes=notes)


def _how_sure(comparison: Comparison) -> Iterator[str]:
    selection = comparison.selection
    if not selection.against or comparison.fewest_replications == 1 or math.isnan(selection.probability):
        return
    shown = math.floor(min(selection.probability, 0.999) * 1000) / 10
    within = form.about_share(selection.indifference_fraction)
    if shown:
        sure = f"with a probability of at least {shown:g} %, as far as chance goes"
        yield f"The choice is the best, within {within} of its cost, {sure}"
