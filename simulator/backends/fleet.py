"""An online fleet: replicas that answer requests one after another."""

import math
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from simulator.backends.base import Backend
from simulator.backends.capacity.base import AnyCapacity
from simulator.core.units import Count, PositiveSeconds

MOST_SLOTS = 2**24


class Fleet(Backend):
    """Replicas with slots and one queue, first come, first served; it answers while the user waits."""

    kind: Literal["fleet"] = "fleet"
    slots: Annotated[Count, Field(le=10_000)] = 1
    """Requests that a replica works on at a time."""
    timeout_s: PositiveSeconds | None = None
    """A request that has waited longer leaves and gets the default; without it all wait."""
    capacity: AnyCapacity
    """How many replicas there are."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.slots * self.capacity.most_replicas > MOST_SLOTS:
            raise ValueError(
                f"slots x replicas is {self.slots * self.capacity.most_replicas:,}; at most {MOST_SLOTS:,}"
            )
        return self

    @property
    def longest_wait_s(self) -> float:
        """The timeout; infinity without one. [s]"""
        return math.inf if self.timeout_s is None else self.timeout_s

    @property
    def mean_service_s(self) -> float:
        """Mean time to answer one request. [s]"""
        return self.service_time.mean_s(1)
