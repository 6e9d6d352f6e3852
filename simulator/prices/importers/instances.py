"""Hourly prices of instances, put together from the rows of a table."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from simulator.prices.book import PriceGroup
from simulator.prices.importers.base import LeftOut, Reading, Row
from simulator.prices.price import Price

UNIT = "h"


@dataclass
class HourlyPrices:
    """Prices by purchase option, each instance once."""

    reading: Reading
    found: defaultdict[tuple[str, str, str], list[Price]] = field(default_factory=lambda: defaultdict(list))
    """By source, date and purchase option."""
    lines: dict[tuple[str, str], int] = field(default_factory=dict)
    without: list[tuple[str, str]] = field(default_factory=list)
    """What has no price and what it is called."""

    def add(self, row: Row, instance: str, purchase: str, usd: float | None, source: str, date: str) -> None:
        """Take a price; one of 0, or none, is left out, for it stands for what is not sold."""
        if not usd:
            self.without.append((f"no price {purchase.replace('_', '-')}", instance))
            return
        first = self.lines.setdefault((instance, purchase), row.line)
        if first != row.line:
            self.reading.wrong(row.line, "", f"'{instance}' appears a second time; the first is on line {first}")
            return
        price = Price(meter=f"instance/{instance}/{purchase}", unit=UNIT, usd=usd)
        self.found[purchase, source, date].append(price)

    def left_out(self, *more: tuple[str, str]) -> tuple[LeftOut, ...]:
        """Return what is left out, by reason; with it what the list has beside."""
        return LeftOut.by_reason((*more, *self.without))

    def groups(self) -> Iterable[PriceGroup]:
        """Yield the prices by where and when they were read."""
        for (_, source, date), prices in self.found.items():
            yield PriceGroup(source=source, date=date, prices=tuple(prices))
