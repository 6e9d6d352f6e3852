"""Online backends of the plain model: fleets, serverless instances, external APIs, and clients that come again."""

import itertools
import math
from collections import Counter, deque
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import simpy
from api_model import ApiModel
from tournament import Slot, Tournament

from simulator.backends.api import Api
from simulator.backends.capacity.autoscaled import Autoscaled
from simulator.backends.capacity.hourly import HourlyCapacity
from simulator.backends.fleet import Fleet
from simulator.backends.interruptions.outage import Outage
from simulator.backends.scaling.behavior import Rules, ScaleUp
from simulator.backends.serverless import Serverless
from simulator.core.streams import stream
from simulator.core.week_clock import WeekClock
from simulator.scenario.schema import Scenario

Steps = Generator[simpy.Event, object, None]
HOUR_S = 3600.0
AFTERWARDS_S = 1e-9
"""When all that happens at the same moment has happened, and before anything else does."""
NEAR_WHOLE = 1e-9
"""A fully busy fleet's utilisation is 1 but for rounding, which must not order a replica more."""


@dataclass(eq=False)
class Replica:
    """A machine of the fleet."""

    billed_from_s: float
    slots: list[Slot]
    cancelled: bool = False
    on_spot: bool = False


@dataclass(eq=False)
class Turn:
    """A request that waits for a slot."""

    event: simpy.Event
    arrival_s: float
    factor: float
    held: bool = False
    """Whether it has waited as long as a batch waits for more."""
    slot: Slot | None = None
    start_s: float = math.nan
    service_s: float = math.nan
    leads: bool = False
    """Whether it is the oldest of its batch, or has an instance started."""
    startup_s: float = 0.0
    decided_s: float = math.nan
    """When its start became certain."""


class Need(NamedTuple):
    """What a request's computation would take."""

    factor: float
    """On its service time."""
    tokens: int
    """Of prompt and answer, as one number."""


@dataclass
class Failure:
    """A request that leaves without a computation."""

    why: str
    left_s: float
    waited_s: float


@dataclass
class FleetSeen:
    """What a fleet did."""

    backend: str
    work: list[tuple[float, float]] = field(default_factory=list)
    """From when to when each slot worked."""
    counts: Counter[str] = field(default_factory=Counter)
    """What its computations added up to, in the engine's words."""
    bills: list[tuple[float, float]] = field(default_factory=list)
    """From when to when each replica was paid for."""


@dataclass
class Seen:
    """What happened, in the engine's words."""

    tally: Counter[str] = field(default_factory=Counter)
    sums: dict[str, float] = field(
        default_factory=lambda: {"wait_s": 0.0, "latency_s": 0.0, "age_s": 0.0, "row_s": 0.0}
    )
    latencies_s: list[float] = field(default_factory=list)
    waits_s: list[float] = field(default_factory=list)
    """Of the requests that asked a backend."""
    ended_row_s: float = 0.0
    """How long the rows whose use was over had been visible."""
    unread_row_s: float = 0.0
    """Of it, that of the rows that nobody had read."""
    ages_s: list[float] = field(default_factory=list)
    qualities: list[float] = field(default_factory=list)
    decided: list[tuple[float, str]] = field(default_factory=list)
    """When the answer of each request that counts became certain, and what it was."""
    fleets: list[FleetSeen] = field(default_factory=list)
    services: list[FleetSeen] = field(default_factory=list)
    workers: list[tuple[float, float]] = field(default_factory=list)
    """From when to when each worker was paid for."""
    runs: list[tuple[float, float, float]] = field(default_factory=list)
    """When each was due, when it started, and when it was through."""
    reclaims: list[tuple[int, int]] = field(default_factory=list)
    """For each of these, how many workers were reclaimed and how many shards lost."""
    missed: int = 0
    overlaps: int = 0
    """Runs that started while a provider was at another's jobs."""
    replicas_reclaimed: int = 0
    interrupted: int = 0
    orders: int = 0
    removals: int = 0
    cancelled_starts: int = 0
    woken: int = 0
    """Times that a fleet without a replica had one ordered."""
    held_back: int = 0
    """Ticks at which replicas would have changed by more than the policies allow."""
    followed_queued: int = 0
    followed_running: int = 0
    longest_queue: int = 0
    unserved_at_start: int = 0
    unserved_at_end: int = 0


