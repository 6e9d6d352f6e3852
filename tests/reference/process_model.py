"""A plain model of one plan: a SimPy process per request, dicts, lists, and no compiled code.

It is slow, and written to be read beside MODEL.md. It shares with the engine the random inputs (requests, factors on
service times, factors on shards), the components' parameters, and the moment at which the simulation begins.

Numbers are carried exactly beside SimPy's clock, which can be one rounding off when it is told to go to a given time.
"""

import itertools
import math
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import simpy
from api_model import calls_in
from backend_model import (
    HOUR_S,
    BackendModel,
    Failure,
    FleetModel,
    Need,
    Seen,
    ServerlessModel,
    ServiceModel,
    Steps,
)
from cluster_model import ClusterModel
from quality_model import QualityModel
from scope_model import Due, ScopeModel, Zone

from simulator.backends.api import Api
from simulator.backends.batch_cluster import BatchCluster
from simulator.backends.serverless import Serverless
from simulator.core.streams import stream
from simulator.demand.arrivals import logins, request_blocks
from simulator.demand.last_logins import last_logins
from simulator.scenario.schema import Scenario
from simulator.simulation.beginning.cached_rows import CachedRows
from simulator.simulation.calendar.timing import begin_s, cache_from_s, cache_kept_s
from simulator.simulation.state.rows import Layout

FOUR_WEEKS_S = 28 * 24 * HOUR_S


@dataclass
class Row:
    """A prediction in the store."""

    time_s: float
    maker: str
    end_s: float
    written_s: float
    served: bool


@dataclass
class Computation:
    """An online computation that requests of the same user wait for."""

    decided: simpy.Event
    unasked: bool = False
    """Whether no request began it; the row that is there may then be served meanwhile."""
    service_s: float = math.nan
    start_s: float = math.nan
    decided_s: float = math.nan
    """When its start became certain."""
    completion_s: float = math.inf
    failure: "Failure | None" = None
    read_s: float = -math.inf
    """When a request last joined it, as a row keeps times."""
    served: bool = False
    evicted: bool = False
    """Whether its place in the store was needed for another row."""


