"""When people come: the hours of the week on their own clock, growth, and stretches that are unlike all others.

Counts of an hour are taken for those of the same hour of other weeks, times a growth that is the same every week. Hours
that lie far off that are a spike, or a dip; they are listed and kept out of the profile.
"""

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from simulator.core.arrays import FloatArray, IntArray
from simulator.core.units import HOURS_PER_DAY, HOURS_PER_WEEK

LEAST_WEEKS_FOR_GROWTH = 3
FAR = 6.0
"""An hour is unlike others that is so many standard deviations off."""
TIMES, LESS = 1.6, 0.4
"""And that has so many times what is expected of it, or so little."""
ROUNDS = 4
LEVEL_ROUNDS = 3
"""So often it is asked in turn which share each zone makes, and what the profile is."""
MOST_GROWTH = math.log(11.0)
"""As a logarithm per week: what a scenario takes."""
MOST_EXPONENT = 300.0
"""Of all growth in a log; numbers end at twice as much."""


@dataclass(frozen=True)
class Unusual:
    """A stretch of hours that is unlike the others."""

    begins: datetime
    hours: int
    multiplier: float


@dataclass(frozen=True)
class Weekly:
    """When people come."""

    weights: tuple[float, ...]
    """24 of a day or 168 of a week from Monday 00:00 on the users' clock, of mean 1; of a shorter log one."""
    growth_per_week: float
    unusual: tuple[Unusual, ...]
    by_zone: FloatArray
    """Of users of each zone in each hour of the log, at the profile and the growth, shape (zones, hours)."""

    @property
    def expected(self) -> FloatArray:
        """Of each hour of the log, at the profile and the growth."""
        return np.asarray(self.by_zone.sum(axis=0))


@functools.lru_cache(maxsize=256)
def local_hours(first_hour: int, hours: int, zone: str) -> IntArray:
    """Return the hour of the week, from Monday 00:00 on a zone's clock, of hours counted from 1970 in UTC."""
    there, epoch = ZoneInfo(zone), datetime(1970, 1, 1, tzinfo=UTC)
    found = np.empty(hours, dtype=np.int64)
    for place in range(hours):
        local = (epoch + timedelta(hours=first_hour + place)).astimezone(there)
        found[place] = local.weekday() * HOURS_PER_DAY + local.hour
    found.setflags(write=False)  # it is remembered, as every fit asks for it again
    return found


def fitted_weekly(
    counts: FloatArray, first_hour: int, zones: Sequence[str], covered: FloatArray, *, finds_unusual: bool = True
) -> Weekly:
    """Return when people come, all by one profile on the clock of their own zone.

    Parameters
    ----------
    counts
        Of users of each zone in each hour of the log, the first of which is ``first_hour`` since 1970 in UTC, shape
        (zones, hours).
    first_hour, zones
        See above, and the clocks that people live by.
    covered
        Share of each hour that the log covers, 0 to 1: its first and its last one are not whole.
    finds_unusual
        Whether spikes are looked for.
    """
    total = counts.sum(axis=0)
    hours = total.size
    hour = np.stack([local_hours(first_hour, hours, zone) for zone in zones])
    size = HOURS_PER_WEEK if hours >= HOURS_PER_WEEK else HOURS_PER_DAY if hours >= HOURS_PER_DAY else 1
    slot = hour % size
    weeks = np.arange(hours) / HOURS_PER_WEEK
    grows = hours >= LEAST_WEEKS_FOR_GROWTH * HOURS_PER_WEEK
    usual = np.ones(hours, dtype=bool)
    level = _levels(counts, np.ones_like(counts), usual)
    for _ in range(ROUNDS):
        for _ in range(LEVEL_ROUNDS if len(zones) > 1 else 1):
            base, growth = _regressed(counts, slot, size, weeks, level[:, None] * covered, usual, grows=grows)
            alike = base[slot] * np.exp(growth * weeks) * covered
            level = _levels(counts, alike, usual)
        by_zone = level[:, None] * alike
        if not finds_unusual:
            break
        found = _usual(total, by_zone.sum(axis=0), usual)
        if (found == usual).all():
            break
        usual = found
    mean = float(base.mean()) or 1.0
    return Weekly(
        tuple(float(value) for value in base / mean),
        math.expm1(growth),
        tuple(_stretches(total, by_zone.sum(axis=0), usual, first_hour)),
        by_zone,
    )


def _levels(counts: FloatArray, alike: FloatArray, usual: np.ndarray) -> FloatArray:
    """Return which share of all each zone makes, where its clock and the hours that are covered are allowed for."""
    seen, due = counts[:, usual].sum(axis=1), alike[:, usual].sum(axis=1)
    level = seen / np.maximum(due, 1e-300)
    total = float(level.sum())
    return np.asarray(level / total if total > 0 else np.full(level.size, 1.0 / level.size))


def _regressed(
    counts: FloatArray,
    slot: IntArray,
    size: int,
    weeks: FloatArray,
    covered: FloatArray,
    usual: np.ndarray,
    *,
    grows: bool,
) -> tuple[FloatArray, float]:
    """Return the rate of each slot at the log's beginning, and the growth per week as a logarithm.

    Counts, their slots and what of them is covered are of shape (zones, hours), weeks and what is usual of (hours,).
    """
    slot, counts, covered = slot.ravel(), counts.ravel(), covered.ravel()
    weeks, usual = (np.tile(each, slot.size // each.size) for each in (weeks, usual))
    growth = 0.0
    for _ in range(30):
        weight = np.where(usual, covered * np.exp(growth * weeks), 0.0)
        seen = np.bincount(slot, np.where(usual, counts, 0.0), size)
        of_all = np.bincount(slot, weight, size)
        mean = float(seen.sum() / max(of_all.sum(), 1e-300))
        base = np.divide(seen, of_all, out=np.full(size, mean), where=of_all > 0)
        if not grows:
            break
        expected = base[slot] * weight
        centre = np.bincount(slot, expected * weeks, size) / np.maximum(np.bincount(slot, expected, size), 1e-300)
        apart = weeks - centre[slot]
        slope = float(np.sum(np.where(usual, (counts - expected) * apart, 0.0)))
        step = slope / max(float(np.sum(expected * apart**2)), 1e-300)
        most = min(MOST_GROWTH, MOST_EXPONENT / max(float(weeks[-1]), 1.0))
        growth = min(max(growth + step, -most), most)
        if abs(step) < 1e-9:  # noqa: PLR2004
            break
    return np.asarray(base), growth


def _usual(counts: FloatArray, expected: FloatArray, before: np.ndarray) -> np.ndarray:
    """Return which hours are like others: not far off as the hours themselves scatter."""
    apart = (counts - expected) / np.sqrt(np.maximum(expected, 1.0))
    scatter = max(1.0, 1.4826 * float(np.median(np.abs(apart[before]))))
    far = np.abs(apart) > FAR * scatter
    much = (counts > TIMES * expected) | (counts < LESS * expected)
    return np.asarray(~(far & much))


def _stretches(counts: FloatArray, expected: FloatArray, usual: np.ndarray, first_hour: int) -> list[Unusual]:
    found: list[Unusual] = []
    odd = np.flatnonzero(~usual)
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    for stretch in np.split(odd, np.flatnonzero(np.diff(odd) > 1) + 1) if odd.size else ():
        first, hours = int(stretch[0]), int(stretch.size)
        due = float(expected[stretch].sum())
        times = float(counts[stretch].sum()) / due if due > 0 else math.inf
        found.append(Unusual(epoch + timedelta(hours=first_hour + first), hours, times))
    return found