class BackendModel:
    """An online backend, and the clients that come again."""

    def __init__(
        self, env: simpy.Environment, scenario: Scenario, backend: str, seen: Seen, replication: int, chance: int
    ) -> None:
        self.env, self.seen, self.fleet, self.replication = env, seen, scenario.backends[backend], replication
        self.did = FleetSeen(backend)
        seen.fleets.append(self.did)
        self.queue: deque[Turn] = deque()
        self.coming_back, self.horizon_s = 0, scenario.horizon_s
        self.chance = chance
        """State of the random numbers of back-off: the minimal standard generator."""

    def back_off_s(self, attempt: int) -> float:
        """Return the wait before the next attempt."""
        rule = self.fleet.retries
        assert rule is not None
        self.chance = self.chance * 48271 % (2**31 - 1)
        longest_s = min(rule.backoff_s * 2**attempt, rule.longest_backoff_s)
        return longest_s * (1 - rule.jitter_fraction * (self.chance / (2**31 - 1)))

    def counts(self, asked_s: float) -> bool:
        """Return whether what is asked for then counts."""
        return 0 <= asked_s < self.horizon_s

    def serve(self, asked_s: float, need: Need, patience_s: float) -> Steps:
        """Try until a slot is taken, and return the turn; return the failure if no attempt is left."""
        now = asked_s
        for attempt in itertools.count():
            turn, why, left_s = self.ask(now, need, counts=self.counts(asked_s)), "refused", now
            if turn is not None:
                tired = self.env.timeout(patience_s) if patience_s < math.inf else self.env.event()
                if turn.slot is None:
                    yield turn.event | tired
                if turn.slot is not None:
                    self.count(turn, asked_s)
                    return turn
                self.queue.remove(turn)
                why, left_s = "timed_out", now + patience_s
            waited_s = patience_s if why == "timed_out" and not attempt else left_s - asked_s
            self.did.counts["refused"] += why == "refused" and self.counts(asked_s)
            if self.fleet.retries is None or attempt == self.fleet.retries.attempts:
                return Failure(why, left_s, waited_s)
            self.did.counts["retried"] += self.counts(asked_s)
            now = left_s + self.back_off_s(attempt)
            self.coming_back += 1
            yield self.env.timeout(max(now - self.env.now, 0.0))
            self.coming_back -= 1
        raise AssertionError

    def ask(self, arrival_s: float, need: Need, *, counts: bool) -> "Turn | None":
        """Have a computation begin or wait; return None if it is refused."""
        raise NotImplementedError

    def count(self, turn: "Turn", asked_s: float) -> None:
        """Count what was begun."""
        self.did.counts["calls"] += turn.slot is not None and self.counts(asked_s)

    def release(self, turn: "Turn") -> None:
        """Be done with a computation."""

    def close_bills(self) -> None:
        """Bill what is still there."""


