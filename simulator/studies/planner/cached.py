"""What a cache answers, user by user: renewals of rows under logins whose rate follows the hours of the week.

A row that is written at s is served until s + T. With m(s) the rate at which a user's rows are written, he has one at t
with probability H(t), the integral of m over the last T, and as his logins are Poisson whatever rows he has,

    m(t) = lambda(t) (1 - H(t)) + m(t - T) P(he is within a session then, and asks again),

which for fixed lifetimes is exact. Its last term is of rows that cease to be served while their user is there.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from simulator.core.arrays import FloatArray
from simulator.core.units import DAY_S, MINUTE_S
from simulator.plans.cache.base import Cache
from simulator.studies.planner.answers import Answers
from simulator.studies.planner.sessions import Sessions
from simulator.studies.planner.visitors import Visitors

LEAST_STEPS = 12
"""Into which a lifetime is cut."""
LONGEST_STEP_S = 30 * MINUTE_S
FOLLOWED_S = 28 * DAY_S
"""How far back rows are followed that are kept for longer."""
LAGS = 60
"""Ages at which rows past their time are looked at."""
MOMENTS = 300
POINTS = 8
"""Ages that stand for a step's."""


@dataclass(frozen=True)
class Renewals:
    """How often the rows of users of each class are written, step by step."""

    visitors: Visitors
    sessions: Sessions
    ttl_s: float
    step_s: float
    edges_s: FloatArray
    """Shape (steps + 1,). [s]"""
    logins: FloatArray
    """Of a user of each class in each step, shape (steps, classes)."""
    written: FloatArray
    """Rows written, likewise."""
    asks_again: FloatArray
    """The probability that a user whose row ceases to be served is in a session and asks again, likewise."""

    @classmethod
    def of(
        cls, visitors: Visitors, sessions: Sessions, ttl_s: float, begin_s: float, end_s: float, *, empty: bool
    ) -> "Renewals":
        """Return them from a time to another, from their long run on, or from where nobody has a row. [s]"""
        steps_per_ttl = max(LEAST_STEPS, math.ceil(ttl_s / LONGEST_STEP_S))
        step_s = ttl_s / steps_per_ttl
        steps = math.ceil((end_s - begin_s) / step_s)
        edges_s = begin_s + np.arange(steps + 1, dtype=np.float64) * step_s
        logins = np.diff(visitors.up_to(edges_s), axis=0)
        own, spread = sessions.renewed_share(ttl_s), sessions.follow_ups and float(sessions.share_by(ttl_s))
        # another session that is going on then, out of those that began since the row was written
        begun_s = sessions.mean_length_s * (spread or 0.0)
        asks_again = own + (1 - own) * -np.expm1(-logins / step_s * begun_s)
        written = _written(logins, asks_again, steps_per_ttl, empty=empty)
        return cls(visitors, sessions, ttl_s, step_s, edges_s, logins, written, asks_again)

    @property
    def steps_per_ttl(self) -> int:
        """Steps of a lifetime."""
        return round(self.ttl_s / self.step_s)

    @cached_property
    def up_to(self) -> FloatArray:
        """Rows that a user of each class has had written up to each edge, shape (edges, classes)."""
        return np.concatenate([np.zeros((1, self.written.shape[1])), np.cumsum(self.written, axis=0)])

    def rate_at(self, moments_s: FloatArray) -> FloatArray:
        """Return how often rows are written at some moments, shape (moments, classes). [1/s]

        Before its beginning it is that of the long run at each moment's own rate.
        """
        step = np.floor((moments_s - self.edges_s[0]) / self.step_s).astype(np.int64)
        known = self.written[np.clip(step, 0, self.written.shape[0] - 1)] / self.step_s
        if step.min() >= 0:
            return np.asarray(known)
        half_s = max(self.ttl_s, LONGEST_STEP_S) / 2
        logins = self.visitors.up_to(moments_s + half_s) - self.visitors.up_to(moments_s - half_s)
        per_s = logins / (2 * half_s)
        steady = per_s / (1 + per_s * self.ttl_s - self.asks_again[0])
        return np.asarray(np.where((step < 0)[:, None], steady, known))

    def held(self) -> FloatArray:
        """Return the probability that a user of each class has a row that may be served, at each edge."""
        lag = self.steps_per_ttl
        before = np.concatenate([np.zeros((lag, self.written.shape[1])), self.up_to])[: self.up_to.shape[0]]
        return np.asarray(self.up_to - before)


