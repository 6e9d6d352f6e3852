"""The way of the requests: look-up, hit or miss, queue, service, tally."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from simulator.backends.base import OnlineBackend
from simulator.backends.online.replicas import Replicas
from simulator.backends.online.slots import leaves_for
from simulator.core.arrays import BitSet, IntArray, WordArray
from simulator.core.errors import UserError
from simulator.core.histogram import BINS, Histogram
from simulator.core.prompt_lengths import ByPrompt
from simulator.core.streams import stream
from simulator.plans.plan import OnFailure, OnMiss
from simulator.scenario.schema import Scenario
from simulator.simulation.flow import serve as kernels
from simulator.simulation.flow.serve_ticks import serve_ticks
from simulator.simulation.state.quality import set_quality_rules
from simulator.simulation.state.records import (
    EVENT,
    FLIGHT,
    FOLLOWER,
    LINE,
    PLACE,
    RETURN,
    RULES,
    TALLY,
    TOKEN_KINDS,
    WAITING,
    Record,
    grown,
    record,
)
from simulator.simulation.state.rows import MOST_FLIGHTS, TICK_SHIFT, Layout
from simulator.simulation.stations.retry import MODULUS
from simulator.simulation.store import publish_members as member_kernels
from simulator.simulation.store import table as store_kernels
from simulator.simulation.store.eviction import keep_latest
from simulator.simulation.store.held_rows import count_held, stride_of
from simulator.simulation.store.publish import publish
from simulator.simulation.workload.workload import Workload, WorkloadBlock

FIRST_SIZE = 1024
"""Entries that queues, rings, flights and followers begin with; they grow as needed."""


@dataclass(frozen=True)
class Counted:
    """What the request path has counted over the horizon."""

    tally: dict[str, float]
    """The fields of records.TALLY."""
    latency: Histogram
    """Of all requests. [s]"""
    age: Histogram
    """Of the predictions served. [s]"""
    wait: Histogram
    """How long requests waited for a backend to begin, hold and cold start included; 0 for those that did not ask one,
    and until it was complete for those that waited for another's computation of the same user. [s]"""


class Line:
    """An online backend and its queue, as the request path carries them: the clock of a fleet's replicas."""

    def __init__(self, path: "RequestPath", number: int, backend: OnlineBackend, rng: np.random.Generator) -> None:
        self._path, self._number, self._backend, self._rng = path, number, backend, rng
        self.queue = record(WAITING, FIRST_SIZE)
        self.times_s = np.array(backend.service_times_s)
        self.replicas: Replicas | None = None
        self._instances_s = np.full(1, np.inf)
        if backend.most_instances:
            self._instances_s = np.zeros(2 * leaves_for(backend.most_instances))
            self.draw_startups()

    def draw_startups(self) -> None:
        """Draw how long the next instances take to start, if any come with the requests."""
        if self._backend.most_instances:
            self.times_s = self._backend.draw_startups_s(self._rng, FIRST_SIZE)

    @property
    def arrays(self) -> tuple[Any, ...]:
        """What the kernels work on, in their order."""
        if self.replicas is not None:
            return self.replicas.free_s, self.replicas.losers, self.queue, self.times_s
        return self._instances_s, _NO_LOSERS, self.queue, self.times_s

    def advance(self, until_s: float) -> None:
        """Carry all requests up to ``until_s``. [s]"""
        self._path.advance(until_s)

    def work_done_s(self) -> float:
        """Return the slot-seconds worked up to the moment of the last advance. [s]"""
        leaving_s = self.replicas.leaving_work_s() if self.replicas else 0.0
        return self._path.work_begun_s(self._number) - leaving_s

    def counts(self) -> dict[str, float]:
        """Return what its computations have added up to, by the names of records.LINE."""
        return self._path.line_counts(self._number)

    def tokens(self) -> dict[str, ByPrompt]:
        """Return the tokens that its computations have added up to, by kind and by the length of prompts."""
        return self._path.line_tokens(self._number)

    def asked(self) -> bool:
        """Return whether anything waits, or came and found no slot that was free since this was last asked for."""
        return self._path.asked(self._number)

    def advance_ticks(self, from_s: float, tick_s: float, most_work_s: float, until_s: float) -> tuple[int, float]:
        """Carry all requests tick by tick, for as long as no tick brings more work than asked for.

        See simulator.backends.online.replicas.RequestClock. Stops before the end of a block.
        """
        return self._path.advance_ticks(self._number, from_s, tick_s, most_work_s, until_s)


