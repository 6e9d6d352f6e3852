"""The sheet of what may be changed: every price, tier, free amount, discount and commitment, a cell each."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from simulator.core.units import KIB_PER_GIB
from simulator.prices.bill import GIVEN_SOURCE, Priced, find_prices
from simulator.prices.price import Price
from simulator.prices.terms import Commitment, Discount
from simulator.report import format as form
from simulator.report.workbook.formulas import ONE, ZERO, Term, added, least, most, multiplied, up_to, when
from simulator.report.workbook.spreadsheet import COUNT, SHARE, UNIT_USD, Sheet
from simulator.studies.comparison import Comparison

HEADS = (
    *("meter", "input", "value", "for so many", "unit", "as simulated", "changed", "date", "source"),
    *("name in formulas", "row"),
)
"""Of columns."""
WHAT, WHICH, VALUE, PER, UNIT, ORIGINAL, CHANGED, DATE, SOURCE, NAME, ROW = range(11)
FIRST = 5
"""The row of the first input."""


@dataclass(frozen=True)
class PriceCells:
    """The cells of one price."""

    usd: Term
    """The price, or that of the first tier."""
    per: Term
    further: tuple[tuple[Term, Term], ...] = ()
    """Where each tier but the last ends, and the price behind it."""
    free: Term | None = None
    step_kib: Term | None = None
    long_prompts: tuple[tuple[Term, Term], ...] = ()
    """Above how many tokens, and the price then."""
    extra: Term | None = None
    """A discount of the reader's own; none on a price that the scenario states."""

    @property
    def is_shared(self) -> bool:
        """Whether the price of a unit depends on how many there are."""
        return bool(self.further) or self.free is not None

    def mean_usd(self, pooled: Term | None) -> Term:
        """Return the mean price of a unit, as `Price.mean_usd_per_unit` does.

        Parameters
        ----------
        pooled
            Units of all lines that share the price; none where that does not matter.
        """
        if pooled is None:
            return self.usd / self.per
        paid = pooled if self.free is None else most(ZERO, pooled - self.free)
        ends = [end for end, _ in self.further]
        parts = []
        prices = [self.usd, *(usd for _, usd in self.further)]
        for start, end, usd in zip([None, *ends], [*ends, None], prices, strict=True):
            inside = paid if end is None else least(paid, end)
            parts.append((inside if start is None else most(ZERO, inside - start)) * usd)
        return when(up_to(pooled, ZERO), self.usd / self.per, added(parts) / self.per / pooled)


@dataclass(frozen=True)
class CommitmentCells:
    """The cells of one commitment."""

    usd_per_h: Term
    off: Term


@dataclass(frozen=True)
class _Entry:
    """A row of the sheet."""

    what: str
    which: str
    value: float
    unit: str
    name: str
    source: str
    date: str
    number: str = UNIT_USD
    per: float | None = None


