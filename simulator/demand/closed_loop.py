"""Callers who wait for each answer before they ask again: a load test, or the workers of another program."""

from typing import Annotated, ClassVar

from pydantic import Field

from simulator.core.component import Part
from simulator.core.duration.base import AnyDuration
from simulator.core.duration.fixed import FixedDuration
from simulator.core.input_files.short_forms import Short
from simulator.core.units import Count

MOST_CLIENTS = 10_000_000


class ClosedLoop(Part):
    """A number of clients, each of which asks, waits for its answer, thinks, and asks again.

    How many requests come therefore depends on how fast the plan answers, and is another number for each plan. Where
    the clients outnumber what can be computed at a time, the requests per second are what the backend can do at most:
    a stream that comes at that rate whether or not it is answered would have it work at 100 % load.
    """

    short: ClassVar[Short | None] = Short("clients")

    clients: Annotated[Count, Field(le=MOST_CLIENTS, examples=[64])]
    """How many there are."""
    think_time: AnyDuration = FixedDuration.model_validate({"value": "0 s"})
    """The pause between an answer and the next request of the same client."""

    def per_s(self, answer_s: float) -> float:
        """Return how many requests come per second where each answer takes so long; infinity for no time. [1/s]"""
        round_s = answer_s + self.think_time.typical_s
        return self.clients / round_s if round_s > 0 else float("inf")
