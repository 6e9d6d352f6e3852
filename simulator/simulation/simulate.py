"""Simulate one plan of a scenario: put the parts together, let SimPy's clock run, and gather what happened."""

import math
from collections.abc import Generator, Sequence

import numpy as np
import simpy

from simulator.core.units import HOUR_S
from simulator.plans.plan import Precompute
from simulator.scenario.schema import Scenario
from simulator.simulation.due_runs import runs_due
from simulator.simulation.expectation import expected_rows
from simulator.simulation.feed import Feed
from simulator.simulation.long_run import LongRun
from simulator.simulation.membership import Membership
from simulator.simulation.outcome import BatchUse, FleetUse, Hours, Outcome, Traffic
from simulator.simulation.precompute import BatchRun, Precomputing
from simulator.simulation.request_path import RequestPath
from simulator.simulation.rows import Layout
from simulator.simulation.rows_by_login import RowsByLogin
from simulator.simulation.timing import begin_s, deadline_s, origin_s
from simulator.simulation.usage import usage_of

_SERIES = ("requests", "precomputed", "cached", "computed", "defaulted")


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
    return _Simulation(scenario, plan, replication, block_s or scenario.demand.interval_s).run()


class _Simulation:
    def __init__(self, scenario: Scenario, plan: str, replication: int, block_s: float) -> None:
        self.scenario, self.plan_name, self.replication = scenario, plan, replication
        self.plan = scenario.plans[plan]
        self.cluster, self.fleets = scenario.batch_backend(self.plan), scenario.online_backends(self.plan)
        begin, self.precompute = begin_s(scenario, plan), self.plan.precompute
        users, horizon_s = scenario.population.users, scenario.horizon_s
        shards = math.ceil(users / self.cluster.shard) if self.cluster else 1
        self.layout = Layout.of(users, shards, origin_s(scenario, plan), horizon_s)
        self.env = simpy.Environment(begin)
        self.feed = Feed(scenario, plan, replication, begin, horizon_s, block_s)
        self.membership: Membership | None = None
        if self.precompute and not self.precompute.is_for_all:
            self.membership = Membership(scenario, plan, replication, self.layout)
            self.feed.activity = self.membership.activity
        self.path = RequestPath(scenario, plan, replication, self.layout, self.feed)
        self.ahead: Precomputing | None = None
        if self.precompute:
            self.ahead = Precomputing(self.env, scenario, plan, replication, self.layout, self.path, self.membership)
        self.samples: list[tuple[float, dict[str, float], list[float]]] = []
        self.unserved_at_start = 0

    def run(self) -> Outcome:
        horizon_s = self.scenario.horizon_s
        requests_per_s = float(self.scenario.demand.expected_requests(self.env.now, 1)[0]) / HOUR_S
        for line, backend in zip(self.path.lines, self.fleets, strict=True):
            line.replicas = backend.start(self.env, line, requests_per_s)
        if self.membership and self.membership.has_past:
            LongRun(self.scenario, self.plan_name, self.replication, self.layout, self.membership).begin(self.path)
        by_login = RowsByLogin(self.scenario, self.plan_name, self.replication)
        if by_login.exist:
            by_login.put(self.layout, self.path.table)
        if by_login.exist or (self.membership and self.membership.has_past):
            self.path.hold_rows(self.env.now)
        if self.ahead:
            self.ahead.start()
        self.env.process(self._sample_hourly())
        self.env.run(until=horizon_s)
        self._sample()
        self.path.drop_expired(math.nextafter(horizon_s, 0.0))
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
        self.samples.append((self.env.now, self.path.counts(), [line.work_done_s() for line in self.path.lines]))

    def _gather(self, unserved_at_end: int) -> Outcome:
        hours = self._hours()
        counted = self.path.counted()
        fleets, batch = self._fleet_uses(), self._batch_use()
        return Outcome(
            plan=self.plan_name,
            replication=self.replication,
            horizon_s=self.scenario.horizon_s,
            traffic=Traffic(
                logins=self.feed.logins,
                busiest_minute=self.feed.busiest_minute,
                daily_active_fraction=self.feed.days.active_fraction,
                monthly_active_fraction=self.feed.months.active_fraction,
            ),
            counted=counted,
            unserved_at_start=self.unserved_at_start,
            unserved_at_end=unserved_at_end,
            fleets=fleets,
            batch=batch,
            hours=hours,
            usage=tuple(usage_of(self.scenario, self.plan_name, counted.tally, fleets, batch)),
        )

    def _hours(self) -> Hours:
        times = np.array([time_s for time_s, _, _ in self.samples])
        series = {name: np.diff([float(counts[name]) for _, counts, _ in self.samples]) for name in _SERIES}
        return Hours(times[:-1], **series)

    def _fleet_uses(self) -> tuple[FleetUse, ...]:
        times = [time_s for time_s, _, _ in self.samples]
        names = self.scenario.online_names(self.plan)
        return tuple(
            FleetUse(
                name,
                busy_replica_s=np.diff([work_s[number] for _, _, work_s in self.samples]) / fleet.slots_per_replica,
                provisioned_replica_s=np.diff(line.replicas.billed_s(times)),
                replicas_peak=line.replicas.most_billed(self.scenario.horizon_s),
                counts=line.counts(),
            )
            for number, (name, fleet, line) in enumerate(zip(names, self.fleets, self.path.lines, strict=True))
            if line.replicas is not None
        )

    def _batch_use(self) -> BatchUse | None:
        if self.precompute is None or self.ahead is None:
            return None
        horizon_s, log = self.scenario.horizon_s, self.ahead.log
        runs = tuple(run for run in log.runs if run.due_s >= 0 and run.end_s <= horizon_s)
        clock_s = self.scenario.slo.batch_deadline_s
        late = 0
        if clock_s is not None:
            late = sum(run.end_s > deadline_s(run.due_s, clock_s, run.midnight_s) for run in runs)
        missed_s = log.missed_s
        started = len(log.started_s) / (len(log.started_s) + len(missed_s)) if log.started_s else 1.0
        spans = [span for run_spans in log.worker_spans for span in run_spans]
        return BatchUse(
            runs,
            sum(0 <= due_s < horizon_s for due_s in missed_s),
            late,
            worker_s=sum(max(min(span.end_s, horizon_s) - max(span.begin_s, 0.0), 0.0) for span in spans),
            mean_run_worker_s=self._mean_run_worker_s(log.runs),
            mean_run_rows=self._mean_run_rows(self.precompute, log.rows),
            runs_per_horizon=runs_due(self.scenario, self.plan_name) * started,
        )

    def _mean_run_worker_s(self, runs: Sequence[BatchRun]) -> dict[str, float]:
        meters = {meter for run in runs for meter in run.worker_s}
        return {meter: float(np.mean([run.worker_s.get(meter, 0.0) for run in runs])) for meter in sorted(meters)}

    def _mean_run_rows(self, precompute: Precompute, rows: list[int]) -> float:
        if rows:
            return sum(rows) / len(rows)
        return expected_rows(self.scenario, precompute, self.scenario.population.users)
