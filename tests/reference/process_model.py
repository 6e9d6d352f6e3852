"""A plain model of one plan: a SimPy process per request, dicts, lists, and no compiled code.

It is slow, and written to be read beside MODEL.md. It shares with the engine the random inputs (requests, factors on
service times, factors on shards), the components' parameters, and the moment at which the simulation begins.

Numbers are carried exactly beside SimPy's clock, which can be one rounding off when it is told to go to a given time.
"""

import heapq
import itertools
import math
from collections import Counter, deque
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field

import numpy as np
import simpy
from scope_model import Due, ScopeModel, Zone

from simulator.backends.batch_cluster import BatchCluster
from simulator.backends.capacity.autoscaled import Autoscaled
from simulator.core.streams import stream
from simulator.demand.arrivals import request_blocks
from simulator.scenario.schema import Scenario
from simulator.simulation.rows import Layout
from simulator.simulation.timing import begin_s

Steps = Generator[simpy.Event, object, None]
HOUR_S = 3600.0
AFTERWARDS_S = 1e-9
"""When all that happens at the same moment has happened, and before anything else does."""
NEAR_WHOLE = 1e-9
"""A fully busy fleet's utilisation is 1 but for rounding, which must not order a replica more."""


@dataclass
class Row:
    """A prediction in the store."""

    time_s: float
    by_batch: bool
    end_s: float
    written_s: float
    served: bool


@dataclass
class Computation:
    """An online computation that requests of the same user wait for."""

    decided: simpy.Event
    start_s: float = math.nan
    completion_s: float = math.inf
    gave_up_s: float | None = None


@dataclass(eq=False)
class Slot:
    """A place on a replica that works on one request at a time."""

    free_s: float
    busy: bool = False


@dataclass(eq=False)
class Replica:
    """A machine of the fleet."""

    billed_from_s: float
    slots: list[Slot]
    cancelled: bool = False


@dataclass(eq=False)
class Turn:
    """A request that waits for a slot."""

    event: simpy.Event
    arrival_s: float
    service_s: float
    slot: Slot | None = None
    start_s: float = math.nan


@dataclass
class Seen:
    """What happened, in the engine's words."""

    tally: Counter[str] = field(default_factory=Counter)
    sums: dict[str, float] = field(
        default_factory=lambda: {"wait_s": 0.0, "latency_s": 0.0, "age_s": 0.0, "row_s": 0.0}
    )
    latencies_s: list[float] = field(default_factory=list)
    ages_s: list[float] = field(default_factory=list)
    decided: list[tuple[float, str]] = field(default_factory=list)
    """When the answer of each request that counts became certain, and what it was."""
    work: list[tuple[float, float]] = field(default_factory=list)
    """From when to when each slot worked."""
    bills: list[tuple[float, float]] = field(default_factory=list)
    """From when to when each replica was paid for."""
    workers: list[tuple[float, float]] = field(default_factory=list)
    """From when to when each worker was paid for."""
    runs: list[tuple[float, float]] = field(default_factory=list)
    missed: int = 0
    orders: int = 0
    removals: int = 0
    cancelled_starts: int = 0
    followed_queued: int = 0
    followed_running: int = 0
    longest_queue: int = 0
    unserved_at_start: int = 0
    unserved_at_end: int = 0


class Tournament:
    """Which slot is free first.

    Where several became free at the same moment, which one takes the next request is the tournament's draw, as the
    model does not say: the engine plays it too, and the replicas that are removed later depend on it.
    """

    def __init__(self, slots: list[Slot]) -> None:
        self.slots = slots
        self.leaves = 1
        while self.leaves < len(slots):
            self.leaves *= 2
        self.lost: dict[int, int] = {}
        self.first = self._play(1)

    def _time(self, seat: int) -> float:
        return self.slots[seat].free_s if seat < len(self.slots) else math.inf

    def _play(self, node: int) -> int:
        if node >= self.leaves:
            return node - self.leaves
        left, right = self._play(2 * node), self._play(2 * node + 1)
        winner, self.lost[node] = (right, left) if self._time(right) < self._time(left) else (left, right)
        return winner

    def again(self) -> None:
        """Let the first slot, whose time has changed, play its matches again."""
        winner, node = self.first, (self.first + self.leaves) // 2
        while node >= 1:
            if self._time(self.lost[node]) < self._time(winner):
                winner, self.lost[node] = self.lost[node], winner
            node //= 2
        self.first = winner


