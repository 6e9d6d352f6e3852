"""The page of a sweep: which plan is best where."""

from collections.abc import Iterator, Sequence

from simulator.report import format as form
from simulator.report.brief import STATED, Assumption, Brief, repeated
from simulator.report.html.page import SORTING, page
from simulator.report.html.page_tables import Cell, Column, Table, TableRow, price_table
from simulator.report.html.pictures import OnPicture, no_matter, pictures_of
from simulator.report.plan_styles import styles_of
from simulator.report.provenance import provenance_of
from simulator.report.scenario_lines import stated_lines
from simulator.report.sweep_words import finding
from simulator.studies.sweep import Point, Sweep
from simulator.studies.words import of_chance

SECTIONS = (
    ("decision", "Answer"),
    ("pictures", "Pictures"),
    ("points", "Points"),
    ("sure", "How sure"),
    ("assumptions", "Assumptions"),
    ("scenario", "Scenario"),
    ("again", "Make it again"),
)


def sweep_page(sweep: Sweep, command: Sequence[str] = (), on_picture: OnPicture = no_matter) -> str:
    """Return the report of a sweep as one HTML file; equal ones are equal to the last byte.

    Parameters
    ----------
    sweep, command
        What was found, and the command line that made it; empty where a program did.
    on_picture
        Called with the name of each picture that is drawn.
    """
    from simulator.report.charts.sweep import lines, winner_map  # noqa: PLC0415  (matplotlib is imported to draw)

    keys = [factor.key for factor in sweep.factors]
    pictures, _ = pictures_of(sweep, {"lines": lines, "map": winner_map}, ("lines", "map"), on_picture)
    scenario, book = sweep.scenario, sweep.points[0].comparison.book
    context = {
        "title": form.one_line(scenario.name),
        "provenance": provenance_of(scenario, scenario.replications, book.name, keys)[1:],
        "sections": SECTIONS,
        "question": f"Which way to serve predictions is best over {' and '.join(keys)}?",
        "finding": f"{finding(sweep)}.",
        "pictures": pictures,
        "points": _points(sweep),
        "seen": _seen(sweep),
        "sure": tuple(_how_sure(sweep)),
        "prices": price_table(_prices(sweep)),
        "keys": [_values(sweep, number) for number in range(len(keys))],
        "inputs": [
            Assumption(key, value, STATED, "") for key, value in stated_lines(scenario) if key not in (*keys, "prices")
        ],
        "repeat": repeated(command),
    }
    return page("sweep.html.j2", context, SORTING)


def _points(sweep: Sweep) -> Table:
    """Return a row for every point: the keys' values, what decides of each plan, and the best."""
    plans = [form.one_line(plan) for plan in sweep.plans]
    columns = (
        *(Column(factor.key, factor.is_number) for factor in sweep.factors),
        *(Column(plan) for plan in plans),
        Column("best", is_number=False),
        Column("chance", is_number=False),
    )
    title = f"{form.capital(form.metric_label(sweep.judged_by))}, with its interval of {of_chance()}"
    return Table("points-table", title, columns, tuple(_row(sweep, point) for point in sweep.points))


def _row(sweep: Sweep, point: Point) -> TableRow:
    levels = (Cell(level.text, None if isinstance(level.value, str) else float(level.value)) for level in point.levels)
    best = form.NOTHING if point.recommended is None else form.one_line(point.recommended)
    chance = "may decide" if point.recommended is not None and not point.is_decided else ""
    cells = (*levels, *(_cell(point, plan) for plan in sweep.plans), Cell(best, None, "name"), Cell(chance, None, ""))
    return TableRow(cells, look=None if point.recommended is None else styles_of(sweep.plans)[point.recommended])


def _cell(point: Point, plan: str) -> Cell:
    result = point.comparison.plans[plan]
    found = result.metrics[point.comparison.judged_by]
    bad = "breaks a bound" if not result.meets_slo else "overloaded" if result.is_overloaded else ""
    said = " ".join(filter(None, (form.usd(found.mean), form.usd_within(found), f"({bad})" if bad else "")))
    return Cell(said, found.mean, f"number{' bad' if bad else ' won' if plan == point.recommended else ''}")


def _seen(sweep: Sweep) -> str:
    points = f"{len(sweep.points)} of {sweep.grid_points}" if len(sweep.points) < sweep.grid_points else "all"
    net = ": a net of them, and both sides of the borders that it shows" if sweep.adaptive else ""
    cut = "" if sweep.complete else " It was cut off before all replications were done."
    return f"Simulated at {points} points{net}.{cut}"


def _how_sure(sweep: Sweep) -> Iterator[str]:
    if sweep.scenario.replications == 1:
        yield "One replication: how much of it is chance is not known."
    else:
        yield f"Intervals are {of_chance()}, without what is unknown of the inputs."
    if sweep.undecided:
        yield (
            f"At {sweep.undecided} of {len(sweep.points)} points another plan may be as good as the best one found, as "
            "far as chance goes; more replications tell them apart."
        )
    elif sweep.scenario.replications > 1:
        yield "Wherever a plan is best, every other that keeps the bounds is surely worse, as far as chance goes."
    yield "Between points nothing was simulated; what is best there is not known."


def _prices(sweep: Sweep) -> tuple[Assumption, ...]:
    return tuple(dict.fromkeys(each for point in sweep.points for each in Brief(point.comparison).prices))


def _values(sweep: Sweep, number: int) -> Assumption:
    factor = sweep.factors[number]
    return Assumption(factor.key, ", ".join(level.text for level in factor.levels), "the sweep", "")