@dataclass
class Inputs:
    """The sheet, and where everything is on it."""

    sheet: Sheet
    prices: dict[Price, PriceCells] = field(default_factory=dict)
    stand_ins: dict[tuple[str, float], Term] = field(default_factory=dict)
    """What is off the price that stands in for another, by meter and share."""
    discounts: dict[int, Term] = field(default_factory=dict)
    """By place in the book."""
    commitments: dict[int, CommitmentCells] = field(default_factory=dict)
    extra: Term = ONE
    """A discount of the reader's own on everything that the book prices."""
    last: int = FIRST
    """The row of the last input."""

    @classmethod
    def written(cls, sheet: Sheet, comparison: Comparison) -> "Inputs":
        """Write the sheet for what the plans of a comparison use."""
        inputs = cls(sheet)
        _write_head(inputs.sheet, comparison)
        writer = _Writer(inputs)
        priced = [each for plan in comparison.plans.values() for each in find_prices(plan.bill.usages, comparison.book)]
        writer.prices(priced)
        writer.terms(comparison.book.discounts, comparison.book.commitments, priced)
        writer.own_discounts()
        inputs.last = writer.row - 1
        return inputs

    @property
    def changed(self) -> str:
        """A formula for how many of them are not as they were simulated."""
        values, before = (self._column(column) for column in (VALUE, ORIGINAL))
        return f"SUMPRODUCT(--({values}<>{before}))"

    @property
    def moved(self) -> str:
        """A formula for how many of them are not where they were written, as formulas would read the wrong ones."""
        above = self.sheet.span((FIRST, ROW), (self.last - 1, ROW))
        below = self.sheet.span((FIRST + 1, ROW), (self.last, ROW))
        return f'SUMPRODUCT(({above}<>"")*({below}<>"")*({below}<{above}))'

    def _column(self, column: int) -> str:
        return self.sheet.span((FIRST, column), (self.last, column))

    def price_of(self, priced: Priced, pooled: Term | None, by_prompt: Term | None) -> Term:
        """Return the price of a unit before discounts.

        Parameters
        ----------
        priced
            A usage and its price.
        pooled, by_prompt
            Units that share the price, where that matters; the mean over prompts of all lengths, where that does.
        """
        found = self.prices[priced.listed].mean_usd(pooled) if by_prompt is None else by_prompt
        stand_in = self.stand_ins.get(_standing_in(priced))
        return found if stand_in is None else found * (ONE - stand_in)

    def left_by_discounts(self, priced: Priced, discounts: Sequence[Discount]) -> Term | None:
        """Return what discounts leave of a price; None of a price that the scenario states."""
        cells = self.prices[priced.listed]
        if cells.extra is None:
            return None
        held = [self.discounts[place] for place, term in enumerate(discounts) if priced.is_under(term)]
        return multiplied([ONE - off for off in (*held, self.extra, cells.extra)])


def _standing_in(priced: Priced) -> tuple[str, float]:
    if priced.price is priced.listed or priced.usage.stand_in is None:
        return "", 0.0
    return priced.usage.meter, priced.usage.stand_in.discount_fraction


