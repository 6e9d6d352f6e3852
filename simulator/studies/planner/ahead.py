"""What rows of batch runs answer: those of the newest run that a user is in the scope of, and how old they are then."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simulator.backends.answers.runs import ExpectedRun
from simulator.core.arrays import BoolArray, FloatArray
from simulator.core.units import DAY_S, MINUTE_S
from simulator.plans.plan import OnMiss, Plan, Precompute
from simulator.scenario.schema import Scenario
from simulator.simulation.calendar.due_runs import timetables
from simulator.simulation.calendar.expectation import expected_rows
from simulator.simulation.calendar.timetable import Timetable
from simulator.studies.planner.answers import Answers
from simulator.studies.planner.cached import FOLLOWED_S, Renewals, by_hour
from simulator.studies.planner.sessions import Sessions
from simulator.studies.planner.visitors import Visitors

MOMENT_S = 10 * MINUTE_S
"""Who has a row is looked at so often. [s]"""
LEAST_MOMENTS = 48
SPREAD = (np.arange(8) + 0.5) / 8 - 0.5
"""Where ages are within a moment's length."""
LEFT = 1e-4
"""Users whose newest row is not found yet, from which on older runs are not looked at."""
MOST_RUNS = 400
MOST_TURNS = 1500
"""Moments of publication that are told apart."""


@dataclass(frozen=True)
class Runs:
    """The runs of one timetable, as they go on average."""

    timetable: Timetable
    each: ExpectedRun
    rows: float
    """Rows of a run."""
    start_s: FloatArray
    """When those begin that matter within the horizon, in order. [s]"""
    skipped: float
    """Share of the runs due that do not begin, as the one before is still going."""
    of: BoolArray
    """Which classes of users they are for."""


def runs_of(scenario: Scenario, plan_name: str, visitors: Visitors) -> list[Runs]:
    """Return the runs of each timetable of a plan that computes ahead."""
    plan, cluster = scenario.plans[plan_name], scenario.batch_backend(scenario.plans[plan_name])
    assert plan.precompute is not None
    assert cluster is not None
    cohorts, found = scenario.demand.cohorts(), list[Runs]()
    for timetable in timetables(scenario, plan_name):
        rows = expected_rows(scenario, plan.precompute, float(timetable.size))
        each = cluster.expected_run(round(rows), scenario.store_of(plan).writes_per_s)
        back_s = kept_s(scenario, plan) + each.makespan_s + plan.precompute.every_s
        due_s = [due.time_s for due in timetable.between(-back_s, scenario.horizon_s)]
        start_s = due_s if cluster.overlaps else _not_skipped(due_s, each.makespan_s)
        inside = np.array([any(a <= user < b for a, b in timetable.users) for user in cohorts.first_user.tolist()])
        skipped = 1 - len(start_s) / len(due_s) if due_s else 0.0
        found.append(Runs(timetable, each, rows, np.array(start_s), skipped, inside[visitors.cohort]))
    return found


def kept_s(scenario: Scenario, plan: Plan) -> float:
    """Return how long rows that were computed ahead are followed. [s]"""
    expiry_s = scenario.store_of(plan).expiry_s
    lasting = expiry_s is None or plan.on_miss is OnMiss.STORED
    return FOLLOWED_S if lasting or expiry_s is None else min(expiry_s, FOLLOWED_S)


def _not_skipped(due_s: Sequence[float], makespan_s: float) -> list[float]:
    started, free_s = list[float](), -math.inf
    for at_s in due_s:
        if at_s >= free_s:
            started.append(at_s)
            free_s = at_s + makespan_s
    return started


def add_ahead(
    answers: Answers, visitors: Visitors, sessions: Sessions, scenario: Scenario, plan: Plan, runs: Sequence[Runs]
) -> None:
    """Add what rows of runs answer, and what those get who have none."""
    for each in runs:
        if each.of.any():
            _Scope(answers, visitors, sessions, scenario, plan, each).add()


