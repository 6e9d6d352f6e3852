"""A scenario in somebody's hands: what it does wherever the knobs are, by closed forms and simulated soon after."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from simulator.core.errors import UserError
from simulator.scenario.schema import Scenario
from simulator.studies.aside import Aside, Errand
from simulator.studies.exploring.following import (
    Billed,
    Simulated,
    SimulationAsked,
    simulate,
    soon_users,
    takes_s,
    with_users,
)
from simulator.studies.exploring.knobs import Knob
from simulator.studies.exploring.lines import LineAsked, LineFound, find_line
from simulator.studies.exploring.moves import WORLD_S, Bench, Places, Planner
from simulator.studies.planner.estimating import PlanEstimate
from simulator.studies.planner.values import Kind

BUDGET_S = 0.045
"""A move that takes longer is answered from a line, where there is one. [s]"""
MOST_SIMULATED = 8
"""So many simulations are remembered, for who moves a knob back."""
MOVING = -1
"""In place of the place of the knob that a line is along."""


class Stage(StrEnum):
    """How what is shown was come by."""

    BETWEEN = "between closed forms"
    """On lines between closed forms at places near by, while a knob is being moved."""
    PLANNED = "closed form"
    SIMULATED = "simulated"


@dataclass(frozen=True)
class Seen:
    """A metric of a plan."""

    value: float
    is_exact: bool


@dataclass(frozen=True)
class PlanSeen:
    """A plan by closed forms."""

    metrics: Mapping[str, Seen]
    """By name; what no closed form gives is absent."""
    why: str = ""
    """Why something is absent; empty where nothing is."""


@dataclass(frozen=True)
class Look:
    """What the plans do where the knobs stand."""

    scenario: Scenario
    places: Places
    stage: Stage
    plans: Mapping[str, PlanSeen]
    """By closed forms, whatever was simulated."""
    simulated: Billed | None
    """What was simulated at these places; with fewer users where `Stage` says that this is of closed forms."""
    off_fraction: float
    """How far what lies between closed forms may be off, as far as a few of these tell; 0 where all is of them."""
    took_s: float
    """How long it took to answer. [s]"""


class Exploration:
    """Answers moves, and has simulations follow them in another process.

    Parameters
    ----------
    bench
        The scenario and its knobs.
    users
        How many users are simulated; by default as many as can be soon, all if they can.
    tell
        Called, in a thread of its own, when something has changed that was not asked for: a simulation has come.
    """

    def __init__(self, bench: Bench, users: int | None = None, tell: Callable[[], None] = lambda: None) -> None:
        self.bench, self.planner, self.users, self.tell = bench, Planner(bench), users, tell
        self.places = bench.start
        self.progress: float | None = None
        """Of the simulation that is under way, 0 to 1; None where there is none."""
        self.fault = ""
        """Why the last simulation has failed; empty where it has not."""
        self._lock = threading.RLock()
        self._simulation, self._ahead = Aside(), Aside()
        self._asked: SimulationAsked | None = None
        self._simulated = OrderedDict[Places, Simulated]()
        self._lines = dict[tuple[str, Places], LineFound]()
        self._lines_for: Places | None = None
        self._moved = list[str]()
        self._is_closed = False
        self.look = self._look(self.places, exactly=True)

    @property
    def pids(self) -> tuple[int, ...]:
        """The processes that are at work for it."""
        return (*self._simulation.pids, *self._ahead.pids)

    def move(self, number: int, place: int) -> Look:
        """Return what it does with a knob elsewhere, soon; a simulation of something else ends.

        Raises
        ------
        UserError
            If the scenario is not valid there; the knob stays where it was.
        """
        knob = self.bench.knobs[number]
        if not 0 <= place < len(knob.levels):
            raise UserError(f"{knob.key}: there is no place {place}; it has {len(knob.levels)}, counted from 0")
        with self._lock:
            places = (*self.places[:number], place, *self.places[number + 1 :])
            look = self._look(places, exactly=False, number=number)
            self.places, self.look = places, look
            self._moved = [knob.key, *(key for key in self._moved if key != knob.key)]
            if self._asked and self._physical(self._asked.places) != self._physical(places):
                self._stop_simulating()
            return look

    def settle(self) -> Look:
        """Return what it does exactly where the knobs stand, and have it simulated."""
        with self._lock:
            if self.look.stage is Stage.BETWEEN:
                self.look = self._look(self.places, exactly=True)
            if not self._is_closed:
                self._follow(self.users or soon_users(self.look.scenario))
                self._look_ahead()
            return self.look

    def simulate_all(self) -> None:
        """Have all users simulated, however long that takes."""
        with self._lock:
            if not self._is_closed:
                self._follow(self.look.scenario.population.users)

    def reset(self) -> Look:
        """Return what it does where every knob stands as the scenario has it, and have it simulated."""
        with self._lock:
            places = self.bench.start
            self.places, self.look = places, self._look(places, exactly=True)
            if self._asked and self._physical(self._asked.places) != self._physical(places):
                self._stop_simulating()
            return self.settle()

    @property
    def is_simulated(self) -> bool:
        """Whether all users were simulated where the knobs stand."""
        return self.look.stage is Stage.SIMULATED

    @property
    def simulates_users(self) -> int:
        """How many users are being simulated; 0 where none are."""
        asked = self._asked
        return 0 if asked is None else asked.scenario.population.users

    def all_take_s(self) -> float:
        """Return about how long a simulation of all users takes. [s]"""
        return takes_s(self.look.scenario)

    def stop(self) -> None:
        """End what is being simulated or looked at ahead; the next move begins anew."""
        with self._lock:
            self._stop_simulating()
            self._ahead.end()
            self._lines_for = None

    def close(self) -> None:
        """End it: afterwards it has no process, and begins none."""
        with self._lock:
            self._is_closed = True
            self.stop()

    def _physical(self, places: Places) -> Places:
        return self.bench.physical(places)

    def _look(self, places: Places, *, exactly: bool, number: int | None = None) -> Look:
        begun_s = time.perf_counter()
        line = None
        if not exactly and number is not None and self.planner.expects_s(places) > BUDGET_S:
            line = self._lines.get(_line_of(self.bench.knobs[number], places, number))
        if line is None:
            found = self.planner.at(places)
            plans = {name: _seen(each) for name, each in found.plans.items()}
            scenario, stage = found.scenario, Stage.PLANNED
        else:
            assert number is not None
            between = line.at(places[number])
            plans = {
                name: _between(between[name], each.why) if name in between else each
                for name, each in self.look.plans.items()
            }
            scenario, stage = self.bench.scenario_at(places), Stage.BETWEEN
        before = self._simulated.get(self._physical(places))
        billed = before.billed(self.bench, places) if before else None
        if before and before.users == scenario.population.users:
            stage = Stage.SIMULATED
        off_fraction = line.along.off_fraction if line else 0.0
        return Look(scenario, places, stage, plans, billed, off_fraction, time.perf_counter() - begun_s)

    def _follow(self, users: int) -> None:
        """Have so many users simulated, unless they are or have been."""
        physical, scenario = self._physical(self.places), self.look.scenario
        users = min(users, scenario.population.users)
        before = self._simulated.get(physical)
        if before and before.users >= users:
            return
        if self._asked:
            under_way = self._asked
            same = self._physical(under_way.places) == physical
            if same and under_way.scenario.population.users >= users:
                return
        book = self.bench.book_at(self.places)
        self._asked = SimulationAsked(with_users(scenario, users), book, self.places)
        self.progress, self.fault = 0.0, ""
        self._simulation.begin(Errand(simulate, [self._asked], self._has_come, self._is_at, self._has_failed))

    def _stop_simulating(self) -> None:
        self._asked, self.progress = None, None
        self._simulation.end()

    def _has_come(self, found: Simulated) -> None:
        with self._lock:
            if self._asked is None or (found.places, found.users) != (self._asked.places, self.simulates_users):
                return
            self._simulated[self._physical(found.places)] = found
            while len(self._simulated) > MOST_SIMULATED:
                self._simulated.popitem(last=False)
            self.look = self._look(self.places, exactly=self.look.stage is not Stage.BETWEEN)
            self._asked, self.progress = None, None
        self.tell()

    def _is_at(self, fraction: float) -> None:
        with self._lock:
            if self._asked is None:
                return
            self.progress = fraction
        self.tell()

    def _has_failed(self, error: Exception) -> None:
        with self._lock:
            if self._asked is None:
                return
            self.fault = str(error)
            self._asked, self.progress = None, None
        self.tell()

    def _look_ahead(self) -> None:
        """Have the lines found that moves from here will need."""
        if self._lines_for == self.places:
            return
        heavy = [
            (number, knob)
            for number, knob in enumerate(self.bench.knobs)
            if knob.is_physical and WORLD_S + self.planner.takes_s(knob.plans) > BUDGET_S
        ]
        heavy.sort(key=lambda pair: self._moved.index(pair[1].key) if pair[1].key in self._moved else len(self._moved))
        asked, kept = list[LineAsked](), dict[tuple[str, Places], LineFound]()
        for number, knob in heavy:
            key = _line_of(knob, self.places, number)
            if key in self._lines:
                kept[key] = self._lines[key]
                continue
            asked.append(LineAsked(self.look.scenario, self.bench.book_at(self.places), knob, key[1]))
        self._lines, self._lines_for = kept, self.places
        if asked:
            self._ahead.begin(Errand(find_line, asked, self._has_line, lambda _: None, lambda _: None))
        else:
            self._ahead.end()

    def _has_line(self, found: LineFound | None) -> None:
        if found is not None:
            with self._lock:
                self._lines[found.key, found.others] = found


def _line_of(knob: Knob, places: Places, number: int) -> tuple[str, Places]:
    return knob.key, (*places[:number], MOVING, *places[number + 1 :])


def _seen(plan: PlanEstimate) -> PlanSeen:
    metrics = {name: Seen(value.value, value.kind is Kind.EXACT) for name, value in plan.metrics.items()}
    return PlanSeen(metrics, plan.no_form or plan.no_waits)


def _between(metrics: Mapping[str, float], why: str) -> PlanSeen:
    return PlanSeen({name: Seen(value, is_exact=False) for name, value in metrics.items()}, why)
