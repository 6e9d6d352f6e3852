"""A plan's forecast against an invoice, meter by meter: what differs by price, by volume, and what the model lacks.

Of a meter that both have, the forecast is P x Q and the invoice p x q over the same days; the difference is
(q - Q) P by volume and (p - P) q by price, which add up to it. What only one of them has is told apart.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Annotated

from pydantic import Field

from simulator.core.component import Part
from simulator.core.errors import UserError
from simulator.core.input_files.reading import read_tree
from simulator.core.input_files.validation import validate
from simulator.core.tables import column_names
from simulator.core.units import DAY_S, MONTH_S, Number
from simulator.prices.importers.aws_cur import USAGE_COLUMN, read_cur
from simulator.prices.importers.focus import read_focus
from simulator.prices.importers.invoices import Invoice, Key, Sums, Where
from simulator.prices.price import Text
from simulator.studies.comparison import PlanResult

MONTH_DAYS = MONTH_S / DAY_S
NOT_OURS = "none of the forecast's, as the map says"


class Mapped(Part):
    """What counts a kind of usage of an invoice."""

    usage: Annotated[Text, Field(examples=["*BoxUsage:g4dn.xlarge"])]
    """The usage, as the invoice calls it; ``*`` stands for anything and ``?`` for one letter."""
    service: str = "*"
    """The service, likewise."""
    meter: str | None = None
    """The meter of the forecast that it counts with; without it, it is none of the forecast's."""
    factor: Annotated[Number, Field(gt=0, allow_inf_nan=False)] = 1.0
    """Units of the meter in one of the invoice."""

    def holds_for(self, key: Key) -> bool:
        """Return whether it is about a row."""
        return fnmatchcase(key.usage_type, self.usage) and fnmatchcase(key.service, self.service)


class UsageMap(Part):
    """Which meters count what an invoice has; of several that hold for a row the first counts."""

    usages: list[Mapped]


@dataclass(frozen=True)
class Side:
    """A quantity and what it costs, over the days of the invoice."""

    quantity: float = 0.0
    usd: float = 0.0

    @property
    def price_usd(self) -> float:
        """The mean price of a unit. [USD]"""
        return self.usd / self.quantity if self.quantity else 0.0


@dataclass(frozen=True)
class MeterActuals:
    """One meter, or several that an invoice does not tell apart."""

    meter: str
    unit: str
    forecast: Side
    actual: Side

    @property
    def difference_usd(self) -> float:
        """The invoice less the forecast. [USD]"""
        return self.actual.usd - self.forecast.usd

    @property
    def is_on_both(self) -> bool:
        """Whether the forecast and the invoice both have some of it."""
        return self.forecast.quantity > 0 and self.actual.quantity > 0

    @property
    def volume_usd(self) -> float:
        """What differs because more or less was used, at the forecast's price; 0 where only one side has it. [USD]"""
        return (self.actual.quantity - self.forecast.quantity) * self.forecast.price_usd if self.is_on_both else 0.0

    @property
    def of_price_usd(self) -> float:
        """What differs because a unit cost something else; 0 where only one side has it. [USD]"""
        return self.difference_usd - self.volume_usd if self.is_on_both else 0.0


@dataclass(frozen=True)
class Unmapped:
    """A kind of usage of the invoice that no meter of the forecast counts."""

    service: str
    usage: str
    usd: float


@dataclass(frozen=True)
class Actuals:
    """A plan's forecast beside an invoice."""

    plan: str
    first_day: str
    last_day: str
    days: float
    meters: tuple[MeterActuals, ...]
    """Those on either side, the largest difference first."""
    unmapped: tuple[Unmapped, ...]
    """The dearest first."""
    left_out: Mapping[str, float]
    """What of the invoice is no usage or not wanted, by reason. [USD]"""

    @cached_property
    def forecast_usd(self) -> float:
        """What the plan was to cost over the days. [USD]"""
        return sum(each.forecast.usd for each in self.meters)

    @cached_property
    def actual_usd(self) -> float:
        """What the invoice says for them. [USD]"""
        return sum(each.actual.usd for each in self.meters) + sum(each.usd for each in self.unmapped)

    @property
    def by_price_usd(self) -> float:
        """What differs because units cost something else. [USD]"""
        return sum(each.of_price_usd for each in self.meters)

    @property
    def by_volume_usd(self) -> float:
        """What differs because more or less was used. [USD]"""
        return sum(each.volume_usd for each in self.meters)

    @property
    def not_in_forecast_usd(self) -> float:
        """What the model lacks. [USD]"""
        alone = sum(each.actual.usd for each in self.meters if not each.forecast.quantity)
        return alone + sum(each.usd for each in self.unmapped)

    @property
    def not_on_invoice_usd(self) -> float:
        """What was forecast, and the invoice does not have; below 0. [USD]"""
        return -sum(each.forecast.usd for each in self.meters if not each.actual.quantity)