class FleetModel(BackendModel):
    """Replicas with slots, one queue, and whoever decides how many there are."""

    def __init__(
        self, env: simpy.Environment, scenario: Scenario, backend: str, seen: Seen, replication: int, chance: int
    ) -> None:
        super().__init__(env, scenario, backend, seen, replication, chance)
        fleet = self.fleet
        assert isinstance(fleet, Fleet)
        self.capacity = fleet.capacity
        self.serving: list[Replica] = []
        self.starting: list[Replica] = []
        self.away: list[Replica] = []
        self.rng = stream(scenario.seed, replication, f"troubles of {backend}")
        start = scenario.start
        self.monday_s = -(start.weekday() * 24 * HOUR_S + start.hour * HOUR_S + start.minute * 60)
        """When the week began that the scenario starts in."""
        self.ready_slot_s = 0.0
        self.changed_s = env.now
        self.sought = False
        """Whether anything came since the last tick and found no idle slot."""
        per_s = float(scenario.demand.expected_requests(env.now, 1)[0]) / HOUR_S
        for outage in fleet.outages:
            env.process(self._interrupt(outage))
        if isinstance(self.capacity, HourlyCapacity):
            count = self._scheduled(self.capacity, self._hour(env.now))
        else:
            count = self.capacity.replicas_for(per_s * self.full_batch_work_s() / fleet.slots)
        for _ in range(count):
            self.serving.append(self._replica(env.now))
        self._regroup()
        for replica in self.serving:
            self._watch(replica)
        if isinstance(self.capacity, Autoscaled):
            env.process(self._scale(self.capacity))
        if isinstance(self.capacity, HourlyCapacity):
            env.process(self._follow_the_clock(self.capacity))

    def service_s(self, together: int) -> float:
        """Return the mean time to compute so many requests together."""
        return self.fleet.service_time.mean_s(together)

    @property
    def most_together(self) -> int:
        """Requests in a batch at most."""
        return self.fleet.batching.max if self.fleet.batching else 1

    def full_batch_work_s(self) -> float:
        """Return the slot time of a request in a full batch."""
        return self.service_s(self.most_together) / self.most_together

    def _replica(self, ready_s: float) -> Replica:
        slots = [Slot(ready_s) for _ in range(self.fleet.slots)]
        lasting = sum(not each.on_spot for each in self.serving + self.starting + self.away)
        reserved = self.fleet.reserved.replicas if self.fleet.reserved else 0
        return Replica(self.env.now, slots, on_spot=self.fleet.reclaim is not None and lasting >= reserved)

    # what goes by the clock

    def _hour(self, time_s: float) -> int:
        return math.floor((time_s - self.monday_s) / HOUR_S)

    def _scheduled(self, rule: HourlyCapacity, hour: int) -> int:
        return rule.replicas[hour % len(rule.replicas)]

    def _follow_the_clock(self, rule: HourlyCapacity) -> Steps:
        for hour in itertools.count(self._hour(self.env.now) + 1):
            begins_s = self.monday_s + hour * HOUR_S
            yield self.env.timeout(max(begins_s - rule.startup_s - self.env.now, 0.0))
            more = self._scheduled(rule, hour) - self._scheduled(rule, hour - 1)
            for _ in range(more):
                self._order(begins_s - self.env.now)
            if more < 0:
                self.env.process(self._do_without(-more, begins_s))

    def _do_without(self, count: int, at_s: float) -> Steps:
        yield self.env.timeout(max(at_s - self.env.now, 0.0))
        self._count_ready()
        while count and self.away:
            self._cancel(self.away.pop())
            count -= 1
        for _ in range(count):
            self._drain(self.serving[-1])
        self._regroup()

    # what goes wrong

    def _watch(self, replica: Replica) -> None:
        if replica.on_spot:
            lasts_s = self.fleet.reclaim.mean_s * float(self.rng.standard_exponential())
            self.env.process(self._reclaim(replica, lasts_s))

    def _reclaim(self, replica: Replica, lasts_s: float) -> Steps:
        yield self.env.timeout(lasts_s)
        if replica not in self.serving:
            return
        self._count_ready()
        self._drain(replica)
        self._regroup()
        self.seen.replicas_reclaimed += 1
        if not isinstance(self.capacity, Autoscaled):
            away_s = self.fleet.reclaim.reprovision_s
            self._send_away(replica, away_s, away_s - self.capacity.replica_startup_s)

    def _interrupt(self, outage: Outage) -> Steps:
        yield self.env.timeout(WeekClock().time_s(outage.at) - self.env.now)
        self._count_ready()
        gone = self.serving[len(self.serving) - math.ceil(len(self.serving) * outage.share_fraction - NEAR_WHOLE) :]
        for replica in reversed(gone):
            self._drain(replica)
        self._regroup()
        self.seen.interrupted += len(gone)
        for replica in gone:
            self._send_away(replica, outage.duration_s, outage.duration_s)

    def _send_away(self, lost: Replica, away_s: float, unbilled_s: float) -> None:
        billed_from_s = self.env.now + max(unbilled_s, 0.0)
        back = Replica(billed_from_s, [Slot(math.nan) for _ in range(self.fleet.slots)], on_spot=lost.on_spot)
        self.away.append(back)
        self.env.process(self._come_back(back, away_s))

    def _come_back(self, replica: Replica, away_s: float) -> Steps:
        yield self.env.timeout(away_s)
        if replica.cancelled:
            return
        self.away.remove(replica)
        if isinstance(self.capacity, Autoscaled) and len(self.serving) + len(self.starting) >= self.capacity.max:
            self._cancel(replica)
            return
        for slot in replica.slots:
            slot.free_s = self.env.now
        yield from self._serve(replica)

    def _cancel(self, replica: Replica) -> None:
        replica.cancelled = True
        if replica.billed_from_s < self.env.now:
            self.did.bills.append((replica.billed_from_s, self.env.now))

    def _drain(self, replica: Replica) -> None:
        self.serving.remove(replica)
        end_s = max([self.env.now, *(slot.free_s for slot in replica.slots)])
        self.did.bills.append((replica.billed_from_s, end_s))

    def _regroup(self) -> None:
        self.tournament = Tournament([slot for replica in self.serving for slot in replica.slots])

    def _count_ready(self) -> None:
        self.ready_slot_s += (self.env.now - self.changed_s) * len(self.serving) * self.fleet.slots
        self.changed_s = self.env.now

    def ask(self, arrival_s: float, need: Need, *, counts: bool) -> "Turn | None":
        """Queue up, if there is room; the turn's event comes when a slot is taken."""
        del counts
        idle = self.tournament.slots and not self.tournament.slots[self.tournament.first].busy
        limit, is_direct = self.fleet.queue_limit, self.fleet.batching is None and idle and not self.queue
        self.sought = self.sought or not is_direct
        if limit is not None and len(self.queue) >= limit and not is_direct:
            return None
        turn = Turn(self.env.event(), arrival_s, need.factor)
        self.queue.append(turn)
        if self.fleet.batching:
            self.env.process(self._hold(turn))
        self.hand_out()
        self.seen.longest_queue = max(self.seen.longest_queue, len(self.queue))
        return turn

    def _hold(self, turn: Turn) -> Steps:
        assert self.fleet.batching is not None
        yield self.env.timeout(max(turn.arrival_s + self.fleet.batching.hold_s - self.env.now, 0.0))
        turn.held = True
        self.hand_out()

    def _ready_s(self) -> float:
        """Return since when those who wait are enough for a batch; infinity if they are not."""
        rule, oldest = self.fleet.batching, self.queue[0]
        if rule is None:
            return oldest.arrival_s
        full_s = self.queue[rule.max - 1].arrival_s if len(self.queue) >= rule.max else math.inf
        return min(full_s, oldest.arrival_s + rule.hold_s if oldest.held else math.inf)

    def hand_out(self) -> None:
        """Give idle slots to those who wait longest."""
        while self.queue and self.tournament.slots and not self.tournament.slots[self.tournament.first].busy:
            if self._ready_s() == math.inf:
                return
            slot = self.tournament.slots[self.tournament.first]
            start_s = max(self._ready_s(), slot.free_s)
            turns = [self.queue.popleft() for _ in range(min(len(self.queue), self.most_together))]
            service_s = self.service_s(len(turns)) * turns[0].factor
            slot.busy, slot.free_s = True, start_s + service_s
            self.tournament.again()
            self.did.work.append((start_s, slot.free_s))
            if self.fleet.batching is not None and self.counts(start_s):
                self.did.counts.update(batches=1, batched=len(turns))
            turns[0].leads = True
            for turn in turns:
                turn.slot, turn.start_s, turn.service_s, turn.decided_s = slot, start_s, service_s, start_s
                turn.event.succeed()

    def release(self, turn: Turn) -> None:
        """Be done with a slot."""
        if turn.leads:
            assert turn.slot is not None
            turn.slot.busy = False
            self.hand_out()

    def _worked_s(self, since: int, begin: float, end: float) -> tuple[int, float]:
        """Return the slot-seconds worked from ``begin`` to ``end``, and the first stretch that still matters."""
        work = self.did.work
        while since < len(work) and work[since][1] <= begin:
            since += 1
        return since, math.fsum(max(min(to_s, end) - max(from_s, begin), 0.0) for from_s, to_s in work[since:])

    def _scale(self, rule: Autoscaled) -> Steps:
        """Do what Kubernetes' controller does at each tick, from lists of all that was wanted and changed before."""
        wishes: list[tuple[float, int]] = [(self.env.now, len(self.serving))]
        changes: list[tuple[float, int]] = []
        up, down = rule.behavior.scale_up, rule.behavior.scale_down
        keeps_s = 300.0
        for stated_s in (rule.stabilisation_s, down.stabilisation_s):
            keeps_s = keeps_s if stated_s is None else stated_s
        before_s, ready_before_s, since = self.env.now, 0.0, 0
        while True:
            yield self.env.timeout(rule.tick_s)
            now = self.env.now
            self._count_ready()
            since, worked_s = self._worked_s(since, before_s, now)
            offered_s = self.ready_slot_s - ready_before_s
            before_s, ready_before_s = now, self.ready_slot_s
            total, sought = len(self.serving) + len(self.starting), bool(self.queue) or self.sought
            self.sought = False
            if total == 0 and sought:
                self._order(rule.startup_s)
                changes.append((now, 1))
                wishes.append((now, 1))
                self.seen.woken += 1
                continue
            wish = total
            if self.serving and offered_s > 0:
                ratio = worked_s / offered_s / rule.target_fraction
                if not 1 - down.tolerance_fraction <= ratio <= 1 + up.tolerance_fraction:
                    wish = math.ceil(len(self.serving) * ratio - NEAR_WHOLE)
            wish = max(rule.min, min(rule.max, wish), 1 if sought else 0)
            wishes.append((now, wish))
            highest = max(number for at_s, number in wishes if at_s > now - keeps_s or at_s == now)
            lowest = min(number for at_s, number in wishes if at_s > now - up.stabilisation_s or at_s == now)
            goal = total
            if total < lowest:
                goal = max(min(lowest, self._limit(up, total, changes)), total, min(rule.min, lowest))
            if total > highest:
                goal = min(max(highest, self._limit(down, total, changes)), total)
            self.seen.held_back += goal != min(max(total, lowest), highest)
            for _ in range(goal - total):
                self._order(rule.startup_s)
            if goal < total:
                self._remove(total - goal)
            changes.append((now, goal - total))

    def _limit(self, rules: Rules, total: int, changes: list[tuple[float, int]]) -> int:
        """Return how far the number of replicas may go in one direction."""
        if rules.select == "disabled":
            return total
        is_up, limits = isinstance(rules, ScaleUp), []
        for policy in rules.policies:
            then = total - sum(change for at_s, change in changes if at_s > self.env.now - policy.period_s)
            share = 0.0 if policy.percent_fraction is None else policy.percent_fraction
            step = policy.pods or then * share
            limits.append(math.ceil(then + step - 1e-9) if is_up else math.floor(then - step + 1e-9))
        farthest, nearest = (max, min) if is_up else (min, max)
        return farthest(limits) if rules.select == "max" else nearest(limits)

    def _order(self, startup_s: float) -> None:
        replica = self._replica(self.env.now + startup_s)
        self.starting.append(replica)
        self.seen.orders += 1
        self.env.process(self._start(replica, startup_s))

    def _start(self, replica: Replica, startup_s: float) -> Steps:
        yield self.env.timeout(startup_s)
        if not replica.cancelled:
            self.starting.remove(replica)
            yield from self._serve(replica)

    def _serve(self, replica: Replica) -> Steps:
        self._count_ready()
        self.serving.append(replica)
        self._regroup()
        self._watch(replica)
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
            self.did.bills.append((replica.billed_from_s, end_s))
        self._regroup()

    def close_bills(self) -> None:
        """Bill the replicas that are still there, without an end."""
        self.did.bills += [(replica.billed_from_s, math.inf) for replica in self.serving + self.starting + self.away]


