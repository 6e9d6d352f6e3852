"""What rows answer that are computed after events: those of the visit before, or of the request before."""

import math

import numpy as np

from simulator.core.arrays import FloatArray
from simulator.core.units import MINUTE_S
from simulator.plans.plan import OnMiss, Plan, Refresh
from simulator.studies.planner.answers import Answers
from simulator.studies.planner.cached import FOLLOWED_S, by_hour
from simulator.studies.planner.sessions import SAMPLE, Sessions
from simulator.studies.planner.visitors import Visitors

MOMENTS = 336
LAGS = 80
SPREAD = (np.arange(8) + 0.5) / 8
"""Where ages between two lags are."""


class Follow:
    """What the follow-up requests of sessions find, where each request is an event."""

    def __init__(self, sessions: Sessions, refresh: Refresh, service_s: float) -> None:
        """Follow the sampled sessions request by request.

        A request's row is computed if the next one comes later than the debounce time, and it is there if that comes
        later than the lag and the computation too. What finds no row of its session finds that of the visit before.
        """
        gap_s, number = sessions.gap_s, sessions.session
        computed = gap_s > refresh.debounce_s
        there = gap_s > refresh.debounce_s + refresh.lag_s + service_s
        ages_s, old = list[float](), 0
        age_s, last = math.inf, -1
        rows = zip(gap_s.tolist(), number.tolist(), there.tolist(), computed.tolist(), strict=True)
        pending_s = math.inf
        for gap, session, is_there, is_computed in rows:
            if session != last:
                age_s, pending_s, last = math.inf, math.inf, session
            age_s += gap
            pending_s += gap
            if is_there:
                age_s, pending_s = gap - refresh.debounce_s - refresh.lag_s, math.inf
            else:
                if pending_s > service_s and pending_s < math.inf:
                    age_s, pending_s = pending_s, math.inf
                if is_computed:
                    pending_s = gap - refresh.debounce_s - refresh.lag_s
            if age_s < math.inf:
                ages_s.append(age_s)
            else:
                old += 1
        self.ages_s = np.array(ages_s)
        self.found_per_login = len(ages_s) / SAMPLE
        self.old_per_login = old / SAMPLE
        self.computed_per_login = float(computed.sum()) / SAMPLE
        # a row that comes too late for the next request is replaced unread, unless the one after that comes soon
        last_of_session = np.append(np.diff(number) != 0, True) if number.size else np.zeros(0, dtype=np.bool_)
        next_there = np.append(there[1:], True) if number.size else last_of_session
        self.overtaken_per_login = float((computed & ~there & (next_there | last_of_session)).sum()) / SAMPLE


def add_nearline(
    answers: Answers, visitors: Visitors, sessions: Sessions, plan: Plan, expiry_s: float | None, service_s: float
) -> None:
    """Add what a plan answers that computes again after events, and has neither runs nor a cache."""
    refresh = plan.refresh
    assert refresh is not None
    kept_s = FOLLOWED_S if expiry_s is None else min(expiry_s, FOLLOWED_S)
    horizon_s = float(answers.edges_s[-1])
    edges_s = np.linspace(0.0, horizon_s, MOMENTS + 1)
    middle_s = (edges_s[1:] + edges_s[:-1]) / 2
    logins = np.diff(visitors.up_to(edges_s), axis=0) * visitors.users
    delay_s = refresh.debounce_s + refresh.lag_s
    # the row of a visit is there from its last request, the delay and the computation on, and as old as the last two
    since_s = delay_s + (sessions.mean_length_s if refresh.on == "login" else 0.0)
    covered = _visit_before(answers, visitors, sessions, refresh, middle_s, logins, since_s, service_s, kept_s)
    by_visits = covered.sum(axis=1)
    each = logins.sum(axis=1)
    follow = Follow(sessions, refresh, service_s) if refresh.on == "request" else None
    if follow:
        answers.age.add(follow.ages_s, np.full(follow.ages_s.size, float(each.sum()) / SAMPLE))
        precomputed = by_visits * (1 + follow.old_per_login) + each * follow.found_per_login
        per_login = 1 + follow.computed_per_login
    else:
        precomputed = by_visits * sessions.requests
        per_login = 1.0
    requests = each * sessions.requests
    refreshed = _refreshed(visitors, logins, edges_s, refresh) * per_login
    answers.precomputed += _hourly(answers, edges_s, precomputed)
    missed = answers.computed if plan.on_miss is OnMiss.COMPUTE else answers.defaulted
    missed += _hourly(answers, edges_s, np.maximum(requests - precomputed, 0.0))
    answers.refreshed += _hourly(answers, edges_s, refreshed)
    overtaken = float(each.sum()) * follow.overtaken_per_login if follow else 0.0
    _count_rows(answers, visitors, kept_s, float(refreshed.sum()), overtaken)


