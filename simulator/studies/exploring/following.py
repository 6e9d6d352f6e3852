"""The simulation that follows closed forms: how many users it takes, and what it says at other prices."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from simulator.prices.book import PriceBook
from simulator.scenario.changing import with_values
from simulator.scenario.key_kinds import KeyKind
from simulator.scenario.schema import Scenario
from simulator.simulation.outcome import Outcome
from simulator.simulation.restating import restated
from simulator.studies.comparison import Comparison, comparison_of
from simulator.studies.exploring.knobs import BY
from simulator.studies.exploring.moves import Bench, Places, repriced
from simulator.studies.factors import Stated
from simulator.studies.forecast import WORK_PER_S
from simulator.studies.outcome_store import default_store
from simulator.studies.planner.estimating import Expected, PlanEstimate, World
from simulator.studies.rebilling import at_prices
from simulator.studies.reprice import at_stated_prices
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
    expected: Mapping[str, Expected]
    """What closed forms expect of each plan with as many users."""
    _compared: dict[tuple[Stated, ...], Comparison] = field(default_factory=dict, repr=False, compare=False)
    """What was compared, by the weights that the scenario states; at other prices it is billed anew."""

    @property
    def users(self) -> int:
        """How many users were simulated."""
        return self.scenario.population.users

    def billed(self, bench: Bench, places: Places) -> "Billed":
        """Return it at the prices and weights of other places: the same usage, billed anew, and nothing simulated."""
        book = bench.book_at(places)
        weights, prices = (self._stated(bench, places, kind) for kind in (KeyKind.WEIGHT, KeyKind.PRICE))
        judged = tuple(weights.values())
        if judged not in self._compared:
            scenario = with_values(self.scenario, weights, BY) if weights else self.scenario
            outcomes = [restated(outcome, scenario) for outcome in self.outcomes] if weights else self.outcomes
            self._compared[judged] = comparison_of(scenario, book, outcomes, self.sizings)
        before = self._compared[judged]
        scenario = with_values(before.scenario, prices, BY) if prices else before.scenario
        comparison = at_stated_prices(before, scenario, book) if prices else at_prices(before, book)
        planned = {
            name: repriced(comparison.scenario, name, each, comparison.book) for name, each in self.expected.items()
        }
        return Billed(comparison, planned)

    def _stated(self, bench: Bench, places: Places, kind: KeyKind) -> dict[str, Stated]:
        """Return what the knobs of a kind state, by key; prices of the book are none of the scenario."""
        knobs = zip(bench.knobs, places, strict=True)
        return {knob.key: knob.levels[at].stated for knob, at in knobs if knob.kind is kind and not knob.is_price}


@dataclass(frozen=True)
class Billed:
    """A simulation at some prices, and beside it what closed forms say of as many users."""

    comparison: Comparison
    planned: Mapping[str, PlanEstimate]


def simulate(asked: SimulationAsked, tell: Callable[[float], None]) -> Simulated:
    """Simulate all plans in this process; what is stored already is read."""
    study = Study(asked.scenario, asked.book, 1, kept=default_store())
    study.run(on_progress=tell)
    world = World.of(study.scenario)
    expected = {name: world.expected(name) for name in study.scenario.plans}
    return Simulated(study.scenario, study.outcomes, study.sizings, asked.places, expected)


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
    rounds = sorted(first * int(10**power) for power in range(13) for first in ROUND)
    fitting = [number for number in rounds if number < users and takes_s(with_users(scenario, number)) <= longest_s]
    return fitting[-1] if fitting else rounds[0]


def with_users(scenario: Scenario, users: int) -> Scenario:
    """Return a scenario with another number of users."""
    if users == scenario.population.users:
        return scenario
    return scenario.model_copy(update={"population": scenario.population.model_copy(update={"users": users})})
