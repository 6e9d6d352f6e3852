"""Price books: what a unit of each meter costs, with the source and the day of every price."""

import math
import re
from collections.abc import Iterable
from datetime import date as day
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from simulator.core.component import Part
from simulator.core.errors import UserError, did_you_mean
from simulator.core.files import resolve_file
from simulator.core.input_files.reading import parse_tree, read_tree
from simulator.core.input_files.validation import validate
from simulator.core.input_files.wording import one_line, shortened
from simulator.core.units import Gib, Number

CEILING_SLACK = 1e-9
"""A row this much above a whole number of steps (relative to one step) is rounding, not one more step."""
ROW = "row"
"""The unit of meters that count rows, the only ones that can be charged by size."""
SUFFIX = ".yaml"
MOST_VALUES = 100_000
"""Of a book's file: a provider sells some thousand instance types, each at several prices."""
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")


def _check_day(text: str) -> str:
    if _DAY.match(text):
        try:
            day.fromisoformat(text)
        except ValueError:
            raise ValueError(f"'{text}' is no day of the calendar") from None
    return text


Text = Annotated[str, Field(min_length=1)]
DateText = Annotated[str, AfterValidator(_check_day)]
Amount = Annotated[Number, Field(ge=0, allow_inf_nan=False)]


class Tier(Part):
    """One step of a graduated price."""

    up_to: Annotated[Number, Field(gt=0)] = math.inf
    """Where the tier ends, in charged units per 30-day month; the last tier has no end."""
    usd: Amount
    """What ``per`` units inside this tier cost. [USD]"""

    def scaled(self, factor: float) -> Self:
        """Return the tier at ``factor`` times its price."""
        return self.model_copy(update={"usd": self.usd * factor})


class Price(Part):
    """What one meter costs: one price, or graduated ``tiers``."""

    meter: Annotated[Text, Field(examples=["instance/g4dn.xlarge/spot"])]
    """What is priced, such as ``instance/g4dn.xlarge/spot`` or ``dynamodb_on_demand/write``."""
    unit: Annotated[Text, Field(examples=["h"])]
    """What the meter counts: ``h``, ``row``, ``GiB h``."""
    usd: Amount | None = None
    """What ``per`` units cost; absent where ``tiers`` say it. [USD]"""
    per: Annotated[Number, Field(gt=0, allow_inf_nan=False)] = 1.0
    """How many charged units the price is for, such as 1_000_000."""
    size_step_gib: Gib | None = None
    """A row is charged once per started step of its size; absent where its size does not matter. [GiB]"""
    tiers: tuple[Tier, ...] = ()
    """Graduated prices: each tier prices the part of the month's quantity that falls into it."""
    source: str = ""
    """Where the price was read; the group's where empty."""
    date: DateText = ""
    """When it was read; the group's where empty."""

    @model_validator(mode="after")
    def _states_one_price(self) -> Self:
        if (self.usd is None) == (not self.tiers):
            raise ValueError(f"'{self.meter}' needs either usd or tiers, and not both")
        if self.size_step_gib is not None and self.unit != ROW:
            raise ValueError(
                f"'{self.meter}' has a size_step but its unit is '{self.unit}'; only a '{ROW}' is charged by size"
            )
        ends = [tier.up_to for tier in self.tiers]
        if ends and (ends != sorted(set(ends)) or ends[-1] != math.inf):
            raise ValueError(
                f"tiers of '{self.meter}' end at {ends}; each must end above the one before, the last at inf"
            )
        return self

    def units_per_row(self, row_gib: float) -> int:
        """Return how many units one row of ``row_gib`` is charged as: its started size steps, at least 1."""
        if self.size_step_gib is None:
            return 1
        return max(1, math.ceil(row_gib / self.size_step_gib - CEILING_SLACK))

    def mean_usd_per_unit(self, units_per_month: float) -> float:
        """Return the mean price of a charged unit when a 30-day month uses ``units_per_month`` of them. [USD]"""
        if self.usd is not None:
            return self.usd / self.per
        if units_per_month <= 0:
            return self.tiers[0].usd / self.per
        total_usd, start = 0.0, 0.0
        for tier in self.tiers:
            total_usd += max(0.0, min(units_per_month, tier.up_to) - start) * tier.usd
            start = tier.up_to
        return total_usd / self.per / units_per_month

    def scaled(self, factor: float) -> Self:
        """Return the same terms at ``factor`` times the price."""
        return self.model_copy(
            update={
                "usd": None if self.usd is None else self.usd * factor,
                "tiers": tuple(tier.scaled(factor) for tier in self.tiers),
            }
        )


class PriceGroup(Part):
    """Prices read at one place on one day."""

    source: Annotated[Text, Field(examples=["our contract of 2026"])]
    """Where the prices were read."""
    date: Annotated[DateText, Field(min_length=1, examples=["2026-07-20"])]
    """The day they were read, or what dates them."""
    prices: tuple[Price, ...]
    """The prices; one that states no source or date of its own has the group's."""

    @field_validator("prices")
    @classmethod
    def _hand_down(cls, prices: tuple[Price, ...], info: ValidationInfo) -> tuple[Price, ...]:
        source, date = info.data.get("source", ""), info.data.get("date", "")
        return tuple(
            price.model_copy(update={"source": price.source or source, "date": price.date or date}) for price in prices
        )


