"""Bills: usage times price, line by line, so that every dollar can be explained."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from simulator.core.errors import UserError
from simulator.core.units import MONTH_S, write_share, write_size
from simulator.core.usage import Driver, Usage
from simulator.prices.book import Price, PriceBook

GIVEN_SOURCE = "stated in the scenario"
REQUESTS_PER_LOT = 1_000


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
    """Price of one charged unit; the mean one where tiers graduate it. [USD]"""
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
    detail: str
    """How quantity and price came about, where that is not plain; else empty."""

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
    """A line per usage, in the same order."""

    @classmethod
    def of(cls, usages: Iterable[Usage], book: PriceBook, horizon_s: float) -> "Bill":
        """Return the bill of one run.

        A price that the scenario states beats the book's. Lines that share a meter share its tiers, as on one account:
        each is charged the mean price of their sum.

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
        used = tuple(usages)
        return cls(used, book, horizon_s, _lines(used, _find_prices(used, book), MONTH_S / horizon_s))

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

    def wasted_usd_per_month(self, batch_fraction: float, nearline_fraction: float = 0.0) -> float:
        """Return the price of what nobody read.

        Parameters
        ----------
        batch_fraction, nearline_fraction
            Share of the predictions computed in batch runs, and after events, that was never served, 0 to 1; the lines
            that compute ahead are wasted by as much.
        """
        ahead = [line for line in self.lines if line.computes_ahead]
        batch_usd = math.fsum(line.usd_per_month for line in ahead if not line.after_events)
        nearline_usd = math.fsum(line.usd_per_month for line in ahead if line.after_events)
        return batch_fraction * batch_usd + nearline_fraction * nearline_usd


def _find_prices(usages: Sequence[Usage], book: PriceBook) -> tuple[Price, ...]:
    """Return the price of each usage, or say everything that the book cannot price."""
    prices: list[Price] = []
    faults: dict[str, None] = {}
    for usage in usages:
        if usage.given_price_usd is not None:
            prices.append(Price(meter=usage.meter, unit=usage.unit, usd=usage.given_price_usd, source=GIVEN_SOURCE))
            continue
        try:
            price = _price_of(usage, book)
        except UserError as error:
            faults[f"{error} (needed for {usage.item})"] = None
            continue
        if price.unit != usage.unit:
            faults[
                f"price book '{book.name}' prices '{usage.meter}' per '{price.unit}', but {usage.item} is measured in "
                f"'{usage.unit}'; give its price per '{usage.unit}'"
            ] = None
        prices.append(price)
    if faults:
        raise UserError("\n".join(faults))
    return tuple(prices)


def _price_of(usage: Usage, book: PriceBook) -> Price:
    """Return the book's price of a usage, or what stands in for it where the book has none."""
    other = usage.stand_in
    if other is None or usage.meter in book.meters:
        return book.price_of(usage.meter)
    price = book.price_of(other.meter)
    source = f"{price.source}; {write_share(other.discount_fraction)} off {other.meter}, {GIVEN_SOURCE}"
    return price.scaled(1 - other.discount_fraction).model_copy(update={"meter": usage.meter, "source": source})


def _lines(usages: Sequence[Usage], prices: Sequence[Price], months: float) -> tuple[BillLine, ...]:
    """Return the lines; ``months`` is how often the horizon fits into a month."""
    priced = tuple(zip(usages, prices, strict=True))
    quantities = [usage.quantity * price.units_per_row(usage.row_gib) * months for usage, price in priced]
    pooled: defaultdict[Price, float] = defaultdict(float)
    for price, quantity in zip(prices, quantities, strict=True):
        pooled[price] += quantity
    return tuple(
        _line(usage, price, quantity, pooled[price], months)
        for (usage, price), quantity in zip(priced, quantities, strict=True)
    )


def _line(usage: Usage, price: Price, quantity: float, pooled: float, months: float) -> BillLine:
    price_usd = price.mean_usd_per_unit(pooled)
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
        detail="; ".join((*_size_detail(usage, price, months), *_tier_detail(price, pooled))),
    )


def _size_detail(usage: Usage, price: Price, months: float) -> Iterable[str]:
    if price.size_step_gib is not None:
        units = price.units_per_row(usage.row_gib)
        rows = f"{usage.quantity * months:,.0f} rows" + (f" of {write_size(usage.row_gib)}" if usage.row_gib else "")
        yield f"{rows}, each {units} unit{'s' if units > 1 else ''} of {write_size(price.size_step_gib)}"


def _tier_detail(price: Price, pooled: float) -> Iterable[str]:
    if price.tiers:
        steps = ", ".join(
            f"{tier.usd:g} USD up to {tier.up_to:,.0f}" if math.isfinite(tier.up_to) else f"then {tier.usd:g} USD"
            for tier in price.tiers
        )
        yield f"mean price of {pooled:,.0f} units a month; per {price.per:,.0f}: {steps}"