class _Scope:
    """The users of one timetable."""

    def __init__(
        self,
        answers: Answers,
        visitors: Visitors,
        sessions: Sessions,
        scenario: Scenario,
        plan: Plan,
        runs: Runs,
    ) -> None:
        assert plan.precompute is not None
        self.answers, self.visitors, self.sessions, self.runs = answers, visitors, sessions, runs
        self.plan, self.precompute, self.demand = plan, plan.precompute, scenario.demand
        self.users = np.where(runs.of, visitors.users, 0.0)
        self.kept_s = kept_s(scenario, plan)
        self.horizon_s = scenario.horizon_s
        self.dormant = runs.timetable.size - float(self.users.sum())
        self.published_s = runs.each.written_s if self.precompute.publish == "rolling" else runs.each.written_s[-1:]
        self.edges_s = self._moments_s()
        self.member = _fixed_members(self.precompute, visitors, self.users, self.dormant)

    def _moments_s(self) -> FloatArray:
        """Return the moments between which nothing happens, or next to nothing: runs, publications, and others. [s]"""
        moments = max(LEAST_MOMENTS, math.ceil(self.horizon_s / MOMENT_S))
        edges_s = np.linspace(0.0, self.horizon_s, moments + 1)
        starts_s = self.runs.start_s
        parts = max(1, min(self.published_s.size, MOST_TURNS // max(starts_s.size, 1)))
        after_s = np.array([0.0, self.kept_s])
        if self.published_s.size:
            after_s = np.append(after_s, np.quantile(self.published_s, np.linspace(0, 1, parts + 1)))
        turns_s = np.add.outer(starts_s, after_s).ravel()
        return np.unique([*edges_s, *turns_s[(turns_s > 0) & (turns_s < self.horizon_s)]])

    def add(self) -> None:
        """Add what they are answered."""
        middle_s = (self.edges_s[1:] + self.edges_s[:-1]) / 2
        logins = np.diff(self.visitors.up_to(self.edges_s), axis=0) * self.users
        covered = np.zeros_like(logins)
        for number, share, mine in self._newest(middle_s):
            age_s = middle_s - self.runs.start_s[number]
            served = share[:, None] * mine * (age_s < self.kept_s)[:, None]
            covered += served
            weights = np.sum(served * logins, axis=1) * self.sessions.requests / SPREAD.size
            ages_s = np.maximum(age_s + np.multiply.outer(SPREAD, np.diff(self.edges_s)), 0.0)
            self.answers.age.add(ages_s, np.broadcast_to(weights, ages_s.shape))
        by_rows = np.sum(covered * logins, axis=1) * self.sessions.requests
        self._put(self.answers.precomputed, by_rows)
        bare = np.clip(1.0 - covered, 0.0, 1.0)
        if self.plan.on_miss is not OnMiss.COMPUTE:
            self._put(self.answers.defaulted, np.sum(bare * logins, axis=1) * self.sessions.requests)
        elif self.plan.cache is None:
            self._put(self.answers.computed, np.sum(bare * logins, axis=1) * self.sessions.requests)
        else:
            self._add_cached(bare, logins)
        self._count_rows(covered)

    def _put(self, series: FloatArray, of_moments: FloatArray) -> None:
        up_to = np.concatenate([[0.0], np.cumsum(of_moments)])
        series += by_hour(self.answers.edges_s, self.edges_s, up_to)

    def _newest(self, moments_s: FloatArray) -> "list[tuple[FloatArray, FloatArray, FloatArray]]":
        """Return, for the newest run, the one before and so on: its number at each moment, and whose row is of it.

        Parts of a run that are published while it is going are a share of its rows; whoever has none has an older one.
        """
        start_s = self.runs.start_s
        found = list[tuple[FloatArray, FloatArray, FloatArray]]()
        if not start_s.size or not self.published_s.size:
            return found
        newest = np.searchsorted(start_s, moments_s, side="right") - 1
        steps = 0
        left_over = np.ones(moments_s.size)
        # `visible` runs share their users' rows: the newest is visible by parts, the ones before mostly in whole
        for behind in range(min(MOST_RUNS, start_s.size)):
            number = newest - behind
            there = number >= 0
            safe = np.maximum(number, 0)
            since_s = moments_s - start_s[safe]
            published = np.searchsorted(self.published_s, since_s, side="right") / self.published_s.size * there
            share = left_over * published
            left_over = left_over * (1 - published)
            if share.any():
                found += self._as_newest(safe, share)
                steps += 1
            if left_over.max(initial=0.0) < LEFT:
                break
        return found

    def _as_newest(self, number: FloatArray, share: FloatArray) -> "list[tuple[FloatArray, FloatArray, FloatArray]]":
        """Return whose rows are of a run and of those before it, where that run is the newest that is published."""
        if self.member is not None:
            return [(number, share, np.broadcast_to(self.member, (number.size, self.member.size)))]
        found, start_s = [], self.runs.start_s
        none_yet = np.ones((number.size, self.users.size))
        seen_from_s = np.full(number.size, math.inf)
        oldest_s = self.edges_s[0] - self.kept_s
        for behind in range(MOST_RUNS):
            run = number - behind
            safe = np.maximum(run, 0)
            end_s = np.minimum(start_s[safe], seen_from_s)
            from_s = np.minimum(start_s[safe] - self._window_s(), end_s)
            logins = self.visitors.up_to(end_s) - self.visitors.up_to(from_s)
            mine = none_yet * -np.expm1(-self._reach_of(self._window_s()) * logins) * (run >= 0)[:, None]
            found.append((safe, share, mine))
            none_yet = none_yet - mine
            seen_from_s = from_s
            if float(np.max(start_s[safe])) < oldest_s or not (run > 0).any() or none_yet.max() < LEFT:
                break
        return found

    def _window_s(self) -> float:
        """Return in how long a time a login makes a user a member of a run. [s]"""
        window_s = self.precompute.scope.look_back_s or self.precompute.every_s
        return min(window_s, self.precompute.every_s) if self.precompute.incremental else window_s

    def _add_cached(self, bare: FloatArray, logins: FloatArray) -> None:
        """Add what those without a row are answered, who compute one that is kept.

        Who is not in the newest run's scope has not logged in since its window began; so from its start on, nobody of
        them has a row, until the next run is published. Where the scope is always the same they have theirs for good.
        """
        cache, requests = self.plan.cache, self.sessions.requests
        assert cache is not None
        ttl_s = cache.fresh_for_s
        share = np.ones((bare.shape[0], self.users.size))
        if self.member is not None:
            found = Renewals.of(self.visitors, self.sessions, ttl_s, -2 * ttl_s, self.horizon_s, empty=False)
            share = _missed_share(found, self.edges_s, requests)
        else:
            for begin_s, end_s, start_s in self._reigns():
                inside = (self.edges_s[:-1] >= begin_s) & (self.edges_s[:-1] < end_s)
                if not inside.any():
                    continue
                found = Renewals.of(self.visitors, self.sessions, ttl_s, start_s, end_s + MOMENT_S, empty=True)
                edges_s = np.append(self.edges_s[:-1][inside], self.edges_s[1:][inside][-1])
                share[inside] = _missed_share(found, edges_s, requests)
        asked = bare * logins * requests
        computed = np.sum(asked * share, axis=1)
        hits = np.sum(asked, axis=1) - computed
        self._put(self.answers.computed, computed)
        self._put(self.answers.cached, hits)
        self._add_cached_ages(float(computed.sum()), float(hits.sum()), ttl_s)

    def _reigns(self) -> "list[tuple[float, float, float]]":
        """Return from when to when nobody's row changes but by requests, and since when nobody without had one. [s]

        That is while a run is the newest that is published, from its start; and from when its rows have expired.
        """
        half_s = float(np.median(self.published_s)) if self.published_s.size else 0.0
        at_s = self.runs.start_s + half_s
        ends_s = np.append(at_s[1:], self.horizon_s)
        found = list[tuple[float, float, float]]()
        for begin_s, end_s, start_s in zip(at_s.tolist(), ends_s.tolist(), self.runs.start_s.tolist(), strict=True):
            expired_s = min(max(start_s + self.kept_s, begin_s), end_s)
            found += [(begin_s, expired_s, start_s), (expired_s, end_s, start_s + self.kept_s)]
        return [(max(begin_s, 0.0), end_s, start_s) for begin_s, end_s, start_s in found if end_s > max(begin_s, 0.0)]

    def _add_cached_ages(self, computed: float, hits: float, ttl_s: float) -> None:
        """Add the ages of hits: those within the session that computed, and those of later logins before a next run."""
        sessions = self.sessions
        lags_s = sessions.lag_s[sessions.lag_s <= ttl_s]
        own = min(hits, computed * sessions.follow_ups * lags_s.size / max(sessions.lag_s.size, 1))
        if lags_s.size:
            thinned = lags_s[:: max(1, lags_s.size // 2000)]
            self.answers.age.add(thinned, np.full(thinned.size, own / thinned.size))
        ages_s = (np.arange(100) + 0.5) / 100 * ttl_s
        longest_s = math.inf
        if self.member is None:
            longest_s = self._between_s() - (self.kept_s if self.kept_s < self._between_s() else 0.0)
        likely = np.maximum(1 - ages_s / max(longest_s, 1.0), 0.0) + 1e-12
        self.answers.age.add(ages_s, (hits - own) * likely / likely.sum())

    def _count_rows(self, covered: FloatArray) -> None:
        """Add the rows held, and those that end unread within the horizon."""
        member = float(self.member @ self.users) if self.member is not None else None
        if (self.member is not None and self.precompute.is_for_all) or self.precompute.scope.is_for_all:
            held = float(self.runs.timetable.size)
        elif member is not None:
            held = self.runs.rows
        else:
            held = max(float(np.mean(covered @ self.users)), self.runs.rows)
        at_s = np.add.outer(self.runs.start_s, self.published_s)
        inside = np.count_nonzero((at_s >= 0) & (at_s < self.horizon_s)) / max(self.published_s.size, 1)
        self.answers.written_batch += self.runs.rows * inside
        every_s = self._between_s()
        if self.kept_s < every_s:
            held *= self.kept_s / every_s
        self.answers.row_s += held * self.horizon_s
        self.answers.peak_rows += held
        self._count_unread(every_s)

    def _between_s(self) -> float:
        starts_s = self.runs.start_s
        return float(np.diff(starts_s).mean()) if starts_s.size > 1 else self.precompute.every_s

    def _count_unread(self, every_s: float) -> None:
        """Add the rows that end within the horizon, and those that nobody has read by then."""
        half_s = float(self.published_s.mean()) if self.published_s.size else 0.0
        lives_s = min(every_s, max(self.kept_s - half_s, 0.0))
        rows = self.answers.batch
        for start_s in self.runs.start_s.tolist():
            leaving = self._leaving_at(start_s)
            staying = self._members_at(start_s) - leaving
            asleep = self.dormant if self.member is not None and self.precompute.scope.is_for_all else 0.0
            for members, lasts_s, others in ((staying, lives_s, asleep), (leaving, self.kept_s - half_s, 0.0)):
                if not 0 <= start_s + half_s + lasts_s <= self.horizon_s:
                    continue
                begin = np.array([start_s + half_s])
                logins = (self.visitors.up_to(begin + lasts_s) - self.visitors.up_to(begin))[0]
                alone = np.exp(-logins * self._reach_of(lasts_s))
                all_rows = float(members @ self.users) + others
                unread = float((members * alone) @ self.users) + others
                rows.ended += all_rows
                rows.wasted += unread
                rows.ended_row_s += all_rows * lasts_s
                rows.unread_row_s += unread * lasts_s

    def _reach_of(self, window_s: float) -> float:
        """Return how many fewer times a window is reached than logins come in it, where these come in clusters."""
        clusters = self.demand.clusters()
        if clusters is None:
            return 1.0
        days = window_s / DAY_S
        return clusters.reach_days(days) / (days * clusters.logins_per_primary)

    def _leaving_at(self, start_s: float) -> FloatArray:
        """Return who is in a run's scope, and not in that of the next unless he comes again: his row then expires."""
        window_s, every_s = self._window_s(), self._between_s()
        if self.member is not None or self.kept_s <= every_s or window_s <= every_s:
            return np.zeros(self.users.size)
        turns_s = np.array([start_s - window_s, start_s - window_s + every_s, start_s])
        before, later = np.diff(self.visitors.up_to(turns_s), axis=0) * self._reach_of(window_s)
        return np.asarray(-np.expm1(-before) * np.exp(-later))

    def _members_at(self, start_s: float) -> FloatArray:
        if self.member is not None:
            return self.member
        begin = np.array([start_s])
        logins = (self.visitors.up_to(begin) - self.visitors.up_to(begin - self._window_s()))[0]
        return np.asarray(-np.expm1(-self._reach_of(self._window_s()) * logins))


def _missed_share(found: Renewals, edges_s: FloatArray, requests: float) -> FloatArray:
    """Return the share of requests that compute, between edges, of users without a row of a run."""
    up_to = np.stack([np.interp(edges_s, found.edges_s, rows) for rows in found.up_to.T], axis=1)
    came = np.diff(found.visitors.up_to(edges_s), axis=0) * requests
    return np.asarray(np.clip(np.divide(np.diff(up_to, axis=0), came, out=np.ones_like(came), where=came > 0), 0, 1))


def _fixed_members(precompute: Precompute, visitors: Visitors, users: FloatArray, dormant: float) -> FloatArray | None:
    """Return the share of each class in the scope where that is the same at every run; None where it is not."""
    scope = precompute.scope
    if precompute.incremental or not scope.is_fixed:
        return None
    if scope.is_for_all:
        return np.ones_like(users)
    wanted = scope.expected_users(_Alike(float(users.sum()) + dormant, precompute.every_s))
    order = np.argsort(-visitors.mean_rate_per_s * (users > 0))
    so_far = np.cumsum(users[order])
    shares = np.clip((wanted - (so_far - users[order])) / np.maximum(users[order], 1e-12), 0.0, 1.0)
    found = np.empty_like(users)
    found[order] = shares
    return found


@dataclass(frozen=True)
class _Alike:
    """Users whom a fixed scope is asked about; it does not go by when they come."""

    users: float
    every_s: float

    def share_active(self, window_s: float) -> float:
        """Return nothing that a fixed scope needs. [s]"""
        del window_s
        return 0.0
