"""`predcost run`: the main job."""

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulator.cli import options
from simulator.cli.answer import Answer
from simulator.cli.interrupts import NOTHING_KEPT, InterruptedRunError, cut_short, ending_at_once, held
from simulator.cli.progress import progress, progress_line
from simulator.cli.streams import reader_may_leave
from simulator.core.errors import UserError

if TYPE_CHECKING:
    from simulator.simulation.outcome import Outcome
    from simulator.studies.comparison import Comparison, Study
    from simulator.studies.run_place import Claim

RUNS = Path("runs")


def run(
    file: options.ScenarioFile,
    plan: options.PlanNames = None,
    set_: options.Set = None,
    users: options.Users = None,
    horizon: options.Horizon = None,
    replications: options.Replications = None,
    seed: options.Seed = None,
    workers: options.Workers = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the run; by default below runs/.", show_default=False)
    ] = None,
    force: options.Force = False,
    json_: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Simulate all plans of a scenario on the same users and requests, side by side."""
    scenario = options.load(
        file, set_, plan, population__users=users, horizon=horizon, replications=replications, seed=seed
    )
    from simulator.prices.loading import load_book
    from simulator.studies.comparison import Study
    from simulator.studies.prices_needed import check_prices
    from simulator.studies.run_folder import digest
    from simulator.studies.run_place import Claim

    book = load_book(scenario.prices, file.parent)
    check_prices(scenario, book, file)
    asked = digest(scenario)
    folder = out or RUNS / f"{_slug(scenario.name)}-{asked}"
    claim = Claim(folder)
    job = _Job(claim, Study(scenario, book, workers), asked, Answer(json=json_, quiet=quiet))
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
    """A run, step by step: simulate, keep, answer, draw. An interrupt loses the step that it comes in, and no other."""

    claim: "Claim"
    study: "Study"
    asked: str
    answer: Answer
    kept: str = NOTHING_KEPT
    """What an interrupt leaves."""
    lost: Exception | None = None
    """That a process was lost, and what it leaves."""

    def run(self) -> None:
        """Do it all."""
        folder: Path | None = self.claim.folder
        faults = list[Exception]()
        with held() as waiting:
            comparison, is_cut = self._simulate(waiting)
            try:
                self._keep(comparison)
            except UserError as error:
                faults.append(UserError(f"{error}; so nothing is kept"))
                folder = None
        try:
            with reader_may_leave():
                self.answer.show(comparison, folder)
        except OSError as error:  # what is kept is there to be shown again
            faults.append(error)
        if folder is not None and not is_cut:
            self._draw(comparison)
        for fault in faults:
            raise fault
        if is_cut:
            raise self.lost or InterruptedRunError(self.kept)

    def _simulate(self, waiting: list[int]) -> "tuple[Comparison, bool]":
        """Return the comparison of what is complete, and whether something cut it short."""
        from simulator.studies.recommendation import in_words
        from simulator.studies.turning_points import examined
        from simulator.studies.workers import LostWorkerError

        folder, asked_for, lost = self.claim.folder, self.study.scenario.replications, None
        try:
            interrupted = cut_short(self._run_study, waiting)
        except LostWorkerError as error:
            lost, interrupted = error, False
        if not self.study.whole_replications:
            raise lost or InterruptedRunError(NOTHING_KEPT)
        comparison = self.study.comparison

        def put_in_words(check: Callable[[], None]) -> None:
            nonlocal comparison
            if comparison.complete:
                with progress_line("what would change the answer", shown=self.answer.is_all) as step:

                    def on_look(what: str) -> None:
                        check()
                        step(what)

                    comparison = examined(comparison, self.study.workers, on_look)
            comparison = in_words(comparison)

        interrupted |= cut_short(put_in_words, waiting)
        done = f"{comparison.replications} of {asked_for} replications are kept in {folder}"
        self.kept = f"interrupted; {done}, without charts: 'predcost show {folder} --charts' draws them"
        if lost is not None:
            self.lost = LostWorkerError(f"{lost}; {done}")
        return comparison, interrupted or lost is not None

    def _run_study(self, check: Callable[[], None]) -> None:
        with progress(shown=self.answer.is_all) as bar:

            def on_outcome(outcome: "Outcome") -> None:
                check()
                bar.step(f"{outcome.plan}, replication {outcome.replication + 1}")

            def on_progress(fraction: float) -> None:
                check()
                bar.reach(fraction)

            self.study.run(on_outcome, bar.begin, on_progress)

    def _keep(self, comparison: "Comparison") -> None:
        from simulator.report.keeping import keep_run

        if not keep_run(self.claim, comparison, sys.argv, self.asked):
            self.kept = f"interrupted; the whole run that was kept in {self.claim.folder} is still there"

    def _draw(self, comparison: "Comparison") -> None:
        from simulator.cli.drawing import draw

        with held() as waiting:
            interrupted = draw(self.claim, comparison, self.study.workers, waiting, shown=self.answer.is_all)
        if interrupted:
            folder = self.claim.folder
            said = f"interrupted; all but some of the charts is kept in {folder}: 'predcost show {folder} --charts'"
            raise InterruptedRunError(f"{said} draws them")


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "scenario"