class PriceBook(Part):
    """What a unit of each meter costs at one place, at list price or as somebody has agreed."""

    name: Annotated[Text, Field(examples=["our prices"])]
    """What the report calls it."""
    currency: Literal["USD"] = "USD"
    """The currency of every price."""
    notes: str = ""
    """How the prices are to be read: conventions, conversions, what is left out."""
    groups: tuple[PriceGroup, ...]
    """The prices, by where and when they were read."""

    @model_validator(mode="after")
    def _prices_each_meter_once(self) -> Self:
        meters = self.meters
        twice = sorted({meter for meter in meters if meters.count(meter) > 1})
        if twice:
            raise ValueError(f"{', '.join(twice)}: priced more than once; a book has one price per meter")
        return self

    @property
    def prices(self) -> tuple[Price, ...]:
        """Every price of the book, each with its source and date."""
        return tuple(price for group in self.groups for price in group.prices)

    @property
    def meters(self) -> tuple[str, ...]:
        """What the book prices."""
        return tuple(price.meter for price in self.prices)

    def price_of(self, meter: str) -> Price:
        """Return the price of a meter.

        Raises
        ------
        UserError
            If the book lacks the meter; the message names the nearest one that it has.
        """
        for price in self.prices:
            if price.meter == meter:
                return price
        raise UserError(f"price book '{self.name}' has no price for '{meter}'; {nearest_meter(meter, self.meters)}")

    def scaled(self, factor: float) -> Self:
        """Return a book in which everything costs ``factor`` times as much.

        Raises
        ------
        ValueError
            If ``factor`` is negative or not finite.
        """
        if not (0 <= factor < math.inf):
            raise ValueError(f"factor(={factor}) must be finite and >= 0")
        groups = tuple(
            group.model_copy(update={"prices": tuple(price.scaled(factor) for price in group.prices)})
            for group in self.groups
        )
        return self.model_copy(update={"name": f"{self.name} x {factor:g}", "groups": groups})


def nearest_meter(meter: str, known: Iterable[str]) -> str:
    """Return a hint: the same thing bought otherwise, else the likest of its family, else the families there are."""
    meters = tuple(known)
    family = meter.split("/", maxsplit=1)[0]
    siblings = [each for each in meters if "/" in meter and each.rpartition("/")[0] == meter.rpartition("/")[0]]
    relatives = [each for each in meters if each.split("/", maxsplit=1)[0] == family]
    if siblings or relatives:
        return did_you_mean(meter, siblings or relatives)
    return did_you_mean(family, {each.split("/", maxsplit=1)[0] for each in meters})


def _catalogue() -> Traversable:
    return resources.files(__package__) / "catalogue"


def catalogue_names() -> tuple[str, ...]:
    """Return the names of the bundled price books, in alphabetical order."""
    names = (entry.name for entry in _catalogue().iterdir())
    return tuple(sorted(name.removesuffix(SUFFIX) for name in names if name.endswith(SUFFIX)))


def find_book(name_or_path: str | Path, folder: Path = Path()) -> str:
    """Return the name of a bundled book as it is, and the path of a file absolute.

    Parameters
    ----------
    name_or_path
        A name of the catalogue, or a path; a file that has the name of a bundled book is reached as ``./name``.
    folder
        Where relative paths start.

    Raises
    ------
    ValueError
        If it is neither a bundled book nor a file.
    """
    wanted = str(name_or_path)
    if wanted in catalogue_names():
        return wanted
    try:
        return str(resolve_file(Path(wanted), folder))
    except ValueError:
        hint = did_you_mean(shortened(wanted), catalogue_names())
        short = one_line(shortened(wanted, 120))
        raise ValueError(
            f"'{short}' is neither a bundled price book nor a file in {folder.absolute()}; {hint}"
        ) from None


def load_book(name_or_path: str | Path, folder: Path = Path()) -> PriceBook:
    """Return a bundled book by its name, else one from a file.

    Parameters
    ----------
    name_or_path
        A name of the catalogue, or a path, as `find_book` takes it.
    folder
        Where relative paths start.

    Raises
    ------
    UserError
        If it is neither a bundled book nor a file.
    InputFileError
        If the file cannot be read or is no price book; it holds all faults, with their paths and lines.
    """
    try:
        found = find_book(name_or_path, folder)
    except ValueError as error:
        raise UserError(f"prices: {error}") from None
    if found in catalogue_names():
        tree = parse_tree((_catalogue() / f"{found}{SUFFIX}").read_text(encoding="utf-8"), found, MOST_VALUES)
    else:
        tree = read_tree(found, MOST_VALUES)
    return validate(PriceBook, tree, found, folder)
