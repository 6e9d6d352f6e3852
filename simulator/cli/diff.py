"""`predcost diff`: the last iteration against this one."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from simulator.cli import completing, options
from simulator.cli.foretelling import foretell
from simulator.cli.interrupts import ending_at_once, stored_so_far
from simulator.cli.options import Format
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


def diff(
    before: Annotated[
        Path,
        typer.Argument(
            metavar="A", help="The folder of a run, or a scenario.", show_default=False, autocompletion=completing.runs
        ),
    ],
    after: Annotated[
        Path | None,
        typer.Argument(metavar="[B]", help="What it is compared with; by default A with --set.", show_default=False),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Change a key of B, e.g. plans.cached.cache.ttl='12 h'. Repeatable.",
            autocompletion=completing.keys,
        ),
    ] = None,
    plan: options.PlanNames = None,
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
    format_: options.How = Format.TABLE,
    all_: Annotated[bool, typer.Option("--all", help="List all metrics of all plans.")] = False,
    chart: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Draw the cost line by line, as .png or .svg.", show_default=False),
    ] = None,
    cluster: options.Cluster = None,
    fresh: options.Fresh = False,
    json_: options.Json = False,
) -> None:
    """Say what is different between two runs, or between a scenario and its changed copy, chance aside."""
    how = Format.JSON if json_ else format_
    stated = {"population.users": users, "horizon": horizon, "replications": replications, "seed": seed}
    asked = _Asked(before, after, set_ or [], plan or [], fail_if or [], chart)
    asked.stated = {key: value for key, value in stated.items() if value is not None}
    iterations, gates = asked.read()
    from simulator.studies.difference import Diff
    from simulator.studies.gates import Ruling, judged
    from simulator.studies.outcome_store import default_store

    iterations.workers, iterations.store, iterations.cluster = workers, default_store(fresh=fresh), cluster
    with ending_at_once(lambda: stored_so_far(iterations.store)):
        compared = Diff.of(iterations, _simulated(iterations, shown=how is Format.TABLE))
    found = _Found()
    findings = found.take(lambda: judged(compared, gates)) or ()
    with reader_may_leave():
        _print(compared, findings, how, is_all=all_)
    if chart is not None:
        found.take(lambda: _draw(compared, chart))
    found.refuse()
    broken = dict.fromkeys(finding.gate.text for finding in findings if finding.ruling is Ruling.BROKEN)
    if broken:
        raise BrokenGateError(f"broken: {'; '.join(broken)}")


T = TypeVar("T")


class _Found:
    """What is read, and all that is wrong with what was given."""

    def __init__(self) -> None:
        self.faults: list[str] = []

    def take(self, read: Callable[[], T]) -> T | None:
        """Return what is read, or none where that is at fault."""
        try:
            return read()
        except UserError as error:
            self.faults.append(str(error))
            return None

    def refuse(self) -> None:
        """Raise all faults at once, if there are any."""
        if self.faults:
            raise UserError("\n".join(dict.fromkeys(self.faults)))


@dataclass
class _Asked:
    """What is asked on the command line."""

    before: Path
    after: Path | None
    sets: list[str]
    plans: list[str]
    fail_if: list[str]
    chart: Path | None
    stated: dict[str, Any] = field(default_factory=dict)
    """What both are simulated with, by key path."""

    def read(self) -> "tuple[Iterations, tuple[Gate, ...]]":
        """Return what is compared and the gates, or all that is wrong with them."""
        from simulator.scenario.overrides import read_assignment
        from simulator.studies.gates import check_gates, read_gates
        from simulator.studies.iterations import Iterations, of_plans, read_iteration

        found, (before, after) = _Found(), (self.before, self.after)
        found.faults += self._nothing_to_do()
        found.take(lambda: _check_chart(self.chart))
        gates = found.take(lambda: read_gates(self.fail_if))
        changes = found.take(lambda: dict(map(read_assignment, self.sets)))
        one = found.take(lambda: read_iteration(before, self.stated))
        other = found.take(lambda: read_iteration(after or before, self.stated, changes)) if after or changes else None
        found.refuse()
        assert one is not None
        assert other is not None
        iterations = Iterations(*(of_plans(one, other, self.plans) if self.plans else (one, other)))
        check_gates(gates or (), iterations.pairs)
        return iterations, gates or ()

    def _nothing_to_do(self) -> Iterator[str]:
        if self.after is None and not self.sets:
            yield f"give what {self.before} is compared with, or what is changed in it: --set KEY=VALUE"
        elif (
            self.stated
            and not self.sets
            and all(each is not None and each.is_dir() for each in (self.before, self.after))
        ):
            yield f"{', '.join(self.stated)}: two runs are compared as they are, and nothing is simulated"


def _simulated(iterations: "Iterations", *, shown: bool) -> "tuple[Comparison, Comparison]":
    if iterations.cluster is None:
        foretell(iterations.tasks, iterations.workers, iterations.store)
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


def _check_chart(path: Path | None) -> None:
    """Check that a chart can be kept somewhere, before anything is simulated."""
    if path is None:
        return
    if path.suffix.lower() not in {".png", ".svg"}:
        raise UserError(f"--chart {path}: must end in .png or .svg")
    if not path.parent.is_dir():
        raise UserError(f"--chart {path}: there is no folder {path.parent}")


def _draw(compared: "Diff", path: Path) -> None:
    from simulator.report.charts.look import NoChartError
    from simulator.report.charts.saving import write_figure
    from simulator.report.charts.waterfall import waterfall
    from simulator.report.scenario_text import say

    try:
        figure = waterfall(compared)
    except NoChartError as error:
        say(f"No chart: {error}", err=True)
        return
    write_figure(figure, path)
