"""An online fleet: replicas that answer requests one after another."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal, Self

import numpy as np
import numpy.typing as npt
import simpy
from pydantic import Field, model_validator
from typing_extensions import override

from simulator.backends.base import Machines, Metered, OnlineBackend, OnlineUse, Surroundings
from simulator.backends.capacity.base import AnyCapacity
from simulator.backends.capacity.fixed import MOST_REPLICAS
from simulator.backends.noise.base import Noise
from simulator.backends.trouble.outage import Outage
from simulator.backends.trouble.reclaim import Reclaim
from simulator.core.component import Part
from simulator.core.errors import UserError
from simulator.core.units import HOUR_S, Count, PositiveSeconds

if TYPE_CHECKING:
    from simulator.backends.online.replicas import Replicas, RequestClock

MOST_SLOTS = 2**24
SERVICE_SAMPLE = 2**16
"""Service times that closed forms reckon with: so many that the 99th percentile's error is below 0.04 percentage
points."""


class Reserved(Part):
    """Replicas that are paid for all the time, used or not, at the price of a longer term."""

    replicas: Annotated[Count, Field(le=MOST_REPLICAS, examples=[20])]
    """How many."""
    term: Literal["1 y", "3 y"] = "1 y"
    """For how long they are reserved."""


class Fleet(Machines, OnlineBackend):
    """Replicas with slots and one queue, first come, first served; it answers while the user waits."""

    kind: Literal["fleet"] = "fleet"
    slots: Annotated[Count, Field(le=10_000)] = 1
    """Requests that a replica works on at a time."""
    timeout_s: PositiveSeconds | None = None
    """A request that has waited longer leaves and gets the default; without it all wait."""
    capacity: AnyCapacity
    """How many replicas there are."""
    reserved: Reserved | None = None
    """Replicas that are reserved; the fleet's `purchase` is how those above their number are bought."""
    reclaim: Reclaim | None = None
    """How spot replicas, those above the reserved number, are taken back; without it they stay."""
    outages: Annotated[list[Outage], Field(max_length=1000)] = []
    """When a part of the replicas is gone."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.reclaim is not None and self.purchase != "spot":
            raise ValueError(
                f"'reclaim' is what a provider does with spot instances, and 'purchase' is {self.purchase}; write "
                "purchase: spot, or leave out 'reclaim'"
            )
        if self.slots * self.capacity.most_replicas > MOST_SLOTS:
            raise ValueError(
                f"slots x replicas is {self.slots * self.capacity.most_replicas:,}; at most {MOST_SLOTS:,}"
            )
        return self

    @property
    @override
    def noise(self) -> Noise:
        return self.service_time.noise

    @property
    @override
    def mean_service_s(self) -> float:
        return self.service_time.mean_s(1)

    @property
    @override
    def longest_wait_s(self) -> float:
        return math.inf if self.timeout_s is None else self.timeout_s

    @property
    @override
    def slots_per_replica(self) -> int:
        return self.slots

    @override
    def start(self, env: simpy.Environment, requests: "RequestClock", around: Surroundings) -> "Replicas":
        from simulator.backends.online.replicas import Replicas  # noqa: PLC0415  (compiles; reading a scenario need not)
        from simulator.backends.online.troubles import Troubles  # noqa: PLC0415

        if self.capacity.is_to_be_sized:
            raise UserError("a fleet with 'capacity: for_slo' has no size yet; compare() finds it before it simulates")
        most = math.inf if self.capacity.replaces_lost else self.capacity.most_replicas
        replicas = Replicas(env, self.slots, self.capacity.replica_startup_s, requests, most=most)
        offered = around.requests_per_s * self.mean_service_s / self.slots
        Troubles(self, replicas, around.rng).begin()
        replicas.begin_with(self.capacity.replicas_for(offered, around.clock.hour(env.now)))
        control = self.capacity.control(env, replicas, around.clock)
        if control is not None:
            env.process(control)
        return replicas

    @override
    def used(self, use: OnlineUse) -> Iterator[Metered]:
        if self.reserved is None:
            yield Metered("compute", self.meter, use.provisioned_replica_s / HOUR_S, "h", is_replica_time=True)
            return
        hours = self.reserved.replicas * use.horizon_s / HOUR_S
        yield Metered("reserved compute", self.reserved_meter(self.reserved), hours, "h", is_standing=True)
        yield Metered("compute", self.meter, use.beyond_reserved_s / HOUR_S, "h", is_replica_time=True)

    def reserved_meter(self, reserved: Reserved) -> str:
        """Return the meter that the hours of reserved replicas are counted on."""
        return f"instance/{self.instance}/reserved_{reserved.term.replace(' ', '')}"

    @property
    @override
    def reserved_replicas(self) -> int:
        return self.reserved.replicas if self.reserved else 0

    def service_sample_s(self) -> npt.NDArray[np.float64]:
        """Return service times as they may be drawn, always the same ones: what closed forms reckon with. [s]"""
        if self.noise.cv_squared == 0:
            return np.array([self.mean_service_s])
        return self.mean_service_s * self.noise.draw(np.random.default_rng(0), SERVICE_SAMPLE)
