"""Simulate one plan of a scenario: put the parts together, let SimPy's clock run, and gather what happened."""

import math
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import simpy

from simulator.backends.base import OnlineBackend, Surroundings
from simulator.backends.online.replicas import Replicas
from simulator.core.arrays import FloatArray
from simulator.core.histogram import Histogram
from simulator.core.streams import stream
from simulator.core.units import HOUR_S
from simulator.plans.plan import Plan, Precompute
from simulator.scenario.schema import Scenario
from simulator.simulation.ahead.membership import Membership
from simulator.simulation.ahead.runs import BatchRun, Precomputing
from simulator.simulation.beginning.cached_rows import CachedRows
from simulator.simulation.beginning.long_run import LongRun
from simulator.simulation.beginning.rows_by_login import RowsByLogin
from simulator.simulation.calendar.due_runs import runs_due
from simulator.simulation.calendar.expectation import expected_rows
from simulator.simulation.calendar.timing import begin_s, origin_s
from simulator.simulation.flow.online_station import OnlineStation
from simulator.simulation.flow.request_path import RequestPath
from simulator.simulation.outcome import (
    QUEUE_STEP_S,
    BatchUse,
    BusiestHour,
    FleetUse,
    Hours,
    Outcome,
    ServiceUse,
)
from simulator.simulation.restating import late_runs, with_usage
from simulator.simulation.state.rows import Layout
from simulator.simulation.usage import store_use
from simulator.simulation.workload.closed_loop import ClosedLoopWorkload
from simulator.simulation.workload.request_stream import RequestStream, Source, Stretch
from simulator.simulation.workload.workload import Workload

HOURS_TO_COUNT_ROWS = 6
"""How often the rows in the store are counted, whose peak is what a store of nodes needs room for."""
_SERIES = ("requests", "precomputed", "cached", "computed", "defaulted", "timed_out", "refused")
_WRITES = ("written_online", "written_nearline")


@dataclass(frozen=True)
class _Sample:
    """What has been counted up to a moment."""

    time_s: float
    counts: dict[str, float]
    latency: Histogram
    work_s: list[float]
    """Slot-seconds of each fleet. [s]"""
    ready_s: list[float]
    """Slot-seconds that were ready in each fleet. [s]"""
    lived_s: list[float]
    """Instance-seconds that those of each serverless backend have lived. [s]"""


@dataclass(frozen=True)
class Variant:
    """One plan of one scenario."""

    scenario: Scenario
    plan: str


def simulate(scenario: Scenario, plan: str, replication: int = 0, block_s: float | None = None) -> Outcome:
    """Simulate one plan of a scenario once.

    Parameters
    ----------
    scenario
        What to simulate; its seed chooses the random numbers.
    plan
        Name of one of its plans.
    replication
        Which replication, from 0. Plans of the same replication see the same users, logins, requests and think times.
    block_s
        How much time is worked on at once; by default so much as fits fast memory. It changes no result. [s]

    Returns
    -------
    Outcome
        What happened from time 0 to the horizon.
    """
    (outcome,) = simulate_together([Variant(scenario, plan)], replication, block_s)
    return outcome


def simulate_together(
    variants: Sequence[Variant],
    replication: int = 0,
    block_s: float | None = None,
    on_carried: Callable[[int, int], None] | None = None,
) -> Iterator[Outcome]:
    """Simulate variants on one stream of requests, each with a store and backends of its own.

    Each block of requests is drawn once and carried through every variant before the next is drawn. Who else is there
    changes no result.

    Parameters
    ----------
    variants
        All with the same requests: of one `Source`.
    replication, block_s
        See `simulate`.
    on_carried
        Called with the number of a variant and of requests that it has been carried through since the last call: first
        with none, as soon as it has begun.

    Yields
    ------
    Outcome
        What happened, in the order of the variants.
    """
    source, scenario = Source.of(variants[0].scenario), variants[0].scenario
    assert all(Source.of(each.scenario) == source for each in variants), "variants have other requests, seed or horizon"
    begins_s = [begin_s(each.scenario, each.plan) for each in variants]
    requests = RequestStream(
        source,
        replication,
        min(begins_s),
        block_s or scenario.demand.block_s,
        mark_last=any(_goes_by_logins(each.scenario.plans[each.plan]) for each in variants),
    )
    told = on_carried or (lambda _, __: None)
    simulations: dict[int, _Simulation] = {}
    at = requests.draw()
    while at is not None:
        for number, variant in enumerate(variants):
            if begins_s[number] >= at.block.end_s:
                continue
            if number not in simulations:
                simulations[number] = _Simulation(variant, replication, requests, at, begins_s[number])
                told(number, 0)
            told(number, at.block.time_s.size + simulations[number].carry(at.block.end_s))
        at = at.next
    for number in range(len(variants)):
        yield simulations.pop(number).finish()


