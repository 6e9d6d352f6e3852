"""Events counted by pieces of time: what monitoring keeps, and what is left of a log that names no users."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from simulator.core.arrays import FloatArray
from simulator.core.errors import UserError
from simulator.core.units import DAY_S, HOUR_S, about_duration
from simulator.demand.stamps import LARGEST_COUNT
from simulator.studies.calibration.count_units import ASK, Unit
from simulator.studies.calibration.events import check_span

LEAST_PIECES: Final = 24
LEAST_EVENTS: Final = 200
LEAST_STEP_S: Final = 1.0
"""Times that are nearer to one another are those of events."""
OFF_GRID: Final = 0.05
"""Times are on a grid that are no farther off it, in pieces: days are an hour longer or shorter as clocks change."""
MOST_OFF_GRID: Final = 0.05
"""Share of the times that may lie elsewhere."""
CLEARLY_FULL: Final = 0.9
LEAST_FULL: Final = 0.2
"""Share of a grid that must be there for times to be taken for one, and where it is said that they are one."""
TWICE: Final = "a time that is there twice"
BELOW: Final = "a count below 0"
ABOVE: Final = f"a count above {LARGEST_COUNT:,}"


@dataclass(frozen=True)
class Counts:
    """Counts of pieces of time; what lies between pieces is not known, which is not 0."""

    recognised: str
    step_s: float
    """How long a piece is. [s]"""
    begin_s: FloatArray
    """Since 1970 in UTC, ascending, shape (pieces,). [s]"""
    end_s: FloatArray
    count: FloatArray
    rows: int = 0
    """Rows that were read, those left out too."""
    skipped: Mapping[str, int] = field(default_factory=dict)

    def check(self) -> None:
        """Refuse counts of too few events.

        Raises
        ------
        UserError
            If they are.
        """
        if self.total < LEAST_EVENTS:
            few = f"{self.total:.4g} events in all are too few to fit anything"
            raise UserError(f"{self.recognised}: {few}; at least {LEAST_EVENTS}")

    @property
    def first_s(self) -> float:
        """When the first piece begins. [s]"""
        return float(self.begin_s[0])

    @property
    def last_s(self) -> float:
        """When the last piece ends. [s]"""
        return float(self.end_s[-1])

    @property
    def length_s(self) -> float:
        """From the first piece to the last one, what is not known included. [s]"""
        return self.last_s - self.first_s

    @property
    def total(self) -> float:
        """How many events there are."""
        return float(self.count.sum())

    @property
    def missing_s(self) -> float:
        """How much of it is not known. [s]"""
        return max(self.length_s - float((self.end_s - self.begin_s).sum()), 0.0)

    def on(self, edge_s: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the counts of other pieces, and the share of each that is known; a piece's events are evenly in it.

        Parameters
        ----------
        edge_s
            Where those begin and end, ascending, shape (pieces + 1,). [s]
        """
        knots = np.stack([self.begin_s, self.end_s], axis=1).ravel()
        until = [np.stack([np.cumsum(each) - each, np.cumsum(each)], axis=1).ravel() for each in self._both]
        counts, known_s = (np.diff(np.interp(edge_s, knots, each)) for each in until)
        return np.asarray(np.maximum(counts, 0.0)), np.asarray(np.clip(known_s / np.diff(edge_s), 0.0, 1.0))

    @property
    def _both(self) -> tuple[FloatArray, FloatArray]:
        return self.count, np.asarray(self.end_s - self.begin_s)

    def by_hour(self) -> tuple[int, FloatArray, FloatArray]:
        """Return the first hour since 1970, and the counts of the hours from it on with the share that is known."""
        first = int(self.first_s // HOUR_S)
        hours = int(-(-self.last_s // HOUR_S)) - first
        counts, known = self.on(np.asarray((first + np.arange(hours + 1.0)) * HOUR_S))
        known[known < 1e-6] = 0.0  # noqa: PLR2004  (rounding of a time is no knowledge of its hour)
        return first, np.where(known > 0, counts, 0.0), known

    def between(self, begin_s: float, end_s: float) -> "Counts":
        """Return the pieces that lie wholly between two moments."""
        inside = (self.begin_s >= begin_s) & (self.end_s <= end_s)
        return replace(self, begin_s=self.begin_s[inside], end_s=self.end_s[inside], count=self.count[inside])

    def without_gaps(self) -> "Counts":
        """Return them with 0 for what is not known between the pieces."""
        gap = np.flatnonzero(self.begin_s[1:] > self.end_s[:-1])
        begin = np.concatenate([self.begin_s, self.end_s[:-1][gap]])
        end = np.concatenate([self.end_s, self.begin_s[1:][gap]])
        count = np.concatenate([self.count, np.zeros(gap.size)])
        order = np.argsort(begin, kind="stable")
        return replace(self, begin_s=begin[order], end_s=end[order], count=count[order])


@dataclass(frozen=True)
class Readings:
    """Numbers with the times that they stand at, as they were read."""

    recognised: str
    time_s: FloatArray
    """Since 1970 in UTC, in the file's order. [s]"""
    value: FloatArray
    """NaN where none is known."""
    unit: Unit
    ends: bool = False
    """Whether a piece ends at its time, as in Prometheus, or begins there."""
    rows: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)
    zone: str = "UTC"
    """In an hour that its clock shows twice a time that is there again is the second pass."""


def is_grid(time_s: FloatArray) -> bool:
    """Return whether times are those of pieces of equal length, each once, or some of them missing."""
    each = np.unique(time_s)
    if each.size < max(LEAST_PIECES, (1 - MOST_OFF_GRID) * time_s.size):
        return False
    return _is_regular(each, step_of(each), CLEARLY_FULL)


def step_of(time_s: FloatArray) -> float:
    """Return the distance that is most frequent between ascending times. [s]"""
    apart, often = np.unique(np.round(np.diff(time_s), 3), return_counts=True)
    return float(apart[np.argmax(often)])


def _is_regular(time_s: FloatArray, step_s: float, least_full: float) -> bool:
    """Return whether ascending times are on a grid, of which not too much is missing: of any times some are on one."""
    if step_s < LEAST_STEP_S or time_s.size * step_s < least_full * (time_s[-1] - time_s[0]):
        return False
    steps = np.diff(time_s) / step_s
    return float(np.mean(np.abs(steps - np.maximum(np.round(steps), 1.0)) > OFF_GRID)) <= MOST_OFF_GRID


def increments(time_s: FloatArray, value: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return when readings of a counter end a piece of time, and how many came in it.

    One that falls began again at 0. What came while nothing was read is not known by piece, and left out.
    """
    known = np.isfinite(value)
    order = np.argsort(time_s[known], kind="stable")
    time_s, value = time_s[known][order], value[known][order]
    if time_s.size < 2:  # noqa: PLR2004  (of one reading nothing follows)
        return time_s[:0], value[:0]
    apart, more = np.diff(time_s), np.diff(value)
    follows = (apart > 0) & (apart <= (1 + OFF_GRID) * step_of(time_s))
    return time_s[1:][follows], np.where(more < 0, value[1:], more)[follows]


def counts_of(read: Readings) -> Counts:
    """Return readings as counts of pieces of time.

    Raises
    ------
    UserError
        If there are too few, if they are not on a grid, if it is one of more than a day, or if they are a counter.
    """
    skipped = dict(read.skipped)
    usable = np.isfinite(read.value) & (read.value >= 0) & (read.value <= LARGEST_COUNT)
    for why, many in ((BELOW, read.value < 0), (ABOVE, read.value > LARGEST_COUNT)):
        if many.any():
            skipped[why] = int(many.sum())
    time_s, value = _each_once(read, usable, skipped)
    if time_s.size < LEAST_PIECES:
        raise UserError(f"{read.recognised}: {time_s.size} counts are too few to fit anything; at least {LEAST_PIECES}")
    step_s = step_of(time_s)
    if not _is_regular(time_s, step_s, LEAST_FULL):
        raise UserError(f"{read.recognised}: its times are on no regular grid, so that counts have no length")
    check_span(read.recognised, float(time_s[0]), float(time_s[-1]))
    if step_s > (1 + OFF_GRID) * DAY_S:
        raise UserError(
            f"{read.recognised}: a count is of {about_duration(step_s)}; bring counts of a day at most, better of an "
            "hour or less"
        )
    _check_values(read, value)
    found = Counts(read.recognised, step_s, *_pieces(read, time_s, value, step_s), read.rows, skipped)
    found.check()
    return found


def _each_once(read: Readings, usable: np.ndarray, skipped: dict[str, int]) -> tuple[FloatArray, FloatArray]:
    time_s, value = read.time_s[usable], read.value[usable]
    if not time_s.size:
        return time_s, value
    if read.zone != "UTC":
        time_s = _second_passes(time_s, ZoneInfo(read.zone))
    order = np.argsort(time_s, kind="stable")
    time_s, value = time_s[order], value[order]
    first = np.append(True, np.diff(time_s) > 0)
    if not first.all():
        skipped[TWICE] = int((~first).sum())
    return np.asarray(time_s[first]), np.asarray(value[first])


def _second_passes(time_s: FloatArray, zone: ZoneInfo) -> FloatArray:
    """Return times of which one that is there twice, in an hour that the clock shows twice, is in both passes of it."""
    placed = time_s.copy()
    each, often = np.unique(time_s, return_counts=True)
    for moment in each[often == 2]:  # noqa: PLR2004
        local = datetime.fromtimestamp(moment, UTC).astimezone(zone).replace(tzinfo=None)
        passes = sorted(local.replace(tzinfo=zone, fold=fold).timestamp() for fold in (0, 1))
        if passes[1] > passes[0]:
            placed[np.flatnonzero(time_s == moment)] = passes
    return placed


def _check_values(read: Readings, value: FloatArray) -> None:
    if (value == value[0]).all():
        raise UserError(
            f"{read.recognised}: every value is {value[0]:g}, which no traffic does; an average of counts is like "
            "that; bring sums"
        )
    grows = read.unit is Unit.COUNT and (np.diff(value) >= 0).all()
    if grows:
        raise UserError(f"{read.recognised}: its values never fall, as those of a counter; {ASK}")


def _pieces(
    read: Readings, time_s: FloatArray, value: FloatArray, step_s: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return begin, end and count of the pieces; one that is as long as the others but for rounding meets the next."""
    begin = time_s - step_s if read.ends else time_s
    following = np.append(begin[1:], np.inf)
    meets = following - begin <= (1 + OFF_GRID) * step_s
    end = np.where(meets, following, begin + step_s)
    per_s = {Unit.PER_S: 1.0, Unit.PER_MIN: 1.0 / 60.0}.get(read.unit)
    return begin, end, value if per_s is None else value * (end - begin) * per_s
