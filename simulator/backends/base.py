"""What every backend gives: those that answer while users wait, and those that compute ahead."""

from abc import abstractmethod
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Protocol, Self, runtime_checkable

import numpy as np
import simpy
from pydantic import Field, model_validator

from simulator.backends.answers.batches import Batches
from simulator.backends.answers.facts import Asked, Fact, Pricing
from simulator.backends.answers.findings import Finding, Warned
from simulator.backends.answers.runs import ExpectedRun, Purchase, StoreWriter, WorkerSpan
from simulator.backends.answers.steady import AskedHours, SteadyHours
from simulator.backends.answers.usage import BatchWork, Metered, OnlineUse
from simulator.backends.interruptions.retries import Retries
from simulator.backends.noise.base import Noise
from simulator.backends.online.kinds import NO_LIMIT
from simulator.backends.service_time.base import AnyServiceTime
from simulator.core.arrays import FloatArray, IntArray
from simulator.core.component import Component, OneOf, Part
from simulator.core.input_files.short_forms import Short
from simulator.core.key_kind import KeyKind
from simulator.core.moment import TimeOrDate
from simulator.core.units import Count, Number, Seconds, Usd
from simulator.core.week_clock import WeekClock

if TYPE_CHECKING:
    from simulator.backends.online.replicas import Replicas, RequestClock


MOST_MACHINE_HOURS = 1e9


@dataclass(frozen=True)
class Surroundings:
    """What a simulation tells a backend that begins in it."""

    requests_per_s: float
    """What is asked of it at the beginning, if all is computed. [1/s]"""
    clock: WeekClock
    rng: np.random.Generator
    """Draws what goes wrong with it."""


class Backend(Component):
    """What computes predictions."""

    @property
    @abstractmethod
    def hours_are_alike(self) -> bool:
        """Whether some hours stand for all: nothing of it has a time of its own, nor is paid by the call."""

    def events(self) -> Iterator[tuple[str, TimeOrDate, float]]:
        """Yield what befalls it at a stated time: what a sentence calls it, when it begins, and how long it lasts."""
        yield from ()

    def batches(self) -> Batches | None:
        """Return the batches that it computes, if it is one that does."""
        return None

    @property
    def token_file(self) -> Path | None:
        """The file whose rows state the tokens of calls, if one does."""
        return None


class Machines(Backend):
    """Instances that are rented by the hour."""

    instance: Annotated[str, Field(min_length=1, max_length=80, examples=["g4dn.xlarge"]), KeyKind.PRICE]
    """Instance type, as the price book names it."""
    purchase: Annotated[Literal["on_demand", "spot"], KeyKind.PRICE] = "on_demand"
    """How the instances are bought."""
    service_time: AnyServiceTime
    """How long a batch of predictions takes on one slot or worker."""

    @property
    def meter(self) -> str:
        """The meter that its hours are counted on."""
        return f"instance/{self.instance}/{self.purchase}"


@runtime_checkable
class Resizable(Protocol):
    """An online backend whose number of replicas can be another."""

    @property
    def replica_range(self) -> tuple[int, int]:
        """The fewest and the most that it has."""

    @property
    def most_replicas(self) -> int:
        """The most that are tried."""

    def closed_form_replicas(self, asked: Asked) -> int:
        """Return about the fewest with which the p99 latency of an hour meets its bound, by a closed form."""

    def p99_service_s(self) -> float:
        """Return the p99 latency where nobody waits. [s]"""

    def with_replicas(self, replicas: int) -> Backend:
        """Return it with a fixed number of replicas."""


@dataclass(frozen=True)
class Standing:
    """The replicas that a backend has, and pays, whoever comes."""

    replicas: int
    is_fixed: bool
    """Whether there are always so many, and never more."""
    changed: Callable[[int], Backend]
    """Returns the backend with another number of them."""


