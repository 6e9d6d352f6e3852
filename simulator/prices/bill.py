"""Bills: usage times price, line by line, so that every dollar can be explained."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from simulator.core.errors import UserError
from simulator.core.units import HOUR_S, MONTH_S, write_share
from simulator.core.usage import Driver, Usage
from simulator.prices.book import PriceBook
from simulator.prices.detail import commitment_detail, mean_usd, size_detail, terms_detail, unused_detail, usd_text
from simulator.prices.price import Price
from simulator.prices.terms import Commitment, Discount, Term

GIVEN_SOURCE = "stated in the scenario"
REQUESTS_PER_LOT = 1_000
MONTH_H = MONTH_S / HOUR_S


@dataclass(frozen=True)
class BillLine:
    """One line of a bill: ``quantity`` x ``price_usd`` = ``usd_per_month``."""

    item: str
    """What the reader calls it, such as ``online compute``."""
    meter: str
    """What was priced."""
    quantity: float
    """Charged units per 30-day month."""
    unit: str
    """The charged unit: the meter's own, or ``write unit`` where a row is charged by started steps of its size."""
    price_usd: float
    """Price of one charged unit; the mean one where it is not the same for all. [USD]"""
    usd_per_month: float
    """Cost per 30-day month. [USD]"""
    usd: float
    """Cost over the horizon, at the month's prices. [USD]"""
    source: str
    """Where the price was read."""
    date: str
    """When it was read; empty for a price that the scenario states."""
    driver: Driver
    """What the quantity grows with."""
    computes_ahead: bool
    """Whether it is spent on predictions before anybody asks for them."""
    after_events: bool
    """Whether these follow from events, and not from batch runs."""
    holds: bool
    """Whether it is spent on the room that predictions are held in."""
    size: str
    """How the quantity came about where rows are charged by size; else empty."""
    terms: str
    """How the price came about where free units, tiers, discounts or commitments make it; else empty."""

    @property
    def detail(self) -> str:
        """How quantity and price came about, where that is not plain; else empty."""
        return "; ".join(filter(None, (self.size, self.terms)))

    def as_dict(self) -> dict[str, str | float]:
        """Return the line for JSON."""
        return {
            "item": self.item,
            "meter": self.meter,
            "quantity": self.quantity,
            "unit": self.unit,
            "price_usd": self.price_usd,
            "usd_per_month": self.usd_per_month,
            "source": self.source,
            "date": self.date,
            "detail": self.detail,
        }


@dataclass(frozen=True)
class Bill:
    """What the usage of one run costs; made by `Bill.of`."""

    usages: tuple[Usage, ...]
    """What was used over the horizon."""
    book: PriceBook
    """The prices."""
    horizon_s: float
    """How long the usage took. [s]"""
    lines: tuple[BillLine, ...]
    """A line per usage that is charged, in the same order, and then one for what is committed to and not used."""

    @classmethod
    def of(cls, usages: Iterable[Usage], book: PriceBook, horizon_s: float) -> "Bill":
        """Return the bill of one run.

        A price that the scenario states beats the book's, and no term of the book holds for it. Lines that share a
        meter share its tiers and its free units, as on one account: each is charged the mean price of their sum. A line
        at the price that stands in for its own counts with the meter that stands in, whose terms hold for it too.
        Discounts are off that price; commitments cover what is left of it.

        Parameters
        ----------
        usages
            Quantities over the horizon.
        book
            The prices.
        horizon_s
            How long the usage took; it is scaled to a 30-day month. [s]

        Raises
        ------
        UserError
            If the book lacks a meter or prices it by another unit; the message names every such meter.
        ValueError
            If the horizon is not above 0.
        """
        if not (0 < horizon_s < math.inf):
            raise ValueError(f"horizon_s(={horizon_s}) must be finite and > 0")
        used, months = tuple(usages), MONTH_S / horizon_s
        priced = find_prices(used, book)
        lines = list(_lines(priced, book.discounts, months))
        return cls(used, book, horizon_s, _settled(lines, priced, book.commitments, months))

    @property
    def total_usd_per_month(self) -> float:
        """What all lines cost per 30-day month. [USD]"""
        return math.fsum(line.usd_per_month for line in self.lines)

    @property
    def total_usd(self) -> float:
        """What all lines cost over the horizon. [USD]"""
        return math.fsum(line.usd for line in self.lines)

    def usd_per_1k_requests(self, requests: float) -> float | None:
        """Return the cost of 1,000 of the horizon's ``requests``; None where there were none. [USD]"""
        return self.total_usd / requests * REQUESTS_PER_LOT if requests > 0 else None

    def wasted_usd_per_month(
        self, batch_fraction: float, nearline_fraction: float = 0.0, held_fraction: float = 0.0
    ) -> float:
        """Return the price of what nobody read: to compute it, to write it, and to hold it.

        Parameters
        ----------
        batch_fraction, nearline_fraction
            Share of the predictions computed in batch runs, and after events, that was never served, 0 to 1; the lines
            that compute ahead are wasted by as much.
        held_fraction
            Share of what was held, by size and time, that was never served, 0 to 1; the lines for room are wasted by as
            much, whether what is held or what is rented is paid.
        """
        ahead = [line for line in self.lines if line.computes_ahead]
        batch_usd = math.fsum(line.usd_per_month for line in ahead if not line.after_events)
        nearline_usd = math.fsum(line.usd_per_month for line in ahead if line.after_events)
        held_usd = math.fsum(line.usd_per_month for line in self.lines if line.holds)
        return batch_fraction * batch_usd + nearline_fraction * nearline_usd + held_fraction * held_usd


