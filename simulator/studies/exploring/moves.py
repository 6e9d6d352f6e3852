"""Every plan by closed forms at whatever the knobs are set to; what a move does not concern is not estimated again."""

import time
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from simulator.prices.book import PriceBook
from simulator.scenario.changing import with_values
from simulator.scenario.schema import Scenario
from simulator.simulation.restating import restated
from simulator.studies.exploring.knobs import BY, Knob
from simulator.studies.exploring.own_prices import moved_prices, used_meters
from simulator.studies.planner.estimating import Estimates, Expected, PlanEstimate, World, estimate_of

Places = tuple[int, ...]
"""Where the knobs stand, in their order."""
MOST_KEPT = 400
"""So many estimates are remembered, for who moves a knob back."""
WORLD_S = 0.008
"""About what it takes to read a scenario and to see who comes. [s]"""
UNKNOWN_S = 0.03
"""What a plan is taken to need that was never estimated. [s]"""


@dataclass(frozen=True)
class Bench:
    """A scenario with its knobs."""

    scenario: Scenario
    book: PriceBook
    knobs: tuple[Knob, ...]

    @property
    def start(self) -> Places:
        """Where the knobs stand in the scenario itself."""
        return tuple(knob.start for knob in self.knobs)

    @cached_property
    def small_book(self) -> PriceBook:
        """The prices that any plan is charged by: a book of thousands takes long to change."""
        return self.book.only(used_meters(self.scenario, self.book, tuple(self.scenario.plans)))

    def settings(self, places: Places) -> dict[str, str]:
        """Return what the knobs change in the scenario, by key, as a file would state it; prices are not in it."""
        return {knob.key: str(knob.levels[at].stated) for knob, at in self._moved(places) if not knob.is_price}

    def price_times(self, places: Places) -> dict[str, float]:
        """Return how many times the book's price is asked for, of those prices that were moved."""
        return {knob.key: knob.levels[at].number for knob, at in self._moved(places) if knob.is_price}

    def _moved(self, places: Places) -> list[tuple[Knob, int]]:
        return [(knob, at) for knob, at in zip(self.knobs, places, strict=True) if at != knob.start]

    def scenario_at(self, places: Places) -> Scenario:
        """Return the scenario there.

        Raises
        ------
        UserError
            If it is not valid.
        """
        settings = self.settings(places)
        return with_values(self.scenario, settings, BY) if settings else self.scenario

    def book_at(self, places: Places) -> PriceBook:
        """Return the prices there, of what is used."""
        times = self.price_times(places)
        return self.small_book.under(moved_prices(self.small_book, times)) if times else self.small_book

    def whole_book_at(self, places: Places) -> PriceBook:
        """Return the prices there, those that nothing uses too."""
        times = self.price_times(places)
        return self.book.under(moved_prices(self.book, times)) if times else self.book

    def physical(self, places: Places, plan: str | None = None) -> Places:
        """Return the places of those knobs that change what happens, to all plans or to one."""
        return tuple(
            at
            for knob, at in zip(self.knobs, places, strict=True)
            if knob.is_physical and (plan is None or plan in knob.plans)
        )


class Planner:
    """Answers by closed forms."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self._kept = OrderedDict[tuple[str, Places], Expected]()
        self._takes_s = dict[str, float]()

    def expects_s(self, places: Places) -> float:
        """Return about how long an answer would take. [s]"""
        unknown = (plan for plan in self.bench.scenario.plans if self._key(plan, places) not in self._kept)
        return WORLD_S + self.takes_s(unknown)

    def takes_s(self, plans: Iterable[str]) -> float:
        """Return about how long it takes to estimate some plans. [s]"""
        return sum(self._takes_s.get(plan, UNKNOWN_S) for plan in plans)

    def at(self, places: Places, plans: Sequence[str] | None = None) -> Estimates:
        """Return all plans, or some, as closed forms know them.

        Raises
        ------
        UserError
            If the scenario is not valid there.
        """
        scenario, book = self.bench.scenario_at(places), self.bench.book_at(places)
        names = tuple(plans or scenario.plans)
        world = World.of(scenario.model_copy(update={"plans": {name: scenario.plans[name] for name in names}}))
        return Estimates(scenario, book, {name: self._plan(world, name, places, book) for name in names})

    def _plan(self, world: World, name: str, places: Places, book: PriceBook) -> PlanEstimate:
        key = self._key(name, places)
        found = self._kept.get(key)
        if found is None:
            begun_s = time.perf_counter()
            found = world.expected(name)
            self._takes_s[name] = time.perf_counter() - begun_s
            self._kept[key] = found
            if len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return repriced(world.scenario, name, found, book)

    def _key(self, plan: str, places: Places) -> tuple[str, Places]:
        return plan, self.bench.physical(places, plan)


def repriced(scenario: Scenario, plan: str, found: Expected, book: PriceBook) -> PlanEstimate:
    """Return what a plan is and costs of which the same is expected in a scenario with other prices or weights."""
    if not found.no_form:
        found = replace(found, outcome=restated(found.outcome, scenario))
    return estimate_of(scenario, plan, found, book)
