"""`predcost run`: the main job."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulator.cli import options
from simulator.cli.answer import Answer
from simulator.cli.foretelling import foretell
from simulator.cli.interrupts import (
    NOTHING_KEPT,
    InterruptedRunError,
    cut_short,
    ending_at_once,
    held,
    stored_so_far,
)
from simulator.cli.progress import Bar, progress, progress_line
from simulator.cli.streams import reader_may_leave
from simulator.core.errors import UserError
from simulator.report.chart_choice import ChartChoice

if TYPE_CHECKING:
    from simulator.simulation.outcome import Outcome
    from simulator.studies.comparison import Comparison
    from simulator.studies.executor import Task
    from simulator.studies.run_place import Claim
    from simulator.studies.study import Study


def run(
    file: options.ScenarioFile,
    plan: options.PlanNames = None,
    set_: options.Set = None,
    users: options.Users = None,
    horizon: options.Horizon = None,
    replications: options.Replications = None,
    confidence: options.Confidence = None,
    indifference: options.Indifference = None,
    precision: options.Precision = None,
    budget: options.Budget = None,
    seed: options.Seed = None,
    workers: options.Workers = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the run; by default below runs/.", show_default=False)
    ] = None,
    charts: Annotated[
        ChartChoice, typer.Option(help="Which charts are drawn into it: the four of a deck, all, or none.")
    ] = ChartChoice.DECK,
    cluster: options.Cluster = None,
    resume: options.Resume = False,  # noqa: ARG001  (a word for what happens in any case)
    fresh: options.Fresh = False,
    force: options.Force = False,
    bill: options.Bill = None,
    full: options.Full = False,
    format_: options.How = options.Format.TABLE,
    json_: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Simulate all plans of a scenario on the same users and requests, side by side."""
    scenario = options.load(
        file, set_, plan, population__users=users, horizon=horizon, replications=replications, seed=seed
    )
    from simulator.prices.loading import load_book
    from simulator.studies.aim import aim_of
    from simulator.studies.outcome_store import default_store
    from simulator.studies.prices_needed import check_prices
    from simulator.studies.run_folder import digest
    from simulator.studies.run_place import Claim
    from simulator.studies.study import Study

    aim = aim_of(confidence, indifference, precision, budget)
    book = load_book(scenario.prices, file.parent)
    check_prices(scenario, book, file)
    asked = digest(scenario)
    folder = out or options.folder_of(scenario.name, asked)
    claim = Claim(folder)
    study = Study(scenario, book, workers, aim=aim, kept=default_store(fresh=fresh), cluster=cluster)
    how = options.Format.JSON if json_ else format_
    answer = Answer(how, quiet, full, options.bills(bill, scenario.plans))
    job = _Job(claim, study, asked, answer, charts)
    with ending_at_once(lambda: job.kept, claim.end):
        with held():
            claim.begin(asked, force=force)
        try:
            job.run()
        finally:
            with held():
                claim.end()