def _written(logins: FloatArray, asks_again: FloatArray, lag: int, *, empty: bool) -> FloatArray:
    """Return the rows written in each step, shape (steps, classes); what comes in a step is spread evenly in it."""
    steps, classes = logins.shape
    first = logins[: max(lag, 1)].mean(axis=0)
    steady = np.zeros(classes) if empty else first / (1 + first * lag - asks_again[0])
    rows = np.empty((steps + lag, classes))
    rows[:lag] = steady
    young = steady * max(lag - 1, 0)  # written in the last lag - 1 steps
    admitted = logins / (1 + logins / 2)
    again = (asks_again - logins / 2) / (1 + logins / 2)  # what ceases in this step was there for half of it
    for step in range(steps):
        ceasing = rows[step]
        now = np.maximum(admitted[step] * (1 - young) + ceasing * again[step], 0.0)
        rows[step + lag] = now
        young = young + now - rows[step + 1]
    return rows[lag:]


def add_cached(answers: Answers, visitors: Visitors, sessions: Sessions, cache: Cache) -> None:
    """Add what a plan answers that keeps online predictions, and nothing else."""
    if cache.slides:
        _add_sliding(answers, visitors, sessions, cache.fresh_for_s)
        return
    end_s = float(answers.edges_s[-1])
    back_s = warm_s(cache)
    found = Renewals.of(visitors, sessions, cache.fresh_for_s, -back_s, end_s, empty=False)
    written = by_hour(answers.edges_s, found.edges_s, found.up_to @ visitors.users)
    served_old = np.zeros_like(written)
    if cache.kept_for_s > cache.fresh_for_s:
        served_old = written * _found_old(answers, found, cache)
    answers.computed += written - served_old
    answers.revalidated += served_old
    answers.cached += answers.requests - (written - served_old)
    _add_young_ages(answers, found)
    _count_rows(answers, found, cache)


def warm_s(cache: Cache) -> float:
    """Return how long before the horizon the rows of a cache are followed. [s]"""
    return max(2 * min(cache.fresh_for_s, FOLLOWED_S), LONGEST_STEP_S)


def by_hour(hours_s: FloatArray, edges_s: FloatArray, up_to: FloatArray) -> FloatArray:
    """Return what comes in each hour, of what has come up to each edge."""
    return np.diff(np.interp(hours_s, edges_s, up_to))