class _Writer:
    """Writes the inputs row by row."""

    def __init__(self, inputs: Inputs) -> None:
        self.inputs, self.row = inputs, FIRST
        self._sheet = inputs.sheet

    def prices(self, priced: Sequence[Priced]) -> None:
        """Write the prices that are used, and what is off those that stand in for others."""
        self._section("Prices")
        for each in priced:
            if each.listed not in self.inputs.prices:
                self.inputs.prices[each.listed] = self._price(each.listed)
            key = _standing_in(each)
            if key[0] and key not in self.inputs.stand_ins:
                which = f"off {each.listed.meter}, which stands in"
                entry = _Entry(key[0], which, key[1], "share", f"stand_in_{key[0]}", GIVEN_SOURCE, "", SHARE)
                self.inputs.stand_ins[key] = self._input(entry)

    def terms(self, discounts: Sequence[Discount], commitments: Sequence[Commitment], priced: Sequence[Priced]) -> None:
        """Write what is agreed: all of it that holds for something, and all that is committed to."""
        if discounts or commitments:
            self._section("Agreed discounts and commitments")
        for place, discount in enumerate(discounts):
            if any(each.is_under(discount) for each in priced):
                what, which = discount.meters, form.one_line(discount.name)
                self.inputs.discounts[place] = self._input(
                    _Entry(what, which, discount.share_fraction, "share", f"off_{which}", *_agreed(discount), SHARE)
                )
        for place, term in enumerate(commitments):
            which, agreed = form.one_line(term.name), _agreed(term)
            per_h = _Entry(term.meters, which, term.usd_per_h, "USD per h", f"per_h_{which}", *agreed)
            off = _Entry(term.meters, f"{which}: off", term.discount_fraction, "share", f"off_{which}", *agreed, SHARE)
            self.inputs.commitments[place] = CommitmentCells(self._input(per_h), self._input(off))

    def own_discounts(self) -> None:
        """Write a discount on everything, and one for each meter, none of which the simulation knew."""
        self._section("Discounts to try (none when it was simulated), taken after the agreed ones")
        tried = ("a discount to try", 0.0, "share")
        entry = _Entry("everything that the price book prices", *tried, "extra_off", "", "", SHARE)
        self.inputs.extra = self._input(entry)
        for price, cells in self.inputs.prices.items():
            if price.source != GIVEN_SOURCE:
                entry = _Entry(price.meter, *tried, f"extra_off_{price.meter}", "", "", SHARE)
                self.inputs.prices[price] = _with_extra(cells, self._input(entry))

    def _price(self, price: Price) -> PriceCells:
        """Write a price with all that belongs to it."""
        if price.usd is not None:
            usd = self._usd(price, "price", price.usd, "price")
        else:
            usd = self._usd(price, "tier 1", price.tiers[0].usd, "tier_1")
        per = Term(self._sheet.address(self.row - 1, PER), price.per)
        further, long_prompts = [], []
        for number, tier in enumerate(price.tiers[1:], 2):
            end_units = price.tiers[number - 2].up_to
            end = self._amount(price, f"tier {number - 1} ends at", end_units, f"end_of_tier_{number - 1}")
            further.append((end, self._usd(price, f"tier {number}", tier.usd, f"tier_{number}")))
        for number, each in enumerate(price.long_prompts, 1):
            above = self._amount(price, f"long prompts {number}: above", each.above, f"long_{number}_above", "tokens")
            long_prompts.append((above, self._usd(price, f"long prompts {number}", each.usd, f"long_{number}")))
        free = self._amount(price, "free", price.free, "free") if price.free else None
        step = None
        if price.size_step_gib is not None:
            step_kib = price.size_step_gib * KIB_PER_GIB
            step = self._amount(price, "charged once per started", step_kib, "step", "KiB of a row")
        return PriceCells(usd, per, tuple(further), free, step, tuple(long_prompts))

    def _usd(self, price: Price, which: str, usd: float, name: str) -> Term:
        unit, by = f"USD per {_charged_unit(price)}", (price.source, price.date)
        return self._input(_Entry(price.meter, which, usd, unit, f"{name}_{price.meter}", *by, per=price.per))

    def _amount(self, price: Price, which: str, value: float, name: str, unit: str = "") -> Term:
        what = unit or f"{_charged_unit(price)}s a month"
        return self._input(_Entry(price.meter, which, value, what, f"{name}_{price.meter}", "as its price", "", COUNT))

    def _input(self, entry: _Entry) -> Term:
        sheet, row = self._sheet, self.row
        for column, text in ((WHAT, entry.what), (WHICH, entry.which)):
            sheet.text(row, column, text, "wrapped")
        sheet.number(row, VALUE, entry.value, entry.number, "input")
        sheet.allow(row, VALUE, 1.0 if entry.number == SHARE else None)
        if entry.per is not None:
            sheet.number(row, PER, entry.per, COUNT)
        sheet.number(row, ORIGINAL, entry.value, entry.number)
        value, before = (sheet.address(row, column) for column in (VALUE, ORIGINAL))
        sheet.reckoned(row, CHANGED, f'IF({value}={before},"","changed")', "", look="warning")
        name = sheet.book.name(entry.name, value)
        for column, text in ((UNIT, entry.unit), (DATE, entry.date), (SOURCE, entry.source)):
            sheet.text(row, column, text, "note")
        sheet.text(row, NAME, name, "name")
        sheet.number(row, ROW, row - FIRST, "0", "quiet")
        self.row += 1
        return Term(name, entry.value)

    def _section(self, title: str) -> None:
        for column in range(len(HEADS)):
            self._sheet.text(self.row, column, title if column == 0 else "", "section")
        self.row += 1


def _charged_unit(price: Price) -> str:
    """Return what is charged, as the bill calls it."""
    return price.unit if price.size_step_gib is None else f"{price.meter.rpartition('/')[2]} unit"


def _with_extra(cells: PriceCells, extra: Term) -> PriceCells:
    return replace(cells, extra=extra)


def _agreed(term: Discount | Commitment) -> tuple[str, str]:
    return term.source, term.date


def _write_head(sheet: Sheet, comparison: Comparison) -> None:
    sheet.widths(42, 26, 14, 11, 24, 14, 10, 26, 62, 42, 5)
    sheet.text(0, 0, "Prices", "title")
    book = form.one_line(comparison.book.name)
    said = (
        f"{book}, USD. Yellow cells are inputs: change them, and every bill follows.",
        "Do not sort these rows: formulas know the cells by their place. Summary says so if it happens.",
    )
    for row, text in enumerate(said, 1):
        sheet.text(row, 0, text, "subtitle")
    sheet.heads(FIRST - 1, HEADS, left=2, texts_at=(UNIT, CHANGED, DATE, SOURCE, NAME))
    sheet.freeze(FIRST, 2)