def _hourly(answers: Answers, edges_s: FloatArray, series: FloatArray) -> FloatArray:
    return by_hour(answers.edges_s, edges_s, np.concatenate([[0.0], np.cumsum(series)]))


def _visit_before(
    answers: Answers,
    visitors: Visitors,
    sessions: Sessions,
    refresh: Refresh,
    middle_s: FloatArray,
    logins: FloatArray,
    since_s: float,
    service_s: float,
    kept_s: float,
) -> FloatArray:
    """Add the ages of the rows of the visit before; return the logins that find one, shape (moments, classes)."""
    lags_s = np.concatenate([[service_s], np.geomspace(max(MINUTE_S, 2 * service_s), kept_s, LAGS)])
    latest = visitors.up_to(middle_s - since_s - lags_s[0])
    covered, before = np.zeros_like(logins), np.zeros_like(logins)
    per_login = sessions.requests
    if refresh.on == "request":
        per_login = 1 + Follow(sessions, refresh, service_s).old_per_login
    # what visits that are over take of the time since they began
    over_s = sessions.mean_length_s if refresh.on == "request" else 0.0
    for k in range(LAGS):
        reached = -np.expm1(-(latest - visitors.up_to(middle_s - since_s - lags_s[k + 1])))
        serves = (reached - before) * logins
        before = reached
        covered += serves
        # the later requests of a visit find the rows of others by the same law as its first
        ages_s = np.maximum(lags_s[k] + (lags_s[k + 1] - lags_s[k]) * SPREAD - over_s, service_s)
        weight = float(serves.sum()) * per_login / SPREAD.size
        answers.age.add(ages_s, np.full(SPREAD.size, weight))
    return covered


def _refreshed(visitors: Visitors, logins: FloatArray, edges_s: FloatArray, refresh: Refresh) -> FloatArray:
    """Return how many visits' last events lead to a computation: those that no event follows in the debounce time."""
    if refresh.debounce_s == 0:
        return np.asarray(logins.sum(axis=1))
    rate = np.diff(visitors.up_to(edges_s), axis=0) / np.diff(edges_s)[:, None]
    return np.asarray(np.sum(logins * np.exp(-rate * refresh.debounce_s), axis=1))


def _count_rows(answers: Answers, visitors: Visitors, kept_s: float, refreshed: float, overtaken: float) -> None:
    horizon_s = float(answers.edges_s[-1])
    moments_s = np.linspace(0.0, horizon_s, 49)
    there = -np.expm1(-(visitors.up_to(moments_s) - visitors.up_to(moments_s - kept_s))) @ visitors.users
    answers.row_s += float(there.mean()) * horizon_s
    answers.peak_rows += float(there.max())
    # a row of a visit ends unread where no other comes before it expires
    edges_s = np.linspace(-kept_s, horizon_s - kept_s, 97)
    logins = np.diff(visitors.up_to(edges_s), axis=0) * visitors.users
    middle_s = (edges_s[1:] + edges_s[:-1]) / 2
    alone = np.exp(-(visitors.up_to(middle_s + kept_s) - visitors.up_to(middle_s)))
    rows = answers.nearline
    rows.ended = refreshed
    rows.wasted = min(float(np.sum(logins * alone)) + overtaken, refreshed)
    held_s = float(there.mean()) * horizon_s
    rows.ended_row_s = held_s
    rows.unread_row_s = min((rows.wasted - overtaken) * kept_s, held_s)
