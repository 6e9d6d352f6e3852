"""Variants of a scenario on common random numbers: each simulation is done once, whichever variants it belongs to."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from simulator.core.errors import InputFileError, UserError
from simulator.prices.book import PriceBook
from simulator.prices.loading import load_book
from simulator.scenario.changing import with_values
from simulator.scenario.schema import Scenario
from simulator.simulation.identity import simulation_digest
from simulator.simulation.outcome import Outcome
from simulator.simulation.restating import restated
from simulator.studies.comparison import Comparison, comparison_of
from simulator.studies.executor import Task, run_tasks
from simulator.studies.factors import Level, raise_all
from simulator.studies.outcome_store import OutcomeStore
from simulator.studies.prices_needed import check_prices
from simulator.studies.sizing import Sizing, sized

MOST_FAULTS = 10


class Books:
    """The price books that scenarios name, each read once; or one for all."""

    def __init__(self, folder: Path = Path(), book: PriceBook | None = None) -> None:
        self._folder, self._book = folder, book
        self._read: dict[object, PriceBook] = {}

    def of(self, scenario: Scenario) -> PriceBook:
        """Return what a scenario is priced by."""
        if self._book is not None:
            return self._book
        names = scenario.prices
        if names not in self._read:
            self._read[names] = load_book(names, self._folder)
        return self._read[names]


def scenarios_at(
    scenario: Scenario, points: Sequence[Mapping[str, Level]], by: str, books: Books | None = None
) -> list[Scenario]:
    """Return the scenario with the values of each point under their keys.

    Raises
    ------
    UserError
        If a scenario is not valid or its book lacks a price; the message holds the faults of all points.
    """
    found, faults = list[Scenario](), list[str]()
    for point in points:
        try:
            there = with_values(scenario, {key: level.stated for key, level in point.items()}, by)
            if books is not None:
                check_prices(there, books.of(there))
            found.append(there)
        except InputFileError as error:
            faults += [f"at {described(point)}: {fault}" for fault in error.faults]
        except UserError as error:
            faults.append(f"at {described(point)}: {error}")
    more = [f"... and {len(faults) - MOST_FAULTS} faults more"] if len(faults) > MOST_FAULTS else []
    raise_all([*faults[:MOST_FAULTS], *more])
    return found


def described(point: Mapping[str, Level]) -> str:
    """Return the values of a point in words."""
    return ", ".join(f"{key} = {level.text}" for key, level in point.items())


@dataclass
class Variants:
    """Simulates variants of a scenario, and compares the plans of each."""

    books: Books
    workers: int | None = None
    """Processes; by default one a core."""
    on_tasks: Callable[[Sequence[Task]], None] | None = None
    """Called with what is about to be simulated."""
    on_begin: Callable[[], None] | None = None
    on_progress: Callable[[float], None] | None = None
    """Called a few times a second with how much of what was asked for last is done, 0 to 1."""
    on_outcome: Callable[[Outcome], None] | None = None
    kept: OutcomeStore | None = None
    """Where outcomes are looked for and stored; see `run_tasks`."""
    cluster: str | None = None
    """Whose workers simulate; by default this machine's."""
    run: Callable[..., Iterator[tuple[Task, Outcome]]] = run_tasks
    simulated: int = 0
    """How many simulations are needed for all that was asked, those included that were stored already."""
    _done: defaultdict[str, dict[int, Outcome]] = field(default_factory=lambda: defaultdict(dict))
    """By what is simulated and by replication."""
    _sized: dict[int, tuple[Scenario, tuple[Sizing, ...]]] = field(default_factory=dict)
    _kept: dict[int, Scenario] = field(default_factory=dict)

    def simulate(self, scenarios: Sequence[Scenario], points: Sequence[Mapping[str, Level]]) -> None:
        """Simulate what is not simulated yet of all plans, all at once: those with the same requests share them.

        Raises
        ------
        UserError
            If no size of a fleet meets the latency bound; the message names all such points.
        """
        self._size(scenarios, points)
        resolved = [self._resolved(each)[0] for each in scenarios]
        asked: dict[tuple[str, int], Task] = {}
        for number in range(max((each.replications for each in resolved), default=0)):
            for scenario in (each for each in resolved if number < each.replications):
                for plan in scenario.plans:
                    what = simulation_digest(scenario, plan)
                    if number not in self._done[what]:
                        asked.setdefault((what, number), Task(scenario, plan, number))
        if not asked:
            return
        tasks, where = list(asked.values()), {"kept": self.kept, "cluster": self.cluster}
        if self.on_tasks is not None:
            self.on_tasks(tasks)
        for task, outcome in self.run(tasks, self.workers, self.on_begin, self.on_progress, **where):
            self._done[simulation_digest(task.scenario, task.plan)][outcome.replication] = outcome
            self.simulated += 1
            if self.on_outcome is not None:
                self.on_outcome(outcome)

    def _size(self, scenarios: Sequence[Scenario], points: Sequence[Mapping[str, Level]]) -> None:
        faults = []
        for scenario, point in zip(scenarios, points, strict=True):
            try:
                self._resolved(scenario)
            except UserError as error:
                faults.append(f"at {described(point)}: {error}")
        raise_all(faults)

    def comparison(self, scenario: Scenario) -> Comparison | None:
        """Return the comparison of a scenario's plans, without what only its charts need.

        None as long as no replication of all plans is done.
        """
        there, sizings = self._resolved(scenario)
        outcomes = [
            restated(outcome, there)
            for plan in there.plans
            for number, outcome in self._done[simulation_digest(there, plan)].items()
            if number < there.replications
        ]
        if not all(any(outcome.plan == plan for outcome in outcomes) for plan in there.plans):
            return None
        found = comparison_of(there, self.books.of(there), outcomes, sizings)
        plans = {name: replace(plan, outcomes=()) for name, plan in found.plans.items()}
        return replace(found, plans=plans)

    def is_simulated_once(self, scenarios: Sequence[Scenario]) -> bool:
        """Return whether scenarios differ in prices and weights alone."""
        plans = scenarios[0].plans
        resolved = [self._resolved(each)[0] for each in scenarios]
        return all(len({simulation_digest(each, plan) for each in resolved}) == 1 for plan in plans)

    def _resolved(self, scenario: Scenario) -> tuple[Scenario, tuple[Sizing, ...]]:
        """Return a scenario with a size for every fleet that is to be sized."""
        if id(scenario) not in self._sized:
            self._kept[id(scenario)] = scenario  # so that no other one gets its number
            self._sized[id(scenario)] = sized(scenario, self.workers, kept=self.kept, cluster=self.cluster)
        return self._sized[id(scenario)]