@dataclass(frozen=True)
class Priced:
    """A usage and its price."""

    usage: Usage
    price: Price
    listed: Price
    """The price that it follows from, its own or what stands in; what follows from one shares its tiers."""

    def is_under(self, term: Term) -> bool:
        """Return whether something agreed holds for it; nothing does for a price that the scenario states."""
        meters = self.usage.meter, self.listed.meter
        return self.usage.given_price_usd is None and any(map(term.holds_for, meters))


def find_prices(usages: Sequence[Usage], book: PriceBook) -> tuple[Priced, ...]:
    """Return each usage that is charged with its price.

    Raises
    ------
    UserError
        If the book lacks a meter or prices it by another unit; the message names every such meter.
    """
    found: list[Priced] = []
    faults: dict[str, None] = {}
    for usage in usages:
        if charged_meter(usage, book) is None:
            continue
        if usage.given_price_usd is not None:
            given = Price(meter=usage.meter, unit=usage.unit, usd=usage.given_price_usd, source=GIVEN_SOURCE)
            found.append(Priced(usage, given, given))
            continue
        try:
            priced = _priced(usage, book)
        except UserError as error:
            faults[f"{error} (needed for {usage.item})"] = None
            continue
        if priced.price.unit != usage.unit:
            faults[f"{wrong_unit(book, priced.listed, usage.unit)} (needed for {usage.item})"] = None
        found.append(priced)
    if faults:
        raise UserError("\n".join(faults))
    return tuple(found)


def _priced(usage: Usage, book: PriceBook) -> Priced:
    """Return a usage at the book's price, or at what stands in for it where the book has none."""
    other = usage.stand_in
    if other is None or charged_meter(usage, book) == usage.meter:
        price = book.price_of(usage.meter)
        return Priced(usage, price, price)
    listed, off = book.price_of(other.meter), other.discount_fraction
    how = f"{write_share(off)} off {other.meter}, {GIVEN_SOURCE}" if off else f"as {other.meter}"
    own = {"meter": usage.meter, "source": f"{listed.source}; {how}"}
    return Priced(usage, listed.scaled(1 - off).model_copy(update=own), listed)


def charged_meter(usage: Usage, book: PriceBook) -> str | None:
    """Return the meter that must have a price: the usage's own or what stands in; None where nobody charges for it."""
    other = usage.stand_in
    if usage.given_price_usd is not None or book.find(usage.meter) is not None:
        return usage.meter
    if other is None:
        return None if usage.if_priced else usage.meter
    if other.unless and book.find(other.unless) is not None:
        return usage.meter
    return None if usage.if_priced and book.find(other.meter) is None else other.meter


