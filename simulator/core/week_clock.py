"""The hours of the week on a scenario's own clock."""

import math
from dataclasses import dataclass
from datetime import datetime

from simulator.core.units import DAY_S, HOUR_S


@dataclass(frozen=True)
class WeekClock:
    """The clock that the scenario's start states; its hours are numbered from a Monday 00:00 on."""

    start_s: float = 0.0
    """How far into its week the scenario starts. [s]"""

    @classmethod
    def of(cls, start: datetime) -> "WeekClock":
        """Return the clock that a start states; it goes on without changes to summer or winter time."""
        midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
        return cls(start.weekday() * DAY_S + (start - midnight).total_seconds())

    def hour(self, time_s: float) -> int:
        """Return the number of the hour that a time is in, time being counted from the scenario's start. [s]"""
        return math.floor((self.start_s + time_s) / HOUR_S)

    def begins_s(self, hour: int) -> float:
        """Return when an hour begins, from the scenario's start. [s]"""
        return hour * HOUR_S - self.start_s
