"""The way of the requests: look-up, hit or miss, queue, service, tally."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from simulator.backends.online.replicas import Replicas
from simulator.core.histogram import BINS, Histogram
from simulator.plans.plan import OnMiss
from simulator.plans.scope.base import BitSet
from simulator.scenario.schema import Scenario
from simulator.simulation import kernels, member_kernels, store_kernels
from simulator.simulation.feed import FedBlock, Feed
from simulator.simulation.records import FLIGHT, FOLLOWER, PLACE, RULES, TALLY, WAITING, Record, grown, record
from simulator.simulation.rows import Layout, WordArray

FIRST_SIZE = 1024
"""Entries that the queue, the flights and the followers begin with; they grow as needed."""


@dataclass(frozen=True)
class Counted:
    """What the request path has counted over the horizon."""

    tally: dict[str, float]
    """The fields of records.TALLY."""
    latency: Histogram
    """Of all requests. [s]"""
    age: Histogram
    """Of the predictions served. [s]"""


class RequestPath:
    """Carries the requests of one plan, lazily: up to the moment at which something is about to change."""

    def __init__(self, scenario: Scenario, plan: str, layout: Layout, feed: Feed) -> None:
        self._rules = _rules(scenario, plan, layout)
        self._place = record(PLACE)
        self._work_s, self._work_left_s = self._place["work_s"], self._place["work_left_s"]
        self._tally = record(TALLY)
        self._table = layout.table() if scenario.plans[plan].has_store else np.zeros(1, dtype=np.uint32)
        self._queue = record(WAITING, FIRST_SIZE)
        self._flights = record(FLIGHT, FIRST_SIZE)
        self._under_way = np.arange(FIRST_SIZE, dtype=np.int32)
        self._followers = record(FOLLOWER, FIRST_SIZE)
        self._latency_bins = np.zeros(BINS, dtype=np.int64)
        self._age_bins = np.zeros(BINS, dtype=np.int64)
        self._layout = layout
        self._feed = feed
        self._block = feed.next()
        self.replicas: Replicas | None = None
        self._no_slot = np.full(1, np.inf)
        self._no_tree = np.zeros(1, dtype=np.int32)

    @property
    def waiting(self) -> int:
        """Requests in the queue."""
        return int(self._place["waiting"][0])

    def advance(self, until_s: float) -> None:
        """Carry all requests up to ``until_s``. [s]"""
        while self._block is not None:
            self._serve(min(until_s, self._block.end_s), self._block)
            if until_s <= self._block.end_s:
                return
            self._block = self._feed.next()
            self._place["next"] = 0
        self._serve(until_s, _NO_REQUESTS)

    def work_done_s(self) -> float:
        """Return the slot-seconds worked up to the moment of the last advance. [s]"""
        assert self.replicas is not None
        return float(self._work_s.item() - self._work_left_s.item()) - self.replicas.leaving_work_s()

    def advance_ticks(self, from_s: float, tick_s: float, most_work_s: float, until_s: float) -> tuple[int, float]:
        """Carry all requests tick by tick, for as long as no tick brings more work than asked for.

        See simulator.backends.online.replicas.RequestClock. Stops before the end of a block.
        """
        if self._block is None:
            return 0, self.work_done_s()
        end_s = min(until_s, self._block.end_s)
        ticks, worked_s, roomy = kernels.serve_ticks(from_s, tick_s, most_work_s, end_s, *self._arguments(self._block))
        if not roomy:
            self._make_room()
        return ticks, worked_s

    def publish(self, shard: int, now_s: float, snapshot_s: float) -> None:
        """Make the batch rows of a shard visible. [s]"""
        users = self._layout.shard_users(shard)
        store_kernels.publish(shard, users, now_s, snapshot_s, self._rules, self._tally, self._table, self._flights)

    def publish_members(self, first: int, end: int, members: BitSet, now_s: float, snapshot_s: float) -> None:
        """Make the batch rows of the members within a range of places visible. [s]"""
        member_kernels.publish(
            first, end, members, now_s, snapshot_s, self._rules, self._tally, self._table, self._flights
        )

    @property
    def table(self) -> WordArray:
        """The rows, to be filled before anything is carried."""
        return self._table

    def hold_rows(self, now_s: float) -> None:
        """Begin to count the time of the rows that the table has been filled with. [s]"""
        member_kernels.hold_rows(now_s, self._rules, self._tally, self._table)

    def drop_expired(self, now_s: float) -> None:
        """Drop the batch rows that have expired, and count those that nobody has read."""
        if np.isfinite(self._rules["expiry_s"][0]):
            store_kernels.drop_expired(
                now_s, self._rules, self._place, self._tally, self._table, self._flights, self._under_way
            )

    def unserved(self) -> int:
        """Return how many stored rows nobody has read yet."""
        return store_kernels.count_unserved(self._table, self._place, self._flights, self._under_way)

    def counts(self) -> dict[str, float]:
        """Return what has been counted so far, by the names of records.TALLY."""
        return {name: self._tally[name][0].item() for name in TALLY.names or ()}

    def counted(self) -> Counted:
        """Return counts and histograms."""
        counts = self.counts()
        latency = Histogram(self._latency_bins.copy(), counts["latency_s"])
        return Counted(counts, latency, Histogram(self._age_bins.copy(), counts["age_s"]))

    def release(self) -> None:
        """Give the store's memory back at once: the parts of a simulation refer to each other, and linger."""
        self._table = np.zeros(1, dtype=np.uint32)

    def _serve(self, until_s: float, block: FedBlock) -> None:
        while not kernels.serve(until_s, *self._arguments(block)):
            self._make_room()

    def _arguments(self, block: FedBlock) -> tuple[Any, ...]:
        """Return what the kernels work on, in their order."""
        fleet = self.replicas
        return (
            block.time_s,
            block.user,
            block.factor,
            self._rules,
            self._place,
            self._tally,
            fleet.free_s if fleet else self._no_slot,
            fleet.losers if fleet else self._no_tree,
            self._table,
            self._queue,
            self._flights,
            self._under_way,
            self._followers,
            self._latency_bins,
            self._age_bins,
        )

    def _make_room(self) -> None:
        place = self._place[0]
        if place["waiting"] == self._queue.size:
            order = (place["head"] + np.arange(self._queue.size)) % self._queue.size
            self._queue = grown(self._queue[order])
            place["head"] = 0
        if 2 * place["flights"] > self._flights.size:
            more = np.arange(self._flights.size, 2 * self._flights.size, dtype=np.int32)
            self._under_way = np.concatenate([self._under_way, more])
            self._flights = grown(self._flights)
        if place["followers"] == self._followers.size:
            self._followers = grown(self._followers)


