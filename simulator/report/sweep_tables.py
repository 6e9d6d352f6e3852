"""A sweep as a table for a terminal, as JSON, and as tidy rows."""

from collections.abc import Iterator, Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from rich import box
from rich.cells import cell_len
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from simulator.report import format as form
from simulator.report.json_report import finite
from simulator.report.layout import ANY_WIDTH, Fitted
from simulator.report.names import called_in, heads, short_names, shortened
from simulator.report.sweep_words import finding
from simulator.report.tables import BAD, BEST
from simulator.studies.sweep import Point, Sweep
from simulator.studies.table_units import unit_of

if TYPE_CHECKING:
    import pandas as pd

WIDTH = 100
_INTERVAL_WIDTH, _MEAN_WIDTH, _WIDEST_KEY, _BEST_WIDTH = 18, 10, 20, 16
_GAP = 2
"""Columns between two columns of the table."""
NAME_LINES = 4
_AS_GOOD = " ~"
_BREAKS = "!"
"""After the cost of a plan that is not chosen from, as colours are not everywhere."""


def sweep_report(sweep: Sweep) -> Iterator[RenderableType]:
    """Yield what a sweep prints: what its points say, and the points."""

    def found(width: int) -> Iterator[RenderableType]:
        yield Text(f"{finding(sweep, called_in(sweep.plans, width))}.", style="bold")

    yield Fitted(found, ANY_WIDTH)
    yield Fitted(lambda width: _table(sweep, width))
    if any(_is_out(point, plan) for point in sweep.points for plan in point.comparison.plans):
        yield Text(f"{_BREAKS} after a cost: the plan breaks a bound there, or does not keep up", style="dim")
    if sweep.undecided:
        yield Text(
            f"{_AS_GOOD.strip()} after the best plan: another may be as good, as far as chance goes", style="dim"
        )
    if len(sweep.points) < sweep.grid_points:
        yield Text(
            f"{len(sweep.points)} of {sweep.grid_points} points were simulated: a net of them, and both sides of the "
            "borders that it shows",
            style="dim",
        )


