"""`predcost diff`: the last iteration against this one."""

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from simulator.cli import options
from simulator.cli.progress import progress
from simulator.cli.streams import reader_may_leave
from simulator.core.errors import UserError

if TYPE_CHECKING:
    from simulator.simulation.outcome import Outcome
    from simulator.studies.comparison import Comparison
    from simulator.studies.difference import Diff
    from simulator.studies.gates import Finding, Gate
    from simulator.studies.iterations import Iterations


class BrokenGateError(Exception):
    """A gate is broken; the message says which, and by how much."""

    code = 3


class Format(StrEnum):
    """For whom a difference is written."""

    TABLE = "table"
    MARKDOWN = "markdown"
    JSON = "json"


def diff(
    before: Annotated[
        Path, typer.Argument(metavar="A", help="The folder of a run, or a scenario.", show_default=False)
    ],
    after: Annotated[
        Path | None,
        typer.Argument(metavar="[B]", help="What it is compared with; by default A with --set.", show_default=False),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="KEY=VALUE", help="Change a key of B, e.g. plans.cached.cache.ttl='12 h'. Repeatable."
        ),
    ] = None,
    users: options.Users = None,
    horizon: options.Horizon = None,
    replications: options.Replications = None,
    seed: options.Seed = None,
    workers: options.Workers = None,
    fail_if: Annotated[
        list[str] | None,
        typer.Option(
            "--fail-if",
            metavar="GATE",
            help="Exit with 3 if a change is beyond a bound, chance aside: 'plans.cached.cost_usd_per_month > +5%', or "
            "plans.*. for all. Repeatable.",
        ),
    ] = None,
    format_: Annotated[Format, typer.Option("--format", help="How it is printed.")] = Format.TABLE,
    all_: Annotated[bool, typer.Option("--all", help="List all metrics of all plans.")] = False,
    chart: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Draw the cost line by line, as .png or .svg.", show_default=False),
    ] = None,
    json_: options.Json = False,
) -> None:
    """Say what is different between two runs, or between a scenario and its changed copy, chance aside."""
    from simulator.studies.difference import Diff

    how = Format.JSON if json_ else format_
    given = {"population.users": users, "horizon": horizon, "replications": replications, "seed": seed}
    iterations, gates = _read(before, after, set_ or [], given, fail_if or [], chart)
    iterations.workers = workers
    compared = Diff.of(iterations, _simulated(iterations, shown=how is Format.TABLE))
    from simulator.studies.gates import Ruling, judged

    findings = judged(compared, gates)
    with reader_may_leave():
        _print(compared, findings, how, is_all=all_)
    if chart is not None:
        _draw(compared, chart)
    broken = dict.fromkeys(finding.gate.text for finding in findings if finding.ruling is Ruling.BROKEN)
    if broken:
        raise BrokenGateError(f"broken: {'; '.join(broken)}")


def _read(
    before: Path, after: Path | None, sets: list[str], given: dict[str, Any], fail_if: list[str], chart: Path | None
) -> "tuple[Iterations, tuple[Gate, ...]]":
    """Return what is compared and the gates, or all that is wrong with them."""
    from simulator.scenario.overrides import read_assignment
    from simulator.studies.gates import check_gates, read_gates
    from simulator.studies.iterations import Iterations, read_iteration

    found = _Found()
    stated = {key: value for key, value in given.items() if value is not None}
    if after is None and not sets:
        found.faults.append(f"give what {before} is compared with, or what is changed in it: --set KEY=VALUE")
    elif stated and not sets and before.is_dir() and after is not None and after.is_dir():
        found.faults.append(f"{', '.join(stated)}: two runs are compared as they are, and nothing is simulated")
    if chart is not None:
        found.take(lambda: _check_chart(chart))
    gates = found.take(lambda: read_gates(fail_if))
    changes = found.take(lambda: dict(map(read_assignment, sets)))
    one = found.take(lambda: read_iteration(before, stated))
    other = found.take(lambda: read_iteration(after or before, stated, changes)) if after or changes else None
    if one is None or other is None or gates is None or found.faults:
        raise UserError("\n".join(dict.fromkeys(found.faults)))
    iterations = Iterations(one, other)
    check_gates(gates, iterations.pairs)
    return iterations, gates


T = TypeVar("T")


class _Found:
    """All that is wrong with what was given."""

    def __init__(self) -> None:
        self.faults: list[str] = []

    def take(self, read: Callable[[], T]) -> T | None:
        """Return what is read, or none where that is at fault."""
        try:
            return read()
        except UserError as error:
            self.faults.append(str(error))
            return None


def _simulated(iterations: "Iterations", *, shown: bool) -> "tuple[Comparison, Comparison]":
    with progress(shown=shown) as bar:

        def on_outcome(outcome: "Outcome") -> None:
            bar.step(f"{outcome.plan}, replication {outcome.replication + 1}")

        return iterations.run(on_outcome, bar.begin, bar.reach)


def _print(compared: "Diff", findings: "tuple[Finding, ...]", how: Format, *, is_all: bool) -> None:
    if how is Format.MARKDOWN:
        from simulator.report.diff_markdown import diff_markdown
        from simulator.report.scenario_text import say

        say(diff_markdown(compared, findings, is_all=is_all).rstrip())
        return
    from simulator.report.diff_tables import diff_json, diff_report

    if how is Format.JSON:
        from simulator.report.scenario_text import print_json

        print_json(diff_json(compared, findings))
        return
    from simulator.report.terminal import print_tables

    print_tables(diff_report(compared, findings, is_all=is_all))


def _check_chart(path: Path) -> None:
    """Check that a chart can be kept somewhere, before anything is simulated."""
    if path.suffix.lower() not in {".png", ".svg"}:
        raise UserError(f"--chart {path}: must end in .png or .svg")
    if not path.parent.is_dir():
        raise UserError(f"--chart {path}: there is no folder {path.parent}")


def _draw(compared: "Diff", path: Path) -> None:
    from simulator.report.charts.catalogue import save_figure
    from simulator.report.charts.look import NoChartError
    from simulator.report.charts.waterfall import waterfall
    from simulator.report.scenario_text import say

    try:
        figure = waterfall(compared)
    except NoChartError as error:
        say(f"No chart: {error}", err=True)
        return
    save_figure(figure, path)
