"""When the runs of a plan are due: one timetable for all users, or one for each of their time zones."""

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from simulator.plans.plan import Precompute
from simulator.scenario.schema import Scenario
from simulator.simulation.calendar.schedule import LocalSchedule, Schedule

UserRange = tuple[int, int]
"""The numbers of a first user and of the one after the last."""


SAME_MOMENT_S = 1e-3
"""A retraining that ends so close to a scheduled run has that run, and none of its own: sums of times are rounded."""


@dataclass(frozen=True, order=True)
class Due:
    """A moment at which a run is due."""

    time_s: float
    triggered: bool
    """Whether a retraining ends then; otherwise the schedule has it."""
    key: tuple[int, ...]
    """Which random numbers the run has, among all runs of its kind."""
    midnight_s: float
    """A midnight of the clock that it goes by. [s]"""

    @property
    def kind(self) -> str:
        """What its random numbers are named after."""
        return " after training" if self.triggered else ""


@dataclass(frozen=True)
class Timetable:
    """When runs over some of the users are due."""

    users: tuple[UserRange, ...]
    """Whom they are for."""
    schedule: Schedule | LocalSchedule
    zone: int | None
    """Number of the time zone; None where all zones go by one clock."""
    triggered_s: tuple[float, ...]
    """When further runs are due, in order; none of them when the schedule has one. [s]"""

    @classmethod
    def of(
        cls,
        users: tuple[UserRange, ...],
        schedule: Schedule | LocalSchedule,
        zone: int | None,
        triggered_s: Sequence[float],
    ) -> "Timetable":
        """Return a timetable; a run that is due when the schedule has one too is that one."""
        further = (time_s for time_s in triggered_s if not _has(schedule, time_s))
        return cls(users, schedule, zone, tuple(further))

    @property
    def size(self) -> int:
        """How many users they are for."""
        return sum(end - first for first, end in self.users)

    def dues(self, from_s: float) -> Iterator[Due]:
        """Yield the runs that are due from a time on, without end. [s]"""
        scheduled = self._scheduled(from_s)
        ahead = next(scheduled)
        for number in range(bisect_left(self.triggered_s, from_s), len(self.triggered_s)):
            while ahead.time_s < self.triggered_s[number]:
                yield ahead
                ahead = next(scheduled)
            yield Due(self.triggered_s[number], True, self._key(number), ahead.midnight_s)
        yield ahead
        yield from scheduled

    def between(self, begin_s: float, end_s: float) -> list[Due]:
        """Return the runs that are due from one time on and before another. [s]"""
        found = list[Due]()
        for due in self.dues(begin_s):
            if due.time_s >= end_s:
                return found
            found.append(due)
        raise AssertionError

    def last_before(self, time_s: float) -> float:
        """Return when the last run before a time is due. [s]"""
        run = self.schedule.last_before(time_s)
        while self.schedule.start_s(run) >= time_s:
            run -= 1
        nearest = bisect_left(self.triggered_s, time_s) - 1
        return max(self.schedule.start_s(run), self.triggered_s[nearest] if nearest >= 0 else -math.inf)

    def next_after(self, time_s: float) -> float:
        """Return when the next run after a time is due. [s]"""
        return next(due.time_s for due in self.dues(time_s) if due.time_s > time_s)

    def _scheduled(self, from_s: float) -> Iterator[Due]:
        run = self.schedule.last_before(from_s)
        before_s = -math.inf
        while True:
            due_s = self.schedule.start_s(run)
            if due_s >= from_s and due_s > before_s:  # an hour that the clock skips would come twice
                before_s = due_s
                yield Due(due_s, False, self._key(run + 1), self.schedule.midnight_s(run))
            run += 1

    def _key(self, number: int) -> tuple[int, ...]:
        return (number,) if self.zone is None else (number, self.zone)


def scheduled(scenario: Scenario, plan_name: str, triggered_s: Sequence[float] = ()) -> tuple[Timetable, ...]:
    """Return the timetables of a plan that computes ahead, none of another.

    Parameters
    ----------
    triggered_s
        When further runs are due, in order. [s]
    """
    precompute = scenario.plans[plan_name].precompute
    if precompute is None:
        return ()
    if precompute.clock == "home":
        everyone = ((0, scenario.population.users),)
        return (Timetable.of(everyone, Schedule.of(scenario, precompute), None, triggered_s),)
    return tuple(_local(scenario, precompute, triggered_s))


def _local(scenario: Scenario, precompute: Precompute, ends_s: Sequence[float]) -> Iterator[Timetable]:
    """Yield the timetable of each time zone that has users."""
    demand = scenario.demand
    cohorts = demand.cohorts()
    edges = [*cohorts.first_user.tolist(), scenario.population.users]
    for number, zone in enumerate(dict.fromkeys(cohorts.zones)):
        spans = [(edges[k], edges[k + 1]) for k, lives in enumerate(cohorts.zones) if lives == zone]
        users = tuple((first, end) for first, end in spans if end > first)
        if users:
            schedule = LocalSchedule(zone, demand.home_start, precompute.at_s, precompute.every_s)
            yield Timetable.of(users, schedule, number, ends_s)


def _has(schedule: Schedule | LocalSchedule, time_s: float) -> bool:
    """Return whether a schedule has a run at a moment."""
    return time_s - schedule.start_s(schedule.last_before(time_s + SAME_MOMENT_S)) <= SAME_MOMENT_S
