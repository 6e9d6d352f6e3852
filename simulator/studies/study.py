"""A comparison in the making: rounds of simulations until it is what was asked for."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from simulator.prices.book import PriceBook
from simulator.scenario.schema import Scenario
from simulator.simulation.outcome import Outcome
from simulator.studies.aim import AS_STATED, Aim
from simulator.studies.comparison import Comparison, comparison_of, whole_replications
from simulator.studies.executor import Task, run_tasks
from simulator.studies.outcome_store import OutcomeStore
from simulator.studies.prices_needed import check_prices
from simulator.studies.sizing import Sizing, sized
from simulator.studies.workers import LostWorkerError


def compare(
    scenario: Scenario,
    book: PriceBook,
    workers: int | None = None,
    on_outcome: Callable[[Outcome], None] | None = None,
    block_s: float | None = None,
    *,
    aim: Aim = AS_STATED,
    kept: OutcomeStore | None = None,
    cluster: str | None = None,
) -> Comparison:
    """Simulate every plan of a scenario as often as it says, or as it takes, and price what they used.

    Fleets whose size the scenario leaves to be found are sized first; the comparison holds the scenario with the sizes.

    Parameters
    ----------
    scenario, book
        What to simulate, and what it costs.
    workers
        Processes; by default one a core.
    on_outcome
        Called with every outcome as it comes, for a progress bar.
    block_s
        How much time is worked on at once; by default so much as fits fast memory. It changes no result. [s]
    aim
        What to reach; by default so many replications as the scenario says.
    kept, cluster
        Where outcomes are stored and where they are simulated; see `run_tasks`.

    Raises
    ------
    UserError
        If the book lacks a price, before anything is simulated; if no size of a fleet meets the latency bound.
    KeyboardInterrupt
        If the user interrupts before every plan has one replication; later, the comparison has what is complete.
    LostWorkerError
        If a process ends before it is done, likewise.
    """
    study = Study(scenario, book, workers, block_s, aim=aim, kept=kept, cluster=cluster)
    try:
        study.run(on_outcome)
    except (KeyboardInterrupt, LostWorkerError):
        if not study.whole_replications:
            raise
    return study.comparison


@dataclass
class Study:
    """A comparison in the making: what is complete of it is there at any moment."""

    scenario: Scenario
    """With the sizes of the fleets, as soon as they are found."""
    book: PriceBook
    workers: int | None = None
    block_s: float | None = None
    aim: Aim = AS_STATED
    """What it is to reach."""
    kept: OutcomeStore | None = None
    """Where outcomes are looked for, and stored as soon as they are there."""
    cluster: str | None = None
    """Address of the Dask scheduler whose workers simulate; by default this machine."""
    sizings: tuple[Sizing, ...] = ()
    outcomes: list[Outcome] = field(default_factory=list)
    """Of the plans and replications that are done, in any order."""
    asked: dict[str, int] = field(default_factory=dict)
    """How many replications of each plan are asked for so far: those numbered from 0 on, however they are reached."""
    _begun_s: float = field(default_factory=time.monotonic)

    def run(
        self,
        on_outcome: Callable[[Outcome], None] | None = None,
        on_begin: Callable[[], None] | None = None,
        on_progress: Callable[[float], None] | None = None,
    ) -> None:
        """Simulate all; `compare` says what is raised, `simulate` what is called when."""
        for tasks in self.rounds():
            self.simulate(tasks, on_outcome, on_begin, on_progress)

    def rounds(self) -> Iterator[list[Task]]:
        """Yield what to simulate next, and go on by what came of it, until the aim is reached."""
        check_prices(self.scenario, self.book)
        self.scenario, self.sizings = sized(self.scenario, self.workers, self.block_s, self.kept, self.cluster)
        asked = dict.fromkeys(self.scenario.plans, self.aim.first(self.scenario.replications))
        while asked:
            before = self.asked
            self.asked = {**before, **asked}
            yield [
                Task(self.scenario, plan, number, self.block_s)
                for number in range(max(asked.values()))
                for plan in self.scenario.plans
                if before.get(plan, 0) <= number < self.asked[plan]
            ]
            asked = {} if self.aim.is_fixed or self._is_late else self._next()

    def _next(self) -> dict[str, int]:
        """Return how many replications of which plans the aim needs yet."""
        found = self.comparison
        values = {name: [each[found.judged_by] for each in plan.values] for name, plan in found.plans.items()}
        more = self.aim.more_for_width(values)
        if found.selection.best is not None:
            for name, upto in self.aim.more_for_choice(
                self.asked, found.selection.best, found.selection.undecided
            ).items():
                more[name] = max(upto, more.get(name, 0))
        return more

    def simulate(
        self,
        tasks: Sequence[Task],
        on_outcome: Callable[[Outcome], None] | None = None,
        on_begin: Callable[[], None] | None = None,
        on_progress: Callable[[float], None] | None = None,
    ) -> None:
        """Simulate a round; where its time is up, what is whole is what was asked for.

        Parameters
        ----------
        tasks
            The round.
        on_outcome
            Called with every outcome as it comes.
        on_begin
            Called when the processes are there; threads are better started then.
        on_progress
            Called a few times a second with the fraction of the round that is done.
        """

        def reach(fraction: float) -> None:
            if on_progress is not None:
                on_progress(fraction)
            if self._is_late and self.whole_replications:
                raise _TimeIsUpError

        try:
            for _, outcome in run_tasks(tasks, self.workers, on_begin, reach, kept=self.kept, cluster=self.cluster):
                self.outcomes.append(outcome)
                if on_outcome is not None:
                    on_outcome(outcome)
        except _TimeIsUpError:
            self.asked = whole_replications(self.asked, self.outcomes)

    @property
    def _is_late(self) -> bool:
        """Whether the time is up that it may take."""
        return self.aim.budget_s is not None and time.monotonic() - self._begun_s >= self.aim.budget_s

    @property
    def whole_replications(self) -> int:
        """How many replications all plans have finished that they were asked of."""
        return max(whole_replications(self.asked, self.outcomes).values(), default=0)

    @property
    def comparison(self) -> Comparison:
        """The comparison of the replications that are whole; there must be one."""
        return comparison_of(self.scenario, self.book, self.outcomes, self.sizings, self.aim, self.asked)


class _TimeIsUpError(Exception):
    """A study has taken the time that it may."""