class RequestPath:
    """Carries the requests of one plan, lazily: up to the moment at which something is about to change."""

    def __init__(self, scenario: Scenario, plan: str, replication: int, layout: Layout, workload: Workload) -> None:
        backends = scenario.online_backends(scenario.plans[plan])
        self._plan = plan
        self._rules = _rules(scenario, plan, layout)
        self._place, self._tally = record(PLACE), record(TALLY)
        self._line_records = _line_records(backends, stream(scenario.seed, replication, "retries"))
        self.lines = tuple(
            Line(self, number, backend, stream(scenario.seed, replication, "instance starts", number))
            for number, backend in enumerate(backends)
        )
        self._work_s, self._work_left_s = self._line_records["work_s"], self._line_records["work_left_s"]
        rules = self._rules[0]
        self._table = layout.table() if rules["has_store"] else _UNUSED
        self._returns = record(RETURN, FIRST_SIZE)
        self._flights = record(FLIGHT, FIRST_SIZE)
        self._under_way = np.arange(FIRST_SIZE, dtype=np.int32)
        self._followers = record(FOLLOWER, FIRST_SIZE)
        self._events = record(EVENT, FIRST_SIZE)
        self._latest = layout.table() if rules["debounce_s"] > 0 else _UNUSED
        self._reads = layout.table() if rules["slides"] else _UNUSED
        self._recent = layout.table() if rules["most_rows"] else _UNUSED
        self._uses = np.zeros(FIRST_SIZE, dtype=np.uint32)
        self._spots = np.zeros(kernels.FETCH, dtype=np.int64)
        self._latency_bins = np.zeros(2 * BINS, dtype=np.int64)  # and then those of the waits
        self._age_bins = np.zeros(BINS, dtype=np.int64)
        self._published = 0
        self._layout = layout
        self._workload = workload
        self._block = workload.next()

    @property
    def waiting(self) -> int:
        """Computations that wait, or come again."""
        return int(self._queued().sum() + self._place["returns"][0])

    def waiting_by_line(self) -> list[int]:
        """Return how many computations wait in each backend's queue."""
        waiting: list[int] = self._queued()[: len(self.lines)].tolist()
        return waiting

    def longest_queues(self) -> list[int]:
        """Return how many computations waited in each backend's queue at most since this was last asked for."""
        longest: list[int] = self._line_records["most_waiting"][: len(self.lines)].tolist()
        self._line_records["most_waiting"] = self._queued()
        return longest

    def asked(self, line: int) -> bool:
        """Return whether anything waits for a backend, or came and found no free slot since this was last asked for."""
        kept = self._line_records[line]
        sought, kept["sought"] = bool(kept["sought"]), False
        return sought or bool(kept["waiting"] > kept["gone"])

    def _queued(self) -> IntArray:
        """Return the entries of each backend's queue, less those whose requests have given up."""
        return np.asarray(self._line_records["waiting"] - self._line_records["gone"])

    def advance(self, until_s: float) -> None:
        """Carry all requests up to ``until_s``. [s]"""
        while self._block is not None:
            self._serve(min(until_s, self._block.end_s), self._block)
            if until_s <= self._block.end_s:
                return
            self._block = self._workload.next()
            self._place["next"] = 0
        self._serve(until_s, _NO_REQUESTS)

    def work_begun_s(self, line: int) -> float:
        """Return a fleet's slot-seconds up to the last advance, and what leaving replicas have yet to finish. [s]"""
        return float(self._work_s[line].item() - self._work_left_s[line].item())

    def line_counts(self, line: int) -> dict[str, float]:
        """Return what a backend's computations have added up to, by the names of records.LINE."""
        names = (name for name in LINE.names or () if name != "by_prompt")
        return {name: self._line_records[name][line].item() for name in names}

    def line_tokens(self, line: int) -> dict[str, ByPrompt]:
        """Return the tokens that a backend's computations have added up to, by kind and by the prompt's class."""
        counted = self._line_records["by_prompt"][line]
        classes = np.flatnonzero(counted.any(axis=1))
        return {
            name: tuple(zip(classes.tolist(), counted[classes, kind].astype(float).tolist(), strict=True))
            for kind, name in enumerate(TOKEN_KINDS)
        }

    def advance_ticks(
        self, line: int, from_s: float, tick_s: float, most_work_s: float, until_s: float
    ) -> tuple[int, float]:
        """Carry all requests tick by tick, for as long as no tick brings a fleet more work than asked for."""
        if self._block is None:
            return 0, self.lines[line].work_done_s()
        end_s = min(until_s, self._block.end_s)
        ticks, worked_s, roomy = serve_ticks(line, from_s, tick_s, most_work_s, end_s, *self._arguments(self._block))
        if not roomy:
            self._make_room()
        return ticks, worked_s

    def publish(self, shard: int, now_s: float, snapshot_s: float) -> None:
        """Make the batch rows of a shard visible. [s]"""
        users = self._layout.shard_users(shard)
        self._make_room_for_uses(users)
        publish(shard, users, now_s, snapshot_s, *self._store())
        self._note_delay(users, now_s - snapshot_s)

    def publish_members(self, first: int, end: int, members: BitSet, now_s: float, snapshot_s: float) -> None:
        """Make the batch rows of the members within a range of places visible. [s]"""
        self._make_room_for_uses(end - first)
        member_kernels.publish(first, end, members, now_s, snapshot_s, *self._store())
        self._note_delay(end - first, now_s - snapshot_s)

    def _note_delay(self, weight: int, delay_s: float) -> None:
        """Keep the mean time from the snapshots of batch runs to their rows' publication. [s]"""
        self._published += weight
        self._rules["batch_delay_s"] += (delay_s - self._rules["batch_delay_s"]) * (weight / self._published)

    @property
    def table(self) -> WordArray:
        """The rows, to be filled before anything is carried."""
        return self._table

    @property
    def reads(self) -> WordArray:
        """The tick of each row's last reading, where its time runs from that; to be filled likewise."""
        return self._reads

    @property
    def recent(self) -> WordArray:
        """The tick of each row's last use in a store of limited size, 0 for that of its making; to be filled too."""
        return self._recent

    def hold_rows(self, now_s: float) -> None:
        """Begin to count the time of the rows that the table has been filled with. [s]

        Where there are more than the store has room for, those that were used least recently are left out.
        """
        order, most = np.empty(0, dtype=np.int64), int(self._rules[0]["most_rows"])
        if most:
            there = np.flatnonzero(self._table)
            used = np.maximum(self._recent[there], self._table[there] >> TICK_SHIFT)
            order = there[np.argsort(used, kind="stable")]
            self._table[order[:-most]] = 0
            order = order[-most:]
            self._recent[there] = 0
        self._make_room_for_uses(order.size)
        member_kernels.hold_rows(now_s, order, *self._store())

    def drop_expired(self, now_s: float, *, for_good: bool = False) -> None:
        """Drop the rows that have expired, and count those that nobody has read.

        Those that are all read need not be dropped, but for good they are, where others that may be unread are held
        beside them: what was held unread is a share of all that was held.
        """
        self._settle(now_s)
        rules = self._rules[0]
        unread_ones_expire = np.isfinite(rules["expiry_s"]) or rules["fresh_s"] < rules["kept_s"] < np.inf
        read_ones_expire = for_good and rules["keeps"] and rules["wastes"]
        if rules["has_store"] and (unread_ones_expire or read_ones_expire):
            store_kernels.drop_expired(
                now_s,
                self._rules,
                self._place,
                self._tally,
                self._table,
                self._flights,
                self._under_way,
                self._reads,
            )

    def _settle(self, now_s: float) -> None:
        kernels.settle(
            now_s,
            self._rules,
            self._place,
            self._tally,
            self._table,
            self._flights,
            self._under_way,
            self._reads,
        )

    def unserved(self) -> int:
        """Return how many stored rows nobody has read yet."""
        return store_kernels.count_unserved(self._table, self._place, self._flights, self._under_way)

    def rows_held(self, now_s: float) -> int:
        """Return about how many rows may be served at the moment of the last advance. [s]"""
        stride = stride_of(self._table.size)
        return stride * count_held(now_s, stride, self._rules, self._table, self._flights, self._reads)

    def counts(self) -> dict[str, float]:
        """Return what has been counted so far, by the names of records.TALLY."""
        return {name: self._tally[name][0].item() for name in TALLY.names or ()}

    def latency(self) -> Histogram:
        """Return the latencies counted so far. [s]"""
        return Histogram(self._latency_bins[:BINS].copy(), float(self._tally["latency_s"][0]))

    def counted(self) -> Counted:
        """Return counts and histograms."""
        self._settle(float(self._place["reached_s"][0]))
        counts = self.counts()
        age = Histogram(self._age_bins.copy(), counts["age_s"])
        return Counted(counts, self.latency(), age, self._wait(counts))

    def _wait(self, counts: dict[str, float]) -> Histogram:
        """Return the waits: those that the kernels have put into bins, and none of all other requests. [s]"""
        bins = self._latency_bins[BINS:].copy()
        bins[0] += int(counts["requests"]) - int(bins.sum())
        return Histogram(bins, counts["wait_s"])

    def release(self) -> None:
        """Give the store's memory back at once: the parts of a simulation refer to each other, and linger."""
        self._table = self._latest = self._reads = self._recent = _UNUSED

    def _serve(self, until_s: float, block: WorkloadBlock) -> None:
        while not kernels.serve(until_s, *self._arguments(block)):
            self._make_room()

    def _store(self) -> tuple[Any, ...]:
        """Return what writing rows works on, in its order."""
        return (
            self._rules,
            self._place,
            self._tally,
            self._table,
            self._flights,
            self._reads,
            self._recent,
            self._uses,
        )

    def _arguments(self, block: WorkloadBlock) -> tuple[Any, ...]:
        """Return what the kernels work on, in their order."""
        backends = [line.arrays for line in self.lines] or [_NO_BACKEND]
        return (
            block.time_s,
            block.user,
            block.factor,
            block.late_factor,
            block.tokens,
            block.late_tokens,
            self._rules,
            self._place,
            self._tally,
            self._line_records,
            *backends[0],
            *backends[-1],
            self._returns,
            self._table,
            self._flights,
            self._under_way,
            self._followers,
            self._events,
            self._latest,
            self._reads,
            self._recent,
            self._uses,
            self._spots,
            self._latency_bins,
            self._age_bins,
        )

    def _make_room(self) -> None:
        place = self._place[0]
        for line, kept in zip(self.lines, self._line_records, strict=False):  # a plan without a fleet has a record
            if kept["waiting"] == line.queue.size:
                line.queue = _unrolled(line.queue, kept["head"])
                kept["leaving"] -= kept["head"]
                kept["head"] = 0
            if kept["startups"] == line.times_s.size:
                line.draw_startups()
                kept["startups"] = 0
        if 2 * place["flights"] > self._flights.size:
            if self._flights.size == MOST_FLIGHTS:
                raise UserError(
                    f"plan '{self._plan}': more than {MOST_FLIGHTS:,} computations wait or are under way at a time; "
                    "its fleet is far too small for these requests"
                )
            more = np.arange(self._flights.size, 2 * self._flights.size, dtype=np.int32)
            self._under_way = np.concatenate([self._under_way, more])
            self._flights = grown(self._flights)
        if place["returns"] == self._returns.size:
            self._returns = grown(self._returns)
        if place["followers"] == self._followers.size:
            self._followers = grown(self._followers)
        if place["events"] == self._events.size:
            self._events = _unrolled(self._events, place["first_event"])
            place["first_event"] = place["fetched_event"] = 0
            if self._rules[0]["debounce_s"] > 0:
                to_come = np.flatnonzero(self._events["place"][: place["events"]] >= 0)
                self._latest[self._events["place"][to_come]] = to_come  # of a user's several, the last
        self._make_room_for_uses(1)

    def _make_room_for_uses(self, more: int) -> None:
        """Forget the uses that later ones have replaced, and make the ring larger where that is not enough."""
        place = self._place[0]
        if not self._rules[0]["most_rows"] or place["uses_end"] - place["uses_begin"] + more <= self._uses.size:
            return
        needed = 2 * (int(place["rows"]) + more)
        kept = np.zeros(max(self._uses.size, 1 << needed.bit_length()), dtype=np.uint32)
        keep_latest(self._place, self._table, self._recent, self._uses, kept)
        self._uses = kept


