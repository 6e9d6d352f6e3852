"""Whom each run of a plan computes for: the scope's questions about the users, and their answers."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from simulator.core.arrays import BitSet
from simulator.core.streams import stream
from simulator.core.units import DAY_S
from simulator.demand.arrivals import Logins, logins
from simulator.demand.demand import Demand
from simulator.demand.login_rates import LoginRates
from simulator.scenario.schema import Scenario
from simulator.simulation.calendar.due_runs import timetables
from simulator.simulation.calendar.timetable import Due, Timetable, UserRange
from simulator.simulation.calendar.timing import begin_s, has_past
from simulator.simulation.state import bit_sets
from simulator.simulation.state.rows import Layout
from simulator.simulation.workload.activity import Activity
from simulator.simulation.workload.recency import Recency

LATER_S = 2 * DAY_S
"""Runs are asked for who comes before the next one; that is looked for so long after the horizon at least."""


@dataclass
class _Ahead:
    """Logins to come, drawn from the streams that the requests follow; asked for in order of time."""

    demand: Demand
    seed: int
    replication: int
    end_s: float
    _drawn: Iterator[Logins] | None = None
    _held: Logins | None = None

    def between(self, begin_s: float, end_s: float) -> Iterator[Logins]:
        """Yield the logins from one time to another, which is not before that of the last question. [s]"""
        if self._drawn is None:
            self._drawn = logins(self.demand, self.seed, self.replication, begin_s, self.end_s)
        while True:
            if self._held is None:
                self._held = next(self._drawn, None)
            if self._held is None:
                return
            yield self._held.between(begin_s, end_s)
            if self._held.time_s.size and self._held.time_s[-1] >= end_s:
                return
            self._held = None


@dataclass
class _OfUsers:
    """What is known about the users of one timetable."""

    timetable: Timetable
    everyone: BitSet
    ahead: _Ahead
    most_active: dict[float, BitSet] = field(default_factory=dict)


class Membership:
    """Answers for one plan and replication."""

    def __init__(self, scenario: Scenario, plan_name: str, replication: int, layout: Layout) -> None:
        plan = scenario.plans[plan_name]
        assert plan.precompute is not None
        self._scenario, self._replication, self._layout = scenario, replication, layout
        self._precompute = plan.precompute
        end_s = scenario.horizon_s + LATER_S + 2 * plan.precompute.every_s
        self.timetables = timetables(scenario, plan_name)
        self._of = [
            _OfUsers(timetable, self._bits(timetable.users), _Ahead(scenario.demand, scenario.seed, replication, end_s))
            for timetable in self.timetables
        ]
        recency = Recency.of(scenario, plan_name)
        self.activity = Activity(layout, recency) if recency else None
        """Last logins, where runs go by them."""
        self.begin_s = begin_s(scenario, plan_name)
        self.has_past = has_past(plan)

    def members(self, number: int, due: Due, previous_s: float) -> BitSet:
        """Return whom a run computes for.

        Parameters
        ----------
        number
            Whose timetable it follows.
        due
            The run.
        previous_s
            When the run before it started. [s]
        """
        moment = self.moment(number, due)
        members = self._precompute.scope.members(moment)
        return members & moment.active_since(previous_s) if self._precompute.incremental else members

    def moment(self, number: int, due: Due) -> "RunStart":
        """Return what a scope may ask at a run's start."""
        name = f"predicted users{due.kind}"
        rng = stream(self._scenario.seed, self._replication, name, *due.key)
        next_s = self.timetables[number].next_after(due.time_s) if self._precompute.scope.looks_ahead else math.inf
        return RunStart(self, number, due.time_s, next_s, rng)

    def everyone(self, number: int) -> BitSet:
        """Return the users of a timetable."""
        return self._of[number].everyone

    def active_since(self, time_s: float) -> BitSet:
        """Return all users with a login since a time. [s]"""
        assert self.activity is not None
        return self.activity.since(time_s)

    def most_active(self, number: int, share_fraction: float) -> BitSet:
        """Return the most active of all users who are in a timetable."""
        known = self._of[number].most_active
        if share_fraction not in known:
            users = self._scenario.population.users
            rates = LoginRates.of(self._scenario.demand.cohorts(), users)
            top = self._bits(tuple(rates.most_active(round(share_fraction * users))))
            known[share_fraction] = top & self._of[number].everyone
        return known[share_fraction]

    def logging_in(self, number: int, begin_s: float, end_s: float) -> BitSet:
        """Return the users of a timetable who log in from one time to another. [s]"""
        found = self._bits(())
        for one in self._of[number].ahead.between(begin_s, end_s):
            bit_sets.add_users(one.user, self._layout.shards, self._layout.shard_size, found)
        return found & self._of[number].everyone

    def _bits(self, ranges: tuple[UserRange, ...]) -> BitSet:
        layout = self._layout
        members = bit_sets.empty(layout.shards * layout.shard_size)
        for first, end in ranges:
            bit_sets.add_range(first, end, layout.shards, layout.shard_size, members)
        return members


@dataclass
class RunStart:
    """The start of a run, as a scope sees it."""

    membership: Membership
    number: int
    start_s: float
    next_s: float
    rng: np.random.Generator

    def everyone(self) -> BitSet:
        """Return all users."""
        return self.membership.everyone(self.number)

    def active_since(self, time_s: float) -> BitSet:
        """Return those with a login from a time up to the run's start. [s]"""
        return self.membership.active_since(time_s) & self.everyone()

    def most_active(self, share_fraction: float) -> BitSet:
        """Return those who belong to the share of all users with the highest login rates."""
        return self.membership.most_active(self.number, share_fraction)

    def logging_in(self, begin_s: float, end_s: float) -> BitSet:
        """Return those who will log in from one time to another. [s]"""
        return self.membership.logging_in(self.number, begin_s, end_s)

    def some_of(self, users: BitSet, probability: float) -> BitSet:
        """Return each of the users with some probability, independently."""
        return bit_sets.some_of(users, probability, self.rng)

    def count(self, users: BitSet) -> int:
        """Return how many users there are in a set."""
        return bit_sets.count(users)