class FleetModel:
    """Replicas with slots, one queue, and whoever decides how many there are."""

    def __init__(self, env: simpy.Environment, scenario: Scenario, plan_name: str, seen: Seen) -> None:
        fleet = scenario.fleet(scenario.plans[plan_name])
        assert fleet is not None
        self.env, self.seen, self.fleet, self.capacity = env, seen, fleet, fleet.capacity
        self.queue: deque[Turn] = deque()
        self.serving: list[Replica] = []
        self.starting: list[Replica] = []
        self.ready_slot_s = 0.0
        self.changed_s = env.now
        logins = scenario.demand.intensity().pieces(env.now, env.now + HOUR_S).logins.sum()
        per_s = logins / HOUR_S * scenario.traffic.session.requests.mean_per_login
        for _ in range(self.capacity.replicas_for(per_s * fleet.mean_service_s / fleet.slots)):
            self.serving.append(self._replica(env.now))
        self._regroup()
        if isinstance(self.capacity, Autoscaled):
            env.process(self._scale(self.capacity))

    def _replica(self, ready_s: float) -> Replica:
        return Replica(self.env.now, [Slot(ready_s) for _ in range(self.fleet.slots)])

    def _regroup(self) -> None:
        self.tournament = Tournament([slot for replica in self.serving for slot in replica.slots])

    def _count_ready(self) -> None:
        self.ready_slot_s += (self.env.now - self.changed_s) * len(self.serving) * self.fleet.slots
        self.changed_s = self.env.now

    def ask(self, arrival_s: float, service_s: float) -> "Turn":
        """Queue up; the turn's event comes when a slot is taken."""
        turn = Turn(self.env.event(), arrival_s, service_s)
        self.queue.append(turn)
        self.hand_out()
        self.seen.longest_queue = max(self.seen.longest_queue, len(self.queue))
        return turn

    def hand_out(self) -> None:
        """Give idle slots to those who wait longest."""
        while self.queue and self.tournament.slots and not self.tournament.slots[self.tournament.first].busy:
            turn, slot = self.queue.popleft(), self.tournament.slots[self.tournament.first]
            turn.slot, turn.start_s = slot, max(turn.arrival_s, slot.free_s)
            slot.busy, slot.free_s = True, turn.start_s + turn.service_s
            self.tournament.again()
            self.seen.work.append((turn.start_s, slot.free_s))
            turn.event.succeed()

    def release(self, slot: Slot) -> None:
        """Be done with a slot."""
        slot.busy = False
        self.hand_out()

    def _worked_s(self, since: int, begin: float, end: float) -> tuple[int, float]:
        """Return the slot-seconds worked from ``begin`` to ``end``, and the first stretch that still matters."""
        work = self.seen.work
        while since < len(work) and work[since][1] <= begin:
            since += 1
        return since, math.fsum(max(min(to_s, end) - max(from_s, begin), 0.0) for from_s, to_s in work[since:])

    def _scale(self, rule: Autoscaled) -> Steps:
        desires: list[tuple[float, int]] = [(self.env.now, len(self.serving))]
        before_s, ready_before_s, since = self.env.now, 0.0, 0
        while True:
            yield self.env.timeout(rule.tick_s)
            now = self.env.now
            self._count_ready()
            since, worked_s = self._worked_s(since, before_s, now)
            offered_s = self.ready_slot_s - ready_before_s
            before_s, ready_before_s = now, self.ready_slot_s
            desired = self._desired(rule, worked_s / offered_s if offered_s > 0 else 0.0)
            desires.append((now, desired))
            keep = max(wish for at_s, wish in desires if at_s > now - rule.stabilisation_s or at_s == now)
            total = len(self.serving) + len(self.starting)
            if desired > total:
                for _ in range(desired - total):
                    self._order(rule.startup_s)
            elif keep < total:
                self._remove(total - keep)

    def _desired(self, rule: Autoscaled, utilisation: float) -> int:
        ratio = utilisation / rule.target_fraction
        if 0.9 <= ratio <= 1.1:
            wish = len(self.serving) + len(self.starting)
        else:
            wish = math.ceil(len(self.serving) * ratio - NEAR_WHOLE)
        return max(rule.min, min(rule.max, wish))

    def _order(self, startup_s: float) -> None:
        replica = self._replica(self.env.now + startup_s)
        self.starting.append(replica)
        self.seen.orders += 1
        self.env.process(self._start(replica, startup_s))

    def _start(self, replica: Replica, startup_s: float) -> Steps:
        yield self.env.timeout(startup_s)
        if not replica.cancelled:
            self._count_ready()
            self.starting.remove(replica)
            self.serving.append(replica)
            self._regroup()
            yield self.env.timeout(AFTERWARDS_S)
            self.hand_out()

    def _remove(self, count: int) -> None:
        now = self.env.now
        self._count_ready()
        for _ in range(count):
            if self.starting:
                replica = self.starting.pop()
                replica.cancelled = True
                end_s = now
                self.seen.cancelled_starts += 1
            else:
                replica = self.serving.pop()
                end_s = max([now, *(slot.free_s for slot in replica.slots)])
                self.seen.removals += 1
            self.seen.bills.append((replica.billed_from_s, end_s))
        self._regroup()

    def close_bills(self) -> None:
        """Bill the replicas that are still there, without an end."""
        self.seen.bills += [(replica.billed_from_s, math.inf) for replica in self.serving + self.starting]


