"""Estimates by closed form, for a terminal, for JSON and for Jupyter."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

from rich import box
from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from simulator.report import format as form
from simulator.report.json_report import finite
from simulator.report.layout import said
from simulator.report.names import heads, shortened
from simulator.studies.planner.estimating import Estimates, PlanEstimate
from simulator.studies.planner.values import Kind, Value

WIDTH = 100
COLUMN_WIDTH = 12
"""Of a plan, its distance from the next included."""
LABEL_WIDTH = 17
NAME_LINES = 3
_TITLE = ": by closed forms, nothing is simulated"
MARKS = {Kind.EXACT: "", Kind.APPROXIMATE: "~"}
"""Before a value, how it was come by."""
UNKNOWN = "?"
"""In place of a value that no closed form gives."""
SHOWN: tuple[tuple[tuple[str, str], ...], ...] = (
    (
        ("cost per month", "cost_usd_per_month"),
        ("per 1k requests", "cost_usd_per_1k_requests"),
        ("spent on unread", "wasted_usd_per_month"),
        ("never read", "wasted_fraction"),
    ),
    (
        ("precomputed", "coverage"),
        ("cached", "cache_hit_ratio"),
        ("computed live", "computed_fraction"),
        ("default", "default_fraction"),
    ),
    (
        ("age mean", "age_mean_s"),
        ("age p50", "age_p50_s"),
        ("age p95", "age_p95_s"),
        ("stale", "stale_fraction"),
    ),
    (
        ("latency p50", "latency_p50_s"),
        ("latency p99", "latency_p99_s"),
        ("replicas mean", "replicas_mean"),
        ("makespan", "batch_makespan_mean_s"),
    ),
)


def estimate_json(estimates: Estimates) -> dict[str, Any]:
    """Return what ``predcost estimate --json`` prints; what no closed form gives is absent, and the reason is told."""
    return {"plans": {name: finite(_plan_json(plan)) for name, plan in estimates.plans.items()}}


def _plan_json(plan: PlanEstimate) -> dict[str, Any]:
    found: dict[str, Any] = {"metrics": {name: _value_json(value) for name, value in plan.metrics.items()}}
    if plan.bill is not None:
        found["bill"] = [line.as_dict() for line in plan.bill.lines]
    reasons = {"none": plan.no_form, "no_latency": plan.no_waits}
    return found | {key: reason for key, reason in reasons.items() if reason}


def _value_json(value: Value) -> dict[str, Any]:
    return {"value": value.value, "kind": str(value.kind), "leaves_out": list(value.leaves_out)}


def estimate_report(estimates: Estimates, width: int = WIDTH) -> Iterator[RenderableType]:
    """Yield the plans side by side, what they cost line by line, and what the values leave out.

    As many stand side by side as ``width`` columns have room for.
    """
    plans = list(estimates.plans.values())
    title = shortened(estimates.scenario.name, max(width - len(_TITLE), LABEL_WIDTH), cell_len)
    yield Text(f"{title}{_TITLE}", style="bold")
    if not any(metric in plan.metrics for plan in plans for group in SHOWN for _, metric in group):
        yield from (said(form.capital(f"{gap}."), list(estimates.plans)) for gap in left_out(plans))
        return
    yield Text("~ marks what is approximate and ? what no closed form gives; all else is exact but for chance.")
    names = heads(list(estimates.plans), COLUMN_WIDTH - 1, NAME_LINES)
    tables = math.ceil(len(plans) / max((width - LABEL_WIDTH) // COLUMN_WIDTH, 1))
    side_by_side = math.ceil(len(plans) / tables)
    for first in range(0, len(plans), side_by_side):
        part = plans[first : first + side_by_side]
        yield Text()
        yield _values_table(part, names)
        yield Text()
        yield _bill_table(part, names)
    yield Text()
    yield from _left_out(plans)


def _values_table(plans: Sequence[PlanEstimate], names: dict[str, str]) -> Table:
    table = _empty_table(plans, names)
    for group in SHOWN:
        rows = [(label, metric) for label, metric in group if any(metric in plan.metrics for plan in plans)]
        for number, (label, metric) in enumerate(rows):
            cells = [estimate_cell(plan, metric) for plan in plans]
            table.add_row(label, *cells, end_section=number == len(rows) - 1)
    return table


def _empty_table(plans: Sequence[PlanEstimate], names: dict[str, str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=0)  # what divides columns is a blank
    table.add_column("", no_wrap=True, width=LABEL_WIDTH)
    for plan in plans:
        table.add_column(Text(names[plan.name]), justify="right", width=COLUMN_WIDTH - 1)
    return table


def estimate_cell(plan: PlanEstimate, metric: str) -> str:
    """Return a plan's value as text: with its mark, as unknown, or as what does not apply."""
    value = plan.metrics.get(metric)
    if value is None:
        is_unknown = plan.no_form or (plan.no_waits and metric.startswith("latency"))
        return UNKNOWN if is_unknown else form.NOTHING
    return f"{MARKS[value.kind]}{form.metric_text(metric, value.value)}"


def _bill_table(plans: Sequence[PlanEstimate], names: dict[str, str]) -> RenderableType:
    items = dict.fromkeys(line.item for plan in plans if plan.bill for line in plan.bill.lines)
    table = _empty_table(plans, names)
    for item in items:
        table.add_row(item, *(bill_cell(plan, item) for plan in plans))
    return Group(Text("The bill by line, USD per 30-day month"), table)


def bill_cell(plan: PlanEstimate, item: str) -> str:
    """Return what a plan pays for an item of the bill, as text."""
    if plan.bill is None:
        return UNKNOWN
    amounts = [line.usd_per_month for line in plan.bill.lines if line.item == item]
    return form.usd_on_bill(sum(amounts)) if amounts else form.NOTHING


def _left_out(plans: Sequence[PlanEstimate]) -> Iterator[RenderableType]:
    told = left_out(plans)
    if told:
        yield Text("What ~ leaves out, or ? lacks:")
    for gap in told:
        yield said(f"- {gap}", [plan.name for plan in plans], indent=1)


def left_out(plans: Sequence[PlanEstimate]) -> list[str]:
    """Return what values leave out, each with the plans of which that is so."""
    told: dict[str, list[str]] = {}
    shown = {metric for group in SHOWN for _, metric in group}
    for plan in plans:
        if plan.no_form:
            told.setdefault(f"no closed form: {plan.no_form}", []).append(plan.name)
        if plan.no_waits:
            told.setdefault(f"no latency: {plan.no_waits}", []).append(plan.name)
        values = [value for metric, value in plan.metrics.items() if metric in shown]
        for gap in dict.fromkeys(each for value in values for each in value.leaves_out):
            told.setdefault(gap, []).append(plan.name)
    whose = {gap: "" if len(of) == len(plans) else f" ({', '.join(of)})" for gap, of in told.items()}
    return [f"{gap}{of}" for gap, of in whose.items()]