def _table(sweep: Sweep, width: int) -> Iterator[RenderableType]:
    keys = [_key_column(sweep, place) for place in range(len(sweep.factors))]
    left = width - sum(room + _GAP for _, room in keys) - _BEST_WIDTH
    plans = plans_with_room(sweep, left // _MEAN_WIDTH)
    with_interval = left >= len(plans) * _INTERVAL_WIDTH
    cells = [[_cell(point, plan, with_interval=with_interval) for plan in plans] for point in sweep.points]
    what = form.metric_label(sweep.judged_by)
    some = "" if len(plans) == len(sweep.plans) else f", {len(plans)} of {len(sweep.plans)} plans"
    within = ", with its 95 % interval of chance alone" if with_interval else ""
    over = " and ".join(factor.key for factor in sweep.factors)
    yield Text(f"{form.capital(what)} over {over}{within}{some}", style="bold")
    longest = max(cell_len(form.one_line(plan)) for plan in plans)
    room = max(min(left // len(plans) - _GAP, longest), *(len(cell) for row in cells for cell in row))
    head = heads(plans, room, NAME_LINES)
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for name, columns in keys:
        table.add_column(Text(name), justify="right", width=columns)
    for plan in plans:
        table.add_column(Text(head[plan]), justify="right", width=room)
    table.add_column("best", no_wrap=True)
    best = short_names(sweep.plans, _BEST_WIDTH - len(_AS_GOOD), cell_len)
    for point, row in zip(sweep.points, cells, strict=True):
        table.add_row(*(Text(level.text) for level in point.levels), *row, Text(_best(point, best)))
    yield table


def _key_column(sweep: Sweep, place: int) -> tuple[str, int]:
    """Return the head of a key's column, and how wide it is."""
    key = sweep.factors[place].key
    name = key.rpartition(".")[2]
    is_other = sum(each.key.endswith(f".{name}") for each in sweep.factors) > 1
    shown = shortened(key if is_other else name, _WIDEST_KEY, cell_len)
    texts = [shown, *(point.levels[place].text for point in sweep.points)]
    return shown, min(max(map(cell_len, texts)), _WIDEST_KEY)


def plans_with_room(sweep: Sweep, most: int) -> list[str]:
    """Return as many plans as there is room for, in the scenario's order: those that are best somewhere come first."""
    ranked = sorted(sweep.plans, key=lambda plan: (-sweep.winners.get(plan, 0), _mean_rank(sweep, plan)))
    kept = set(ranked[: max(most, 1)])
    return [plan for plan in sweep.plans if plan in kept]


def _mean_rank(sweep: Sweep, plan: str) -> float:
    return sum(point.comparison.ranking.index(plan) for point in sweep.points) / len(sweep.points)


def _cell(point: Point, plan: str, *, with_interval: bool) -> Text:
    result = point.comparison.plans[plan]
    found = result.metrics[point.comparison.judged_by]
    said = form.usd(found.mean)
    if with_interval:
        said = f"{said} {form.usd_within(found)}".strip()
    if _is_out(point, plan):
        return Text(f"{said}{_BREAKS}", style=BAD)
    return Text(said, style=BEST if plan == point.recommended else "")


def _is_out(point: Point, plan: str) -> bool:
    """Return whether a plan is not chosen from, however cheap it is."""
    result = point.comparison.plans[plan]
    return not result.meets_slo or result.is_overloaded


def _best(point: Point, called: Mapping[str, str]) -> str:
    if point.recommended is None:
        return form.NOTHING
    return f"{called[point.recommended]}{'' if point.is_decided else _AS_GOOD}"


def sweep_json(sweep: Sweep) -> dict[str, Any]:
    """Return what ``predcost sweep --json`` prints; numbers of keys are in s, USD, GiB and fractions."""
    scenario = sweep.scenario
    content = {
        "scenario": scenario.name,
        "version": version("predcost"),
        "seed": scenario.seed,
        "replications": scenario.replications,
        "keys": [factor.key for factor in sweep.factors],
        "points": [_point_json(sweep, point) for point in sweep.points],
        "grid_points": sweep.grid_points,
        "adaptive": sweep.adaptive,
        "simulations": sweep.simulations,
        "complete": sweep.complete,
        "finding": finding(sweep),
    }
    return {key: finite(value) for key, value in content.items()}


def _point_json(sweep: Sweep, point: Point) -> dict[str, Any]:
    plans = point.comparison.plans
    return {
        "values": values_of(sweep, point),
        "plans": {
            name: {"metrics": {metric: estimate.as_dict() for metric, estimate in plan.metrics.items()}}
            for name, plan in plans.items()
        },
        "recommended": point.recommended,
        "as_good": list(point.comparison.selection.as_good),
        "undecided": list(point.comparison.selection.undecided),
    }


def values_of(sweep: Sweep, point: Point) -> dict[str, Any]:
    """Return the value of each key at a point."""
    return {factor.key: level.value for factor, level in zip(sweep.factors, point.levels, strict=True)}


def sweep_rows(sweep: Sweep) -> list[dict[str, Any]]:
    """Return a row for every point, plan and metric: the keys' values, and the metric's mean, low, high and unit.

    Keys are in s, USD, GiB or shares from 0 to 1.
    """
    return [
        {
            **values_of(sweep, point),
            "plan": name,
            "metric": metric,
            **estimate.as_dict(),
            "unit": unit_of(metric),
            "recommended": name == point.recommended,
        }
        for point in sweep.points
        for name, plan in point.comparison.plans.items()
        for metric, estimate in plan.metrics.items()
    ]


def sweep_table(sweep: Sweep) -> "pd.DataFrame":
    """Return `sweep_rows` as a data frame."""
    import pandas as pd  # noqa: PLC0415  (0.4 s that the command line can do without)

    return pd.DataFrame(sweep_rows(sweep)).astype({"mean": float, "low": float, "high": float})
