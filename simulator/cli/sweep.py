"""`predcost sweep`: all plans at many values of one key or two."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulator.cli import completing, options
from simulator.cli.foretelling import foretell
from simulator.cli.interrupts import NOTHING_KEPT, InterruptedRunError, cut_short, ending_at_once, held
from simulator.cli.progress import progress, progress_line
from simulator.cli.streams import reader_may_leave
from simulator.core.errors import UserError

if TYPE_CHECKING:
    from simulator.prices.book import PriceBook
    from simulator.simulation.outcome import Outcome
    from simulator.studies.run_place import Claim
    from simulator.studies.sweep import Sweep, SweepStudy
    from simulator.studies.variants import Variants

BY = "--over"


def sweep(
    file: options.ScenarioFile,
    over: Annotated[
        list[str],
        typer.Option(
            BY,
            metavar="KEY=VALUES",
            help="A key and its values: 1%,2%,5% or 5%..40%:8 or 1h..48h:log9, also mixed. Once or twice.",
            show_default=False,
            autocompletion=completing.keys,
        ),
    ],
    adaptive: Annotated[
        bool,
        typer.Option("--adaptive", help="Simulate a net of points, and both sides of the borders between winners."),
    ] = False,
    plan: options.PlanNames = None,
    set_: options.Set = None,
    users: options.Users = None,
    horizon: options.Horizon = None,
    replications: options.Replications = None,
    seed: options.Seed = None,
    workers: options.Workers = None,
    out: options.Out = None,
    cluster: options.Cluster = None,
    resume: options.Resume = False,  # noqa: ARG001  (a word for what happens in any case)
    fresh: options.Fresh = False,
    force: options.Force = False,
    json_: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Simulate all plans at many values of one key or two: which is best where."""
    scenario = options.load(
        file, set_, plan, population__users=users, horizon=horizon, replications=replications, seed=seed
    )
    from simulator.studies.factors import read_factors, read_over
    from simulator.studies.outcome_store import default_store
    from simulator.studies.run_place import Claim
    from simulator.studies.sweep import SweepStudy
    from simulator.studies.sweep_folder import sweep_digest
    from simulator.studies.variants import Books, Variants

    factors = read_factors(scenario, read_over(over, BY), BY, file.parent)
    variants = Variants(Books(file.parent), workers, kept=default_store(fresh=fresh), cluster=cluster)
    if not (quiet or cluster):
        variants.on_tasks = lambda tasks: foretell(tasks, workers, variants.kept)
    study = SweepStudy(scenario, factors, variants, BY, adaptive=adaptive)
    asked = sweep_digest(scenario, factors, adaptive=adaptive)
    claim = Claim(out or options.folder_of(f"{scenario.name} sweep", asked))
    job = _Job(claim, study, variants, json=json_, quiet=quiet)
    with ending_at_once(lambda: job.kept, claim.end):
        with held():
            claim.begin(asked, force=force)
        try:
            job.run(variants.books.of(scenario))
        finally:
            with held():
                claim.end()


@dataclass
class _Job:
    """A sweep, step by step: simulate, print, keep; an interrupt keeps the points that are there."""

    claim: "Claim"
    study: "SweepStudy"
    variants: "Variants"
    json: bool
    quiet: bool
    kept: str = NOTHING_KEPT
    """What an interrupt leaves."""

    def run(self, book: "PriceBook") -> None:
        """Do it all; what went wrong is raised when what is complete is kept and printed."""
        with held() as waiting:
            wrong = self._simulated(waiting)
            found = self.study.sweep
            if found is None:
                raise wrong or InterruptedRunError(NOTHING_KEPT)
            folder = None
            try:
                folder = self._keep(found, book)
            except UserError as error:
                wrong = UserError(f"{error}; so nothing is kept")
        with reader_may_leave():
            self._print(found, folder)
        if isinstance(wrong, InterruptedRunError):
            wrong = InterruptedRunError(self.kept)
        if wrong is not None:
            raise wrong

    def _simulated(self, waiting: list[int]) -> Exception | None:
        """Simulate all; return what cut it short, if anything did."""
        from simulator.studies.workers import LostWorkerError

        try:
            return InterruptedRunError(NOTHING_KEPT) if cut_short(self._simulate, waiting) else None
        except LostWorkerError as error:
            return error

    def _simulate(self, check: Callable[[], None]) -> None:
        shown = not (self.json or self.quiet)
        if self.study.adaptive:  # round by round; a bar's thread would keep later rounds' processes from being copied
            with progress_line("simulating", shown=shown) as step:

                def tell(outcome: "Outcome") -> None:
                    check()
                    step(outcome.plan)

                self.variants.on_outcome = tell
                self.study.run()
            return
        with progress(shown=shown) as bar:

            def reach(fraction: float) -> None:
                check()
                bar.reach(fraction)

            self.variants.on_begin, self.variants.on_progress = bar.begin, reach
            self.study.run()

    def _keep(self, found: "Sweep", book: "PriceBook") -> Path:
        from simulator.report.sweep_keeping import keep_sweep

        folder = self.claim.folder
        is_kept = keep_sweep(self.claim, found, book, sys.argv)
        self.kept = f"interrupted; {len(found.points)} points are kept in {folder}"
        if not is_kept:
            self.kept = f"interrupted; the whole sweep that was kept in {folder} is still there"
        return folder

    def _print(self, found: "Sweep", folder: Path | None) -> None:
        from simulator.report.scenario_text import print_json, say
        from simulator.report.sweep_tables import sweep_json, sweep_report
        from simulator.report.sweep_words import finding
        from simulator.report.terminal import print_tables

        if self.json:
            print_json({**sweep_json(found), "folder": None if folder is None else str(folder)})
        elif self.quiet:
            say(f"{finding(found)}.")
        else:
            print_tables(sweep_report(found))
            if folder is not None:
                say(f"Kept in {folder}")