def read_invoice(path: Path, rate: str, where: Sequence[Where]) -> Invoice:
    """Return an invoice in FOCUS or a cost and usage report of AWS, told apart by its columns."""
    is_report = USAGE_COLUMN in column_names(path)
    return (read_cur if is_report else read_focus)(path, rate, where)


def read_mapping(path: Path) -> list[Mapped]:
    """Return which meters count what, from a YAML file.

    Raises
    ------
    InputFileError
        If it cannot be read or something in it is wrong.
    """
    return validate(UsageMap, read_tree(path), str(path), path.parent).usages


def proposed(key: Key) -> tuple[tuple[str, ...], float]:
    """Return the meters that count a kind of usage as it is named, none where that is not known, and the factor."""
    how = key.counted
    return ((), 1.0) if how is None else (how.meters, how.factor)


def compare_actuals(
    result: PlanResult, invoice: Invoice, mapping: Iterable[Mapped] = (), days: float | None = None
) -> Actuals:
    """Return a plan's forecast beside an invoice.

    Parameters
    ----------
    result
        The plan, with its bill of a 30-day month.
    invoice
        What was charged.
    mapping
        What counts what; what it does not name is counted as the invoice names it.
    days
        How long the invoice is for; by default from its first day to its last one. [day]

    Raises
    ------
    UserError
        If the invoice has no usage, or is not in USD.
    """
    usable = {key: sums for key, sums in invoice.sums.items() if not key.why_not}
    currencies = {key.currency for key in usable}
    if not usable or currencies - {"USD"}:
        told = (
            f"is in {', '.join(sorted(currencies))}; the forecast is in USD" if usable else "has no usage that counts"
        )
        raise UserError(f"the invoice {told}")
    length = days or (date.fromisoformat(invoice.last_day) - date.fromisoformat(invoice.first_day)).days + 1
    rules, actual, unmapped = list(mapping), defaultdict[tuple[str, ...], Sums](Sums), list[Unmapped]()
    left_out: defaultdict[str, float] = defaultdict(float)
    for key, sums in invoice.sums.items():
        rule = next((each for each in rules if each.holds_for(key)), None)
        meters, factor = _meters(key, rule)
        if key.why_not or (rule is not None and not meters):
            left_out[key.why_not or NOT_OURS] += sums.cost
        elif not meters:
            unmapped.append(Unmapped(key.service, key.usage_type, sums.cost))
        else:
            actual[meters].quantity += sums.quantity * factor
            actual[meters].cost += sums.cost
    found = tuple(
        sorted(_meter_by_meter(result, actual, length / MONTH_DAYS), key=lambda each: -abs(each.difference_usd))
    )
    dearest = tuple(sorted(unmapped, key=lambda each: -abs(each.usd)))
    return Actuals(result.name, invoice.first_day, invoice.last_day, float(length), found, dearest, dict(left_out))


def _meters(key: Key, rule: Mapped | None) -> tuple[tuple[str, ...], float]:
    if rule is None:
        return proposed(key)
    return ((rule.meter,) if rule.meter else (), rule.factor)


def _meter_by_meter(
    result: PlanResult, actual: Mapping[tuple[str, ...], Sums], months: float
) -> Iterable[MeterActuals]:
    """Yield every meter of either side; those that the invoice does not tell apart are one."""
    together = {meter: meters for meters in actual for meter in meters}
    forecast: dict[tuple[str, ...], list[float]] = {}
    units: dict[tuple[str, ...], str] = {}
    for line in result.bill.lines:
        meters = together.get(line.meter, (line.meter,))
        sums = forecast.setdefault(meters, [0.0, 0.0])
        sums[0] += line.quantity * months
        sums[1] += line.usd_per_month * months
        units[meters] = line.unit
    for meters in dict.fromkeys((*forecast, *actual)):
        charged = actual.get(meters, Sums())
        told = [meter for meter in meters if any(line.meter == meter for line in result.bill.lines)] or meters
        yield MeterActuals(
            " + ".join(told),
            units.get(meters, ""),
            Side(*forecast.get(meters, (0.0, 0.0))),
            Side(charged.quantity, charged.cost),
        )
