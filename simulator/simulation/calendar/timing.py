"""How long before time 0 the simulation of a plan begins, and when its runs are late."""

import math

from simulator.backends.base import BatchBackend
from simulator.core.units import DAY_S, HOUR_S
from simulator.demand.arrivals import SESSION_LENGTHS
from simulator.plans.plan import OnFailure, OnMiss, Plan, Refresh
from simulator.scenario.schema import Scenario
from simulator.simulation.calendar.expectation import expected_rows
from simulator.simulation.calendar.timetable import Timetable, scheduled

MARGIN = 1.5
"""A run is taken to be published after so many expected makespans, when the first run of a simulation is chosen."""
CACHE_LIFETIMES = 2
"""A plan with a cache begins so many lifetimes before time 0, where its rows of the long run cannot be drawn."""
CACHE_SETTLES_S = HOUR_S
"""Where they are drawn, it begins so long before, if its lifetimes are not shorter: for queues and instances."""
LONGEST_KEPT_S = 28 * DAY_S
"""Rows from before the beginning are followed back so long, where they do not expire sooner."""
LONGEST_DRAWN_S = 366 * DAY_S
"""So long where the rows of a cache are drawn that keeps them for ever, or for as long as they are read."""
CHAIN_LIFETIMES = 24
"""Rows that are kept for as long as they are read are followed back so many lifetimes, within the two limits above."""


def begin_s(scenario: Scenario, plan_name: str) -> float:
    """Return when the simulation of a plan begins, so that it is in its long-run state at time 0. [s]"""
    plan, cluster = scenario.plans[plan_name], scenario.batch_backend(scenario.plans[plan_name])
    leads_s = [scenario.warmup_s]
    if plan.precompute and cluster:
        leads_s += [lead_s(scenario, plan, cluster, each) for each in scheduled(scenario, plan_name)]
    if plan.cache:
        leads_s.append(_cache_lead_s(scenario, plan))
    if plan.refresh:
        leads_s.append(refresh_delay_s(scenario, plan.refresh))
    return -max(leads_s)


def _cache_lead_s(scenario: Scenario, plan: Plan) -> float:
    """Return how long before time 0 a plan begins for the sake of its cache. [s]"""
    assert plan.cache is not None
    if runs_replace_online_rows(plan):
        return 0.0
    lead_s = CACHE_LIFETIMES * plan.cache.fresh_for_s
    return min(lead_s, CACHE_SETTLES_S) if draws_cache(scenario, plan) else lead_s


def draws_cache(scenario: Scenario, plan: Plan) -> bool:
    """Return whether the rows of a plan's cache are drawn as they are in its long run.

    They are where each user's rows follow from his own requests alone: not from the events of a nearline plan, nor from
    who happens to be in the scope of a run; and, where the store is full, if those go that were used least recently.
    Those of a file are not drawn either: there are none before it.
    """
    if plan.cache is None or plan.refresh is not None or scenario.traffic.replay is not None:
        return False
    if not scenario.store_of(plan).reading_renews:
        return False
    return plan.precompute is None or (plan.precompute.scope.is_fixed and not runs_replace_online_rows(plan))


def runs_replace_online_rows(plan: Plan) -> bool:
    """Return whether the next run replaces the row of whoever logs in, so that no older online row is ever there."""
    precompute = plan.precompute
    if precompute is None or plan.refresh is not None or precompute.scope.looks_ahead:
        return False
    back_s = precompute.scope.look_back_s
    return back_s >= precompute.every_s if back_s is not None else precompute.scope.is_for_all


def cache_from_s(scenario: Scenario, plan_name: str) -> float:
    """Return up to when the rows of a cache are drawn without looking at logins. [s]

    From then on the logins themselves bring them: those whose sessions go on, and from which return visits follow.
    """
    demand, begin = scenario.demand, begin_s(scenario, plan_name)
    session, returns, step_s = scenario.traffic.session, scenario.traffic.returns, demand.interval_s
    intervals = math.ceil(returns.longest_s / step_s) if returns else 0
    if session.requests.mean_per_login > 1:
        intervals += math.ceil(SESSION_LENGTHS * session.typical_s / step_s)
    return (math.floor(begin / step_s) - intervals) * step_s if intervals else begin


