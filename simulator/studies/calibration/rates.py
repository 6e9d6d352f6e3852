"""From counts by pieces of time to the numbers of a scenario: how many come and when, and nothing of who comes back.

Intervals are those of a jackknife over stretches of time: everything is fitted again without each of some stretches of
whole days, and how far the fits scatter says how far the chance of days may have moved them.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from simulator.core.arrays import FloatArray
from simulator.core.units import DAY_S, HOUR_S, HOURS_PER_DAY, HOURS_PER_WEEK, MINUTE_S, WEEK_S
from simulator.studies.calibration.counts import Counts
from simulator.studies.calibration.fitting import GROWTH, NO_GROWTH, RATE, USERS, Fitted, jackknifed
from simulator.studies.calibration.weekly import Weekly, fitted_weekly, local_hours

BURSTS: Final = "traffic.burstiness.cv"
REQUESTS_PER_S: Final = "requests_per_s_mean"
MOST_STRETCHES: Final = 40
LEAST_WEEKS_FOR_USUAL: Final = 3
"""Of fewer, half of what scatters would be taken for what comes every week."""
NEIGHBOURS: Final = 1.5
"""Variance of what a piece has more than the mean of the one before and the one after it, over that of a piece."""


@dataclass(frozen=True)
class RateFit:
    """What counts say."""

    parameters: Mapping[str, Fitted]
    """By key of the scenario, in its SI unit; and the mean rate by the name of the metric."""
    weekly: Weekly
    zone: str
    population: float | None
    """How many users there are, where that is said."""
    burst_s: float
    """How long one factor on the rate lasts; 0 where nothing says how counts scatter within an hour. [s]"""
    total: float
    """Events in all."""
    step_s: float
    """What counts are of. [s]"""
    length_s: float
    """Of the log. [s]"""
    first_hour: int
    """Of the log, since 1970 in UTC."""
    begin_per_s: float
    """Mean of the profile as of the log's first hour. [1/s]"""

    @property
    def grows(self) -> bool:
        """Whether the rate surely grew or shrank."""
        growth = self.parameters.get(GROWTH)
        return growth is not None and not growth.low <= 0 <= growth.high

    def usual_per_s(self, first_hour: int, hours: int) -> FloatArray:
        """Return the rate of hours, counted from 1970 in UTC, at the profile and the growth. [1/s]"""
        weights = np.asarray(self.weekly.weights)
        profile = weights[local_hours(first_hour, hours, self.zone) % weights.size]
        weeks = (first_hour + np.arange(hours) - self.first_hour) / HOURS_PER_WEEK
        return np.asarray(self.begin_per_s * profile * (1.0 + self.weekly.growth_per_week) ** weeks)

    @property
    def end_per_day(self) -> float:
        """Events a day at the end of the log, at the growth of all of it."""
        per_day = self.parameters[REQUESTS_PER_S].value * DAY_S
        growth = math.log1p(self.parameters[GROWTH].value) if self.grows else 0.0
        return per_day * math.exp(growth * self.length_s / 2 / WEEK_S)


@dataclass(frozen=True)
class _Hours:
    """Counts of hours without what is unlike all others."""

    first: int
    count: FloatArray
    known: FloatArray
    """Share of each that is known."""
    zone: str

    def without(self, left_out: np.ndarray) -> "_Hours":
        """Return them with some hours taken for unknown."""
        count, known = (np.where(left_out, 0.0, each) for each in (self.count, self.known))
        return _Hours(self.first, count, known, self.zone)

    def weekly(self, *, finds_unusual: bool) -> Weekly:
        """Return when they come."""
        return fitted_weekly(self.count[None], self.first, (self.zone,), self.known, finds_unusual=finds_unusual)

    def per_s(self, weekly: Weekly) -> tuple[float, float]:
        """Return the profile's mean as of the first hour, and over all hours, known or not, as it grows. [1/s]"""
        hours = self.count.size
        weights = np.asarray(weekly.weights)
        profile = weights[local_hours(self.first, hours, self.zone) % weights.size]
        grown = np.exp(math.log1p(weekly.growth_per_week) * np.arange(hours) / HOURS_PER_WEEK)
        level = float(weekly.expected.sum()) / max(float((profile * grown * self.known).sum()), 1e-300)
        return level / HOUR_S, level * float(grown.mean()) / HOUR_S


def fit_rates(counts: Counts, zone: str, population: float | None = None) -> RateFit:
    """Return what counts say.

    Parameters
    ----------
    counts
        Of pieces of time.
    zone
        The clock that people live by.
    population
        How many users there are; None where that is not known.
    """
    hours = _Hours(*counts.by_hour(), zone)
    weekly = hours.weekly(finds_unusual=True)
    odd = _odd(weekly, hours)
    bursts = _Bursts.of(counts, zone, weekly)
    usual = hours.without(odd)
    whole = _numbers(usual, weekly, bursts, population, None)
    stretches = [_numbers(usual.without(part), None, bursts, population, part) for part in _stretches(hours, odd)]
    if bursts is not None and not whole[BURSTS] > 0:
        for each in (whole, *stretches):
            del each[BURSTS]
    parameters = {
        key: jackknifed(value, [each[key] for each in stretches], NO_GROWTH if key == GROWTH else 0.0)
        for key, value in whole.items()
    }
    if population is not None:
        parameters = {USERS: Fitted(population, population, population), **parameters}
    burst_s = bursts.step_s if bursts is not None else 0.0
    begin_per_s, _ = hours.per_s(weekly)
    known = (counts.total, counts.step_s, counts.length_s)
    return RateFit(parameters, weekly, zone, population, burst_s, *known, hours.first, begin_per_s)