def wrong_unit(book: PriceBook, price: Price, unit: str) -> str:
    """Return what is wrong with a price by another unit than the one that its meter is measured in."""
    return (
        f"price book '{book.name}' prices '{price.meter}' per '{price.unit}', but it is measured in '{unit}'; give its "
        f"price per '{unit}'"
    )


def _lines(priced: Sequence[Priced], discounts: Sequence[Discount], months: float) -> Iterable[BillLine]:
    """Yield the lines before commitments; ``months`` is how often the horizon fits into a month."""
    quantities = [each.usage.quantity * each.price.units_per_row(each.usage.row_gib) * months for each in priced]
    pooled: defaultdict[Price, float] = defaultdict(float)
    for each, quantity in zip(priced, quantities, strict=True):
        pooled[each.listed] += quantity
    for each, quantity in zip(priced, quantities, strict=True):
        held = tuple(filter(each.is_under, discounts))
        yield _line(each.usage, each.price, held, quantity, pooled[each.listed], months)


def _line(
    usage: Usage, price: Price, discounts: Sequence[Discount], quantity: float, pooled: float, months: float
) -> BillLine:
    price_usd = mean_usd(usage, price, pooled)
    for discount in discounts:
        price_usd *= 1 - discount.share_fraction
    by_size = price.size_step_gib is not None
    return BillLine(
        item=usage.item,
        meter=usage.meter,
        quantity=quantity,
        unit=f"{usage.meter.rpartition('/')[2]} unit" if by_size else usage.unit,
        price_usd=price_usd,
        usd_per_month=quantity * price_usd,
        usd=quantity * price_usd / months,
        source=price.source,
        date=price.date,
        driver=usage.driver,
        computes_ahead=usage.computes_ahead,
        after_events=usage.after_events,
        holds=usage.holds,
        size=size_detail(usage, price, months),
        terms=terms_detail(usage, price, discounts, pooled, months),
    )


def _settled(
    lines: list[BillLine], priced: Sequence[Priced], commitments: Sequence[Commitment], months: float
) -> tuple[BillLine, ...]:
    """Return the lines with what commitments cover at its discount, and a line for each that is not used up."""
    before, left = tuple(lines), [1.0] * len(lines)
    unused: list[BillLine] = []
    for commitment in commitments:
        held = [
            k
            for k, line in enumerate(before)
            if left[k] > 0 and line.usd_per_month > 0 and priced[k].is_under(commitment)
        ]
        usage_usd = math.fsum(before[k].usd_per_month * left[k] for k in held)
        share = commitment.share_covered(usage_usd, MONTH_H)
        for k in held:
            lines[k] = _cheaper(lines[k], before[k], commitment, left[k] * share, months)
            left[k] *= 1 - share
        unused_usd = commitment.unused_usd(usage_usd, share, MONTH_H)
        if unused_usd > 0:
            unused.append(_unused_line(commitment, unused_usd, months))
    return (*lines, *unused)


def _cheaper(line: BillLine, before: BillLine, commitment: Commitment, share: float, months: float) -> BillLine:
    """Return the line with such a share of its quantity covered; ``before`` is the line before all commitments."""
    saved_usd = before.usd_per_month * share * commitment.discount_fraction
    price_usd = (line.usd_per_month - saved_usd) / line.quantity
    detail = commitment_detail(commitment, share, before.price_usd, line.price_usd)
    return replace(
        line,
        price_usd=price_usd,
        usd_per_month=line.quantity * price_usd,
        usd=line.quantity * price_usd / months,
        terms="; ".join(filter(None, (line.terms, f"{detail} = {usd_text(price_usd)}"))),
    )


def _unused_line(commitment: Commitment, unused_usd: float, months: float) -> BillLine:
    price_usd = unused_usd / MONTH_H
    return BillLine(
        item=f"unused {commitment.name}",
        meter=commitment.meters,
        quantity=MONTH_H,
        unit="h",
        price_usd=price_usd,
        usd_per_month=MONTH_H * price_usd,
        usd=MONTH_H * price_usd / months,
        source=commitment.source,
        date=commitment.date,
        driver=Driver.POPULATION,
        computes_ahead=False,
        after_events=False,
        holds=False,
        size="",
        terms=unused_detail(commitment, unused_usd, MONTH_H),
    )
