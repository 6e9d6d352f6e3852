"""What one plan did in one replication: counts, histograms, hourly series, physical usage."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from simulator.core.arrays import FloatArray, IntArray
from simulator.core.prompt_lengths import ByPrompt
from simulator.core.usage import Usage
from simulator.plans.billing_mode.base import StoreUse
from simulator.simulation.workload.traffic import Traffic

if TYPE_CHECKING:
    from simulator.core.histogram import Histogram
    from simulator.simulation.ahead.runs import BatchRun
    from simulator.simulation.state.counted import Counted


QUEUE_STEP_S = 900.0
"""Queues are looked at so often."""


@dataclass(frozen=True)
class ServiceUse:
    """What an online backend did in the horizon that others run, and that is paid by what is asked of it."""

    backend: str
    """Its name."""
    counts: Mapping[str, float]
    """What its computations added up to, by the names of records.STATION."""
    tokens: Mapping[str, ByPrompt] = field(default_factory=dict)
    """Of these, the tokens by the length of the prompts that they belong to."""

    @property
    def provisioned_replica_s(self) -> FloatArray:
        """There are no replicas. [s]"""
        return np.zeros(0)

    @property
    def beyond_reserved_s(self) -> float:
        """There are no replicas. [s]"""
        return 0.0


@dataclass(frozen=True)
class FleetUse:
    """What an online backend with replicas did in the horizon."""

    backend: str
    """Its name."""
    busy_replica_s: FloatArray
    """Hour by hour. [s]"""
    provisioned_replica_s: FloatArray
    """Hour by hour. [s]"""
    replicas_peak: int
    counts: Mapping[str, float]
    """What its computations added up to, by the names of records.STATION."""
    beyond_reserved_s: float = 0.0
    """Of the replica time, that of the replicas above the reserved number, moment by moment. [s]"""
    full_batch_replica_s: float = 0.0
    """What its work takes where requests are computed in batches as large as may be; its work itself where they are
    computed one by one. [s]"""
    ready_replica_s: FloatArray = field(default_factory=lambda: np.zeros(0))
    """Of it, the time in which replicas served, hour by hour. [s]"""
    waiting: IntArray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    """Computations in its queue: at time 0; the most since then, every QUEUE_STEP_S; and at the end."""
    serving: IntArray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    """The fewest replicas that served at a time, likewise."""


@dataclass(frozen=True)
class BatchUse:
    """What the runs that were due in the horizon did."""

    runs: tuple["BatchRun", ...]
    missed: int
    """Runs of the schedule that did not start, as the one before was still going."""
    late: int
    """Runs that were published after the deadline."""
    worker_s: float
    """Worker-seconds spent within the horizon."""
    mean_run_worker_s: Mapping[str, float]
    """Worker-seconds of a run, the warm-up's runs included, by the meter of the machines."""
    mean_run_rows: float
    """Predictions of a run, likewise."""
    runs_per_horizon: float
    """Runs that the schedule has in so much time, a fraction too, less those that do not start."""
    missed_s: tuple[float, ...] = ()
    """When the missed ones were due. [s]"""


@dataclass(frozen=True)
class Hours:
    """Hour by hour, arrays of one shape.

    An answer belongs to the hour in which it becomes certain, which is that of the start for a request that waited;
    requests that still wait at the horizon are in no hour.
    """

    start_s: FloatArray
    requests: FloatArray
    precomputed: FloatArray
    cached: FloatArray
    computed: FloatArray
    defaulted: FloatArray
    timed_out: FloatArray
    """Those that gave up waiting at last."""
    refused: FloatArray
    """Those that were refused at last."""


@dataclass(frozen=True)
class BusiestHour:
    """The hour with the most answers; of equal ones the first."""

    start_s: float
    latency: "Histogram"
    """Of all requests that were answered then. [s]"""
    gave_up: float
    """Of these: those that gave up waiting, or were refused, at last."""


@dataclass(frozen=True)
class Outcome:
    """One plan, one replication."""

    plan: str
    replication: int
    horizon_s: float
    traffic: Traffic
    counted: "Counted"
    unserved_at_start: int
    """Stored rows at time 0 that nobody had read."""
    unserved_at_end: int
    """Stored rows at the end that nobody had read."""
    fleets: tuple[FleetUse, ...]
    """The one that computes online first, the one that refreshes last; they may be the same."""
    services: tuple[ServiceUse, ...]
    """The plan's other online backends, in the same order."""
    batch: BatchUse | None
    hours: Hours
    busiest_hour: BusiestHour
    store: StoreUse | None
    """None for a plan that keeps nothing."""
    usage: tuple[Usage, ...]
    weight: float = 1.0
    """Of this outcome in what a month is billed and worth."""
    beside: tuple[tuple[float, "Outcome"], ...] = ()
    """Other outcomes with their weights in that, where a spike comes more or less often than the horizon; all weights
    add up to 1."""

    @property
    def billed(self) -> tuple[tuple[float, "Outcome"], ...]:
        """The outcomes that a month is made of, with their weights."""
        return ((self.weight, self), *self.beside)

    @property
    def busy_replica_s(self) -> FloatArray:
        """Work of all fleets, hour by hour. [s]"""
        return sum((fleet.busy_replica_s for fleet in self.fleets), np.zeros(self.hours.start_s.size))

    @property
    def provisioned_replica_s(self) -> FloatArray:
        """Replica time billed of all fleets, hour by hour. [s]"""
        return sum((fleet.provisioned_replica_s for fleet in self.fleets), np.zeros(self.hours.start_s.size))
