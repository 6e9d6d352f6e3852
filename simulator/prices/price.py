"""What one meter costs: a price, graduated or not, and what is free of it."""

import math
import re
from datetime import date as day
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, model_validator

from simulator.core.component import Part
from simulator.core.prompt_lengths import PROMPT_STEP, ByPrompt
from simulator.core.steps import started_steps
from simulator.core.units import Count, Gib, Number

ROW = "row"
"""The unit of meters that count rows, the only ones that can be charged by size."""
TOKEN = "token"  # noqa: S105  (of language models)
"""The unit of meters that count tokens, the only ones that can cost more where prompts are long."""
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


class LongPrompts(Part):
    """What tokens cost in calls whose prompt is long."""

    above: Annotated[Count, Field(ge=PROMPT_STEP, examples=["200_000"])]
    """Tokens, in whole thousands; it holds for calls whose prompt has more, those read from a cache too."""
    usd: Amount
    """What ``per`` tokens of such a call cost, all of them and not those above alone. [USD]"""

    @model_validator(mode="after")
    def _is_in_thousands(self) -> Self:
        if self.above % PROMPT_STEP:
            raise ValueError(f"above ({self.above:,}) must be whole thousands: usage is counted by these")
        return self

    def scaled(self, factor: float) -> Self:
        """Return the same at ``factor`` times its price."""
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
    free: Amount = 0.0
    """Charged units of every 30-day month that cost nothing; all that is counted on the meter shares them."""
    size_step_gib: Gib | None = None
    """A row is charged once per started step of its size; absent where its size does not matter. [GiB]"""
    tiers: tuple[Tier, ...] = ()
    """Graduated prices: each tier prices the part of the month's quantity, less what is free, that falls into it."""
    long_prompts: tuple[LongPrompts, ...] = ()
    """Other prices of tokens where the prompt is long; of several, the highest that it exceeds holds."""
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
        if self.long_prompts:
            self._check_long_prompts()
        return self

    def _check_long_prompts(self) -> None:
        if self.unit != TOKEN or self.usd is None or self.free:
            raise ValueError(
                f"'{self.meter}' has long_prompts, which takes the unit '{TOKEN}', one usd for the others, and nothing "
                "free"
            )
        above = [each.above for each in self.long_prompts]
        if above != sorted(set(above)):
            raise ValueError(
                f"long_prompts of '{self.meter}' begin above {above}; each must begin above the one before"
            )

    def units_per_row(self, row_gib: float) -> int:
        """Return how many units one row of ``row_gib`` is charged as: its started size steps, at least 1."""
        if self.size_step_gib is None:
            return 1
        return started_steps(row_gib, self.size_step_gib)

    def mean_usd_per_unit(self, units_per_month: float) -> float:
        """Return the mean price of a charged unit when a 30-day month uses ``units_per_month`` of them. [USD]"""
        if units_per_month <= 0:
            return (self.tiers[0].usd if self.usd is None else self.usd) / self.per
        if self.usd is not None and not self.free:
            return self.usd / self.per
        return self._usd_per_month(max(0.0, units_per_month - self.free)) / units_per_month

    @property
    def shape(self) -> tuple[object, ...]:
        """All but its figures: two prices of which it is equal are reckoned in the same way."""
        return self.unit, len(self.tiers), self.size_step_gib, tuple(each.above for each in self.long_prompts)

    def class_of(self, prompt_class: int) -> int:
        """Return which price holds for tokens of such prompts: 0 for `usd`, n for the n-th of `long_prompts`."""
        return sum(prompt_class * PROMPT_STEP > each.above for each in self.long_prompts)

    def usd_in_class(self, prompt_class: int) -> float:
        """Return what ``per`` tokens cost in calls whose prompts are of a class. [USD]"""
        assert self.usd is not None
        return (self.usd, *(each.usd for each in self.long_prompts))[self.class_of(prompt_class)]

    def mean_usd_by_prompt(self, parts: ByPrompt) -> float | None:
        """Return the mean price of a token, where long prompts cost more; None where all cost the same. [USD]

        Parameters
        ----------
        parts
            Tokens by the length of the prompts that they belong to.
        """
        total = math.fsum(part for _, part in parts)
        if not self.long_prompts or total <= 0:
            return None
        return math.fsum(part * self.usd_in_class(number) for number, part in parts) / total / self.per

    def _usd_per_month(self, charged: float) -> float:
        if self.usd is not None:
            return charged * self.usd / self.per
        total_usd, start = 0.0, 0.0
        for tier in self.tiers:
            total_usd += max(0.0, min(charged, tier.up_to) - start) * tier.usd
            start = tier.up_to
        return total_usd / self.per

    def scaled(self, factor: float) -> Self:
        """Return the same terms at ``factor`` times the price."""
        return self.model_copy(
            update={
                "usd": None if self.usd is None else self.usd * factor,
                "tiers": tuple(tier.scaled(factor) for tier in self.tiers),
                "long_prompts": tuple(each.scaled(factor) for each in self.long_prompts),
            }
        )
