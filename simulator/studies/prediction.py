"""What a plan would use at another activity, by closed forms that grow what it uses today.

It says where to look; nothing of it is printed before a simulation has confirmed it. A cache's hits, the coverage of a
scope and the size of a run grow by the closed forms of `theory`, at gamma-distributed rates; a fleet has in every hour
what its capacity rule gives for that hour's work, never less than its minimum.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.special import gammaincinv

from simulator.core.arrays import FloatArray
from simulator.core.units import DAY_S, HOUR_S
from simulator.core.usage import Usage
from simulator.demand.demand import Demand
from simulator.plans.billing_mode.base import StoreUse
from simulator.plans.plan import OnMiss, Plan
from simulator.scenario.schema import Scenario
from simulator.simulation.calendar.expectation import expected_rows
from simulator.simulation.outcome import BatchUse, FleetUse, Outcome, ServiceUse
from simulator.simulation.usage import usage_of
from simulator.theory.caching import fixed_ttl_hit_fraction, sliding_ttl_hit_fraction

RATES = 400
"""Users that stand for all who are behind a login."""
ROWS_KEPT_DAYS = 28.0
"""How long rows that never expire are followed back."""


@dataclass(frozen=True)
class _PerLogin:
    """What one login leads to on average."""

    computed: float
    revalidated: float


@dataclass(frozen=True)
class Growth:
    """How many times as much there is of everything at another activity."""

    requests: float
    computed: float
    revalidated: float
    batch_rows: float
    rows_held: float

    @classmethod
    def of(cls, now: Scenario, then: Scenario, plan_name: str) -> "Growth":
        """Return it for a plan from one scenario to another that differs in its activity alone."""
        plan = now.plans[plan_name]
        times = then.demand.mean_logins_per_user_day / now.demand.mean_logins_per_user_day
        before, after = (_per_login(each, plan) for each in (now, then))
        rows = 1.0
        if plan.precompute:
            counts = [expected_rows(each, plan.precompute, each.population.users) for each in (now, then)]
            rows = counts[1] / counts[0] if counts[0] else 1.0
        return cls(
            requests=times,
            computed=times * _ratio(before.computed, after.computed),
            revalidated=times * _ratio(before.revalidated, after.revalidated),
            batch_rows=rows,
            rows_held=rows if plan.precompute else _held(now, then, plan),
        )


def _ratio(before: float, after: float) -> float:
    return after / before if before > 0 else 1.0


def _held(now: Scenario, then: Scenario, plan: Plan) -> float:
    kept_s = min(_kept_s(now, plan), ROWS_KEPT_DAYS * DAY_S)
    shares = [each.demand.share_active_within(kept_s) for each in (now, then)]
    return shares[1] / shares[0] if kept_s and shares[0] else 1.0


def _kept_s(scenario: Scenario, plan: Plan) -> float:
    """Return how long a row that follows from a login is served. [s]"""
    kept_s = plan.cache.kept_for_s if plan.cache else 0.0
    if plan.refresh:
        expiry_s = scenario.store_of(plan).expiry_s
        kept_s = max(kept_s, math.inf if expiry_s is None else expiry_s)
    return kept_s


def _per_login(scenario: Scenario, plan: Plan) -> _PerLogin:
    """Return what is computed at a login, over the rates of the users behind logins."""
    if plan.on_miss is not OnMiss.COMPUTE:
        return _PerLogin(0.0, 0.0)
    rates, weights = _rates_per_day(scenario.demand)
    missed = np.ones_like(rates)
    if plan.precompute and plan.precompute.scope.look_back_s is not None:
        missed *= 1 - sliding_ttl_hit_fraction(rates, plan.precompute.scope.look_back_s / DAY_S)
    if plan.refresh:
        missed *= 1 - sliding_ttl_hit_fraction(rates, min(_kept_s(scenario, plan) / DAY_S, ROWS_KEPT_DAYS))
    again = np.zeros_like(rates)
    if plan.cache:
        fresh_days = plan.cache.fresh_for_s / DAY_S
        rule = sliding_ttl_hit_fraction if plan.cache.slides else fixed_ttl_hit_fraction
        stale_days = min((plan.cache.kept_for_s - plan.cache.fresh_for_s) / DAY_S, ROWS_KEPT_DAYS)
        served_stale = sliding_ttl_hit_fraction(rates, stale_days)
        found_old = missed * (1 - rule(rates, fresh_days))
        missed, again = found_old * (1 - served_stale), found_old * served_stale
    return _PerLogin(float(missed @ weights), float(again @ weights))


def _rates_per_day(demand: Demand) -> tuple[FloatArray, FloatArray]:
    """Return login rates of the users behind equally likely logins, group by group, and the weights of these."""
    clusters = demand.clusters()
    levels = (np.arange(RATES) + 0.5) / RATES
    found, shares = [], []
    for group in demand.population.groups:
        mean, shape = group.mean_rate_per_day(clusters), group.shape_for(clusters)
        biased = np.ones(RATES) if math.isinf(shape) else gammaincinv(shape + 1, levels) / shape
        found.append(mean * biased)
        shares.append(np.full(RATES, group.share_fraction * (1 - group.dormant_fraction) * mean / RATES))
    weights = np.concatenate(shares)
    return np.concatenate(found), weights / weights.sum()


def predicted_usage(now: Scenario, then: Scenario, outcome: Outcome, hours: slice = slice(None)) -> tuple[Usage, ...]:
    """Return what a plan would use.

    Parameters
    ----------
    now, then
        What was simulated, and what it is grown to: of the horizon that the ``hours`` make.
    outcome
        What was simulated.
    hours
        Which of its hours; by default all.
    """
    return _Grown(now, then, outcome, hours).usage()


def busiest_load(now: Scenario, then: Scenario, outcome: Outcome) -> float:
    """Return how busy the busiest fleet would be in its busiest hour, if it had the most replicas that it may have."""
    loads = [0.0]
    for use in _Grown(now, then, outcome, slice(None)).fleets():
        most = then.online(use.backend).most_replicas
        if most is not None:
            loads.append(float(np.max(use.busy_replica_s)) / HOUR_S / most)
    return max(loads)


@dataclass(frozen=True)
class _Grown:
    """Some hours of an outcome at another activity."""

    now: Scenario
    then: Scenario
    outcome: Outcome
    hours: slice

    @cached_property
    def growth(self) -> Growth:
        return Growth.of(self.now, self.then, self.outcome.plan)

    @property
    def share_of_time(self) -> float:
        return self.then.horizon_s / self.outcome.horizon_s

    @property
    def before(self) -> Mapping[str, float]:
        return self.outcome.counted.tally

    @cached_property
    def tally(self) -> dict[str, float]:
        """What is counted there; what no usage needs stays as it is."""
        before, growth, hours = self.before, self.growth, self.outcome.hours
        asked = growth.requests * _part(hours.requests, self.hours)
        found = {
            "requests": before["requests"] * asked,
            "computed": before["computed"] * growth.computed * _part(hours.computed, self.hours),
            "revalidated": before["revalidated"] * growth.revalidated * _part(hours.requests, self.hours),
            "refreshed": before["refreshed"] * asked,
            "written_nearline": before["written_nearline"] * asked,
            "row_s": before["row_s"] * growth.rows_held * self.share_of_time,
        }
        online = (each["computed"] + each["revalidated"] for each in (before, found))
        return {**before, **found, "written_online": before["written_online"] * _ratio(*online)}

    def usage(self) -> tuple[Usage, ...]:
        traffic = self.outcome.traffic
        traffic = replace(traffic, logins=round(traffic.logins * self.times_the_requests))
        online: list[FleetUse | ServiceUse] = [*self.fleets(), *map(self.service, self.outcome.services)]
        return tuple(usage_of(self.then, self.outcome.plan, self.tally, traffic, online, self.batch(), self.kept()))

    @property
    def times_the_requests(self) -> float:
        return _ratio(self.before["requests"], self.tally["requests"])

    def work(self, backend: str) -> float:
        """Return how many times as much one of the online backends computes in these hours as today in all."""
        plan = self.then.plans[self.outcome.plan]
        kinds = ["computed", "revalidated"] if backend == plan.backend else []
        if plan.refresh and plan.refresh.backend == backend:
            kinds.append("refreshed")
        return _ratio(*(sum(each[kind] for kind in kinds) for each in (self.before, self.tally)))

    def service(self, use: ServiceUse) -> ServiceUse:
        return replace(use, counts=_scaled(use.counts, self.work(use.backend)))

    def fleets(self) -> tuple[FleetUse, ...]:
        return tuple(map(self.fleet, self.outcome.fleets))

    def fleet(self, use: FleetUse) -> FleetUse:
        backend, work = self.then.online(use.backend), self.work(use.backend)
        times = work / (_part(use.busy_replica_s, self.hours) or 1.0)
        busy_s, had_s = use.busy_replica_s[self.hours], use.provisioned_replica_s[self.hours]
        needed_s = backend.grown_replica_s(self.now.online(use.backend), busy_s, had_s, times)
        reserved_s = backend.reserved_replicas * HOUR_S
        return replace(
            use,
            busy_replica_s=busy_s * times,
            provisioned_replica_s=needed_s,
            counts=_scaled(use.counts, work),
            beyond_reserved_s=float(np.maximum(needed_s - reserved_s, 0.0).sum()),
        )

    def batch(self) -> BatchUse | None:
        use, rows = self.outcome.batch, self.growth.batch_rows
        return use and replace(
            use,
            mean_run_worker_s=_scaled(use.mean_run_worker_s, rows),
            mean_run_rows=use.mean_run_rows * rows,
            runs_per_horizon=use.runs_per_horizon * self.share_of_time,
        )

    def kept(self) -> StoreUse | None:
        use, growth, tally = self.outcome.store, self.growth, self.tally
        return use and replace(
            use,
            horizon_s=self.then.horizon_s,
            batch_rows=use.batch_rows and use.batch_rows * growth.batch_rows * self.share_of_time,
            nearline_rows=None if use.nearline_rows is None else tally["written_nearline"],
            cache_rows=None if use.cache_rows is None else tally["written_online"],
            reads=tally["requests"],
            busiest_reads_per_s=use.busiest_reads_per_s * growth.requests,
            row_s=tally["row_s"],
            peak_rows=use.peak_rows * growth.rows_held,
            busiest_writes_per_s=use.busiest_writes_per_s * growth.computed,
        )


def _part(series: FloatArray, hours: slice) -> float:
    """Return the share of a series that falls into some hours."""
    total = float(series.sum())
    return float(series[hours].sum()) / total if total else 0.0


def _scaled(counts: Mapping[str, float], times: float) -> dict[str, float]:
    return {name: value * times for name, value in counts.items()}
