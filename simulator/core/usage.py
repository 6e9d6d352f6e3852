"""Physical usage by meter: what a run consumed, before anybody asks what it costs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from simulator.core.prompt_lengths import ByPrompt, mean_by_prompt, scaled_by_prompt


class Driver(StrEnum):
    """What a quantity grows with, so that a bill can be read at another activity."""

    POPULATION = "population"
    TRAFFIC = "traffic"


@dataclass(frozen=True)
class StandIn:
    """The price that holds where a price book has none for a meter: that of another one, less a discount."""

    meter: str
    discount_fraction: float
    unless: str = ""
    """A meter; where the book prices it, nothing stands in, as the book should then price what is used too."""


@dataclass(frozen=True)
class Usage:
    """One metered quantity over the horizon."""

    item: str
    """What the bill's reader calls it, such as ``online compute``."""
    meter: str
    """What a price book prices, such as ``instance/g4dn.xlarge/spot`` or ``dynamodb_on_demand/write``."""
    quantity: float
    """How much, in ``unit``."""
    unit: str
    """``h``, ``row``, ``GiB h``, ``run``."""
    driver: Driver
    """What it grows with."""
    row_gib: float = 0.0
    """Size of one row, for meters that charge by the started unit of size. [GiB]"""
    given_price_usd: float | None = None
    """A price that the scenario itself states, per ``unit``; no book is asked then. [USD]"""
    backend: str = ""
    """What answers requests or events and used it, by its name in the scenario; empty for all else."""
    follows_replicas: bool = False
    """Whether it grows with the replicas that a capacity rule gives its `backend`, and not in proportion to traffic."""
    after_events: bool = False
    """Whether what it computes ahead follows from events, and not from batch runs."""
    computes_ahead: bool = False
    """Whether it computes and stores predictions before anybody asks, so that the unread ones waste their share."""
    stores: bool = False
    """Whether it is what keeping predictions takes: to write, read and hold them."""
    holds: bool = False
    """Whether it is the room that they are held in, which the unread ones take their share of."""
    stand_in: StandIn | None = None
    """What its price follows from where the book has none for the meter; without it, that is a fault."""
    if_priced: bool = False
    """Whether it costs nothing where the book has no price for it, as few sell it: calls, beside their tokens."""
    by_prompt: ByPrompt = ()
    """How the quantity splits by the length of prompts, for meters that may cost more where those are long."""

    def scaled(self, factor: float) -> "Usage":
        """Return the same usage ``factor`` times."""
        return replace(self, quantity=self.quantity * factor, by_prompt=scaled_by_prompt(self.by_prompt, factor))


def mean_usage(runs: Sequence[Sequence[Usage]]) -> tuple[Usage, ...]:
    """Return the mean over runs that have the same items in the same order."""
    return tuple(
        replace(
            items[0],
            quantity=sum(usage.quantity for usage in items) / len(items),
            by_prompt=mean_by_prompt(usage.by_prompt for usage in items),
        )
        for items in zip(*runs, strict=True)
    )
