"""A break-even as a table for a terminal, as JSON and as rows."""

from collections.abc import Iterator, Sequence
from importlib.metadata import version
from typing import Any

from rich import box
from rich.console import Console, ConsoleOptions, RenderableType
from rich.table import Table
from rich.text import Text

from simulator.report import format as form
from simulator.report.breakeven_words import sentences, text_at
from simulator.report.json_report import finite
from simulator.report.tables import BAD, BEST
from simulator.studies.breakeven import BreakEven

WIDTH, COLUMN = 100, 14
MOST_ROWS = 15


def breakeven_report(found: BreakEven) -> Iterator[RenderableType]:
    """Yield what a break-even prints: the plans at the values that were looked at first, and what was found."""
    yield _Values(found)
    for sentence in sentences(found):
        yield Text(sentence)


class _Values:
    """The plans at some values, as wide as there is room."""

    def __init__(self, found: BreakEven) -> None:
        self._found = found

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        """Yield it for a console."""
        found, width = self._found, min(options.max_width, WIDTH)
        plans = found.plans[: max((width - 2 * COLUMN) // COLUMN, 1)]
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
        table.add_column(Text(found.key.rpartition(".")[2]), justify="right", overflow="fold")
        for plan in plans:
            table.add_column(Text(form.one_line(plan)), justify="right")
        values = list({text_at(found, value): value for value in found.seen}.values())
        for value in spread(values, MOST_ROWS):
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


def breakeven_cells(found: BreakEven) -> tuple[list[str], list[list[str]]]:
    """Return the heads and the rows of the table of the values that were looked at, as text."""
    heads = [found.key, *map(form.one_line, found.plans)]
    values = {text_at(found, value): value for value in found.seen}.values()
    return heads, [[cell.plain for cell in _row(found, value, found.plans)] for value in values]


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