def cache_kept_s(plan: Plan) -> float:
    """Return how long before they are looked at the rows of a cache are followed back. [s]"""
    assert plan.cache is not None
    if plan.cache.slides:
        return min(max(CHAIN_LIFETIMES * plan.cache.kept_for_s, LONGEST_KEPT_S), LONGEST_DRAWN_S)
    if math.isinf(plan.cache.kept_for_s):
        return LONGEST_DRAWN_S
    return max(plan.cache.kept_for_s, LONGEST_KEPT_S if keeps_all(plan) else 0.0)


def refresh_delay_s(scenario: Scenario, refresh: Refresh) -> float:
    """Return about how long after a login its computation begins, if no other login follows. [s]"""
    session_s = scenario.traffic.session.typical_s if refresh.on == "login" else 0.0
    return session_s + refresh.debounce_s + refresh.lag_s


def earliest_s(scenario: Scenario) -> float:
    """Return the earliest beginning of all plans: from then on all see the same logins. [s]"""
    return min(begin_s(scenario, plan) for plan in scenario.plans)


def lead_s(scenario: Scenario, plan: Plan, cluster: BatchBackend, timetable: Timetable) -> float:
    """Return how long before time 0 the last run must start whose rows are all in the store at time 0. [s]"""
    assert plan.precompute is not None
    rows = round(expected_rows(scenario, plan.precompute, timetable.size))
    makespan_s = MARGIN * cluster.expected_makespan_s(rows, scenario.store_of(plan).writes_per_s)
    schedule = timetable.schedule
    return -schedule.start_s(schedule.last_before(-makespan_s))


def has_past(plan: Plan) -> bool:
    """Whether users have rows of different ages in the long run, which a first run would not give them."""
    precompute = plan.precompute
    return precompute is not None and (precompute.incremental or not precompute.scope.is_fixed)


def runs_from_s(scenario: Scenario, plan_name: str) -> float:
    """Return from when on the runs of a plan matter, those before its beginning by their rows. [s]"""
    plan = scenario.plans[plan_name]
    return begin_s(scenario, plan_name) - (_ahead_kept_s(scenario, plan) if has_past(plan) else 0.0)


def rows_by_login_kept_s(scenario: Scenario, plan_name: str) -> float:
    """Return how long before its beginning a plan has rows that follow from logins; 0 where it has none. [s]"""
    plan = scenario.plans[plan_name]
    if plan.precompute and plan.precompute.is_for_all:
        return 0.0  # its first run replaces them
    if draws_cache(scenario, plan):
        return 0.0
    if plan.refresh:
        return _ahead_kept_s(scenario, plan)
    if plan.cache and keeps_all(plan):
        return LONGEST_KEPT_S
    if plan.cache and plan.cache.kept_for_s > plan.cache.fresh_for_s:
        return min(plan.cache.kept_for_s, LONGEST_KEPT_S)
    return 0.0


def origin_s(scenario: Scenario, plan_name: str) -> float:
    """Return the earliest time that a row of a plan can carry. [s]"""
    plan = scenario.plans[plan_name]
    rows_from_s = begin_s(scenario, plan_name) - rows_by_login_kept_s(scenario, plan_name)
    if draws_cache(scenario, plan):
        rows_from_s = cache_from_s(scenario, plan_name) - cache_kept_s(plan)
    return min(runs_from_s(scenario, plan_name), rows_from_s)


def keeps_all(plan: Plan) -> bool:
    """Return whether rows are kept until they are replaced, as a miss or a failure is answered by them at any age."""
    return plan.on_miss is OnMiss.STORED or plan.on_failure is OnFailure.STORED


def _ahead_kept_s(scenario: Scenario, plan: Plan) -> float:
    """Return how long before its beginning a plan has rows that were computed ahead. [s]"""
    expiry_s = scenario.store_of(plan).expiry_s
    if expiry_s is None or keeps_all(plan):
        return LONGEST_KEPT_S
    return min(expiry_s, LONGEST_KEPT_S)


def deadline_s(due_s: float, clock_s: float, midnight_s: float) -> float:
    """Return the first time after ``due_s`` at which the clock shows ``clock_s``. [s]

    Parameters
    ----------
    midnight_s
        Some midnight, from the scenario's start. [s]
    """
    return due_s + (clock_s - (due_s - midnight_s)) % DAY_S