def _numbers(
    hours: _Hours, weekly: Weekly | None, bursts: "_Bursts | None", population: float | None, without: Any
) -> dict[str, float]:
    found = weekly or hours.weekly(finds_unusual=False)
    _, per_s = hours.per_s(found)
    numbers = {REQUESTS_PER_S: per_s}
    if population is not None:
        numbers[RATE] = per_s * DAY_S / population
    if hours.count.size >= 3 * HOURS_PER_WEEK:
        numbers[GROWTH] = found.growth_per_week
    if bursts is not None:
        numbers[BURSTS] = bursts.cv(hours.first, without)
    return numbers


def _odd(weekly: Weekly, hours: _Hours) -> np.ndarray:
    """Return which hours are unlike all others."""
    odd = np.zeros(hours.count.size, dtype=bool)
    for each in weekly.unusual:
        first = round(each.begins.timestamp() / HOUR_S) - hours.first
        odd[first : first + each.hours] = True
    return odd


def _stretches(hours: _Hours, odd: np.ndarray) -> list[np.ndarray]:
    """Return stretches of time to leave out, of whole days where there are enough, each with something known in it."""
    size = hours.count.size
    unit = HOURS_PER_DAY if size >= 4 * HOURS_PER_DAY else 1
    pieces = -(-size // unit)
    number = min(MOST_STRETCHES, pieces)
    place = np.minimum(np.arange(size) // unit * number // pieces, number - 1)
    parts = [place == each for each in range(number)]
    return [part for part in parts if hours.known[part & ~odd].any()]


@dataclass(frozen=True)
class _Bursts:
    """How the counts of pieces shorter than an hour scatter about those before and after them."""

    step_s: float
    hour: FloatArray
    """In which hour since 1970 each is."""
    apart: FloatArray
    """How many more there are in it than on average in its neighbours, beyond what is usual at its time of the week."""
    mean: FloatArray
    """Of it and its neighbours."""
    square: FloatArray
    """Product of its neighbours, which on average is the square of what is expected: their factors are their own."""

    @classmethod
    def of(cls, counts: Counts, zone: str, weekly: Weekly) -> "_Bursts | None":
        """Return it of counts; None where they are of half an hour or more: two pieces an hour say nothing of it."""
        step_s = counts.step_s * max(math.ceil(MINUTE_S / counts.step_s - 1e-9), 1)
        if step_s > HOUR_S / 3:
            return None
        begin_s = float(counts.begin_s[1])  # the first piece of events is not whole
        pieces = math.floor((counts.last_s - begin_s) / step_s + 1e-9)
        if pieces < 3:  # noqa: PLR2004  (one and its neighbours)
            return None
        edge_s = np.asarray(begin_s + np.arange(pieces + 1.0) * step_s)
        count, known = counts.on(edge_s)
        inside = np.minimum(np.minimum(known[:-2], known[1:-1]), known[2:]) > 1 - 1e-6
        hour = edge_s[1:-2] // HOUR_S
        for each in weekly.unusual:
            begin = each.begins.timestamp() / HOUR_S
            inside &= (hour < begin - 1) | (hour > begin + each.hours)
        apart = np.asarray(count[1:-1] - (count[:-2] + count[2:]) / 2)
        mean = np.asarray((count[:-2] + count[1:-1] + count[2:]) / 3)
        if not inside.any() or not mean[inside].any():
            return None
        bent = _less_usual(apart[inside], edge_s[1:-2][inside], step_s, zone)
        return cls(step_s, hour[inside], bent, mean[inside], (count[:-2] * count[2:])[inside])

    def cv(self, first_hour: int, without: Any) -> float:
        """Return the coefficient of variation of the rate's factor, with some hours left out; 0 where chance is all."""
        kept = np.ones(self.hour.size, dtype=bool)
        if without is not None:
            kept = ~without[np.clip(self.hour.astype(np.int64) - first_hour, 0, without.size - 1)]
        mean, square = float(self.mean[kept].sum()), float(self.square[kept].sum())
        variance = float((self.apart[kept] ** 2).sum()) / NEIGHBOURS
        return math.sqrt(max(variance - mean, 0.0) / square) if square > 0 else 0.0


def _less_usual(apart: FloatArray, time_s: FloatArray, step_s: float, zone: str) -> FloatArray:
    """Return differences without what each time of the week has of them every week, which the profile bends by."""
    first = int(time_s[0] // HOUR_S)
    hours = local_hours(first, int(time_s[-1] // HOUR_S) - first + 1, zone)
    within = (time_s % HOUR_S // step_s).astype(np.int64)
    slot = hours[(time_s // HOUR_S).astype(np.int64) - first] * math.ceil(HOUR_S / step_s) + within
    number = np.bincount(slot).astype(np.float64)
    if number[number > 0].mean() < LEAST_WEEKS_FOR_USUAL:
        return apart
    usual = np.bincount(slot, apart) / np.maximum(number, 1.0)
    freed = np.sqrt(number / np.maximum(number - 1.0, 1.0))[slot]
    return np.asarray((apart - usual[slot]) * freed)