class OnlineBackend(Backend):
    """What computes a prediction when a request or an event asks for it."""

    retries: Retries | None = None
    """What a client does whose request is refused or timed out; without it, the request gets the default at once."""

    @property
    @abstractmethod
    def noise(self) -> Noise:
        """The random factor on its service times."""

    @property
    @abstractmethod
    def mean_service_s(self) -> float:
        """Mean time to answer one request that waits for nothing and is computed alone. [s]"""

    @property
    def longest_wait_s(self) -> float:
        """How long a request waits at most; infinity without a limit. [s]"""
        return float("inf")

    @property
    def refuses(self) -> bool:
        """Whether it may refuse to compute."""
        return False

    def may_refuse(self, clients: int) -> bool:
        """Return whether it may refuse one of so many clients, each of which asks for one thing at a time."""
        return self.refuses and self.most_instances < clients

    @property
    def service_times_s(self) -> Sequence[float]:
        """Mean time to compute so many requests together, from 0 on. [s]"""
        return 0.0, self.mean_service_s

    @property
    def full_batch_work_s(self) -> float:
        """Mean time of a slot that a request takes in a full batch, which is what a slot takes from a queue. [s]"""
        return self.service_times_s[-1] / (len(self.service_times_s) - 1)

    @property
    def computes_together(self) -> bool:
        """Whether requests are computed in batches, so that it can do more than while it fills them."""
        return len(self.service_times_s) > 2  # noqa: PLR2004  (0 and 1)

    @property
    @abstractmethod
    def kernel(self) -> int:
        """What compiled code takes it for, one of `simulator.backends.online.kinds`."""

    @property
    @abstractmethod
    def has_replicas(self) -> bool:
        """Whether it is made of replicas, or of instances that come with the requests; others run what has none."""

    @property
    def has_queue(self) -> bool:
        """Whether who finds no room waits in a queue of its own, until the replicas are done with those before."""
        return False

    @property
    def most_replicas(self) -> int | None:
        """The most replicas that it ever has; None where they are not what bounds it."""
        return None

    @property
    def most_instances(self) -> int:
        """The most instances that come with requests; 0 where none do."""
        return 0

    def draw_startups_s(self, rng: np.random.Generator, size: int) -> FloatArray:
        """Return how long so many of these take to start. [s]"""
        del rng
        return np.zeros(size)

    @property
    def slots_per_replica(self) -> int:
        """Requests that a replica works on at a time."""
        return 1

    @property
    def scales_to_zero(self) -> bool:
        """Whether it may have no replica while nobody comes, so that a request has one ordered and waits for it."""
        return False

    @property
    def reserved_replicas(self) -> int:
        """Replicas that are paid for whoever comes."""
        return 0

    @property
    def to_be_sized(self) -> Resizable | None:
        """Itself, if a study has to find its size before anything is simulated."""
        return None

    def standing(self) -> Standing | None:
        """Return the replicas that are there whoever comes, if there could be fewer of them."""
        return None

    @property
    def counts_tokens(self) -> bool:
        """Whether what is asked for has numbers of tokens."""
        return False

    def draw_tokens(self, rng: np.random.Generator, size: int) -> IntArray:
        """Return the tokens of ``size`` calls: input tokens x 2^24 + output tokens."""
        del rng
        return np.zeros(size, dtype=np.int64)

    def tokens_of_rows(self, rows: IntArray) -> IntArray:
        """Return the tokens of calls by their rows in `token_file`, likewise."""
        return np.zeros(rows.size, dtype=np.int64)

    def station_values(self) -> Mapping[str, float]:
        """Return what compiled code goes by, by the names of simulation.records.STATION; what is left out is 0."""
        return {
            "kind": self.kernel,
            "counts_tokens": self.counts_tokens,
            "service_s": self.mean_service_s,
            "timeout_s": self.longest_wait_s,
            "noisy": self.noise.cv_squared > 0,
            "most_together": len(self.service_times_s) - 1,
            "queue_limit": NO_LIMIT,
            **(self.retries.station_values() if self.retries else {}),
            **self.own_station_values(),
        }

    @abstractmethod
    def own_station_values(self) -> Mapping[str, float]:
        """Return what of `station_values` is its kind's alone, or otherwise there."""

    @abstractmethod
    def facts(self, asked: Asked) -> Iterator[Fact]:
        """Yield what follows from so much being asked of it, told beside the load."""

    def steady(self, asked: AskedHours) -> SteadyHours:
        """Return what it does in the long run of each hour, by closed forms, or that it has none."""
        return SteadyHours.unknown(asked, f"no closed form is known for backends of kind {self.kind}")

    def call_facts(self, asked: Asked, pricing: Pricing | None) -> Iterator[Fact]:
        """Yield what follows for single calls, told after all else; without prices, no costs."""
        del asked, pricing
        yield from ()

    @abstractmethod
    def warnings(self, found: Finding) -> Iterator[Warned]:
        """Yield what a planner must know of what a run found of it."""

    def start(self, env: simpy.Environment, requests: "RequestClock", around: Surroundings) -> "Replicas | None":
        """Have it begin, and return its replicas if it has any.

        Parameters
        ----------
        requests
            Carries the requests up to a moment before anything that they can see changes.
        around
            What it finds.
        """
        del env, requests, around
        return None

    @abstractmethod
    def used(self, use: OnlineUse) -> Iterator[Metered]:
        """Yield what it used, the same meters in the same order whatever the quantities."""


