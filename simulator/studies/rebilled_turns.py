"""At which prices another plan would be recommended.

Usage does not depend on prices, so that this is exact for the run at hand, through tiers, free units and terms. Each
side of a turn that is returned has been billed, and its plans ranked, as a run there would.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from typing_extensions import override

from simulator.core.key_kind import KeyKind
from simulator.prices.bill import Bill
from simulator.prices.book import PriceBook, PriceGroup
from simulator.prices.many_books import ManyBooks
from simulator.prices.price import Price
from simulator.scenario.schema import Scenario
from simulator.simulation.restating import restated
from simulator.studies.axes import Axis, MeterAxis, axes_of, turn_along
from simulator.studies.comparison import VALUE, Comparison
from simulator.studies.consumption import Consumption
from simulator.studies.first_crossing import first_crossing
from simulator.studies.plan_result import PlanResult, priced_plan
from simulator.studies.rebilling import Rebilling, at_prices
from simulator.studies.rivals import ends_of, gaps_of, is_near, loss_usd, wins
from simulator.studies.turns import Proof, Turn

FARTHEST = 10.0
"""No price is told that is more than so many times today's, or less than so much of it."""
DIGITS = 3
TOLERANCE = 1e-6
NUDGE = 1e-3
"""Of a value: so far a side is moved off the turn where this is at a value of few digits itself."""


def rebilled_turns(comparison: Comparison) -> tuple[Turn, ...]:
    """Return the nearest turn each way of each price that the scenario states, and of each meter of the book."""
    keys = [_OfKey(comparison, axis) for axis in axes_of(comparison.scenario) if axis.kind is KeyKind.PRICE]
    billing = _billing(comparison)
    meters = [
        _OfMeter(comparison, price, billing)
        for meter in sorted(billing.meters)
        if (price := comparison.book.find(meter)) is not None
    ]
    return tuple(turn for each in (*keys, *meters) for turn in each.turns())


def _billing(comparison: Comparison) -> Rebilling:
    """Return the usage of those replications that all plans have."""
    fewest = comparison.fewest_replications
    return Rebilling({name: plan.consumptions[:fewest] for name, plan in comparison.plans.items()})


@dataclass(frozen=True)
class _Elsewhere(ABC):
    """A comparison at other values of a price."""

    comparison: Comparison

    @property
    @abstractmethod
    def axis(self) -> Axis | MeterAxis:
        """What is moved."""

    @property
    @abstractmethod
    def ends(self) -> tuple[float, ...]:
        """The farthest values that are looked at."""

    @abstractmethod
    def gaps(self, value: float) -> Mapping[str, float] | None:
        """Return how far rivals are behind at a value; None where that is not valid."""

    @abstractmethod
    def at(self, value: float) -> Comparison | None:
        """Return the comparison at a value; None where that is not valid."""

    def turns(self) -> Iterator[Turn]:
        """Yield the nearest turn each way."""
        for end in self.ends:
            found = first_crossing(self.gaps, self.axis.now, end, TOLERANCE, is_whole=self.axis.is_whole)
            turn = found and self._confirmed(found.rival, found.value, up=end > self.axis.now)
            if turn:
                yield turn

    def _confirmed(self, rival: str, value: float, *, up: bool) -> Turn | None:
        """Return the turn between the nearest values of few digits, if what is recommended differs there."""
        axis, best = self.axis, self.comparison.recommended
        assert best is not None
        outward, inward = (value * (1 + NUDGE * sign) for sign in ((1, -1) if up else (-1, 1)))
        near, now = axis.rounded(inward, up=not up, digits=DIGITS), axis.now
        if (near > now) != up or is_near(self.comparison, rival):
            near = now
        for beyond in (value, outward):
            far = axis.rounded(beyond, up=up, digits=DIGITS)
            before, after = self.at(near), self.at(far) if far > 0 else None
            if before is None or after is None or not wins(after, rival, best):
                continue
            near_usd, far_usd = (loss_usd(there, rival) - loss_usd(there, best) for there in (before, after))
            if near == now or near_usd > 0:
                return turn_along(axis, rival, (near, near_usd), (far, far_usd), Proof.REBILLED)
        return None


@dataclass(frozen=True)
class _OfKey(_Elsewhere):
    """A price that the scenario states."""

    moved: Axis

    @property
    @override
    def axis(self) -> Axis:
        return self.moved

    @property
    @override
    def ends(self) -> tuple[float, ...]:
        return tuple(ends_of(self.moved, self.gaps))

    @override
    def gaps(self, value: float) -> Mapping[str, float] | None:
        there = self.moved.at(value)
        if there is None:
            return None
        moved = {name: self._loss_usd(there, name) for name in self.moved.plans}
        return gaps_of(self.comparison, {name: moved.get(name, usd) for name, usd in self._losses_now_usd.items()})

    @cached_property
    def _losses_now_usd(self) -> dict[str, float]:
        return {name: loss_usd(self.comparison, name) for name in self.comparison.plans}

    def _loss_usd(self, there: Scenario, name: str) -> float:
        """Return what decides against a plan, without all else that a whole result has."""
        plan, book, horizon_s = self.comparison.plans[name], self.comparison.book, there.horizon_s
        bills = [Bill.of(used.usages, book, horizon_s) for used in self._used(there, plan)]
        cost_usd = sum(bill.total_usd_per_month for bill in bills) / len(bills)
        return cost_usd - (plan.metrics[VALUE].mean if self.comparison.weighs_value else 0.0)

    @override
    def at(self, value: float) -> Comparison | None:
        there = self.moved.at(value)
        if there is None:
            return None
        plans = {name: self._plan(there, name) for name in self.moved.plans}
        return replace(self.comparison, scenario=there, plans={**self.comparison.plans, **plans})

    def _plan(self, there: Scenario, name: str) -> PlanResult:
        plan, book = self.comparison.plans[name], self.comparison.book
        return priced_plan(there, book, name, plan.values, self._used(there, plan), plan.saturation, plan.outcomes)

    def _used(self, there: Scenario, plan: PlanResult) -> list[Consumption]:
        return [Consumption.of(restated(outcome, there)) for outcome in plan.outcomes]


@dataclass(frozen=True)
class _OfMeter(_Elsewhere):
    """A price of the book."""

    price: Price
    billing: Rebilling

    @property
    @override
    def axis(self) -> MeterAxis:
        return MeterAxis(self.price)

    @property
    @override
    def ends(self) -> tuple[float, ...]:
        return (FARTHEST, 1 / FARTHEST)

    @cached_property
    def _value_usd(self) -> dict[str, float]:
        fewest = self.comparison.fewest_replications
        weighs = self.comparison.weighs_value
        return {
            name: float(np.mean([each[VALUE] for each in plan.values[:fewest]])) if weighs else 0.0
            for name, plan in self.comparison.plans.items()
        }

    @override
    def gaps(self, value: float) -> Mapping[str, float]:
        books = ManyBooks.drawn(self.comparison.book, {self.price.meter: np.array([value])})
        costs_usd = self.billing.costs_usd(books).mean(axis=(1, 2))
        losses_usd = zip(self.billing.plans, costs_usd.tolist(), strict=True)
        return gaps_of(self.comparison, {name: usd - self._value_usd[name] for name, usd in losses_usd})

    @override
    def at(self, value: float) -> Comparison:
        return at_prices(self.comparison, self._book(value))

    def _book(self, times: float) -> PriceBook:
        own = PriceGroup(source=self.price.source, date=self.price.date, prices=(self.price.scaled(times),))
        return self.comparison.book.only(self.billing.meters).under(PriceBook(name=self.price.meter, groups=(own,)))
