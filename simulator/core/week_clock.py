"""The hours of the week on a scenario's own clock."""

import math
from dataclasses import dataclass
from datetime import datetime

from simulator.core.moment import TimeOrDate, from_start_s
from simulator.core.units import DAY_S, HOUR_S


@dataclass(frozen=True)
class WeekClock:
    """The clock that the scenario's start states; its hours are numbered from a Monday 00:00 on."""

    start_s: float = 0.0
    """How far into its week the scenario starts. [s]"""
    start: datetime | None = None
    """When the scenario starts; without it the clock knows no dates."""

    @classmethod
    def of(cls, start: datetime) -> "WeekClock":
        """Return the clock that a start states; it goes on without changes to summer or winter time."""
        midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
        return cls(start.weekday() * DAY_S + (start - midnight).total_seconds(), start)

    def time_s(self, moment: TimeOrDate) -> float:
        """Return how long after the scenario's start a moment comes; below 0 before it. [s]"""
        if isinstance(moment, datetime):
            assert self.start is not None
            return from_start_s(moment, self.start)
        return moment

    def hour(self, time_s: float) -> int:
        """Return the number of the hour that a time is in, time being counted from the scenario's start. [s]"""
        return math.floor((self.start_s + time_s) / HOUR_S)

    def begins_s(self, hour: int) -> float:
        """Return when an hour begins, from the scenario's start. [s]"""
        return hour * HOUR_S - self.start_s
