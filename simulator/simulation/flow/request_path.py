"""The way of the requests: look-up, hit or miss, queue, service, tally."""

import math

import numpy as np

from simulator.core.arrays import BitSet, WordArray
from simulator.core.errors import UserError
from simulator.core.histogram import BINS, Histogram
from simulator.core.streams import stream
from simulator.scenario.schema import Scenario
from simulator.simulation.flow.online_station import FIRST_SIZE, NO_STATION, OnlineStation, unrolled
from simulator.simulation.flow.rules import rules_of
from simulator.simulation.flow.serve import FETCH, serve, settle
from simulator.simulation.state.bundles import (
    Block,
    Events,
    Flights,
    Orbit,
    Path,
    Reader,
    Stations,
    Steps,
    Store,
    Tally,
)
from simulator.simulation.state.counted import Counted
from simulator.simulation.state.records import (
    BLOCK_CURSOR,
    COALESCED,
    COUNTS,
    EVENT,
    EVENT_CURSOR,
    FLIGHT,
    FLIGHT_CURSOR,
    ORBIT_CURSOR,
    RETRY,
    USE_CURSOR,
    grown,
    record,
)
from simulator.simulation.state.rows import MOST_FLIGHTS, TICK_SHIFT, Layout
from simulator.simulation.stations.retry import MODULUS
from simulator.simulation.store import publish_members
from simulator.simulation.store.eviction import keep_latest
from simulator.simulation.store.held_rows import count_held, stride_of
from simulator.simulation.store.publish import publish
from simulator.simulation.store.table import count_unserved, drop_expired
from simulator.simulation.workload.asked import WorkloadBlock
from simulator.simulation.workload.closed_loop import NO_CLIENTS, ClosedLoopWorkload
from simulator.simulation.workload.traffic import Traffic
from simulator.simulation.workload.workload import Workload

MOST_TICKS = 2**31
"""So many are never made at once."""