@dataclass(eq=False)
class Instance:
    """One that came with a request."""

    born_s: float
    free_s: float


class ServerlessModel(BackendModel):
    """An instance for each request in progress."""

    def __init__(
        self,
        env: simpy.Environment,
        scenario: Scenario,
        backend: str,
        seen: Seen,
        replication: int,
        chance: int,
        rng: np.random.Generator,
    ) -> None:
        super().__init__(env, scenario, backend, seen, replication, chance)
        self.rng = rng
        self.instances: list[Instance] = []

    def ask(self, arrival_s: float, need: Need, *, counts: bool) -> Turn | None:
        """Take the instance that became idle last, or start one."""
        del counts
        rule, factor = self.fleet, need.factor
        assert isinstance(rule, Serverless)
        for instance in [each for each in self.instances if each.free_s + rule.keep_alive_s <= arrival_s]:
            self._end(instance)
        idle = [each for each in self.instances if each.free_s <= arrival_s]
        if not idle and len(self.instances) == rule.concurrency:
            return None
        startup_s, service_s = 0.0, rule.mean_service_s * factor
        if idle:
            instance = max(idle, key=lambda each: each.free_s)
        else:
            startup_s = float(rule.startup.draw_s(self.rng, 1)[0])
            instance = Instance(arrival_s, arrival_s)
            self.instances.append(instance)
        start_s = arrival_s + startup_s
        instance.free_s = start_s + service_s
        self.did.work.append((arrival_s, instance.free_s))
        slot = Slot(instance.free_s)
        turn = Turn(self.env.event(), arrival_s, factor, slot=slot, start_s=start_s, service_s=service_s)
        turn.decided_s, turn.startup_s, turn.leads = arrival_s, startup_s, not idle
        return turn

    def count(self, turn: Turn, asked_s: float) -> None:
        """Count and bill what was begun."""
        rule = self.fleet
        assert isinstance(rule, Serverless)
        if self.counts(asked_s):
            super().count(turn, asked_s)
            self.did.counts["cold_starts"] += turn.leads
            steps = (turn.startup_s * rule.bills_startup + turn.service_s) / rule.billing_step_s
            self.did.counts["billed_s"] += math.ceil(round(steps, 9)) * rule.billing_step_s

    def _end(self, instance: Instance) -> None:
        assert isinstance(self.fleet, Serverless)
        self.did.bills.append((instance.born_s, instance.free_s + self.fleet.keep_alive_s))
        self.instances.remove(instance)

    def close_bills(self) -> None:
        """End the instances that are still there when their time is over."""
        for instance in list(self.instances):
            self._end(instance)


class ServiceModel(BackendModel):
    """An external API: what asks for it is answered at once, or refused."""

    def __init__(
        self, env: simpy.Environment, scenario: Scenario, backend: str, seen: Seen, replication: int, chance: int
    ) -> None:
        super().__init__(env, scenario, backend, seen, replication, chance)
        seen.services.append(seen.fleets.pop())
        assert isinstance(self.fleet, Api)
        self.provider = ApiModel(self.fleet, env.now)
        self.did.counts = self.provider.counts

    def ask(self, arrival_s: float, need: Need, *, counts: bool) -> Turn | None:
        """Call, and be told how long it takes, or that it is refused."""
        service_s = self.provider.call(arrival_s, need.tokens, need.factor, counts=counts)
        if service_s is None:
            return None
        turn = Turn(self.env.event(), arrival_s, need.factor, start_s=arrival_s, service_s=service_s)
        turn.slot, turn.decided_s = Slot(math.inf), arrival_s
        return turn

    def close_bills(self) -> None:
        """There is nothing that is billed by time."""
