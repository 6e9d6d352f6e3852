"""What every backend gives: those that answer while users wait, and those that compute ahead."""

import math
from abc import abstractmethod
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

import numpy as np
import simpy
from pydantic import Field, model_validator

from simulator.backends.interruptions.retries import Retries
from simulator.backends.noise.base import Noise
from simulator.backends.online.kinds import NO_LIMIT
from simulator.backends.service_time.base import AnyServiceTime
from simulator.core.component import Component, OneOf, Part
from simulator.core.input_files.short_forms import Short
from simulator.core.prompt_lengths import ByPrompt
from simulator.core.units import Count, Number, Seconds, Usd
from simulator.core.usage import StandIn
from simulator.core.week_clock import WeekClock

if TYPE_CHECKING:
    from simulator.backends.online.replicas import Replicas, RequestClock


MOST_MACHINE_HOURS = 1e9


@dataclass(frozen=True)
class Metered:
    """A quantity that a backend used, on the meter that a price book prices."""

    what: str
    """What the bill's reader calls it, such as ``compute`` or ``output tokens``."""
    meter: str
    quantity: float
    unit: str
    follows_replicas: bool = False
    """Whether it follows from the number of replicas that a capacity rule gives, and not from the requests."""
    is_standing: bool = False
    """Whether it is paid for whoever comes."""
    stand_in: StandIn | None = None
    """What its price follows from where the price book has none for the meter."""
    if_priced: bool = False
    """Whether it costs nothing where the price book has no price for it."""
    by_prompt: ByPrompt = ()
    """How the quantity splits by the length of prompts."""


@dataclass(frozen=True)
class OnlineUse:
    """What an online backend did within the horizon."""

    provisioned_replica_s: float
    """Time of all replicas, from the order to the end. [s]"""
    counts: Mapping[str, float]
    """What its computations added up to, by the names of simulation.records.LINE."""
    horizon_s: float = 0.0
    beyond_reserved_s: float = 0.0
    """Of the replica time, that of the replicas above the reserved number, moment by moment. [s]"""
    tokens: Mapping[str, ByPrompt] = field(default_factory=dict)
    """Of the counts, the tokens by the length of the prompts that they belong to."""


@dataclass(frozen=True)
class Surroundings:
    """What a simulation tells a backend that begins in it."""

    requests_per_s: float
    """What is asked of it at the beginning, if all is computed. [1/s]"""
    clock: WeekClock
    rng: np.random.Generator
    """Draws what goes wrong with it."""


@dataclass(frozen=True)
class BatchWork:
    """What batch runs did in a horizon, in proportion to time: 36 hours have one and a half nightly runs."""

    runs: float
    rows: float
    """Predictions computed."""
    worker_s: Mapping[str, float]
    """Worker time billed, by the meter of the machines. [s]"""


class Backend(Component):
    """What computes predictions."""


class Machines(Backend):
    """Instances that are rented by the hour."""

    instance: Annotated[str, Field(min_length=1, max_length=80, examples=["g4dn.xlarge"])]
    """Instance type, as the price book names it."""
    purchase: Literal["on_demand", "spot"] = "on_demand"
    """How the instances are bought."""
    service_time: AnyServiceTime
    """How long a batch of predictions takes on one slot or worker."""

    @property
    def meter(self) -> str:
        """The meter that its hours are counted on."""
        return f"instance/{self.instance}/{self.purchase}"


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
    def has_replicas(self) -> bool:
        """Whether it is made of replicas, or of instances that come with the requests; others run what has none."""
        return True

    @property
    def slots_per_replica(self) -> int:
        """Requests that a replica works on at a time."""
        return 1

    @property
    def reserved_replicas(self) -> int:
        """Replicas that are paid for whoever comes."""
        return 0

    def line(self) -> Mapping[str, float]:
        """Return what compiled code goes by, by the names of simulation.records.LINE; what is left out is 0."""
        return {
            "service_s": self.mean_service_s,
            "timeout_s": self.longest_wait_s,
            "noisy": self.noise.cv_squared > 0,
            "most_together": len(self.service_times_s) - 1,
            "queue_limit": NO_LIMIT,
            **(self.retries.line() if self.retries else {}),
        }

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
    cost_usd: Usd = 0.0
    """What one run of it costs, as a sum."""
    instance: Annotated[str, Field(min_length=1, max_length=80, examples=["m7g.4xlarge"])] | None = None
    """Instance type that it runs on, as the price book names it; beside `cost` or in its place."""
    purchase: Literal["on_demand", "spot"] = "on_demand"
    """How the instances are bought."""
    machine_hours: Annotated[Number, Field(ge=0, le=MOST_MACHINE_HOURS)] = 0.0
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


@dataclass
class WorkerSpan:
    """An instance's time from the order to the end, or until it is reclaimed. [s]"""

    meter: str
    begin_s: float
    end_s: float = float("inf")
    reclaimed: bool = False
    """Whether the provider took it back."""
    lost_shards: int = 0
    """Shards that it had begun then, which are done again."""


@dataclass
class StoreWriter:
    """The store as runs write it side by side: one after the other, first come, first written."""

    free_s: float = -math.inf
    """When it is through with what it has been given. [s]"""

    def done_s(self, now_s: float, takes_s: float) -> float:
        """Return when something that comes now is written. [s]"""
        self.free_s = max(now_s, self.free_s) + takes_s
        return self.free_s


class BatchBackend(Backend):
    """What computes predictions ahead, in shards of users, run by run."""

    shard: Count
    """Users per shard: the unit of work, and of publication."""
    feature_pipeline: FeaturePipeline
    """What prepares the features before a run."""

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

    @abstractmethod
    def worked(self, work: BatchWork) -> Iterator[Metered]:
        """Yield what runs used, the same meters in the same order whatever the quantities."""


AnyBackend = Annotated[Backend, OneOf("simulator.backends")]
