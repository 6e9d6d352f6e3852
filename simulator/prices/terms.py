"""What somebody has agreed beside the list: discounts, and spending that is committed to."""

import math
from fnmatch import fnmatchcase
from typing import Annotated, Self

from pydantic import AfterValidator, Field

from simulator.core.component import Part
from simulator.core.units import Fraction, UsdPerHour
from simulator.prices.price import DateText, Text


def _check_some_is_paid(share_fraction: float) -> float:
    if share_fraction >= 1:
        raise ValueError("100 % off would be for nothing; write a share below 100 %, or prices of 0")
    return share_fraction


class Term(Part):
    """Something agreed about a number of meters."""

    meters: Annotated[Text, Field(examples=["instance/*/on_demand"])]
    """The meters that it holds for: a name, in which ``*`` stands for anything and ``?`` for one letter.

    How an instance is bought is a part of its meter: ``instance/*/on_demand`` is what is bought on demand, and
    ``instance/*`` also what is bought on the spot market and what is reserved.
    """
    label: str = ""
    """What the bill calls it."""
    source: Annotated[Text, Field(examples=["our contract of 2026"])]
    """Where it is agreed."""
    date: Annotated[DateText, Field(min_length=1, examples=["2026-07-20"])]
    """The day it was read, or what dates it."""

    def holds_for(self, meter: str) -> bool:
        """Return whether it holds for a meter; capital letters matter."""
        return fnmatchcase(meter, self.meters)


class Discount(Term):
    """A share off whatever some meters cost, such as an enterprise discount."""

    share_fraction: Annotated[Fraction, Field(examples=["20 %"])]
    """What is taken off, of the price after free units and tiers; several discounts are taken one after another."""

    @property
    def name(self) -> str:
        """What the bill calls it."""
        return self.label or "discount"


class Commitment(Term):
    """So much an hour that is paid whether it is used or not, and covers usage at a discount.

    It works as an AWS Savings Plan does [1]_: usage is charged at the discounted price until the committed amount is
    reached, and at the price without it from there on; what is not used is lost. AWS settles it hour by hour. Here
    the month is settled as a whole, as if usage were the same in every hour, which flatters a commitment that the
    quiet hours do not use up. Of several, each covers what those before it in the book have left. A Savings Plan covers
    neither spot nor reserved instances, so its ``meters`` are ``instance/*/on_demand``.

    References
    ----------
    .. [1] AWS, Savings Plans User Guide, "Understanding how Savings Plans apply to your AWS usage".
    """

    usd_per_h: Annotated[UsdPerHour, Field(examples=["5 USD/h"])]
    """What is paid for every hour. [USD/h]"""
    discount_fraction: Annotated[Fraction, AfterValidator(_check_some_is_paid), Field(examples=["30 %"])]
    """What the covered usage costs less, of its price after ``discounts``."""

    @property
    def name(self) -> str:
        """What the bill calls it."""
        return self.label or f"commitment to {self.usd_per_h:g} USD/h"

    def scaled(self, factor: float) -> Self:
        """Return the commitment to ``factor`` times the amount."""
        return self.model_copy(update={"usd_per_h": self.usd_per_h * factor})

    def room_usd(self, hours: float) -> float:
        """Return how much usage it covers in so many hours, at the price without it. [USD]"""
        return self.usd_per_h * hours / (1 - self.discount_fraction)

    def share_covered(self, usage_usd: float, hours: float) -> float:
        """Return the share of ``usage_usd``, at the price without it, that it covers; 1 where there is no usage."""
        room_usd = self.room_usd(hours)
        return 1.0 if usage_usd <= room_usd else room_usd / usage_usd

    def unused_usd(self, covered_usd: float, share: float, hours: float) -> float:
        """Return what is paid for nothing, having covered usage of so much at the price without it. [USD]"""
        paid_usd = self.usd_per_h * hours
        return 0.0 if share < 1 else max(0.0, math.fsum((paid_usd, -covered_usd * (1 - self.discount_fraction))))