class ProcessModel:
    """One plan, one replication."""

    def __init__(self, scenario: Scenario, plan_name: str, replication: int) -> None:
        self.scenario, self.replication = scenario, replication
        self.plan = scenario.plans[plan_name]
        self.cluster = scenario.batch_backend(self.plan)
        self.horizon_s = scenario.horizon_s
        self.begin_s = begin_s(scenario, plan_name)
        self.env = simpy.Environment(self.begin_s)
        self.seen = Seen()
        self.writer, self.handed_in = simpy.Resource(self.env), set[Due]()
        """Of the jobs that a provider has computed; and the runs whose jobs it has."""
        self.store: dict[int, Row] = {}
        self.under_way: dict[int, Computation] = {}
        users = scenario.population.users
        self.shards = math.ceil(users / self.cluster.shard) if self.cluster else 1
        self.scope = ScopeModel(scenario, plan_name, replication, self.shards) if self.cluster else None
        self.keeps_all = "stored" in {self.plan.on_miss, self.plan.on_failure}
        """Whether rows stay until they are replaced."""
        self.drawn = CachedRows(scenario, plan_name, replication)
        self.origin_s = min(self.scope.origin_s if self.scope else self.begin_s, self.begin_s - self._kept_by_login_s())
        if self.drawn.exist:
            self.origin_s = min(self.origin_s, cache_from_s(scenario, plan_name) - cache_kept_s(self.plan))
        self.tick_s = Layout.of(users, self.shards, self.origin_s, self.horizon_s).tick_s
        self.read_s = scenario.store_of(self.plan).read_latency_s if self.plan.has_store else 0.0
        self.lag_s = scenario.model.feature_lag_s
        self.expiry_s = math.inf if self.plan.on_miss == "stored" else scenario.store_of(self.plan).expiry_s or math.inf
        """How long a row that was computed ahead is served."""
        self.quality = QualityModel(scenario, plan_name, self.tick_s) if scenario.asks_for_quality else None
        rng = stream(scenario.seed, replication, "retries")
        self.fleets = {
            name: self._backend(name, number, int(rng.integers(1, 2**31 - 1)))
            for number, name in enumerate(scenario.online_names(self.plan))
        }
        self.online = self.fleets[self.plan.backend] if self.plan.backend else None
        self.refreshing = self.fleets[self.plan.refresh.backend] if self.plan.refresh else None
        self.latest_event: dict[int, float] = {}
        limit_gib = scenario.store_of(self.plan).size_limit_gib
        self.most_rows = int(limit_gib / scenario.model.prediction_size_gib) if limit_gib else math.inf
        self.reading_renews = scenario.store_of(self.plan).reading_renews
        self.places: dict[int, None] = {}
        """Users with a place in the store, those whose place was used least recently first."""

    def _backend(self, name: str, number: int, chance: int) -> BackendModel:
        if isinstance(self.scenario.backends[name], Serverless):
            rng = stream(self.scenario.seed, self.replication, "instance starts", number)
            return ServerlessModel(self.env, self.scenario, name, self.seen, self.replication, chance, rng)
        kind = ServiceModel if isinstance(self.scenario.backends[name], Api) else FleetModel
        return kind(self.env, self.scenario, name, self.seen, self.replication, chance)

    def run(self) -> Seen:
        """Simulate, and return what was seen."""
        self.env.process(self._take_stock_at_start())
        self._begin_with_rows()
        if self.cluster and self.scope:
            for zone in self.scope.zones:
                self.env.process(self._schedule(self.cluster, zone))
        arrivals = self.env.process(self._arrivals())
        self.env.run(until=self.horizon_s)
        self.seen.unserved_at_end = self._take_stock(self.horizon_s, for_good=True)
        assert not arrivals.is_alive
        while any(fleet.queue or fleet.coming_back for fleet in self.fleets.values()):
            self.env.run(until=self.env.now + HOUR_S)
        for row in self.store.values():
            self._hold(row, self.horizon_s)
        for fleet in self.fleets.values():
            fleet.close_bills()
        return self.seen

    # requests

    def requests(self) -> Iterator[tuple[float, int, bool, Need, Need]]:
        """Yield every request: time, user, whether it is its login's last, and what its computations take."""
        seed, demand = self.scenario.seed, self.scenario.demand
        blocks = list(
            request_blocks(demand, seed, self.replication, self.begin_s, self.horizon_s, HOUR_S, mark_last=True)
        )
        time_s, user = (np.concatenate([getattr(block, name) for block in blocks]) for name in ("time_s", "user"))
        columns = [column.tolist() for column in (time_s, user & (2**31 - 1), user < 0)]
        row = None if blocks[0].row is None else np.concatenate([block.row for block in blocks])
        needs = tuple(
            self._needs(time_s, row, fleet, prefix)
            for fleet, prefix in ((self.online, ""), (self.refreshing, "refresh "))
        )
        yield from zip(*columns, *needs, strict=True)

    def _needs(self, time_s: np.ndarray, row: np.ndarray | None, fleet: FleetModel | None, prefix: str) -> list[Need]:
        factor, tokens = np.ones(time_s.size), np.zeros(time_s.size, dtype=np.int64)
        if fleet is not None and fleet.fleet.noise.cv_squared > 0:
            self._draw(time_s, fleet.fleet.noise.draw, f"{prefix}service", factor)
        if fleet is not None and isinstance(fleet.fleet, Api):
            if row is not None and fleet.fleet.tokens and fleet.fleet.tokens.path == self.scenario.traffic.replay.path:
                tokens = calls_in(fleet.fleet)[row]
            else:
                self._draw(time_s, fleet.fleet.draw_tokens, f"{prefix}tokens", tokens)
        return [Need(*need) for need in zip(factor.tolist(), tokens.tolist(), strict=True)]

    def _draw(self, time_s: np.ndarray, draw: Callable[..., np.ndarray], name: str, to: np.ndarray) -> None:
        interval = np.floor(time_s / self.scenario.demand.interval_s).astype(int)
        for index in np.unique(interval):
            rng = stream(self.scenario.seed, self.replication, name, int(index))
            here = interval == index
            to[here] = draw(rng, int(here.sum()))

    def _arrivals(self) -> Steps:
        for time_s, user, is_last, need, refresh_need in self.requests():
            yield self.env.timeout(time_s - self.env.now)
            if self.plan.refresh and (is_last or self.plan.refresh.on == "request"):
                self.env.process(self._after_event(time_s, user, refresh_need))
            self.env.process(self._request(time_s, user, need))

    def _counts(self, time_s: float) -> bool:
        return 0 <= time_s < self.horizon_s

    def _answer(
        self,
        arrival_s: float,
        latency_s: float,
        decided_s: float,
        by: str,
        age_s: float | None,
        made_s: float | None = None,
    ) -> None:
        if not self._counts(arrival_s):
            return
        self.seen.tally["requests"] += 1
        self.seen.tally[by] += 1
        self.seen.decided.append((decided_s, by))
        self.seen.latencies_s.append(latency_s)
        if age_s is not None:
            self.seen.ages_s.append(age_s)
        if self.quality:
            self.seen.qualities.append(self.quality.of(arrival_s, latency_s, age_s, made_s))

    def _waited(self, arrival_s: float, wait_s: float) -> None:
        if self._counts(arrival_s):
            self.seen.sums["wait_s"] += wait_s
            self.seen.waits_s.append(wait_s)

    def _request(self, now: float, user: int, need: Need) -> Steps:
        computation, row = self.under_way.get(user), self.store.get(user)
        if computation is not None and not computation.unasked:
            if not computation.evicted:
                self._use(user)
            yield from self._follow(now, user, computation)
        elif row is not None and now <= row.end_s:
            lag_s = 0.0 if row.maker == "batch" else self.lag_s
            by = "cached" if row.maker == "online" else "precomputed"
            self._answer(now, self.read_s, now, by, now + self.read_s + lag_s - row.time_s, row.time_s)
            self.seen.tally["first_served"] += self._counts(now) and not row.served
            row.served = True
            self._use(user)
            self._after_reading(now, user, row, need, is_idle=computation is None)
        elif self.online is None:
            self._answer(now, self.read_s, now, "defaulted", None)
        elif computation is not None and self.plan.cache and computation.decided.triggered:
            if not computation.evicted:
                self._use(user)
            yield from self._follow(now, user, computation)
        else:
            yield from self._compute(now, user, need, self.online, keeps=bool(self.plan.cache) and computation is None)

    def _after_reading(self, now: float, user: int, row: Row, need: Need, *, is_idle: bool) -> None:
        cache = self.plan.cache
        if cache is None or row.maker != "online":
            return
        if cache.slides:
            row.end_s = self.rounded(now) + cache.kept_for_s
        if is_idle and cache.kept_for_s > cache.fresh_for_s and now > row.time_s + cache.fresh_for_s:
            assert self.online is not None
            self.seen.tally["revalidated"] += self._counts(now)
            self._begin_unasked(now, user, need, self.online, "online")

    def _after_event(self, now: float, user: int, need: Need) -> Steps:
        rule = self.plan.refresh
        assert rule is not None
        assert self.refreshing is not None
        self.latest_event[user] = now
        if rule.debounce_s:
            yield self.env.timeout(rule.debounce_s)
            if self.latest_event[user] > now:
                return
        due_s = now + (rule.debounce_s + rule.lag_s)
        yield self.env.timeout(max(due_s - self.env.now, 0.0))
        if user not in self.under_way:
            self.seen.tally["refreshed"] += self._counts(due_s)
            self._begin_unasked(due_s, user, need, self.refreshing, "nearline")

    def _begin_unasked(self, now: float, user: int, need: Need, fleet: BackendModel, maker: str) -> None:
        computation = self.under_way[user] = Computation(self.env.event(), unasked=True)
        self._take_place(user, now)
        self.env.process(self._compute_unasked(now, user, need, computation, fleet, maker))

    def _compute_unasked(
        self, now: float, user: int, need: Need, computation: Computation, fleet: BackendModel, maker: str
    ) -> Steps:
        turn = yield from fleet.serve(now, need, math.inf)
        if isinstance(turn, Failure):
            self._forget(user)
            self.seen.tally["refreshed" if maker == "nearline" else "revalidated"] -= self._counts(now)
            self.seen.tally["dropped"] += self._counts(now)
            return
        computation.service_s, computation.decided_s = turn.service_s, turn.decided_s
        computation.start_s, computation.completion_s = turn.start_s, turn.start_s + turn.service_s
        computation.decided.succeed()
        yield self.env.timeout(max(computation.completion_s - self.env.now, 0.0))
        fleet.release(turn)
        self._land(user, computation, maker)

    def _forget(self, user: int) -> None:
        """Give up a computation that was to be kept."""
        del self.under_way[user]
        if user not in self.store:
            self.places.pop(user, None)

    def _fail(self, asked_s: float, failure: Failure, wait_s: float, user: int) -> None:
        """Answer a request whose computation failed: by whatever is stored, if the plan says so."""
        row = self.store.get(user)
        latency_s = self.read_s + wait_s
        if row is None or self.plan.on_failure == "default":
            self._answer(asked_s, latency_s, failure.left_s, "defaulted", None)
        else:
            lag_s = 0.0 if row.maker == "batch" else self.lag_s
            by = "cached" if row.maker == "online" else "precomputed"
            age_s = asked_s + latency_s + lag_s - row.time_s
            self._answer(asked_s, latency_s, failure.left_s, by, age_s, row.time_s)
            self.seen.tally["fell_back"] += self._counts(asked_s)
            self.seen.tally["first_served"] += self._counts(failure.left_s) and not row.served
            row.served = True
        self.seen.tally[failure.why] += self._counts(asked_s)
        self._waited(asked_s, wait_s)

    def _land(self, user: int, computation: Computation, maker: str) -> None:
        """Write the row of a computation that is complete."""
        del self.under_way[user]
        done_s, row_s = computation.completion_s, self.rounded(computation.start_s)
        unread = self._counts(done_s) and not computation.served
        self.seen.tally["unread"] += unread
        if computation.evicted:
            self._count_end(Row(row_s, maker, row_s, row_s, served=computation.served), done_s)
            return
        self.seen.tally[f"written_{maker}"] += self._counts(done_s)
        end_s = row_s + self.expiry_s
        if maker == "online":
            assert self.plan.cache is not None
            begin_s = max(row_s, computation.read_s) if self.plan.cache.slides else row_s
            end_s = begin_s + self.plan.cache.kept_for_s
        self._write(user, Row(row_s, maker, end_s, done_s, served=computation.served))

    def _follow(self, now: float, user: int, computation: Computation) -> Steps:
        decided_s = now
        if not computation.decided.triggered:
            self.seen.followed_queued += 1
            yield computation.decided
            takes_s, decided_s = computation.service_s, computation.decided_s
        else:
            self.seen.followed_running += 1
            takes_s = computation.completion_s - computation.start_s
        if computation.failure is not None:
            self._fail(now, computation.failure, computation.failure.left_s - now, user)
        else:
            if decided_s == now and not computation.unasked:
                computation.read_s = self.rounded(now)
            computation.served = True
            age_s = takes_s + self.lag_s
            latency_s = self.read_s + computation.completion_s - now
            self._answer(now, latency_s, decided_s, "cached", age_s, computation.start_s)
            self._waited(now, computation.completion_s - now)

    def _compute(self, now: float, user: int, need: Need, fleet: BackendModel, *, keeps: bool) -> Steps:
        computation = Computation(self.env.event(), served=True)
        if keeps:
            self.under_way[user] = computation
            self._take_place(user, now)
        turn = yield from fleet.serve(now, need, fleet.fleet.longest_wait_s)
        if isinstance(turn, Failure):
            computation.failure = turn
            self._fail(now, turn, turn.waited_s, user)
            if keeps:
                self._forget(user)
            computation.decided.succeed()
            return
        start_s, service_s, computation.decided_s = turn.start_s, turn.service_s, turn.decided_s
        computation.start_s, computation.completion_s, computation.service_s = start_s, start_s + service_s, service_s
        latency_s = self.read_s + computation.completion_s - now
        self._answer(now, latency_s, turn.decided_s, "computed", service_s + self.lag_s, start_s)
        self._waited(now, start_s - now)
        computation.decided.succeed()
        yield self.env.timeout(max(computation.completion_s - self.env.now, 0.0))
        fleet.release(turn)
        if keeps:
            self._land(user, computation, "online")

    # the store

    def rounded(self, time_s: float) -> float:
        """Return a time as a row keeps it: down to a whole tick since the origin."""
        return self.origin_s + math.floor((time_s - self.origin_s) / self.tick_s) * self.tick_s

    def _hold(self, row: Row, until_s: float) -> None:
        end_s = min(until_s, math.inf if self.keeps_all else row.end_s, self.horizon_s)
        self.seen.sums["row_s"] += max(end_s - max(row.written_s, 0.0), 0.0)

    def _count_end(self, row: Row, now: float) -> None:
        """Count a row whose use is over, and how long it was there, if the plan has rows that nobody may ever read."""
        if not self.plan.computes_in_background or not self._counts(now):
            return
        from_s = row.written_s if row.maker == "batch" and row.written_s > self.begin_s else row.time_s
        held_s = max(min(now, math.inf if self.keeps_all else row.end_s) - from_s, 0.0)
        for name, counts in (("ended", True), ("wasted", not row.served)):
            self.seen.tally[name] += counts
            self.seen.tally[f"{name}_{row.maker}"] += counts
        self.seen.ended_row_s += held_s
        self.seen.unread_row_s += 0.0 if row.served else held_s

    def _write(self, user: int, row: Row) -> None:
        old = self.store.get(user)
        if old is not None:
            self._hold(old, row.written_s)
            self._count_end(old, row.written_s)
        self.store[user] = row

    def _use(self, user: int) -> None:
        """Note that a user's place in the store is used by reading."""
        if user in self.places and self.reading_renews:
            del self.places[user]
            self.places[user] = None

    def _take_place(self, user: int, now: float) -> None:
        """Give a user a place in the store, and evict those used least recently if there are too many."""
        self.places.pop(user, None)
        self.places[user] = None
        while len(self.places) > self.most_rows:
            victim = next(iter(self.places))
            del self.places[victim]
            self.seen.tally["evicted"] += self._counts(now)
            if victim in self.under_way:
                self.under_way[victim].evicted = True
            row = self.store.pop(victim, None)
            if row is not None:
                self._hold(row, now)
                self._count_end(row, now)

    def _take_stock(self, now: float, *, for_good: bool = False) -> int:
        """Drop the rows that have expired where unread ones may have, and count the unread ones that are left."""
        cache = self.plan.cache
        beside_others = for_good and cache and self.plan.computes_in_background
        if self.expiry_s < math.inf or beside_others or (cache and cache.fresh_for_s < cache.kept_for_s < math.inf):
            for user, row in list(self.store.items()):
                if row.end_s < now and not self.keeps_all:
                    self._hold(row, now)
                    if now > 0:
                        self._count_end(row, math.nextafter(now, 0.0))
                    del self.store[user]
                    if user not in self.under_way:
                        self.places.pop(user, None)
        return sum(not row.served for row in self.store.values())

    def _take_stock_at_start(self) -> Steps:
        yield self.env.timeout(-self.env.now)
        self.seen.unserved_at_start = self._take_stock(0.0)

    # precomputation

    def _schedule(self, cluster: BatchCluster | Api, zone: Zone) -> Steps:
        """Start the runs of a zone, and after each what it was in the way of: the last retraining's, if there was one.

        Of a run that is made up for, users are those of when it was due.
        """
        assert self.scope is not None
        dues = deque(due for due in zone.dues if due.time_s >= self.begin_s)
        previous_s = owed_since_s = zone.before(self.begin_s)
        if isinstance(cluster, Api):
            for due in dues:
                yield self.env.timeout(due.time_s - self.env.now)
                units = self._units(cluster, zone, due, previous_s)
                self.env.process(self._hand_in(cluster, due, units))
                previous_s = due.time_s
            return
        owed: tuple[Due, list[list[int]]] | None = None
        while dues:
            if owed and (dues[0].time_s >= self.env.now or dues[0].time_s >= self.horizon_s):
                due, units = owed
                owed = None
                yield from self._run(cluster, zone, due, self.env.now, units)
                continue
            due = dues.popleft()
            if due.time_s < self.env.now and not due.triggered:
                continue
            units = self._units(cluster, zone, due, previous_s)
            if due.time_s < self.env.now:
                owed_since_s = owed_since_s if owed else previous_s
                owed = due, self._units(cluster, zone, due, owed_since_s)
                previous_s = due.time_s
                continue
            previous_s = due.time_s
            yield self.env.timeout(due.time_s - self.env.now)
            yield from self._run(cluster, zone, due, due.time_s, units)

    def _units(self, cluster: BatchCluster | Api, zone: Zone, due: Due, previous_s: float) -> list[list[int]]:
        """Return the users of each shard of a run."""
        assert self.scope is not None
        if self.scope.whole:
            return [list(range(shard, self.scope.users, self.shards)) for shard in range(self.shards)]
        members = self.scope.members(zone, due, previous_s)
        count = math.ceil(len(members) / cluster.shard)
        cuts = [unit * len(members) // count for unit in range(count + 1)] if members else []
        return [members[first:last] for first, last in itertools.pairwise(cuts)]

    def _hand_in(self, api: Api, due: Due, units: list[list[int]]) -> Steps:
        """Hand in a run's jobs, whichever others are with the provider, and be through when the last is written."""
        assert self.plan.precompute is not None
        start_s, under_way, written = due.time_s, len(self.handed_in), list[list[int]]()
        self.handed_in.add(due)
        self.seen.overlaps += under_way > 0
        rng = stream(self.scenario.seed, self.replication, f"batch{due.kind}", *due.key)
        yield self.env.timeout(api.feature_pipeline.duration_s)
        back_s = api.batch.window.draw_s(rng, len(units)).tolist()
        jobs = [self.env.process(self._job(*job, start_s, written)) for job in zip(units, back_s, strict=True)]
        yield self.env.all_of(jobs)
        self.handed_in.remove(due)
        for users in written:
            self._publish(users, self.env.now, start_s)
        if due.time_s >= 0 and self.env.now <= self.horizon_s:
            self.seen.runs.append((due.time_s, start_s, self.env.now))
            self.seen.reclaims.append((0, 0))

    def _job(self, users: list[int], back_s: float, start_s: float, written: list[list[int]]) -> Steps:
        assert self.plan.precompute is not None
        yield self.env.timeout(back_s)
        turn = self.writer.request()
        yield turn
        yield self.env.timeout(len(users) / self.scenario.store_of(self.plan).writes_per_s)
        self.writer.release(turn)
        if self.plan.precompute.publish == "rolling":
            self._publish(users, self.env.now, start_s)
        else:
            written.append(users)

    def _run(self, cluster: BatchCluster, zone: Zone, due: Due, start_s: float, units: list[list[int]]) -> Steps:
        assert self.plan.precompute is not None
        rng = stream(self.scenario.seed, self.replication, f"batch{due.kind}", *due.key)
        per_s = self.scenario.store_of(self.plan).writes_per_s
        sizes, until_s = [len(users) for users in units], self.horizon_s + 24 * HOUR_S
        model = ClusterModel(cluster, start_s, sizes, rng, per_s, until_s)
        self.seen.workers += [(worker.ordered_s, worker.gone_s) for worker in model.instances]
        written, lost, last_s = model.written, (model.reclaims, model.lost), min(model.through_s, until_s)
        met_s = [met.time_s for met in zone.dues if start_s < met.time_s < last_s and not met.triggered]
        self.seen.missed += sum(map(self._counts, met_s))
        for at_s, unit in written:
            visible_s = at_s if self.plan.precompute.publish == "rolling" else last_s
            yield self.env.timeout(max(visible_s - self.env.now, 0.0))
            self._publish(units[unit], visible_s, start_s)
        yield self.env.timeout(max(last_s - self.env.now, 0.0))
        if due.time_s >= 0 and last_s <= self.horizon_s:
            self.seen.runs.append((due.time_s, start_s, last_s))
            self.seen.reclaims.append(lost)

    def _publish(self, users: list[int], now: float, snapshot_s: float) -> None:
        time_s = self.rounded(snapshot_s)
        for user in users:
            self._write(user, Row(time_s, "batch", time_s + self.expiry_s, now, served=False))
            self.seen.tally["written_batch"] += self._counts(now)
            self._take_place(user, now)
            if user in self.under_way:
                self.under_way[user].evicted = False

    def _begin_with_rows(self) -> None:
        rows = {
            user: Row(self.rounded(snapshot_s), "batch", self.rounded(snapshot_s) + self.expiry_s, self.begin_s, served)
            for user, (snapshot_s, served) in (self.scope.rows() if self.scope else {}).items()
        }
        for user, row in self._rows_by_login():
            if user not in rows or rows[user].time_s <= row.time_s:
                rows[user] = row
        used_s = {user: row.time_s for user, row in rows.items()}
        for user, row, row_used_s in self._drawn_rows(rows):
            rows[user], used_s[user] = row, row_used_s
        order = sorted(rows, key=lambda user: (used_s[user], user % self.shards, user))
        for user in order if math.isinf(self.most_rows) else order[-self.most_rows :]:
            if rows[user].end_s >= self.begin_s or self.keeps_all:
                self.store[user] = rows[user]
                self._take_place(user, self.begin_s)

    def _drawn_rows(self, rows: dict[int, Row]) -> Iterator[tuple[int, Row, float]]:
        """Yield the rows of a cache that the engine draws for its beginning, and when they were used last.

        They are taken from the engine, beside those that are there already: what draws them has tests of its own.
        """
        cache, users = self.plan.cache, self.scenario.population.users
        if cache is None or not self.drawn.exist:
            return
        layout = Layout(users, self.shards, self.origin_s, self.tick_s)
        table, reads, recent = layout.table(), layout.table(), layout.table()
        places = {user: user % self.shards * layout.shard_size + user // self.shards for user in range(users)}
        for user, row in rows.items():
            made = round((row.time_s - self.origin_s) / self.tick_s) + 1
            table[places[user]] = made << 3 | 2 | row.served
        self.drawn.put(layout, table, reads, recent)
        for user, place in places.items():
            word = int(table[place])
            if word:
                made, read, used = (int(ticks) for ticks in (word >> 3, reads[place], recent[place]))
                made_s, read_s, used_s = (self.origin_s + (ticks - 1) * self.tick_s for ticks in (made, read, used))
                by, lives_s = ("online", cache.kept_for_s) if word & 6 == 4 else ("batch", self.expiry_s)
                since_s = max(made_s, read_s) if cache.slides and by == "online" else made_s
                row = Row(made_s, by, since_s + lives_s, self.begin_s, served=bool(word & 1))
                yield user, row, max(made_s, used_s)

    def _kept_by_login_s(self) -> float:
        """Return how far back rows go that follow from what users did."""
        cache = self.plan.cache
        if self.drawn.exist:
            return 0.0
        if self.plan.precompute and self.plan.precompute.is_for_all:
            return 0.0
        if self.plan.refresh:
            expiry_s = self.scenario.store_of(self.plan).expiry_s
            return FOUR_WEEKS_S if self.keeps_all or expiry_s is None else min(expiry_s, FOUR_WEEKS_S)
        if cache and self.keeps_all:
            return FOUR_WEEKS_S
        return min(cache.kept_for_s, FOUR_WEEKS_S) if cache and cache.kept_for_s > cache.fresh_for_s else 0.0

    def _rows_by_login(self) -> Iterator[tuple[int, Row]]:
        """Yield a row for each login from the origin to the begin, later ones later."""
        kept_s, cache, refresh = self._kept_by_login_s(), self.plan.cache, self.plan.refresh
        if not kept_s:
            return
        session, delay_s = self.scenario.traffic.session, 0.0
        if refresh:
            delay_s = refresh.debounce_s + refresh.lag_s
            if refresh.on == "login":
                delay_s += (session.requests.mean_per_login - 1) * session.think_time.typical_s
        for user, login_s in self._logins_since(self.begin_s - kept_s):
            if login_s >= self.origin_s:
                row_s = self.rounded(min(login_s + delay_s, 0.0))
                maker, lifetime_s = (
                    ("nearline", self.expiry_s) if cache is None or refresh else ("online", cache.kept_for_s)
                )
                yield user, Row(row_s, maker, row_s + lifetime_s, self.begin_s, served=not refresh)

    def _logins_since(self, from_s: float) -> Iterator[tuple[int, float]]:
        demand, seed = self.scenario.demand, self.scenario.seed
        drawn_from_s = from_s
        if demand.traffic.returns is None and demand.traffic.replay is None:
            drawn_from_s = min(begin_s(self.scenario, plan) for plan in self.scenario.plans)
            for first, time_s in last_logins(demand, seed, self.replication, drawn_from_s, min(from_s, drawn_from_s)):
                yield from zip(range(first, first + time_s.size), time_s.tolist(), strict=True)
        if drawn_from_s < self.begin_s:
            for one in logins(demand, seed, self.replication, drawn_from_s, self.begin_s):
                yield from zip(one.user.tolist(), one.time_s.tolist(), strict=True)
