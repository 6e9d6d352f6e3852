"""An online fleet: replicas that answer requests one after another."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal, Self

import simpy
from pydantic import Field, model_validator
from typing_extensions import override

from simulator.backends.base import Machines, Metered, OnlineBackend, OnlineUse
from simulator.backends.capacity.base import AnyCapacity
from simulator.backends.noise.base import Noise
from simulator.core.units import HOUR_S, Count, PositiveSeconds

if TYPE_CHECKING:
    from simulator.backends.online.replicas import Replicas, RequestClock

MOST_SLOTS = 2**24


class Fleet(Machines, OnlineBackend):
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
    def start(self, env: simpy.Environment, requests: "RequestClock", requests_per_s: float) -> "Replicas":
        from simulator.backends.online.replicas import Replicas  # noqa: PLC0415  (compiles; reading a scenario need not)

        replicas = Replicas(env, self.slots, self.capacity.replica_startup_s, requests)
        replicas.begin_with(self.capacity.replicas_for(requests_per_s * self.mean_service_s / self.slots))
        control = self.capacity.control(env, replicas)
        if control is not None:
            env.process(control)
        return replicas

    @override
    def used(self, use: OnlineUse) -> Iterator[Metered]:
        yield Metered("compute", self.meter, use.provisioned_replica_s / HOUR_S, "h", is_replica_time=True)