class FeaturePipeline(Part):
    """What prepares the features before a run."""

    short: ClassVar[Short | None] = Short("duration")

    duration_s: Seconds = 0.0
    """How long it takes; the run's feature snapshot is at its start."""
    cost_usd: Annotated[Usd, KeyKind.PRICE] = 0.0
    """What one run of it costs, as a sum."""
    instance: Annotated[
        Annotated[str, Field(min_length=1, max_length=80, examples=["m7g.4xlarge"])] | None, KeyKind.PRICE
    ] = None
    """Instance type that it runs on, as the price book names it; beside `cost` or in its place."""
    purchase: Annotated[Literal["on_demand", "spot"], KeyKind.PRICE] = "on_demand"
    """How the instances are bought."""
    machine_hours: Annotated[Number, Field(ge=0, le=MOST_MACHINE_HOURS), KeyKind.PRICE] = 0.0
    """Hours of work in one run, over all machines."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.instance is None) != (self.machine_hours == 0):
            raise ValueError("the machines of a pipeline are told by 'instance' and 'machine_hours'; give both or none")
        return self

    @property
    def meter(self) -> str:
        """The meter that its hours are counted on."""
        return f"instance/{self.instance}/{self.purchase}"


class BatchBackend(Backend):
    """What computes predictions ahead, in shards of users, run by run."""

    shard: Count
    """Users per shard: the unit of work, and of publication."""
    feature_pipeline: FeaturePipeline
    """What prepares the features before a run."""

    @property
    def workforce(self) -> tuple[int, int]:
        """How many workers there are, and how many of these are bought on demand; none where others run them."""
        return 0, 0

    def purchases(self) -> "Mapping[Purchase, BatchBackend]":
        """Return the ways to buy its workers that make runs differ, each with what then runs; as configured first."""
        return {Purchase.CONFIGURED: self}

    @property
    def overlaps(self) -> bool:
        """Whether a run starts when it is due while another is going; one machine park has to be through first."""
        return False

    @property
    def is_reclaimed(self) -> bool:
        """Whether a provider may take workers back during a run."""
        return False

    @property
    def varies(self) -> bool:
        """Whether two runs over as many users can take different times."""
        return True

    @abstractmethod
    def expected_makespan_s(self, users: int, writes_per_s: float) -> float:
        """Return about how long a run over ``users`` takes, from its start to its last publication. [s]"""

    def expected_run(self, users: int, writes_per_s: float) -> ExpectedRun:
        """Return how a run over ``users`` goes on average; of a kind that says no more, how long it takes. [1/s]"""
        makespan_s = self.expected_makespan_s(users, writes_per_s)
        why = f"no closed form is known for the runs of backends of kind {self.kind}"
        return ExpectedRun(makespan_s, makespan_s, np.array([makespan_s]), {}, no_form=why)

    def expected_reclaims(self, users: int, writes_per_s: float) -> float:
        """Return about how many workers are reclaimed during a run over ``users``."""
        del users, writes_per_s
        return 0.0

    @abstractmethod
    def run(
        self,
        env: simpy.Environment,
        shard_users: Sequence[int],
        rng: np.random.Generator,
        writes_per_s: float,
        written: Callable[[int], None],
        spans: list[WorkerSpan],
        writer: StoreWriter | None = None,
    ) -> Generator[simpy.Event, None, None]:
        """Compute and write every shard once; ends when the last is written.

        A worker writes what it has computed before it takes the next shard, and all share the store's write capacity.

        Parameters
        ----------
        shard_users
            Users of each shard.
        rng
            Draws whatever varies.
        writes_per_s
            The store's write capacity; infinity for no limit. [1/s]
        written
            Called with a shard's number when its last row is in the store.
        spans
            Receives each worker's time, for the bill.
        writer
            What runs that overlap write to, each after what was there first; without it, a run has one of its own.
        """

    def row_facts(self, pricing: Pricing | None) -> Iterator[Fact]:
        """Yield what follows for single predictions; nothing without prices."""
        del pricing
        yield from ()

    def metered_as(self, meter: str) -> str:
        """Return the meter of worker time that was counted while its instances had another name, or were bought else.

        See `simulator.simulation.restating`.
        """
        return meter

    @abstractmethod
    def worked(self, work: BatchWork) -> Iterator[Metered]:
        """Yield what runs used, the same meters in the same order whatever the quantities."""


AnyBackend = Annotated[Backend, OneOf("simulator.backends")]