_NO_REQUESTS = FedBlock(np.inf, np.empty(0), np.empty(0, dtype=np.int32), np.empty(0))


def _rules(scenario: Scenario, plan_name: str, layout: Layout) -> Record:
    plan, fleet = scenario.plans[plan_name], scenario.fleet(scenario.plans[plan_name])
    rules = record(RULES)
    rules["has_store"] = plan.has_store
    rules["computes"] = plan.on_miss is OnMiss.COMPUTE
    rules["serves_stored"] = plan.on_miss is OnMiss.STORED
    rules["shards"] = layout.shards
    rules["shard_size"] = layout.shard_size
    rules["origin_s"] = layout.origin_s
    rules["tick_s"] = layout.tick_s
    rules["read_s"] = scenario.store.read_latency_s if plan.has_store else 0.0
    rules["ttl_s"] = plan.cache.lifetime_s if plan.cache else 0.0
    rules["expiry_s"] = scenario.store.expiry_s or np.inf
    rules["lag_s"] = scenario.model.feature_lag_s
    rules["horizon_s"] = scenario.horizon_s
    rules["timeout_s"] = np.inf
    if fleet is not None:
        rules["service_s"] = fleet.mean_service_s
        rules["timeout_s"] = fleet.longest_wait_s
        rules["noisy"] = fleet.service_time.noise.cv_squared > 0
    return rules
