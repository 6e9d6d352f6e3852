"""An online fleet: replicas that answer requests one after another."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt
import simpy
from pydantic import Field, model_validator
from typing_extensions import override

from simulator.backends.answers.batches import Batches
from simulator.backends.answers.facts import Asked, Fact
from simulator.backends.answers.findings import Finding, Topic, Warned
from simulator.backends.answers.steady import AskedHours, SteadyHours
from simulator.backends.answers.usage import Metered, OnlineUse
from simulator.backends.base import Machines, OnlineBackend, Standing, Surroundings
from simulator.backends.capacity.base import AnyCapacity, Capacity
from simulator.backends.capacity.fixed import MOST_REPLICAS, FixedCapacity
from simulator.backends.interruptions.outage import Outage
from simulator.backends.interruptions.reclaim import Reclaim
from simulator.backends.noise.base import Noise
from simulator.backends.online.kinds import BATCHING, REPLICAS
from simulator.core.component import Part
from simulator.core.errors import UserError
from simulator.core.input_files.short_forms import Short
from simulator.core.key_kind import KeyKind
from simulator.core.moment import TimeOrDate
from simulator.core.units import HOUR_S, Count, PositiveSeconds, Seconds, write_duration

if TYPE_CHECKING:
    from simulator.backends.online.replicas import Replicas, RequestClock

MOST_SLOTS = 2**24
MOST_TOGETHER = 100_000
MOST_WAITING = 10**9
P99 = 0.99
BUSIEST_UTILISATION = 0.95
"""Beyond it there is no room: what waits depends on chance, and on how long the horizon is."""
SERVICE_SAMPLE = 2**16
"""Service times that closed forms reckon with: so many that the 99th percentile's error is below 0.04 percentage
points."""


class Batching(Part):
    """Requests computed together: a free slot starts when enough wait, or when the oldest has waited long enough."""

    short: ClassVar[Short | None] = Short("max")

    max: Annotated[Count, Field(ge=2, le=MOST_TOGETHER, examples=[16])]
    """Most requests computed together; the service time must be known for as many."""
    hold_s: Seconds = 0.0
    """How long the oldest request waits for others; with 0, a free slot takes whoever waits."""


class Reserved(Part):
    """Replicas that are paid for all the time, used or not, at the price of a longer term."""

    short: ClassVar[Short | None] = Short("replicas")

    replicas: Annotated[Count, Field(le=MOST_REPLICAS, examples=[20])]
    """How many."""
    term: Annotated[Literal["1 y", "3 y"], KeyKind.PRICE] = "1 y"
    """For how long they are reserved."""


class Fleet(Machines, OnlineBackend):
    """Replicas with slots and one queue, first come, first served; it answers while the user waits."""

    kind: Literal["fleet"] = "fleet"
    slots: Annotated[Count, Field(le=10_000)] = 1
    """Requests that a replica works on at a time."""
    timeout_s: PositiveSeconds | None = None
    """A request that has waited longer leaves and gets the default; without it all wait."""
    batching: Batching | None = None
    """Requests computed together on a slot; without it, each is computed alone."""
    queue_limit: Annotated[int, Field(ge=0, le=MOST_WAITING)] | None = None
    """Requests that may wait; one that comes to a full queue is refused. Without it, all are let in."""
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
        if self.batching and self.batching.max > self.service_time.largest_batch:
            largest = f"the largest measured ({self.service_time.largest_batch:g})"
            raise ValueError(f"'batching.max' ({self.batching.max}) is above {largest}")
        if self.batching and self.batching.hold_s >= self.longest_wait_s:
            held, timeout = write_duration(self.batching.hold_s), write_duration(self.longest_wait_s)
            raise ValueError(f"'batching.hold' ({held}) must be below 'timeout' ({timeout}), or nobody is ever served")
        if self.batching and self.queue_limit is not None and self.queue_limit < self.batching.max:
            raise ValueError(
                f"'queue_limit' ({self.queue_limit}) must be at least 'batching.max' ({self.batching.max}), as a batch "
                "is made of requests that wait"
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
    def refuses(self) -> bool:
        return self.queue_limit is not None

    @property
    @override
    def service_times_s(self) -> Sequence[float]:
        together = self.batching.max if self.batching else 1
        return 0.0, *(self.service_time.mean_s(number) for number in range(1, together + 1))

    @property
    @override
    def kernel(self) -> int:
        return BATCHING if self.batching else REPLICAS

    @property
    @override
    def has_replicas(self) -> bool:
        return True

    @property
    @override
    def has_queue(self) -> bool:
        return True

    @property
    @override
    def most_replicas(self) -> int:
        return self.capacity.most_replicas

    @property
    @override
    def slots_per_replica(self) -> int:
        return self.slots

    @property
    @override
    def scales_to_zero(self) -> bool:
        return self.capacity.scales_to_zero

    @property
    @override
    def hours_are_alike(self) -> bool:
        return not self.outages

    @override
    def events(self) -> Iterator[tuple[str, TimeOrDate, float]]:
        yield from (("outage", outage.at, outage.duration_s) for outage in self.outages)

    @override
    def batches(self) -> Batches | None:
        return Batches(self.batching.max, "slot", self.service_time) if self.batching else None

    @override
    def own_station_values(self) -> Mapping[str, float]:
        hold = {"hold_s": self.batching.hold_s} if self.batching else {}
        return hold if self.queue_limit is None else {"queue_limit": self.queue_limit, **hold}

    @override
    def start(self, env: simpy.Environment, requests: "RequestClock", around: Surroundings) -> "Replicas":
        from simulator.backends.online.interruptions import Interruptions  # noqa: PLC0415  (compiles, as Replicas does)
        from simulator.backends.online.replicas import Replicas  # noqa: PLC0415  (compiles; reading a scenario need not)

        if self.capacity.is_to_be_sized:
            raise UserError("a fleet with 'capacity: for_slo' has no size yet; compare() finds it before it simulates")
        most = math.inf if self.capacity.replaces_lost else self.capacity.most_replicas
        replicas = Replicas(env, self.slots, self.capacity.replica_startup_s, requests, most=most)
        offered = around.requests_per_s * self.full_batch_work_s / self.slots
        lost = Interruptions(self.reclaim, self.outages, self.reserved_replicas, self.capacity.replaces_lost)
        lost.begin(replicas, around.rng, around.clock)
        replicas.begin_with(self.capacity.replicas_for(offered, around.clock.hour(env.now)))
        control = self.capacity.control(env, replicas, around.clock)
        if control is not None:
            env.process(control)
        return replicas

    @override
    def used(self, use: OnlineUse) -> Iterator[Metered]:
        if self.reserved is None:
            yield Metered("compute", self.meter, use.provisioned_replica_s / HOUR_S, "h", follows_replicas=True)
            return
        hours = self.reserved.replicas * use.horizon_s / HOUR_S
        yield Metered("reserved compute", self.reserved_meter(self.reserved), hours, "h", is_standing=True)
        yield Metered("compute", self.meter, use.beyond_reserved_s / HOUR_S, "h", follows_replicas=True)

    def reserved_meter(self, reserved: Reserved) -> str:
        """Return the meter that the hours of reserved replicas are counted on."""
        return f"instance/{self.instance}/reserved_{reserved.term.replace(' ', '')}"

    @property
    @override
    def reserved_replicas(self) -> int:
        return self.reserved.replicas if self.reserved else 0

    @override
    def facts(self, asked: Asked) -> Iterator[Fact]:
        if self.to_be_sized:
            yield "replicas for the p99, closed form", f"{self.closed_form_replicas(asked):,} if all is computed"
            return
        replicas = self.capacity.replicas_for(asked.per_s * self.full_batch_work_s / self.slots, asked.hour)
        yield "replicas in that hour", f"{replicas:,}"

    @override
    def warnings(self, found: Finding) -> Iterator[Warned]:
        """Warn where it has no room."""
        if found.load_fraction <= BUSIEST_UTILISATION:
            return
        which = f"the fleet '{found.name}'" if found.among > 1 else "the fleet"
        felt = "it has no room, and its latency depends on how long the horizon is."
        if found.clients_wait:
            felt = "its clients wait for it, and requests that came by themselves at this rate would find no room."
        if not found.answers:
            felt = "it does not keep up with the events: how old answers are depends on how long the horizon is."
        busy = f"is busy {found.load_fraction:.1%} of the time"
        if self.computes_together:
            busy = f"is asked for {found.load_fraction:.1%} of what it does in full batches"
        yield Warned(Topic.ROOM, f"{which} {busy}; {felt}")

    @override
    def steady(self, asked: AskedHours) -> SteadyHours:
        from simulator.backends.steady.fleet import Shape, steady_fleet  # noqa: PLC0415  (scipy: start-up time)

        shape = Shape(
            slots=self.slots,
            service_times_s=self.service_times_s,
            hold_s=self.batching.hold_s if self.batching else 0.0,
            timeout_s=self.longest_wait_s,
            factors=self.service_sample_s()[::8] / self.mean_service_s,
            reserved_replicas=self.reserved_replicas,
            unmodelled=self._unmodelled(),
        )
        return steady_fleet(shape, self.capacity, asked)

    def _unmodelled(self) -> list[str]:
        """Return what closed forms leave out of what befalls its replicas and requests."""
        told = {"reclaims": self.reclaim, "outages": self.outages, "a full queue": self.queue_limit is not None}
        return [what for what, is_so in {**told, "retries": self.retries}.items() if is_so]

    @property
    @override
    def to_be_sized(self) -> Self | None:
        return self if self.capacity.is_to_be_sized else None

    def closed_form_replicas(self, asked: Asked) -> int:
        """Return the fewest replicas with which an hour's p99 latency meets its bound, if all is computed.

        The hour is taken as a queue in steady state, M/G/c with Poisson arrivals at its mean rate: bursts within it,
        the sessions' own and hits in the store are left to the simulation. A fleet that computes requests together is
        taken to fill its batches: they are what queues, after a request has waited for its batch to fill or for the
        hold time. Where the service alone takes too long for all requests (and hits or smaller batches may yet meet the
        bound), it is the fewest replicas that keep up.
        """
        from simulator.theory.staffing import min_servers_for_response_quantile  # noqa: PLC0415  (scipy: start-up time)

        assert asked.bound_s is not None
        fewest = self.capacity.replicas_for(asked.per_s * self.full_batch_work_s / self.slots)
        if asked.per_s == 0:
            return fewest
        together = len(self.service_times_s) - 1
        services_s = self.service_sample_s() * self.service_times_s[-1] / self.mean_service_s
        filling_s = min(self.batching.hold_s, (together - 1) / asked.per_s) if self.batching else 0.0
        left_s = asked.bound_s - filling_s
        if (services_s > left_s).mean() > 1 - P99:
            return fewest
        servers = min_servers_for_response_quantile(asked.per_s / together, services_s, left_s, P99)
        return min(max(math.ceil(servers / self.slots), 1), self.capacity.most_replicas)

    @property
    def replica_range(self) -> tuple[int, int]:
        """The fewest and the most replicas that it has."""
        return self.capacity.least_replicas, self.capacity.most_replicas

    def with_replicas(self, replicas: int) -> Self:
        """Return it with a fixed number of replicas."""
        return self._of_capacity(FixedCapacity(replicas=replicas))

    @override
    def standing(self) -> Standing | None:
        """Return its fewest replicas, of which none is reserved for a term."""
        capacity = self.capacity
        if self.reserved or not capacity.least_replicas:
            return None
        return Standing(
            capacity.least_replicas,
            capacity.is_fixed,
            lambda replicas: self._of_capacity(capacity.with_least(replicas)),
        )

    def _of_capacity(self, capacity: Capacity) -> Self:
        return self.model_copy(update={"capacity": capacity})

    def p99_service_s(self) -> float:
        """Return the p99 latency of a request that waits for nothing. [s]"""
        return float(np.quantile(self.service_sample_s(), P99))

    def service_sample_s(self) -> npt.NDArray[np.float64]:
        """Return service times as they may be drawn, always the same ones: what closed forms reckon with. [s]"""
        if self.noise.cv_squared == 0:
            return np.array([self.mean_service_s])
        return self.mean_service_s * self.noise.draw(np.random.default_rng(0), SERVICE_SAMPLE)
