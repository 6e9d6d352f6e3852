"""Price books: what a unit of each meter costs, with the source and the day of every price."""

import difflib
import math
from collections import Counter
from collections.abc import Iterable
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from simulator.core.component import Part
from simulator.core.errors import UserError, did_you_mean
from simulator.prices.energy import Energy
from simulator.prices.price import DateText, Price, Text
from simulator.prices.terms import Commitment, Discount

CLOSEST = 3
"""How many known meters a message offers in place of one that is not known."""
LIKE, ANY_LIKENESS = 0.6, 0.01
"""How like a meter must be to be offered, 0 to 1: much where there are thousands of its family."""


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

    def without(self, meters: Iterable[str]) -> "PriceGroup":
        """Return the group without the prices of some meters."""
        gone = frozenset(meters)
        return self.model_copy(update={"prices": tuple(price for price in self.prices if price.meter not in gone)})


class Unpriced(Part):
    """What a list sells in a way that is not understood, and that so has no price in the book."""

    meter: Text
    """The meter, or what its name begins with up to a ``/``."""
    why: Text
    """What the list says of it."""

    def holds_for(self, meter: str) -> bool:
        """Return whether it is about a meter."""
        return meter == self.meter or meter.startswith(f"{self.meter}/")


class PriceBook(Part):
    """What a unit of each meter costs at one place, at list price or as somebody has agreed."""

    name: Annotated[Text, Field(examples=["our prices"])]
    """What the report calls it."""
    currency: Literal["USD"] = "USD"
    """The currency of every price."""
    notes: str = ""
    """How the prices are to be read: conventions, conversions, what is left out."""
    groups: tuple[PriceGroup, ...] = ()
    """The prices, by where and when they were read; none where the book only states terms for another's."""
    unpriced: tuple[Unpriced, ...] = ()
    """What has no price here though the list that the book was made of sells it, and why."""
    discounts: tuple[Discount, ...] = ()
    """What is off whatever some meters cost."""
    commitments: tuple[Commitment, ...] = ()
    """Spending that is committed to, and what it covers."""
    energy: Energy | None = None
    """What instances draw, and what that emits; without it nothing is said of CO2e."""

    @model_validator(mode="after")
    def _prices_each_meter_once(self) -> Self:
        twice = sorted(meter for meter, times in Counter(self.meters).items() if times > 1)
        if twice:
            raise ValueError(f"{', '.join(twice)}: priced more than once; a book has one price per meter")
        if not (self.groups or self.discounts or self.commitments or self.energy):
            raise ValueError("says nothing; give 'groups' of prices, 'discounts', 'commitments' or 'energy'")
        return self

    @property
    def prices(self) -> tuple[Price, ...]:
        """Every price of the book, each with its source and date."""
        return tuple(price for group in self.groups for price in group.prices)

    @property
    def meters(self) -> tuple[str, ...]:
        """What the book prices."""
        return tuple(price.meter for price in self.prices)

    @cached_property
    def _by_meter(self) -> dict[str, Price]:
        return {price.meter: price for price in self.prices}

    def find(self, meter: str) -> Price | None:
        """Return the price of a meter, if the book has it."""
        return self._by_meter.get(meter)

    def price_of(self, meter: str) -> Price:
        """Return the price of a meter.

        Raises
        ------
        UserError
            If the book lacks the meter; the message names the nearest ones that it has.
        """
        found = self.find(meter)
        if found is None:
            raise UserError(self.missing(meter))
        return found

    def missing(self, meter: str) -> str:
        """Return what to say of a meter that has no price: why, or the nearest ones that have."""
        why = next((each.why for each in reversed(self.unpriced) if each.holds_for(meter)), None)
        hint = f": {why}" if why else f"; {nearest_meters(meter, self.meters)}"
        return f"price book '{self.name}' has no price for '{meter}'{hint}"

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
        commitments = tuple(commitment.scaled(factor) for commitment in self.commitments)
        return self._changed(name=f"{self.name} x {factor:g}", groups=groups, commitments=commitments)

    def under(self, other: "PriceBook") -> Self:
        """Return this book with another laid over it: the other's meters replace this one's, its terms join them.

        What the other could not price has no price any more either: this book's would be of something else.
        """
        refused = [meter for meter in self.meters if any(each.holds_for(meter) for each in other.unpriced)]
        kept = (group.without((*other.meters, *refused)) for group in self.groups)
        return self._changed(
            name=f"{self.name} + {other.name}",
            notes=" ".join(filter(None, (self.notes.strip(), other.notes.strip()))),
            groups=(*(group for group in kept if group.prices), *other.groups),
            unpriced=(*self.unpriced, *other.unpriced),
            discounts=(*self.discounts, *other.discounts),
            commitments=(*self.commitments, *other.commitments),
            energy=other.energy if self.energy is None else self.energy.under(other.energy),
        )

    def only(self, meters: Iterable[str]) -> Self:
        """Return the book with the prices of some meters alone, which is quickly changed; its terms stay."""
        kept = frozenset(meters)
        gone = [meter for meter in self.meters if meter not in kept]
        groups = (group.without(gone) for group in self.groups)
        return self._changed(groups=tuple(group for group in groups if group.prices))

    def _changed(self, **fields: object) -> Self:
        """Return a new book; a copy would keep what this one remembers of its meters."""
        return type(self)(**{**{name: getattr(self, name) for name in type(self).model_fields}, **fields})


def nearest_meters(meter: str, known: Iterable[str]) -> str:
    """Return a hint: the same thing bought otherwise, else the likest, else the families of meters that there are."""
    meters = tuple(known)
    family, kind = meter.split("/", maxsplit=1)[0], meter.rpartition("/")[2]
    siblings = [each for each in meters if "/" in meter and each.rpartition("/")[0] == meter.rpartition("/")[0]]
    relatives = [each for each in meters if each.split("/", maxsplit=1)[0] == family]
    relatives = relatives or [each for each in meters if each.endswith(f"/{kind}")]
    cutoff = ANY_LIKENESS if relatives and relatives[0].split("/", maxsplit=1)[0] != family else LIKE
    close = difflib.get_close_matches(meter, siblings, n=CLOSEST, cutoff=ANY_LIKENESS) or difflib.get_close_matches(
        meter, relatives, n=CLOSEST, cutoff=cutoff
    )
    if close:
        *first, last = (f"'{each}'" for each in close)
        return f"did you mean {', '.join(first)} or {last}?" if first else f"did you mean {last}?"
    if relatives:
        return f"it prices {len(relatives):,} meters of '{family}', none of them like it"
    return did_you_mean(family, {each.split("/", maxsplit=1)[0] for each in meters})