class RequestPath:
    """Carries the requests of one plan, lazily: up to the moment at which something is about to change."""

    def __init__(
        self,
        scenario: Scenario,
        plan: str,
        replication: int,
        layout: Layout,
        workload: Workload | ClosedLoopWorkload,
    ) -> None:
        self._plan, self._layout, self._workload = plan, layout, workload
        self._called = workload if isinstance(workload, ClosedLoopWorkload) else None
        self._rules = rules_of(scenario, plan, layout)
        rules, chance = self._rules[0], stream(scenario.seed, replication, "retries")
        self.stations = tuple(
            OnlineStation(
                self,
                number,
                backend,
                int(chance.integers(1, MODULUS)),
                stream(scenario.seed, replication, "instance starts", number),
            )
            for number, backend in enumerate(scenario.online_backends(scenario.plans[plan]))
        )
        self._store = Store(
            table=layout.table() if rules["has_store"] else _UNUSED,
            reads=layout.table() if rules["slides"] else _UNUSED,
            recent=layout.table() if rules["most_rows"] else _UNUSED,
            uses=np.zeros(FIRST_SIZE, dtype=np.uint32),
            cursor=record(USE_CURSOR),
        )
        self._flights = Flights(
            records=record(FLIGHT, FIRST_SIZE),
            under_way=np.arange(FIRST_SIZE, dtype=np.int32),
            coalesced=record(COALESCED, FIRST_SIZE),
            cursor=record(FLIGHT_CURSOR),
        )
        self._orbit = Orbit(record(RETRY, FIRST_SIZE), record(ORBIT_CURSOR))
        latest = layout.table() if rules["debounce_s"] > 0 else _UNUSED
        self._events = Events(record(EVENT, FIRST_SIZE), latest, record(EVENT_CURSOR))
        bins = (np.zeros(BINS, dtype=np.int64) for _ in range(3))
        self._tally = Tally(record(COUNTS), *bins)
        self._reader = Reader(record(BLOCK_CURSOR), np.zeros(FETCH, dtype=np.int64))
        self._published = 0
        self._block: WorkloadBlock | None = workload.next()

    @property
    def waiting(self) -> int:
        """Computations that wait, or are to be asked for again."""
        return sum(self.waiting_by_station()) + int(self._orbit.cursor["retries"][0])

    def waiting_by_station(self) -> list[int]:
        """Return how many computations wait in each backend's queue."""
        return [station.waiting for station in self.stations]

    def longest_queues(self) -> list[int]:
        """Return how many computations waited in each backend's queue at most since this was last asked for."""
        return [station.longest_queue() for station in self.stations]

    def advance(self, until_s: float) -> None:
        """Carry all requests up to ``until_s``. [s]"""
        while self._block is not None:
            end_s = self._block.end_s
            self._serve(min(until_s, end_s))
            if until_s <= end_s:
                return
            self._go_to_next_block()
        self._serve(until_s)

    def _go_to_next_block(self) -> None:
        self._block = self._workload.next()
        self._reader.cursor["next"] = 0

    def advance_ticks(
        self, station: OnlineStation, from_s: float, tick_s: float, most_work_s: float, until_s: float
    ) -> tuple[int, float]:
        """Carry all requests tick by tick, for as long as no tick brings a fleet more work than asked for."""
        if self._block is None:
            return 0, station.work_done_s()
        ticks = Steps(from_s, tick_s, MOST_TICKS, most_work_s, min(until_s, self._block.end_s))
        passed, worked_s, roomy = serve(ticks, station.state, *self._arguments(self._block))
        if not roomy:
            self._make_room()
        return passed, worked_s

    def publish(self, shard: int, now_s: float, snapshot_s: float) -> None:
        """Make the batch rows of a shard visible. [s]"""
        users = self._layout.shard_users(shard)
        self._make_room_for_uses(users)
        publish(shard, users, now_s, snapshot_s, self._path)
        self._note_delay(users, now_s - snapshot_s)

    def publish_members(self, first: int, end: int, members: BitSet, now_s: float, snapshot_s: float) -> None:
        """Make the batch rows of the members within a range of places visible. [s]"""
        self._make_room_for_uses(end - first)
        publish_members.publish(first, end, members, now_s, snapshot_s, self._path)
        self._note_delay(end - first, now_s - snapshot_s)

    def _note_delay(self, weight: int, delay_s: float) -> None:
        """Keep the mean time from the snapshots of batch runs to their rows' publication. [s]"""
        self._published += weight
        self._rules["batch_delay_s"] += (delay_s - self._rules["batch_delay_s"]) * (weight / self._published)

    @property
    def table(self) -> WordArray:
        """The rows, to be filled before anything is carried."""
        return self._store.table

    @property
    def reads(self) -> WordArray:
        """The tick of each row's last reading, where its time runs from that; to be filled likewise."""
        return self._store.reads

    @property
    def recent(self) -> WordArray:
        """The tick of each row's last use in a store of limited size, 0 for that of its making; to be filled too."""
        return self._store.recent

    def hold_rows(self, now_s: float) -> None:
        """Begin to count the time of the rows that the table has been filled with. [s]

        Where there are more than the store has room for, those that were used least recently are left out.
        """
        order, most = np.empty(0, dtype=np.int64), int(self._rules[0]["most_rows"])
        if most:
            there = np.flatnonzero(self._store.table)
            used = np.maximum(self._store.recent[there], self._store.table[there] >> TICK_SHIFT)
            order = there[np.argsort(used, kind="stable")]
            self._store.table[order[:-most]] = 0
            order = order[-most:]
            self._store.recent[there] = 0
        self._make_room_for_uses(order.size)
        publish_members.hold_rows(now_s, order, self._path)

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
            drop_expired(now_s, self._path)

    def _settle(self, now_s: float) -> None:
        settle(now_s, self._path)

    def unserved(self) -> int:
        """Return how many stored rows nobody has read yet."""
        return count_unserved(self._path)

    def rows_held(self, now_s: float) -> int:
        """Return about how many rows may be served at the moment of the last advance. [s]"""
        stride = stride_of(self._store.table.size)
        return stride * count_held(now_s, stride, self._path)

    def counts(self) -> dict[str, float]:
        """Return what has been counted so far, by the names of records.COUNTS."""
        return {name: self._tally.counts[name][0].item() for name in COUNTS.names or ()}

    def latency(self) -> Histogram:
        """Return the latencies counted so far. [s]"""
        return Histogram(self._tally.latency_bins.copy(), float(self._tally.counts["latency_s"][0]))

    def counted(self) -> Counted:
        """Return counts and histograms."""
        self._settle(float(self._reader.cursor["reached_s"][0]))
        counts = self.counts()
        age = Histogram(self._tally.age_bins.copy(), counts["age_s"])
        return Counted(counts, self.latency(), age, self._wait(counts))

    def _wait(self, counts: dict[str, float]) -> Histogram:
        """Return the waits: those that the kernels have put into bins, and none of all other requests. [s]"""
        bins = self._tally.wait_bins.copy()
        bins[0] += int(counts["requests"]) - int(bins.sum())
        return Histogram(bins, counts["wait_s"])

    def release(self) -> None:
        """Give the store's memory back at once: the parts of a simulation refer to each other, and linger."""
        self._store = self._store._replace(table=_UNUSED, reads=_UNUSED, recent=_UNUSED)
        self._events = self._events._replace(latest=_UNUSED)

    def _serve(self, until_s: float) -> None:
        step = Steps(until_s, 0.0, 1, math.inf, math.inf)
        while True:
            arguments = self._arguments(_NO_REQUESTS if self._block is None else self._block)
            _, _, roomy = serve(step, arguments[2].answering.state, *arguments)
            if roomy:
                return
            self._make_room()

    @property
    def _path(self) -> Path:
        clients = self._called.clients if self._called else NO_CLIENTS
        return Path(self._rules, self._store, self._flights, self._orbit, self._tally, clients)

    def _arguments(self, block: WorkloadBlock) -> tuple[Block, Reader, Stations, Events, Path]:
        """Return what the kernels work on, in their order."""
        bundles = [station.bundle for station in self.stations] or [NO_STATION]
        return block.bundle, self._reader, Stations(bundles[0], bundles[-1]), self._events, self._path

    def called(self) -> int:
        """Return how many requests the clients of a closed loop have made so far; 0 where there are none."""
        return self._called.carried + int(self._reader.cursor["next"][0]) if self._called else 0

    def called_traffic(self) -> Traffic | None:
        """Return what came of clients who wait, once the horizon is reached; None where requests come by themselves."""
        if self._called is None:
            return None
        self._called.finish(int(self._reader.cursor["next"][0]))
        return self._called.traffic

    def _make_room(self) -> None:
        if self._called is not None:
            self._called.think()
            if self._block is not None and self._reader.cursor["next"][0] == self._block.time_s.size:
                self._go_to_next_block()
        for station in self.stations:
            station.make_room()
        flights, flying = self._flights, self._flights.cursor[0]
        if 2 * flying["flights"] > flights.records.size:
            self._make_room_for_flights()
        if flying["coalesced"] == flights.coalesced.size:
            self._flights = self._flights._replace(coalesced=grown(flights.coalesced))
        if self._orbit.cursor["retries"][0] == self._orbit.heap.size:
            self._orbit = self._orbit._replace(heap=grown(self._orbit.heap))
        if self._events.cursor["events"][0] == self._events.ring.size:
            self._make_room_for_events()
        self._make_room_for_uses(1)

    def _make_room_for_flights(self) -> None:
        flights, size = self._flights, self._flights.records.size
        if size == MOST_FLIGHTS:
            raise UserError(
                f"plan '{self._plan}': more than {MOST_FLIGHTS:,} computations wait or are under way at a time; "
                "its fleet is far too small for these requests"
            )
        under_way = np.concatenate([flights.under_way, np.arange(size, 2 * size, dtype=np.int32)])
        self._flights = flights._replace(records=grown(flights.records), under_way=under_way)

    def _make_room_for_events(self) -> None:
        cursor = self._events.cursor[0]
        ring = unrolled(self._events.ring, cursor["first"])
        self._events = self._events._replace(ring=ring)
        cursor["first"] = cursor["fetched"] = 0
        if self._rules[0]["debounce_s"] > 0:
            to_come = np.flatnonzero(ring["row"][: cursor["events"]] >= 0)
            self._events.latest[ring["row"][to_come]] = to_come  # of a user's several, the last

    def _make_room_for_uses(self, more: int) -> None:
        """Forget the uses that later ones have replaced, and make the ring larger where that is not enough."""
        store, cursor = self._store, self._store.cursor[0]
        if not self._rules[0]["most_rows"] or cursor["end"] - cursor["begin"] + more <= store.uses.size:
            return
        needed = 2 * (int(cursor["rows"]) + more)
        kept = np.zeros(max(store.uses.size, 1 << needed.bit_length()), dtype=np.uint32)
        keep_latest(store, kept)
        self._store = store._replace(uses=kept)


_NO_REQUESTS = WorkloadBlock(np.inf, np.empty(0), np.empty(0, dtype=np.int32))
_UNUSED = np.zeros(1, dtype=np.uint32)