@dataclass
class _Job:
    """A run, step by step: simulate, answer, look what would change that, keep, draw.

    An interrupt loses the step that it comes in, and no other but those that only look further.
    """

    claim: "Claim"
    study: "Study"
    asked: str
    answer: Answer
    charts: ChartChoice
    kept: str = NOTHING_KEPT
    """What an interrupt leaves."""
    lost: Exception | None = None
    """That a process was lost."""
    faults: list[Exception] = field(default_factory=list)
    """What went wrong without stopping all else."""

    def run(self) -> None:
        """Do it all."""
        from simulator.studies.recommendation import in_words

        with held() as waiting:
            is_cut = self._simulate(waiting)
            stored = self._stored()
            comparison = self.study.comparison
            is_cut |= cut_short(lambda _: self._print(lambda: self.answer.begin(comparison)), waiting)
            if not is_cut:
                comparison, is_cut = self._examine(comparison, waiting)
            comparison = in_words(comparison)
            folder = self._keep(comparison)
        self._print(lambda: self.answer.end(comparison, folder))
        if stored:
            self._print(lambda: self.answer.tell(stored))
        if folder is not None and not is_cut:
            self._draw(comparison)
        for fault in self.faults:
            raise fault
        if is_cut:
            raise self.lost or InterruptedRunError(self.kept)

    def _simulate(self, waiting: list[int]) -> bool:
        """Simulate all; return whether something cut it short.

        Raises
        ------
        InterruptedRunError, LostWorkerError
            If nothing is complete.
        """
        from simulator.studies.workers import LostWorkerError

        try:
            interrupted = cut_short(self._run_study, waiting)
        except LostWorkerError as error:
            self.lost, interrupted = error, False
        if not self.study.whole_replications:
            raise self.lost or InterruptedRunError(self._nothing_whole())
        return interrupted or self.lost is not None

    def _foretell(self, tasks: "Sequence[Task]") -> None:
        """Tell what a round will take, if that is long."""
        if self.answer.quiet or self.study.cluster is not None:
            return
        foretell(tasks, self.study.workers, self.study.kept)

    def _stored(self) -> str:
        """Return how much was simulated before, in a sentence; nothing where none was."""
        from simulator.studies.executor import Task

        store, scenario, outcomes = self.study.kept, self.study.scenario, self.study.outcomes
        found = sum(store.had(Task(scenario, each.plan, each.replication)) for each in outcomes) if store else 0
        if not found:
            return ""
        many = f"All {found:,}" if found == len(outcomes) else f"{found:,} of {len(outcomes):,}"
        said = "The simulation was" if len(outcomes) == 1 else f"{many} simulations were"
        return f"{said} stored already; --fresh simulates anew"

    def _nothing_whole(self) -> str:
        """Return what an interrupt leaves before all plans have a replication."""
        said = stored_so_far(self.study.kept)
        return said if said == NOTHING_KEPT else f"{said}; no replication is whole yet"

    def _print(self, show: Callable[[], None]) -> None:
        """Print something; where that fails, what is kept is there to be shown again."""
        if self.is_mute:
            return
        try:
            with reader_may_leave():
                show()
        except OSError as error:
            self.faults.append(error)

    @property
    def is_mute(self) -> bool:
        """Whether printing has failed already."""
        return any(isinstance(fault, OSError) for fault in self.faults)

    def _examine(self, comparison: "Comparison", waiting: list[int]) -> "tuple[Comparison, bool]":
        """Return the comparison with what would change its recommendation, and whether something cut that short."""
        from simulator.studies.turning_points import examined
        from simulator.studies.workers import LostWorkerError

        found = comparison

        def look(check: Callable[[], None]) -> None:
            nonlocal found
            with progress_line("what would change the answer", shown=self.answer.is_all) as step:

                def on_look(what: str) -> None:
                    check()
                    step(what)

                found = examined(comparison, self.study.workers, on_look, self.study.kept)

        try:
            interrupted = cut_short(look, waiting)
        except LostWorkerError as error:
            self.lost, interrupted = error, True
        return found, interrupted

    def _run_study(self, check: Callable[[], None]) -> None:
        for tasks in self.study.rounds():
            self._foretell(tasks)
            with progress(shown=self.answer.is_all) as bar:

                def on_outcome(outcome: "Outcome", bar: Bar = bar) -> None:
                    check()
                    bar.step(f"{outcome.plan}, replication {outcome.replication + 1}")

                def on_progress(fraction: float, bar: Bar = bar) -> None:
                    check()
                    bar.reach(fraction)

                self.study.simulate(tasks, on_outcome, bar.begin, on_progress)

    def _keep(self, comparison: "Comparison") -> Path | None:
        """Keep the run; return where, or None where that fails."""
        from simulator.report.keeping import keep_run

        folder = self.claim.folder
        try:
            is_kept = keep_run(self.claim, comparison, sys.argv, self.asked)
        except UserError as error:
            self.faults.append(UserError(f"{error}; so nothing is kept"))
            return None
        asked = f" of {self.study.scenario.replications}" if comparison.aim.is_fixed else ""
        done = f"{comparison.replications}{asked} replications are kept in {folder}"
        self.kept = f"interrupted; {done}, without charts: 'predcost charts {folder}' draws them"
        if not is_kept:
            self.kept = f"interrupted; the whole run that was kept in {folder} is still there"
        elif self.lost is not None:
            self.lost = type(self.lost)(f"{self.lost}; {done}")
        return folder

    def _draw(self, comparison: "Comparison") -> None:
        if self.charts is ChartChoice.NONE:
            return
        from simulator.cli.drawing import draw

        folder, workers = self.claim.folder, self.study.workers
        with held() as waiting:
            interrupted = draw(self.claim, comparison, self.charts, workers, waiting, shown=self.answer.is_all)
        if interrupted:
            again = f"'predcost charts {folder}{' --all' if self.charts is ChartChoice.ALL else ''}' draws them"
            raise InterruptedRunError(f"interrupted; all but some of the charts is kept in {folder}: {again}")
        if self.charts is ChartChoice.DECK:
            self._print(
                lambda: self.answer.tell(f"Charts: four are drawn; all of them: predcost charts {folder} --all")
            )