class ProcessModel:
    """One plan, one replication."""

    def __init__(self, scenario: Scenario, plan_name: str, replication: int) -> None:
        self.scenario, self.replication = scenario, replication
        self.plan = scenario.plans[plan_name]
        self.cluster = scenario.batch_cluster(self.plan)
        self.horizon_s = scenario.horizon_s
        self.begin_s = begin_s(scenario, plan_name)
        self.env = simpy.Environment(self.begin_s)
        self.seen = Seen()
        self.store: dict[int, Row] = {}
        self.under_way: dict[int, Computation] = {}
        users = scenario.population.users
        self.shards = math.ceil(users / self.cluster.shard) if self.cluster else 1
        self.scope = ScopeModel(scenario, plan_name, replication, self.shards) if self.cluster else None
        self.origin_s = self.scope.origin_s if self.scope else self.begin_s
        self.tick_s = Layout.of(users, self.shards, self.origin_s, self.horizon_s).tick_s
        self.read_s = scenario.store.read_latency_s if self.plan.has_store else 0.0
        self.lag_s = scenario.model.feature_lag_s
        self.fleet = FleetModel(self.env, scenario, plan_name, self.seen) if self.plan.on_miss == "compute" else None

    def run(self) -> Seen:
        """Simulate, and return what was seen."""
        self.env.process(self._take_stock_at_start())
        if self.cluster and self.scope:
            self._begin_with_rows()
            for zone in self.scope.zones:
                self.env.process(self._schedule(self.cluster, zone))
        arrivals = self.env.process(self._arrivals())
        self.env.run(until=self.horizon_s)
        self.seen.unserved_at_end = self._take_stock(self.horizon_s)
        assert not arrivals.is_alive
        while self.fleet and self.fleet.queue:
            self.env.run(until=self.env.now + HOUR_S)
        for row in self.store.values():
            self._hold(row, self.horizon_s)
        if self.fleet:
            self.fleet.close_bills()
        return self.seen

    # requests

    def requests(self) -> Iterator[tuple[float, int, float]]:
        """Yield the time, user and service factor of every request."""
        seed, demand = self.scenario.seed, self.scenario.demand
        blocks = list(request_blocks(demand, seed, self.replication, self.begin_s, self.horizon_s, HOUR_S))
        time_s, user = (np.concatenate([getattr(block, name) for block in blocks]) for name in ("time_s", "user"))
        factor = np.ones(time_s.size)
        noise = self.fleet.fleet.service_time.noise if self.fleet else None
        if noise is not None and noise.cv_squared > 0:
            interval = np.floor(time_s / demand.interval_s).astype(int)
            for index in np.unique(interval):
                rng = stream(seed, self.replication, "service", int(index))
                factor[interval == index] = noise.draw(rng, int((interval == index).sum()))
        yield from zip(time_s.tolist(), user.tolist(), factor.tolist(), strict=True)

    def _arrivals(self) -> Steps:
        for time_s, user, factor in self.requests():
            yield self.env.timeout(time_s - self.env.now)
            self.env.process(self._request(time_s, user, factor))

    def _counts(self, time_s: float) -> bool:
        return 0 <= time_s < self.horizon_s

    def _answer(self, arrival_s: float, latency_s: float, decided_s: float, by: str, age_s: float | None) -> None:
        if not self._counts(arrival_s):
            return
        self.seen.tally["requests"] += 1
        self.seen.tally[by] += 1
        self.seen.decided.append((decided_s, by))
        self.seen.latencies_s.append(latency_s)
        if age_s is not None:
            self.seen.ages_s.append(age_s)

    def _waited(self, arrival_s: float, wait_s: float) -> None:
        if self._counts(arrival_s):
            self.seen.sums["wait_s"] += wait_s

    def _request(self, now: float, user: int, factor: float) -> Steps:
        computation = self.under_way.get(user)
        if computation is not None:
            yield from self._follow(now, computation)
            return
        row = self.store.get(user)
        if row is not None and now <= row.end_s:
            lag_s = 0.0 if row.by_batch else self.lag_s
            by = "precomputed" if row.by_batch else "cached"
            self._answer(now, self.read_s, now, by, now + self.read_s + lag_s - row.time_s)
            self.seen.tally["first_served"] += self._counts(now) and not row.served
            row.served = True
        elif self.fleet is None:
            self._answer(now, self.read_s, now, "defaulted", None)
        else:
            yield from self._compute(now, user, factor, self.fleet)

    def _follow(self, now: float, computation: Computation) -> Steps:
        decided_s = now
        if not computation.decided.triggered:
            self.seen.followed_queued += 1
            yield computation.decided
            decided_s = computation.start_s if computation.gave_up_s is None else computation.gave_up_s
        else:
            self.seen.followed_running += 1
        if computation.gave_up_s is not None:
            latency_s = self.read_s + computation.gave_up_s - now
            self._answer(now, latency_s, decided_s, "defaulted", None)
            self.seen.tally["timed_out"] += self._counts(now)
            self._waited(now, computation.gave_up_s - now)
        else:
            age_s = computation.completion_s - computation.start_s + self.lag_s
            self._answer(now, self.read_s + computation.completion_s - now, decided_s, "cached", age_s)
            self._waited(now, computation.completion_s - now)

    def _compute(self, now: float, user: int, factor: float, fleet: FleetModel) -> Steps:
        computation = Computation(self.env.event())
        if self.plan.cache:
            self.under_way[user] = computation
        service_s = fleet.fleet.mean_service_s * factor
        turn = fleet.ask(now, service_s)
        patience_s = fleet.fleet.longest_wait_s
        tired = self.env.timeout(patience_s) if patience_s < math.inf else self.env.event()
        yield turn.event | tired
        if turn.slot is None:
            fleet.queue.remove(turn)
            computation.gave_up_s = now + patience_s
            self.under_way.pop(user, None)
            self._answer(now, self.read_s + patience_s, computation.gave_up_s, "defaulted", None)
            self.seen.tally["timed_out"] += self._counts(now)
            self._waited(now, patience_s)
            computation.decided.succeed()
            return
        start_s = turn.start_s
        computation.start_s, computation.completion_s = start_s, start_s + service_s
        latency_s = self.read_s + computation.completion_s - now
        self._answer(now, latency_s, start_s, "computed", service_s + self.lag_s)
        self._waited(now, start_s - now)
        computation.decided.succeed()
        yield self.env.timeout(max(computation.completion_s - self.env.now, 0.0))
        fleet.release(turn.slot)
        if self.plan.cache:
            del self.under_way[user]
            row_s = self.rounded(start_s)
            self.seen.tally["written_online"] += self._counts(computation.completion_s)
            row = Row(row_s, False, row_s + self.plan.cache.lifetime_s, computation.completion_s, served=True)
            self._write(user, row)

    # the store

    def rounded(self, time_s: float) -> float:
        """Return a time as a row keeps it: down to a whole tick since the origin."""
        return self.origin_s + math.floor((time_s - self.origin_s) / self.tick_s) * self.tick_s

    def _hold(self, row: Row, until_s: float) -> None:
        end_s = min(until_s, row.end_s, self.horizon_s)
        self.seen.sums["row_s"] += max(end_s - max(row.written_s, 0.0), 0.0)

    def _write(self, user: int, row: Row) -> None:
        old = self.store.get(user)
        if old is not None:
            self._hold(old, row.written_s)
            self.seen.tally["wasted"] += self._counts(row.written_s) and not old.served
        self.store[user] = row

    def _take_stock(self, now: float) -> int:
        """Drop the batch rows that have expired, and count the unread ones that are left."""
        for user, row in list(self.store.items()):
            if row.by_batch and row.end_s < now:
                self._hold(row, now)
                self.seen.tally["wasted"] += now > 0 and not row.served
                del self.store[user]
        return sum(not row.served for row in self.store.values())

    def _take_stock_at_start(self) -> Steps:
        yield self.env.timeout(-self.env.now)
        self.seen.unserved_at_start = self._take_stock(0.0)

    # precomputation

    def _schedule(self, cluster: BatchCluster, zone: Zone) -> Steps:
        assert self.scope is not None
        previous_s = zone.before(self.begin_s)
        for due in zone.dues:
            if due.time_s < self.begin_s:
                continue
            if due.time_s < self.env.now:
                self.seen.missed += self._counts(due.time_s)
                continue
            yield self.env.timeout(due.time_s - self.env.now)
            if self.scope.whole:
                units = [list(range(shard, self.scope.users, self.shards)) for shard in range(self.shards)]
            else:
                members = self.scope.members(zone, due, previous_s)
                count = math.ceil(len(members) / cluster.shard)
                cuts = [unit * len(members) // count for unit in range(count + 1)] if members else []
                units = [members[first:last] for first, last in itertools.pairwise(cuts)]
            yield from self._run(cluster, due, units)
            previous_s = due.time_s

    def _run(self, cluster: BatchCluster, due: Due, units: list[list[int]]) -> Steps:
        assert self.plan.precompute is not None
        rng = stream(self.scenario.seed, self.replication, f"batch{due.kind}", *due.key)
        sizes = [len(users) for users in units]
        done = list(self._written_at(cluster, due.time_s, cluster.service_time.noise.draw(rng, len(units)), sizes))
        last_s = done[-1][0] if done else due.time_s + cluster.feature_pipeline.duration_s
        for at_s, unit in done:
            visible_s = at_s if self.plan.precompute.publish == "rolling" else last_s
            yield self.env.timeout(max(visible_s - self.env.now, 0.0))
            self._publish(units[unit], visible_s, due.time_s)
        yield self.env.timeout(max(last_s - self.env.now, 0.0))
        if due.time_s >= 0 and last_s <= self.horizon_s:
            self.seen.runs.append((due.time_s, last_s))

    def _written_at(
        self, cluster: BatchCluster, due_s: float, factors: np.ndarray, sizes: list[int]
    ) -> list[tuple[float, int]]:
        """Work a run out in advance: when each unit's last row is written, in that order.

        The worker free first takes the next unit; one writer serves the units in the order in which they are done.
        """
        ordered_s = due_s + cluster.feature_pipeline.duration_s
        per_s = self.scenario.store.write_capacity_per_s or math.inf
        ended_s = dict.fromkeys(range(min(cluster.workers, len(sizes))), ordered_s)
        computing: list[tuple[float, int, int, int]] = []
        todo = iter(range(len(sizes)))

        def take(worker: int, at_s: float) -> None:
            shard = next(todo, None)
            if shard is None:
                ended_s[worker] = at_s
            else:
                heapq.heappush(computing, (at_s + cluster.shard_s(sizes[shard]) * factors[shard], shard, worker, shard))

        for worker in ended_s:
            take(worker, ordered_s + cluster.startup_s)
        written, writer_free_s = [], -math.inf
        while computing:
            computed_s, _, worker, shard = heapq.heappop(computing)
            writer_free_s = max(computed_s, writer_free_s) + sizes[shard] / per_s
            written.append((writer_free_s, shard))
            take(worker, writer_free_s)
        self.seen.workers += [(ordered_s, end_s) for end_s in ended_s.values()]
        return written

    def _publish(self, users: list[int], now: float, snapshot_s: float) -> None:
        time_s = self.rounded(snapshot_s)
        for user in users:
            self._write(user, Row(time_s, True, time_s + self._batch_lifetime_s(), now, served=False))
            self.seen.tally["written_batch"] += self._counts(now)

    def _batch_lifetime_s(self) -> float:
        keeps_all = self.plan.on_miss == "stored"
        return math.inf if keeps_all else self.scenario.store.expiry_s or math.inf

    def _begin_with_rows(self) -> None:
        assert self.scope is not None
        for user, (snapshot_s, served) in self.scope.rows().items():
            row_s = self.rounded(snapshot_s)
            end_s = row_s + self._batch_lifetime_s()
            if end_s >= self.begin_s:
                self.store[user] = Row(row_s, True, end_s, self.begin_s, served)
