"""The simulation that follows closed forms: how many users it takes, and what it says at other prices."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from simulator.prices.book import PriceBook
from simulator.scenario.changing import with_values
from simulator.scenario.schema import Scenario
from simulator.simulation.outcome import Outcome
from simulator.simulation.restating import restated
from simulator.studies.comparison import Comparison, comparison_of
from simulator.studies.exploring.knobs import BY
from simulator.studies.exploring.moves import Bench, Places
from simulator.studies.forecast import WORK_PER_S
from simulator.studies.outcome_store import default_store
from simulator.studies.sizing import Sizing
from simulator.studies.study import Study
from simulator.studies.together import Task

SOON_S = 10.0
"""What takes longer is simulated with fewer users, unless all are asked for. [s]"""
ROUND = (1, 2, 5)


@dataclass(frozen=True)
class SimulationAsked:
    """What is to be simulated."""

    scenario: Scenario
    book: PriceBook
    places: Places


@dataclass(frozen=True)
class Simulated:
    """What came of it."""

    scenario: Scenario
    """With so many users as were simulated, and its fleets sized."""
    outcomes: Sequence[Outcome]
    sizings: tuple[Sizing, ...]
    places: Places

    def comparison(self, bench: Bench, places: Places) -> Comparison:
        """Return it at the prices and weights of other places: the same usage, billed anew, and nothing simulated."""
        stated = {
            knob.key: knob.levels[at].stated
            for knob, at in zip(bench.knobs, places, strict=True)
            if not (knob.is_physical or knob.is_price)
        }
        scenario = with_values(self.scenario, stated, BY) if stated else self.scenario
        outcomes = [restated(outcome, scenario) for outcome in self.outcomes] if stated else self.outcomes
        return comparison_of(scenario, bench.book_at(places), outcomes, self.sizings)

    def is_of(self, bench: Bench, places: Places) -> bool:
        """Return whether the same happens there."""
        return bench.physical(self.places) == bench.physical(places)


def simulate(asked: SimulationAsked, tell: Callable[[float], None]) -> Simulated:
    """Simulate all plans in this process; what is stored already is read."""
    study = Study(asked.scenario, asked.book, 1, kept=default_store())
    study.run(on_progress=tell)
    return Simulated(study.scenario, study.outcomes, study.sizings, asked.places)


def takes_s(scenario: Scenario) -> float:
    """Return about how long a simulation of all plans takes on one core. [s]"""
    tasks = [Task(scenario, plan, 0) for plan in scenario.plans]
    each = sum(task.work for task in tasks) + max(task.drawing_work for task in tasks)
    return scenario.replications * each / WORK_PER_S


def soon_users(scenario: Scenario, longest_s: float = SOON_S) -> int:
    """Return how many users can be simulated soon: all, or the largest round number that can."""
    users = scenario.population.users
    if takes_s(scenario) <= longest_s:
        return users
    rounds = sorted(first * 10**power for power in range(13) for first in ROUND)
    fitting = [number for number in rounds if number < users and takes_s(with_users(scenario, number)) <= longest_s]
    return fitting[-1] if fitting else rounds[0]


def with_users(scenario: Scenario, users: int) -> Scenario:
    """Return a scenario with another number of users."""
    if users == scenario.population.users:
        return scenario
    return scenario.model_copy(update={"population": scenario.population.model_copy(update={"users": users})})
