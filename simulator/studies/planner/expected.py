"""The outcome of a plan as it is expected: what a simulation gathers, put together from closed forms.

Metrics, usage and bill are then read from it by the code that reads them from a simulation.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simulator.backends.answers.steady import AskedHours, SteadyHours
from simulator.core.arrays import FloatArray
from simulator.core.histogram import Histogram
from simulator.core.units import DAY_S, DAYS_PER_WEEK, HOUR_S, MINUTE_S, MONTHLY_ACTIVE_DAYS
from simulator.plans.plan import Plan
from simulator.scenario.schema import Scenario
from simulator.simulation.ahead.runs import BatchRun
from simulator.simulation.calendar.due_runs import runs_due
from simulator.simulation.calendar.timing import deadline_s
from simulator.simulation.outcome import BatchUse, BusiestHour, FleetUse, Hours, Outcome, ServiceUse
from simulator.simulation.state.counted import Counted
from simulator.simulation.usage import store_use, usage_of
from simulator.simulation.workload.traffic import Traffic
from simulator.studies.planner.ahead import Runs
from simulator.studies.planner.answers import Answers, Law
from simulator.studies.planner.sessions import Sessions

TIMES = 260
"""Latencies at which their law is asked for."""
QUICKEST = 0.02
SLOWEST = 60.0
"""Of the typical time of a computation: between these latencies are looked at, or up to its time-out."""


@dataclass(frozen=True)
class Online:
    """What one online backend does, by its name."""

    name: str
    steady: SteadyHours
    answers: bool
    """Whether requests wait for it, and not only events."""


def asked_hours(scenario: Scenario, edges_s: FloatArray, computations: FloatArray) -> AskedHours:
    """Return what is asked of a backend between some times."""
    clock = scenario.demand.clock
    hours = tuple(clock.hour(float(at_s)) for at_s in edges_s[:-1])
    return AskedHours(np.diff(edges_s), np.maximum(computations, 0.0), hours)


def traffic_of(scenario: Scenario, edges_s: FloatArray, requests: FloatArray, sessions: Sessions) -> Traffic:
    """Return what comes, in expectation."""
    demand, horizon_s = scenario.demand, scenario.horizon_s
    days = {1: DAY_S, DAYS_PER_WEEK: DAYS_PER_WEEK * DAY_S, MONTHLY_ACTIVE_DAYS: MONTHLY_ACTIVE_DAYS * DAY_S}
    active = [demand.share_active_within(span_s) if horizon_s >= span_s else None for span_s in days.values()]
    return Traffic(
        logins=round(float(requests.sum()) / sessions.requests),
        busiest_minute=round(busiest_minute(edges_s, requests, sessions)),
        daily_active_fraction=active[0],
        weekly_active_fraction=active[1],
        monthly_active_fraction=active[2],
    )


def busiest_minute(edges_s: FloatArray, requests: FloatArray, sessions: Sessions) -> float:
    """Return about how many requests the busiest minute has: the mean of the largest of normal numbers."""
    mean = requests / np.diff(edges_s) * MINUTE_S
    together = sessions.follow_ups * float(sessions.share_by(MINUTE_S / 2))
    spread = np.sqrt(mean * (1 + 2 * together))
    minutes = max(float(np.sum(np.diff(edges_s)[mean >= 0.9 * mean.max()])) / MINUTE_S, 2.0)
    return float(np.max(mean + spread * math.sqrt(2 * math.log(minutes)) * 0.85))


def outcome_of(
    scenario: Scenario,
    plan_name: str,
    answers: Answers,
    traffic: Traffic,
    online: Sequence[Online],
    runs: Sequence[Runs],
    *,
    waits: bool,
) -> Outcome:
    """Return what a plan is expected to do; without waits no latency is known."""
    plan = scenario.plans[plan_name]
    _give_up(plan, answers, online)
    batch = _batch_use(scenario, plan_name, runs)
    counted, busiest = _counted(scenario, plan, answers, online, waits=waits)
    fleets, services = _uses(scenario, online)
    writes = (answers.computed + answers.revalidated) * (plan.cache is not None) + answers.refreshed
    busiest_writes_per_s = float(np.max(writes / np.diff(answers.edges_s)))
    tally = counted.tally
    kept = store_use(scenario, plan, tally, traffic, batch, round(answers.peak_rows), busiest_writes_per_s)
    series = (answers.requests, answers.precomputed, answers.cached, answers.computed, answers.defaulted)
    nothing = np.zeros_like(answers.requests)
    return Outcome(
        plan=plan_name,
        replication=0,
        horizon_s=scenario.horizon_s,
        traffic=traffic,
        counted=counted,
        unserved_at_start=0,
        unserved_at_end=0,
        fleets=fleets,
        services=services,
        batch=batch,
        hours=Hours(answers.edges_s[:-1], *series, nothing, nothing),
        busiest_hour=busiest,
        store=kept,
        usage=tuple(usage_of(scenario, plan_name, tally, traffic, (*fleets, *services), batch, kept)),
    )


def _give_up(plan: Plan, answers: Answers, online: Sequence[Online]) -> None:
    """Have those computations end in the default that time out or are refused."""
    for each in online:
        if not each.answers:
            continue
        lost = np.clip(each.steady.given_up + each.steady.refused, 0.0, 1.0)
        answers.defaulted += answers.computed * lost
        answers.computed *= 1 - lost
    del plan


def _counted(
    scenario: Scenario, plan: Plan, answers: Answers, online: Sequence[Online], *, waits: bool
) -> tuple[Counted, BusiestHour]:
    latency, wait, busiest = _latencies(scenario, plan, answers, online) if waits else _no_latencies()
    age = Law()
    _add_ages(scenario, answers, online, age)
    tally = defaultdict[str, float](float, answers.totals())
    lost = {"timed_out": 0.0, "refused": 0.0}
    for each in online:
        if each.answers:
            share = each.steady.given_up + each.steady.refused
            asked = answers.computed / np.maximum(1 - share, 1e-12)
            lost["timed_out"] += float((asked * each.steady.given_up).sum())
            lost["refused"] += float((asked * each.steady.refused).sum())
    tally |= lost
    tally["written_batch"] = answers.written_batch
    tally["written_online"] = tally["computed"] + tally["revalidated"] if plan.cache else 0.0
    tally["written_nearline"] = tally["refreshed"]
    for name, of in (("batch", answers.batch), ("nearline", answers.nearline)):
        tally[f"ended_{name}"], tally[f"wasted_{name}"] = of.ended, of.wasted
    all_rows = (answers.batch, answers.nearline, answers.online)
    tally["ended"], tally["wasted"] = sum(of.ended for of in all_rows), sum(of.wasted for of in all_rows)
    tally["ended_row_s"] = sum(of.ended_row_s for of in all_rows)
    tally["unread_row_s"] = sum(of.unread_row_s for of in all_rows)
    tally["row_s"] = answers.row_s
    return Counted(tally, latency, age.histogram(), wait), busiest


def _add_ages(scenario: Scenario, answers: Answers, online: Sequence[Online], age: Law) -> None:
    """Add the ages of rows, and those of computations that answer at once: the lag of features and their time."""
    lag_s = scenario.model.feature_lag_s
    rows = float((answers.precomputed + answers.cached).sum())
    if answers.age.weight > 0 and rows > 0:
        values, weights = answers.age.points()
        age.add(values + lag_s, weights * (rows / answers.age.weight))
    computed = float(answers.computed.sum())
    for each in online:
        if each.answers and computed > 0:
            times_s = each.steady.service_s
            age.add(lag_s + times_s, np.full(times_s.size, computed / times_s.size))


def _no_latencies() -> tuple[Histogram, Histogram, BusiestHour]:
    nothing = Law().histogram()
    return nothing, nothing, BusiestHour(0.0, nothing, 0.0)


def _latencies(
    scenario: Scenario, plan: Plan, answers: Answers, online: Sequence[Online]
) -> tuple[Histogram, Histogram, BusiestHour]:
    """Return the laws of latency and wait over the horizon, and of latency in the busiest hour."""
    read_s = scenario.store_of(plan).read_latency_s if plan.has_store else 0.0
    latency, wait, busiest = Law(), Law(), Law()
    at_once = answers.requests - answers.computed
    hour = np.floor(answers.edges_s[:-1] / HOUR_S)
    by_hour = np.bincount(hour.astype(np.int64), answers.requests)
    inside = hour == int(by_hour.argmax())
    for law, part in ((latency, at_once), (busiest, at_once[inside])):
        law.add(np.array([read_s]), np.array([max(float(part.sum()), 0.0)]))
    wait.add(np.zeros(1), np.array([max(float(at_once.sum()), 0.0)]))
    for each in online:
        if each.answers:
            times_s, by_time = _masses(scenario, each, each.steady.answered)
            latency.add(read_s + times_s, answers.computed @ by_time)
            busiest.add(read_s + times_s, answers.computed[inside] @ by_time[inside])
            waits_s, by_wait = _masses(scenario, each, each.steady.waited)
            wait.add(waits_s, answers.computed @ by_wait)
    start_s = float(by_hour.argmax()) * HOUR_S
    return latency.histogram(), wait.histogram(), BusiestHour(start_s, busiest.histogram(), 0.0)


def _masses(scenario: Scenario, online: Online, law: "object") -> tuple[FloatArray, FloatArray]:
    """Return times, and the share of the computations of each hour that take so long. [s]"""
    backend, steps_s = scenario.online(online.name), online.steady.steps_s
    typical_s = backend.mean_service_s
    longest_s = SLOWEST * typical_s
    if math.isfinite(backend.longest_wait_s):
        longest_s = max(longest_s, backend.longest_wait_s * 1.01 + 4 * typical_s)
    grid_s = np.geomspace(QUICKEST * typical_s, longest_s, TIMES)
    times_s = np.unique(np.concatenate([grid_s, steps_s]))
    assert callable(law)
    beyond = np.concatenate([np.ones((online.steady.given_up.size, 1)), law(np.concatenate([[0.0], times_s]))], axis=1)
    mass = -np.diff(beyond, axis=1)
    mass[:, -1] += beyond[:, -1]
    before_s = np.concatenate([[0.0], times_s[:-1]])
    at_s = np.where(np.isin(times_s, steps_s), times_s, (times_s + before_s) / 2)
    return np.concatenate([[0.0], at_s]), np.maximum(mass, 0.0)


def _uses(scenario: Scenario, online: Sequence[Online]) -> tuple[tuple[FleetUse, ...], tuple[ServiceUse, ...]]:
    fleets, services = list[FleetUse](), list[ServiceUse]()
    for each in online:
        steady, counts = each.steady, defaultdict[str, float](float, each.steady.counts)
        if not scenario.online(each.name).has_replicas:
            services.append(ServiceUse(each.name, counts, steady.tokens))
            continue
        fleets.append(
            FleetUse(
                each.name,
                busy_replica_s=steady.busy_replica_s,
                provisioned_replica_s=steady.provisioned_replica_s,
                replicas_peak=round(steady.replicas_peak),
                counts=counts,
                beyond_reserved_s=steady.beyond_reserved_s,
                full_batch_replica_s=float(steady.busy_replica_s.sum()),
            )
        )
    return tuple(fleets), tuple(services)


def _batch_use(scenario: Scenario, plan_name: str, runs: Sequence[Runs]) -> BatchUse | None:
    """Return what the runs do: all of them as they go on average."""
    if not runs:
        return None
    inside, late, missed = list[BatchRun](), 0, 0
    clock_s = scenario.slo.batch_deadline_s
    for each in runs:
        for due in each.timetable.between(0.0, scenario.horizon_s):
            if not np.any(np.abs(each.start_s - due.time_s) < 1.0):
                missed += 1
                continue
            end_s = due.time_s + each.each.makespan_s
            if end_s > scenario.horizon_s:
                continue
            late += clock_s is not None and end_s > deadline_s(due.time_s, clock_s, due.midnight_s)
            shards = each.each.written_s.size
            inside.append(BatchRun(due.time_s, due.time_s, end_s, {}, due.midnight_s, shards, 0, 0))
    meters = {meter for each in runs for meter in each.each.worker_s}
    mean_s = {m: float(np.mean([each.each.worker_s.get(m, 0.0) for each in runs])) for m in sorted(meters)}
    started = 1 - float(np.mean([each.skipped for each in runs]))
    return BatchUse(
        tuple(inside),
        missed,
        late,
        worker_s=0.0,
        mean_run_worker_s=mean_s,
        mean_run_rows=float(np.mean([each.rows for each in runs])),
        runs_per_horizon=runs_due(scenario, plan_name) * started,
    )