def _add_young_ages(answers: Answers, found: Renewals) -> None:
    """Add the ages of the rows that are served within their time."""
    visitors, sessions, lag = found.visitors, found.sessions, found.steps_per_ttl
    inside = found.edges_s[:-1] >= -1e-6 * found.step_s
    first = int(np.argmax(inside))
    logins = found.logins[first:] * visitors.users
    shares = (np.arange(POINTS) + 0.5) / POINTS
    for behind in range(min(lag, first) + 1):
        # of the rows of this step, and of those that cease in it, half are there
        part = 0.5 if behind in {0, lag} else 1.0
        old = found.written[first - behind : found.written.shape[0] - behind]
        serves = part * float(np.sum(old * logins))
        ages_s = (max(behind - 0.5, 0.0) + part * shares) * found.step_s
        answers.age.add(ages_s, serves / POINTS * (1 + sessions.follow_ups * sessions.share_by(ages_s)))
    rows = float(np.sum(found.written[first:] * visitors.users))
    lags_s = sessions.lag_s[sessions.lag_s <= found.ttl_s]
    if lags_s.size:
        thinned = lags_s[:: max(1, lags_s.size // 2000)]
        weight = rows * sessions.follow_ups * lags_s.size / sessions.lag_s.size
        answers.age.add(thinned, np.full(thinned.size, weight / thinned.size))


def _found_old(answers: Answers, found: Renewals, cache: Cache) -> FloatArray:
    """Add the ages of rows served past their time; return the share of the rows written that such a row preceded."""
    visitors, users, ttl_s = found.visitors, found.visitors.users, found.ttl_s
    stale_s = min(cache.kept_for_s - ttl_s, FOLLOWED_S)
    horizon_s = float(answers.edges_s[-1])
    moment_s = horizon_s / MOMENTS
    moments_s = (np.arange(MOMENTS, dtype=np.float64) + 0.5) * moment_s
    at_once = np.mean(found.asks_again, axis=0)
    # within a session the next request is soon, and may yet be too late
    soon_s = found.sessions.next_after(ttl_s)
    in_time = soon_s[soon_s < stale_s]
    quick = (found.rate_at(moments_s - ttl_s) * at_once) @ users * (in_time.size / soon_s.size if soon_s.size else 1.0)
    if in_time.size:
        each = float(quick.sum()) * moment_s / in_time.size
        answers.age.add(ttl_s + in_time, np.full(in_time.size, each))
    # rows that ceased to be fresh some time before each moment, and that nobody has asked for since
    lags_s = np.concatenate([[0.0], np.geomspace(min(MINUTE_S, stale_s / 2), stale_s, LAGS)])
    ahead = visitors.up_to(moments_s)
    half_s = min(found.step_s, 15 * MINUTE_S) / 2
    here = (visitors.up_to(moments_s + half_s) - visitors.up_to(moments_s - half_s)) / (2 * half_s)
    found_old = quick
    for low_s, high_s in pairwise(lags_s.tolist()):
        since_s = moments_s - (low_s + high_s) / 2
        alone = np.exp(visitors.up_to(since_s) - ahead)
        serves = (found.rate_at(since_s - ttl_s) * (1.0 - at_once) * alone * here) @ users * (high_s - low_s)
        found_old = found_old + serves
        ages_s = ttl_s + low_s + (high_s - low_s) * (np.arange(POINTS) + 0.5) / POINTS
        answers.age.add(ages_s, np.full(POINTS, float(serves.sum()) * moment_s / POINTS))
    written = found.rate_at(moments_s) @ users
    share = np.divide(found_old, written, out=np.zeros(MOMENTS), where=written > 0)
    hours_s = (answers.edges_s[1:] + answers.edges_s[:-1]) / 2
    return np.asarray(np.clip(np.interp(hours_s, moments_s, share), 0.0, 1.0))


def _count_rows(answers: Answers, found: Renewals, cache: Cache) -> None:
    visitors = found.visitors
    held = found.held() @ visitors.users
    inside = (found.edges_s >= 0) & (found.edges_s <= answers.edges_s[-1])
    mean, most = (float(held[inside].mean()), float(held[inside].max())) if inside.any() else (0.0, 0.0)
    kept_s = min(cache.kept_for_s, FOLLOWED_S)
    if kept_s > cache.fresh_for_s:
        active = float(-np.expm1(-visitors.mean_rate_per_s * kept_s) @ visitors.users)
        mean = most = max(active, mean)
    answers.row_s += mean * float(answers.edges_s[-1])
    answers.peak_rows = max(answers.peak_rows, most)
    ended = float(answers.computed.sum() + answers.revalidated.sum())
    answers.online.ended += ended
    if cache.kept_for_s > cache.fresh_for_s:
        unread = float(answers.revalidated.sum()) * _unread_share(found, kept_s, float(answers.edges_s[-1]))
        answers.online.wasted += unread
        answers.online.ended_row_s += mean * float(answers.edges_s[-1])
        answers.online.unread_row_s += min(unread * kept_s, mean * float(answers.edges_s[-1]))


def _unread_share(found: Renewals, kept_s: float, horizon_s: float) -> float:
    """Return the share of the rows written that nobody reads while they are kept."""
    visitors, middle_s = found.visitors, (found.edges_s[1:] + found.edges_s[:-1]) / 2
    chosen = np.flatnonzero((middle_s > 0) & (middle_s < horizon_s))
    chosen = chosen[:: max(1, chosen.size // MOMENTS)]
    ends_s = np.minimum(middle_s[chosen] + kept_s, horizon_s + kept_s)
    # logins after what is known are as those before, on average
    beyond_s = np.maximum(ends_s - visitors.edges_s[-1], 0.0)
    read = visitors.up_to(ends_s) - visitors.up_to(middle_s[chosen]) + beyond_s[:, None] * visitors.mean_rate_per_s
    # rows are renewed by those who came while the row before could still be served
    stale = np.exp(-visitors.mean_rate_per_s * (kept_s - found.ttl_s)) * (1 - found.asks_again[chosen])
    rows = found.written[chosen] * (1 - stale) * visitors.users
    single = 1 - found.sessions.goes_on_after(0.0)
    return float(np.sum(rows * np.exp(-read)) * single / rows.sum()) if rows.sum() else 0.0


def _add_sliding(answers: Answers, visitors: Visitors, sessions: Sessions, ttl_s: float) -> None:
    """Add what rows answer that live from their last reading: who has asked within the lifetime is served."""
    step_s = min(LONGEST_STEP_S, ttl_s)
    count = math.ceil(float(answers.edges_s[-1]) / step_s)
    edges_s = np.linspace(0.0, float(answers.edges_s[-1]), count + 1)
    middle_s = (edges_s[1:] + edges_s[:-1]) / 2
    logins = np.diff(visitors.up_to(edges_s), axis=0)
    recent = visitors.up_to(middle_s) - visitors.up_to(middle_s - ttl_s)
    there = logins / np.diff(edges_s)[:, None] * sessions.mean_length_s
    alone = np.exp(-recent - there)
    long_pauses = sessions.follow_ups * float(np.mean(sessions.gap_s > ttl_s)) if sessions.gap_s.size else 0.0
    missed = (logins * alone * (1 + long_pauses)) @ visitors.users
    up_to = np.concatenate([[0.0], np.cumsum(missed)])
    computed = by_hour(answers.edges_s, edges_s, up_to)
    answers.computed += computed
    answers.cached += answers.requests - computed
    held = float(np.mean(-np.expm1(-recent - there) @ visitors.users))
    answers.row_s += held * float(answers.edges_s[-1])
    answers.peak_rows = max(answers.peak_rows, held)
    answers.online.ended += float(computed.sum())
