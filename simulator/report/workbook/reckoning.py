"""A bill as formulas: what `simulator.prices.bill` reckons, step by step, in cells that a layout finds places for."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from simulator.core.steps import CEILING_SLACK
from simulator.prices.bill import MONTH_H
from simulator.prices.book import PriceBook
from simulator.prices.price import Price
from simulator.report.workbook.formulas import (
    ONE,
    ZERO,
    Term,
    added,
    constant,
    most,
    started,
    sum_between,
    sum_of,
    up_to,
    when,
)
from simulator.report.workbook.inputs import Inputs, PriceCells
from simulator.report.workbook.usage import ByPromptCells, PlanUsage


class Step(StrEnum):
    """What is reckoned of each line or commitment, in this order."""

    UNITS = "charged units"
    POOLED = "units that share the price"
    LIST = "price of a unit"
    PRICE = "after discounts"
    BEFORE = "before commitments"
    COVERED = "covered"
    COST = "per month"
    IN_REACH = "usage in reach of the commitment"
    SHARE = "share of it covered"
    UNUSED = "paid for nothing"
    TOTAL = "total"


@dataclass(frozen=True)
class Key:
    """A cell of a bill."""

    step: Step
    place: int = 0
    """Of the line; of the commitment where it is about one alone."""
    commitment: int = -1
    """Which, of what is covered."""


Keep = Callable[[Key, Term], Term]
"""Writes a formula where its key has its place, and returns the cell."""


@dataclass(frozen=True)
class BillCells:
    """The cells that others build on."""

    costs: tuple[Term, ...]
    """By line."""
    unused: tuple[Term, ...]
    """By commitment."""
    total: Term


@dataclass(frozen=True)
class Reckoning:
    """One bill: of the mean usage, or of a replication."""

    usage: PlanUsage
    inputs: Inputs
    book: PriceBook
    number: int
    """Which: 0 for the mean usage, 1 for the first replication."""
    keep: Keep

    def bill(self) -> BillCells:
        """Write all cells, and return those that others build on."""
        before = self._before_commitments()
        costs, unused = self._settled(before)
        total = self.keep(Key(Step.TOTAL), added((*costs, *unused)))
        return BillCells(costs, unused, total)

    def _before_commitments(self) -> list[Term]:
        units = [self._units(place) for place in range(len(self.usage.priced))]
        pooled: defaultdict[Price, list[Term]] = defaultdict(list)
        for each, unit in zip(self.usage.priced, units, strict=True):
            pooled[each.listed].append(unit)
        return [self._before(place, unit, pooled[self.usage.priced[place].listed]) for place, unit in enumerate(units)]

    def _units(self, place: int) -> Term:
        used, step = self.usage.quantities[place][self.number], self._cells(place).step_kib
        if step is not None:
            used *= started(self.usage.row_kib[place], step, CEILING_SLACK)
        return self.keep(Key(Step.UNITS, place), used)

    def _before(self, place: int, units: Term, sharing: Sequence[Term]) -> Term:
        """Write what a line costs before commitments."""
        priced, by_prompt = self.usage.priced[place], self.usage.by_prompt.get(place)
        pooled = self.keep(Key(Step.POOLED, place), added(sharing)) if self._cells(place).is_shared else None
        mean_usd = None if by_prompt is None else self._by_prompt(self._cells(place), by_prompt)
        price = self.keep(Key(Step.LIST, place), self.inputs.price_of(priced, pooled, mean_usd))
        left = self.inputs.left_by_discounts(priced, self.book.discounts)
        if left is not None:
            price = self.keep(Key(Step.PRICE, place), price * left)
        return self.keep(Key(Step.BEFORE, place), units * price)

    def _cells(self, place: int) -> PriceCells:
        return self.inputs.prices[self.usage.priced[place].listed]

    def _by_prompt(self, price: PriceCells, cells: ByPromptCells) -> Term:
        """Return the mean price of a token where long prompts cost more, as `Price.mean_usd_by_prompt` does."""
        parts = cells.parts[self.number]
        ends = [above for above, _ in price.long_prompts]
        usd = [price.usd, *(each for _, each in price.long_prompts)]
        costs = [
            sum_between(cells.lengths, parts, above, end) * each
            for above, end, each in zip([None, *ends], [*ends, None], usd, strict=True)
        ]
        total = sum_of(parts)
        return when(up_to(total, ZERO), price.usd / price.per, added(costs) / total / price.per)

    def _settled(self, before: Sequence[Term]) -> tuple[tuple[Term, ...], tuple[Term, ...]]:
        """Write what commitments cover, each of what those before it have left, and what every line costs then."""
        left, unused = list(before), []
        saved: list[list[Term]] = [[] for _ in before]
        for number, cells in self.inputs.commitments.items():
            held = [
                place for place, each in enumerate(self.usage.priced) if each.is_under(self.book.commitments[number])
            ]
            in_reach = self.keep(Key(Step.IN_REACH, number), added([left[place] for place in held]))
            paid = cells.usd_per_h * constant(MONTH_H)
            room = paid / (ONE - cells.off)
            share = self.keep(Key(Step.SHARE, number), when(up_to(in_reach, room), ONE, room / in_reach))
            for place in held:
                covered = self.keep(Key(Step.COVERED, place, number), left[place] * share)
                left[place] -= covered
                saved[place].append(covered * cells.off)
            nothing = most(ZERO, paid - in_reach * (ONE - cells.off))
            unused.append(self.keep(Key(Step.UNUSED, number), when(up_to(ONE, share), nothing, ZERO)))
        costs = [
            self.keep(Key(Step.COST, place), each - added(off) if off else each)
            for place, (each, off) in enumerate(zip(before, saved, strict=True))
        ]
        return tuple(costs), tuple(unused)
