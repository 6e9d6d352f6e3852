"""The rows and last logins that a simulation begins with, for plans whose users' rows are of different ages.

Who was in the scope of earlier runs but is not in that of the next keeps the row of the last run that had him. Runs
before the beginning are taken to have been published at once, and none of them was missed.
"""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from simulator.demand.arrivals import Logins, logins
from simulator.demand.last_logins import follows_from_rates, last_logins
from simulator.scenario.schema import Scenario
from simulator.simulation.ahead.membership import Membership
from simulator.simulation.calendar.timetable import Due
from simulator.simulation.calendar.timing import LONGEST_KEPT_S, earliest_s, keeps_all, runs_from_s
from simulator.simulation.flow.request_path import RequestPath
from simulator.simulation.state.rows import Layout
from simulator.simulation.store import publish_members as member_kernels


@dataclass(frozen=True)
class _Event:
    """A run before the beginning."""

    due: Due
    number: int
    """Whose timetable it follows."""
    earlier: tuple[Due, ...]
    """The runs before it in the same timetable, where the last login tells which of them had a user."""


class LongRun:
    """Puts a plan into its long-run state."""

    def __init__(
        self, scenario: Scenario, plan_name: str, replication: int, layout: Layout, membership: Membership
    ) -> None:
        self._scenario, self._replication, self._layout = scenario, replication, layout
        plan = scenario.plans[plan_name]
        assert plan.precompute is not None
        self._precompute, self._membership = plan.precompute, membership
        kept_s = scenario.store_of(plan).expiry_s or math.inf
        self._keeps_all = keeps_all(plan) or kept_s > LONGEST_KEPT_S
        from_s = runs_from_s(scenario, plan_name)
        self._past = [each.between(from_s, membership.begin_s) for each in membership.timetables]
        self._last_login_tells = self._tells()

    def begin(self, path: RequestPath) -> None:
        """Fill the last logins and the store up to the beginning."""
        membership, begin_s = self._membership, self._membership.begin_s
        events = self._events()
        drawn_from_s = min([begin_s, earliest_s(self._scenario), *(event.due.time_s for event in events[:1])])
        if membership.activity is not None:
            drawn_from_s = self._fill(drawn_from_s)
        marks_s = [*(event.due.time_s for event in events), begin_s]
        steps = _cut(self._logins(drawn_from_s, begin_s), marks_s)
        for event, seen in itertools.zip_longest(events, steps):
            for one in seen:
                if membership.activity is not None:
                    membership.activity.see(one)
                member_kernels.mark_served(one.user, self._layout.shards, self._layout.shard_size, path.table)
            if event is not None:
                self._put(event, path)
        if membership.activity is not None:
            membership.activity.begin(begin_s)

    def _tells(self) -> bool:
        """Return whether the last run that had a user follows from the last login: each login leads to the next run."""
        scope = self._precompute.scope
        if scope.looks_ahead:
            return False
        gaps_s = [b.time_s - a.time_s for past in self._past for a, b in itertools.pairwise(past)]
        return scope.look_back_s is None or scope.look_back_s >= max([self._precompute.every_s, *gaps_s])

    def _events(self) -> list[_Event]:
        """Return the runs whose rows are to be put into the store, in order of time."""
        events = [
            _Event(due, number, tuple(past[:nth]) if self._last_login_tells else ())
            for number, past in enumerate(self._past)
            for nth, due in enumerate(past)
            if nth + 1 == len(past) or not self._last_login_tells
        ]
        return sorted(events, key=lambda event: (event.due, event.number))

    def _fill(self, until_s: float) -> float:
        """Take the last logins before a moment, or leave them to be drawn; return from when on to draw. [s]"""
        activity, scenario = self._membership.activity, self._scenario
        assert activity is not None
        if not follows_from_rates(scenario.demand):
            return min(activity.oldest_s, until_s)
        seed = scenario.seed
        for first_user, time_s in last_logins(
            scenario.demand, seed, self._replication, until_s, min(activity.oldest_s, until_s)
        ):
            activity.fill(first_user, time_s)
        return until_s

    def _logins(self, begin_s: float, end_s: float) -> Iterator[Logins]:
        if begin_s < end_s:
            yield from logins(self._scenario.demand, self._scenario.seed, self._replication, begin_s, end_s)

    def _put(self, event: _Event, path: RequestPath) -> None:
        layout, membership, due = self._layout, self._membership, event.due
        if self._last_login_tells:
            self._put_by_last_login(event, path)
            return
        previous_s = membership.timetables[event.number].last_before(due.time_s)
        members = membership.members(event.number, due, previous_s)
        member_kernels.put_rows(members, due.time_s, layout.origin_s, layout.tick_s, path.table)

    def _put_by_last_login(self, event: _Event, path: RequestPath) -> None:
        layout, membership, scope = self._layout, self._membership, self._precompute.scope
        activity, timetable = membership.activity, membership.timetables[event.number]
        assert activity is not None
        dues_s = [due.time_s for due in (*event.earlier, event.due)]
        if self._precompute.incremental:
            since_s = [timetable.last_before(dues_s[0]), *dues_s[:-1]]
        else:
            assert scope.look_back_s is not None
            since_s = [due_s - scope.look_back_s for due_s in dues_s]
        since = np.array([max(activity.units(time_s), 1) for time_s in since_s], dtype=np.int64)
        if scope.is_fixed and self._keeps_all:
            since[0] = 0  # those who have not come for longer have the oldest row
        members = membership.everyone(event.number)
        if scope.is_fixed:
            members = scope.members(membership.moment(event.number, event.due))
        words = np.zeros(len(dues_s), dtype=np.uint32)
        member_kernels.put_rows_by_last_login(
            members, activity.last, since, np.array(dues_s), layout.origin_s, layout.tick_s, words, path.table
        )


def _cut(found: Iterator[Logins], marks_s: list[float]) -> Iterator[Iterator[Logins]]:
    """Yield the logins before each of some rising moments, those since the one before."""
    held: list[Logins] = []

    def until(mark_s: float) -> Iterator[Logins]:
        while True:
            one = held.pop() if held else next(found, None)
            if one is None:
                return
            yield one.between(-math.inf, mark_s)
            late = one.between(mark_s, math.inf)
            if late.time_s.size:
                held.append(late)
                return

    for mark_s in marks_s:
        yield until(mark_s)