class _Simulation:
    """One variant, from where its requests begin."""

    def __init__(
        self, variant: Variant, replication: int, requests: RequestStream, at: Stretch, begin_s: float
    ) -> None:
        scenario, plan = variant.scenario, variant.plan
        self.scenario, self.plan_name, self.replication, self.requests = scenario, plan, replication, requests
        self.plan = scenario.plans[plan]
        self.cluster, self.fleets = scenario.batch_backend(self.plan), scenario.online_backends(self.plan)
        self.precompute = self.plan.precompute
        users, horizon_s = scenario.population.users, scenario.horizon_s
        shards = math.ceil(users / self.cluster.shard) if self.cluster else 1
        self.layout = Layout.of(users, shards, origin_s(scenario, plan), horizon_s)
        self.env = simpy.Environment(begin_s)
        self.membership: Membership | None = None
        if self.precompute and not self.precompute.is_for_all:
            self.membership = Membership(scenario, plan, replication, self.layout)
        workload: Workload | ClosedLoopWorkload
        if scenario.traffic.closed_loop is not None:
            workload = ClosedLoopWorkload(scenario, plan, replication, begin_s)
        else:
            activity = self.membership.activity if self.membership else None
            workload = Workload(scenario, plan, at.since(begin_s), activity)
        self.path = RequestPath(scenario, plan, replication, self.layout, workload)
        self.ahead: Precomputing | None = None
        if self.precompute:
            self.ahead = Precomputing(self.env, scenario, plan, replication, self.layout, self.path, self.membership)
        self.samples: list[_Sample] = []
        self.waiting: list[list[int]] = []
        self.serving: list[list[int]] = []
        self.unserved_at_start = 0
        self.peak_rows = 0
        self._begin()

    def _begin(self) -> None:
        """Put all into its long-run state."""
        requests_per_s = float(self.scenario.demand.expected_requests(self.env.now, 1)[0]) / HOUR_S
        names = self.scenario.online_names(self.plan)
        for name, station, backend in zip(names, self.path.stations, self.fleets, strict=True):
            rng = stream(self.scenario.seed, self.replication, f"troubles of {name}")
            around = Surroundings(requests_per_s, self.scenario.demand.clock, rng)
            station.replicas = backend.start(self.env, station, around)
        if self.membership and self.membership.has_past:
            LongRun(self.scenario, self.plan_name, self.replication, self.layout, self.membership).begin(self.path)
        by_login = RowsByLogin(self.scenario, self.plan_name, self.replication)
        if by_login.exist:
            by_login.put(self.layout, self.path.table)
        cached = CachedRows(self.scenario, self.plan_name, self.replication)
        if cached.exist:
            cached.put(self.layout, self.path.table, self.path.reads, self.path.recent)
        if by_login.exist or cached.exist or (self.membership and self.membership.has_past):
            self.path.hold_rows(self.env.now)
        if self.ahead:
            self.ahead.start()
        self.env.process(self._sample_hourly())
        if self.fleets:
            self.env.process(self._watch_queues())

    def carry(self, until_s: float) -> int:
        """Let pass what happens before a moment, and carry the requests up to it; return those of a closed loop. [s]"""
        before = self.path.called()
        while self.env.peek() < until_s:
            self.env.step()
        self.path.advance(until_s)
        return self.path.called() - before

    def finish(self) -> Outcome:
        """Let those who wait at the horizon have their answers, and return what happened."""
        horizon_s = self.scenario.horizon_s
        self.env.run(until=horizon_s)
        self._sample()
        self._look_at_queues(self.path.waiting_by_station())
        self.path.drop_expired(math.nextafter(horizon_s, 0.0), for_good=True)
        unserved_at_end = self.path.unserved() if self.plan.has_store else 0
        while self.path.waiting:  # those who came within the horizon get their answer
            self.env.run(until=self.env.now + HOUR_S)
            self.path.advance(self.env.now)
        outcome = self._gather(unserved_at_end)
        self.path.release()
        return outcome

    def _sample_hourly(self) -> Generator[simpy.Event, None, None]:
        yield self.env.timeout(-self.env.now)
        self.path.advance(0.0)
        self.path.drop_expired(math.nextafter(0.0, -1.0))
        self.unserved_at_start = self.path.unserved() if self.plan.has_store else 0
        while self.env.now < self.scenario.horizon_s:
            self._sample()
            yield self.env.timeout(HOUR_S)

    def _sample(self) -> None:
        self.path.advance(self.env.now)
        ends = self.env.now >= self.scenario.horizon_s
        if self.plan.has_store and (ends or len(self.samples) % HOURS_TO_COUNT_ROWS == 0):
            self.peak_rows = max(self.peak_rows, self.path.rows_held(self.env.now))
        stations = self.path.stations
        self.samples.append(
            _Sample(
                self.env.now,
                self.path.counts(),
                self.path.latency(),
                [station.work_done_s() for station in stations],
                [station.replicas.ready_slot_s() if station.replicas else 0.0 for station in stations],
                [station.counts()["live_s"] for station in stations],
            )
        )

    def _watch_queues(self) -> Generator[simpy.Event, None, None]:
        yield self.env.timeout(-self.env.now)
        self.path.advance(0.0)
        self.path.longest_queues()  # forgets what was before
        while self.env.now < self.scenario.horizon_s:
            self.path.advance(self.env.now)
            self._look_at_queues(self.path.longest_queues())
            yield self.env.timeout(QUEUE_STEP_S)

    def _look_at_queues(self, waiting: list[int]) -> None:
        replicas = [station.replicas for station in self.path.stations]
        self.waiting.append(waiting)
        self.serving.append([each.fewest_ready() if each else 0 for each in replicas])

    def _gather(self, unserved_at_end: int) -> Outcome:
        hours = self._hours()
        counted = self.path.counted()
        fleets, services, batch = self._fleet_uses(), self._service_uses(), self._batch_use()
        traffic = self.path.called_traffic() or self.requests.traffic
        writes_per_s = self._busiest_writes_per_s()
        kept = store_use(self.scenario, self.plan, counted.tally, traffic, batch, self.peak_rows, writes_per_s)
        outcome = Outcome(
            plan=self.plan_name,
            replication=self.replication,
            horizon_s=self.scenario.horizon_s,
            traffic=traffic,
            counted=counted,
            unserved_at_start=self.unserved_at_start,
            unserved_at_end=unserved_at_end,
            fleets=fleets,
            services=services,
            batch=batch,
            hours=hours,
            busiest_hour=self._busiest_hour(),
            store=kept,
            usage=(),
        )
        return with_usage(outcome, self.scenario)

    def _hours(self) -> Hours:
        times = np.array([sample.time_s for sample in self.samples])
        series = {name: np.diff([float(sample.counts[name]) for sample in self.samples]) for name in _SERIES}
        return Hours(times[:-1], **series)

    def _busiest_writes_per_s(self) -> float:
        """Return how often rows were written one at a time, in the hour with the most of them. [1/s]"""
        written = [sum(sample.counts[name] for name in _WRITES) for sample in self.samples]
        return float((np.diff(written) / np.diff([sample.time_s for sample in self.samples])).max())

    def _busiest_hour(self) -> BusiestHour:
        before, after = max(pairwise(self.samples), key=lambda pair: pair[1].latency.count - pair[0].latency.count)
        latency = Histogram(after.latency.counts - before.latency.counts, after.latency.total - before.latency.total)
        gone = [sample.counts["timed_out"] + sample.counts["refused"] for sample in (before, after)]
        return BusiestHour(before.time_s, latency, gone[1] - gone[0])

    def _fleet_uses(self) -> tuple[FleetUse, ...]:
        names = self.scenario.online_names(self.plan)
        busy_s = [np.diff([sample.work_s[k] for sample in self.samples]) for k in range(len(self.fleets))]
        return tuple(
            FleetUse(
                name,
                busy_replica_s=busy_s[number] / fleet.slots_per_replica,
                full_batch_replica_s=_in_full_batches_s(fleet, station, busy_s[number]) / fleet.slots_per_replica,
                provisioned_replica_s=self._provisioned_s(station.replicas, number),
                replicas_peak=self._most_replicas(station),
                counts=station.counts(),
                beyond_reserved_s=self._beyond_reserved_s(fleet, station.replicas),
                ready_replica_s=np.diff([sample.ready_s[number] for sample in self.samples]) / fleet.slots_per_replica,
                waiting=np.array([waiting[number] for waiting in self.waiting]),
                serving=np.array([serving[number] for serving in self.serving]),
            )
            for number, (name, fleet, station) in enumerate(zip(names, self.fleets, self.path.stations, strict=True))
            if fleet.has_replicas
        )

    def _beyond_reserved_s(self, fleet: OnlineBackend, replicas: Replicas | None) -> float:
        if replicas is None:
            return 0.0
        begin_s, end_s = replicas.billed_s([0.0, self.scenario.horizon_s], fleet.reserved_replicas)
        return float(end_s - begin_s)

    def _provisioned_s(self, replicas: Replicas | None, number: int) -> FloatArray:
        """Return the time that a fleet's replicas are billed, or that a serverless backend's instances live. [s]"""
        if replicas is None:
            return np.diff([sample.lived_s[number] for sample in self.samples])
        return np.diff(replicas.billed_s([sample.time_s for sample in self.samples]))

    def _most_replicas(self, station: OnlineStation) -> int:
        if station.replicas is None:
            return int(station.counts()["most_live"])
        return station.replicas.most_billed(self.scenario.horizon_s)

    def _service_uses(self) -> tuple[ServiceUse, ...]:
        stations = zip(self.scenario.online_names(self.plan), self.fleets, self.path.stations, strict=True)
        return tuple(
            ServiceUse(name, station.counts(), station.tokens())
            for name, backend, station in stations
            if not backend.has_replicas
        )

    def _batch_use(self) -> BatchUse | None:
        if self.precompute is None or self.ahead is None:
            return None
        horizon_s, log = self.scenario.horizon_s, self.ahead.log
        runs = tuple(run for run in log.runs if run.due_s >= 0 and run.end_s <= horizon_s)
        missed_s = log.missed_s
        due = len(log.started_s) + len(missed_s) + len(log.joined_s)
        started = len(log.started_s) / due if log.started_s else 1.0
        spans = [span for run_spans in log.worker_spans for span in run_spans]
        return BatchUse(
            runs,
            sum(0 <= due_s < horizon_s for due_s in missed_s),
            late_runs(self.scenario, runs),
            worker_s=sum(max(min(span.end_s, horizon_s) - max(span.begin_s, 0.0), 0.0) for span in spans),
            mean_run_worker_s=self._mean_run_worker_s(log.runs),
            mean_run_rows=self._mean_run_rows(self.precompute, log.rows),
            runs_per_horizon=runs_due(self.scenario, self.plan_name) * started,
            missed_s=tuple(due_s for due_s in missed_s if 0 <= due_s < horizon_s),
        )

    def _mean_run_worker_s(self, runs: Sequence[BatchRun]) -> dict[str, float]:
        meters = {meter for run in runs for meter in run.worker_s}
        return {meter: float(np.mean([run.worker_s.get(meter, 0.0) for run in runs])) for meter in sorted(meters)}

    def _mean_run_rows(self, precompute: Precompute, rows: list[int]) -> float:
        if rows:
            return sum(rows) / len(rows)
        return expected_rows(self.scenario, precompute, self.scenario.population.users)


def _goes_by_logins(plan: Plan) -> bool:
    """Return whether it is to be told which request is the last of a login; others do not look."""
    return plan.refresh is not None and plan.refresh.on == "login"


def _in_full_batches_s(fleet: OnlineBackend, station: OnlineStation, busy_s: FloatArray) -> float:
    """Return the slot-seconds that the horizon's work takes in batches as large as may be. [s]"""
    if fleet.computes_together:
        return station.counts()["batched"] * fleet.full_batch_work_s
    return float(busy_s.sum())