def _unrolled(ring: Record, head: int) -> Record:
    """Return a full ring, begun at its head, and as much room again."""
    return grown(ring[(head + np.arange(ring.size)) % ring.size])


_NO_REQUESTS = WorkloadBlock(np.inf, np.empty(0), np.empty(0, dtype=np.int32))
_UNUSED = np.zeros(1, dtype=np.uint32)
_NO_LOSERS = np.zeros(1, dtype=np.int32)
_NO_BACKEND = np.full(1, np.inf), _NO_LOSERS, record(WAITING), np.zeros(2)


def _line_records(backends: Sequence[OnlineBackend], rng: np.random.Generator) -> Record:
    """Return a record for each backend; one that does nothing where there is none."""
    lines = record(LINE, max(len(backends), 1))
    for line, backend in zip(lines, backends, strict=False):
        for name, value in backend.line().items():
            line[name] = value
        line["chance"] = rng.integers(1, MODULUS)
    return lines


def _rules(scenario: Scenario, plan_name: str, layout: Layout) -> Record:
    plan = scenario.plans[plan_name]
    store = scenario.store_of(plan)
    rules = record(RULES)
    rules["has_store"] = plan.has_store
    rules["computes"] = plan.on_miss is OnMiss.COMPUTE
    rules["unasked"] = plan.refresh is not None or plan.revalidates
    rules["wastes"] = plan.computes_in_background
    rules["works"] = bool(scenario.online_backends(plan))
    rules["returns"] = any(backend.retries is not None for backend in scenario.online_backends(plan))
    rules["falls_back"] = plan.on_failure is OnFailure.STORED
    rules["serves_stored"] = plan.on_miss is OnMiss.STORED
    rules["shards"] = layout.shards
    rules["shard_size"] = layout.shard_size
    rules["origin_s"] = layout.origin_s
    rules["tick_s"] = layout.tick_s
    rules["read_s"] = store.read_latency_s if plan.has_store else 0.0
    rules["expiry_s"] = store.expiry_s or np.inf
    rules["lag_s"] = scenario.model.feature_lag_s
    rules["horizon_s"] = scenario.horizon_s
    if plan.has_store and store.size_limit_gib is not None:
        rules["most_rows"] = int(store.size_limit_gib / scenario.model.prediction_size_gib)
    if plan.cache:
        rules["keeps"] = True
        rules["slides"] = plan.cache.slides
        rules["fresh_s"] = plan.cache.fresh_for_s
        rules["kept_s"] = plan.cache.kept_for_s
    if plan.refresh:
        rules["refreshes"] = 2 if plan.refresh.on == "request" else 1
        rules["debounce_s"] = plan.refresh.debounce_s
        rules["delay_s"] = plan.refresh.debounce_s + plan.refresh.lag_s
    set_quality_rules(rules, scenario, plan_name)
    return rules
