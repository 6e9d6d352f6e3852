"""A break-even as a table for a terminal, as JSON and as rows."""

from collections.abc import Iterator, Sequence
from importlib.metadata import version
from typing import Any

from rich import box
from rich.cells import cell_len
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from simulator.report import format as form
from simulator.report.breakeven_words import sentences, text_at
from simulator.report.json_report import finite
from simulator.report.layout import Fitted, said
from simulator.report.names import heads, shortened
from simulator.report.tables import BAD, BEST
from simulator.studies.breakeven import BreakEven

COLUMN, NAME_LINES = 14, 4
MOST_ROWS = 15


def breakeven_report(found: BreakEven) -> Iterator[RenderableType]:
    """Yield what a break-even prints: what was found, and the plans at the values that were looked at first."""
    first, *rest = sentences(found)
    yield said(first, found.plans, style="bold")
    for sentence in rest:
        yield said(sentence, found.plans)
    yield Fitted(lambda width: _values(found, width))


def _values(found: BreakEven, width: int) -> Iterator[RenderableType]:
    """Yield the plans at some values, as wide as there is room."""
    values = spread(list({text_at(found, value): value for value in found.seen}.values()), MOST_ROWS)
    key = shortened(found.key.rpartition(".")[2], COLUMN + 4, cell_len)
    left = width - max(cell_len(key), *(cell_len(text_at(found, value)) for value in values)) - 2
    plans = found.plans[: max(left // COLUMN, 1)]
    longest = max(cell_len(form.one_line(plan)) for plan in plans)
    room = min(left // len(plans) - 2, max(longest, COLUMN - 2))
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column(Text(key), justify="right", no_wrap=True)
    for head in heads(plans, room, NAME_LINES).values():
        table.add_column(Text(head), justify="right", width=room)
    for value in values:
        table.add_row(*_row(found, value, plans))
    title = "Net value" if found.weighs_value else "Cost"
    some = "" if len(plans) == len(found.plans) else f", {len(plans)} of {len(found.plans)} plans"
    yield Text(f"{title} per month over {found.key}{some}", style="bold")
    yield table


def spread(values: Sequence[float], most: int) -> list[float]:
    """Return so many values at most, both ends among them."""
    if len(values) <= most:
        return list(values)
    return [values[round(place * (len(values) - 1) / (most - 1))] for place in range(most)]


def _row(found: BreakEven, value: float, plans: Sequence[str]) -> Iterator[Text]:
    standing, sign = found.seen[value], -1.0 if found.weighs_value else 1.0
    yield Text(text_at(found, value))
    for plan in plans:
        style = BEST if plan == found.better_at(value) else BAD if plan in standing.troubles else ""
        yield Text(form.usd(sign * standing.mean_usd(plan)), style=style)


def breakeven_json(found: BreakEven) -> dict[str, Any]:
    """Return what ``predcost breakeven --json`` prints; numbers of the key are in s, USD, GiB and fractions."""
    content = {
        "scenario": found.scenario.name,
        "version": version("predcost"),
        "seed": found.scenario.seed,
        "replications": found.replications,
        "key": found.key,
        "between": list(found.asked.between),
        "within": [found.low.value, found.high.value],
        "plans": list(found.plans),
        "crossings": breakeven_rows(found),
        "throughout": found.throughout,
        "undecided": [list(each) for each in found.undecided],
        "bounds": [vars(bound) for bound in found.bounds],
        "values": list(found.seen),
        "foreseen": None if found.foreseen is None else list(found.foreseen),
        "simulations": found.simulations,
        "finding": list(sentences(found)),
    }
    return {key: finite(value) for key, value in content.items()}


def breakeven_rows(found: BreakEven) -> list[dict[str, Any]]:
    """Return a row for every crossing; the ends of its confidence set are NaN with one replication."""
    return [
        {
            "value": turn.crossing.value,
            "low": turn.crossing.low,
            "high": turn.crossing.high,
            "cheaper_below": turn.below,
            "cheaper_above": turn.above,
            "step": turn.crossing.is_step,
        }
        for turn in found.turns
    ]
