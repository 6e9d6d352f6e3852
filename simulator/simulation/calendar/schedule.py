"""Runs at fixed distances, or at times of day of a time zone."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from simulator.core.units import DAY_S
from simulator.plans.plan import Precompute
from simulator.scenario.schema import Scenario


@dataclass(frozen=True)
class Schedule:
    """Runs at fixed distances from a time of day."""

    first_s: float
    """A start, from the scenario's start. [s]"""
    every_s: float
    first_midnight_s: float
    """The midnight that the time of day is counted from. [s]"""

    @classmethod
    def of(cls, scenario: Scenario, precompute: Precompute) -> "Schedule":
        """Return the schedule; later runs follow at equal distances, over changes of the clock too."""
        start = scenario.demand.home_start
        midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
        into_day_s = (start - midnight).total_seconds()
        return cls(precompute.at_s - into_day_s, precompute.every_s, -into_day_s)

    def start_s(self, run: int) -> float:
        """Return when a run is due to start. [s]"""
        return self.first_s + run * self.every_s

    def midnight_s(self, run: int) -> float:
        """Return a midnight of the clock that a run goes by. [s]"""
        del run
        return self.first_midnight_s

    def last_before(self, time_s: float) -> int:
        """Return the last run that is due by ``time_s``."""
        return math.floor((time_s - self.first_s) / self.every_s)


@dataclass(frozen=True)
class LocalSchedule:
    """Runs at times of day of a time zone, whatever its clock does."""

    zone: tzinfo
    start: datetime
    """The scenario's start, with its own zone."""
    at_s: float
    every_s: float

    @property
    def per_day(self) -> int:
        """Runs a day."""
        return round(DAY_S / self.every_s)

    def start_s(self, run: int) -> float:
        """Return when a run is due to start; a time that the clock skips is its moment by the clock before. [s]"""
        return self._since_start_s(*self._wall_clock(run))

    def midnight_s(self, run: int) -> float:
        """Return the midnight that a run's time of day is counted from by its clock. [s]"""
        day, within_s = self._wall_clock(run)
        return self._since_start_s(day, within_s) - within_s

    def last_before(self, time_s: float) -> int:
        """Return the last run that is due by ``time_s``."""
        run = math.floor((time_s - self.start_s(0)) / self.every_s) + 2 * self.per_day
        while self.start_s(run) > time_s:
            run -= 1
        return run

    def _wall_clock(self, run: int) -> tuple[int, float]:
        day, nth = divmod(run, self.per_day)
        return day, self.at_s + nth * self.every_s

    def _since_start_s(self, day: int, within_s: float) -> float:
        first = self.start.astimezone(self.zone).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
        wall = first + timedelta(days=day, seconds=within_s)
        return (wall.replace(tzinfo=self.zone).astimezone(UTC) - self.start).total_seconds()
