"""In what units the users' last logins are kept: as coarse as leaves every answer exact."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from simulator.core.units import DAY_S
from simulator.plans.plan import Precompute
from simulator.scenario.schema import Scenario
from simulator.simulation.calendar.due_runs import timetables
from simulator.simulation.calendar.timetable import Timetable
from simulator.simulation.calendar.timing import runs_from_s

PER_S = 1000
"""Boundaries that are whole milliseconds can lie on a grid of common units."""
Dtype: TypeAlias = type[np.uint8] | type[np.uint16] | type[np.uint32]
TYPES: tuple[Dtype, ...] = (np.uint8, np.uint16, np.uint32)
MOST_UNITS = 2**32 - 2**8


def unit_s(spans_s: Iterable[float], longest_s: float) -> float:
    """Return the length of the units in which last logins are kept.

    It divides all spans between the moments that are asked about, so that every answer is exact. Where they have no
    common measure that 32 bits can count the longest span in, units are as fine as these allow: an answer may then
    count a login that came up to a unit too early, of 10 ms at most in a year and four months.

    Parameters
    ----------
    spans_s
        Spans between moments. [s]
    longest_s
        The span from the first to the last. [s]
    """
    finest_s = longest_s / MOST_UNITS
    scaled = [span_s * PER_S for span_s in spans_s]
    if any(abs(span - round(span)) > 1e-6 for span in scaled):  # noqa: PLR2004  (rounding of a float in ms)
        return finest_s
    common_s = math.gcd(*(round(span) for span in scaled)) / PER_S
    return common_s if common_s >= finest_s and common_s > 0 else finest_s


@dataclass(frozen=True)
class Recency:
    """How a plan keeps its users' last logins."""

    oldest_s: float
    """The earliest moment that is asked about. [s]"""
    unit_s: float
    dtype: Dtype
    """A whole number of it can count the units up to the horizon, from 1."""

    @classmethod
    def of(cls, scenario: Scenario, plan_name: str) -> "Recency | None":
        """Return what a plan needs; None for one that does not ask for past logins."""
        precompute = scenario.plans[plan_name].precompute
        if precompute is None or not (precompute.incremental or precompute.scope.look_back_s is not None):
            return None
        longest_s = max(precompute.scope.look_back_s or 0.0, 2 * precompute.every_s if precompute.incremental else 0.0)
        oldest_s, end_s = runs_from_s(scenario, plan_name) - longest_s, scenario.horizon_s
        anchors_s = [
            at_s
            for timetable in timetables(scenario, plan_name)
            for at_s in _anchors_s(timetable, precompute, oldest_s, end_s)
        ]
        first_s = min(anchors_s)
        spans_s = [precompute.every_s, *(at_s - first_s for at_s in anchors_s)]
        if precompute.scope.look_back_s is not None:
            spans_s.append(precompute.scope.look_back_s)
        step_s = unit_s(spans_s, end_s - oldest_s)
        oldest_s = first_s - math.ceil((first_s - oldest_s) / step_s) * step_s
        units = math.ceil((end_s - oldest_s) / step_s) + 1
        return cls(oldest_s, step_s, next(each for each in TYPES if units <= np.iinfo(each).max))


def _anchors_s(timetable: Timetable, precompute: Precompute, begin_s: float, end_s: float) -> Iterator[float]:
    """Yield moments of a timetable from which all others are whole multiples of the time between two runs away. [s]"""
    yield from timetable.triggered_s
    schedule = timetable.schedule
    if timetable.zone is None:
        yield schedule.start_s(0)
        return
    per_day = round(DAY_S / precompute.every_s)
    first_day = schedule.last_before(begin_s) // per_day
    last_day = schedule.last_before(end_s) // per_day
    for day in range(first_day, last_day + 2):  # the clock may change within the last day
        yield schedule.start_s(day * per_day)
