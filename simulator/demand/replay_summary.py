"""What one pass over a replay's file tells: how much comes when, and how many users there are."""

import functools
import math
from dataclasses import dataclass

import numpy as np

from simulator.core.arrays import FloatArray, HashArray, IntArray, UserArray
from simulator.core.errors import UserError
from simulator.core.units import NS_PER_S, about_duration
from simulator.demand import kernels
from simulator.demand.profile.base import SLOT_S
from simulator.demand.replay import Replay
from simulator.demand.replay_file import name_of, rows
from simulator.demand.stamps import LARGEST_COUNT, LAST_NS, NS, UNITS_NS, StampForm

FEW_TIMES = 6
"""So many different times are not all round by chance."""


class Numbers:
    """Numbers users by the first appearance of their ids' hashes."""

    def __init__(self) -> None:
        self.known = 0
        self._keys = np.zeros(1024, dtype=np.uint64)
        self._numbers = np.zeros(1024, dtype=np.int32)

    def of(self, hashed: HashArray) -> UserArray:
        """Return each id's number."""
        if 2 * (self.known + hashed.size) > self._keys.size:
            in_use = self._keys != 0
            old = self._keys[in_use][np.argsort(self._numbers[in_use])]
            size = 2 ** math.ceil(math.log2(4 * (self.known + hashed.size)))
            self._keys, self._numbers = np.zeros(size, dtype=np.uint64), np.zeros(size, dtype=np.int32)
            kernels.number_ids(old, self._keys, self._numbers, 0, np.empty(old.size, dtype=np.int32))
        number = np.empty(hashed.size, dtype=np.int32)
        self.known = kernels.number_ids(hashed, self._keys, self._numbers, self.known, number)
        return number


@dataclass(frozen=True)
class Summary:
    """What one pass over a file tells; times are from its first row, at speed 1."""

    rows: int
    first_ns: int
    last_period_s: float
    """How long the last row's count is spread over; 0 for a row per event. [s]"""
    length_s: float
    """From the first row to where the file begins again. [s]"""
    span_s: float
    """From the first row to the end of the last one's period, or of what its time is rounded to. [s]"""
    are_moments: bool
    """Whether times count from 1970 in UTC; else they are readings of a clock whose zone nobody states."""
    resolution_s: float
    """What times are rounded down to, which rows are spread over; 0 to take them as they are. [s]"""
    users: int | None
    """Different ids; None where the file names no users."""
    reached: FloatArray
    """Events before every multiple of five minutes, and at last before the end of the file."""

    @property
    def events(self) -> float:
        """Events in the file."""
        return float(self.reached[-1])

    @property
    def busiest_per_s(self) -> float:
        """The highest rate of all spans of five minutes, and no less than the mean rate. [1/s]"""
        return max(float(np.diff(self.reached).max()) / SLOT_S, self.events / self.length_s)

    def expected(self, time_s: FloatArray) -> FloatArray:
        """Return the events before each time within the file."""
        grid_s = np.minimum(np.arange(self.reached.size) * SLOT_S, self.length_s)
        return np.interp(time_s, grid_s, self.reached)


def summary(replay: Replay) -> Summary:
    """Return what the file holds, read in one pass and remembered until the file changes.

    Raises
    ------
    UserError
        At the first row that is not what the replay says.
    """
    try:
        found = replay.path.stat()
    except OSError as error:
        raise UserError(f"{name_of(replay)} cannot be read: {error.strerror}") from error
    return _summary(
        replay.model_copy(update={"speed": 1.0, "loop": True, "clock": "file"}), found.st_mtime_ns, found.st_size
    )


@functools.lru_cache(maxsize=16)
def _summary(replay: Replay, _changed_ns: int, _size: int) -> Summary:
    numbers, tally, steps, total, read = Numbers(), _Tally(), _Steps(), 0, 0
    form: StampForm | None = None
    for batch in rows(replay):
        steps.add(batch.time_ns)
        tally.add(np.asarray((batch.time_ns - steps.first_ns) * NS, dtype=np.float64), batch.count)
        total += batch.time_ns.size if batch.count is None else int(batch.count.sum())
        read += batch.time_ns.size
        form = batch.form
        if batch.user is not None:
            numbers.of(batch.user)
    if form is None:
        raise UserError(f"{name_of(replay)} has no rows")
    if not total:
        raise UserError(f"{name_of(replay)}: all counts are 0")
    if total > LARGEST_COUNT:
        raise UserError(f"{name_of(replay)} counts {total:,} events, which is too many")
    period_s = 0.0
    if replay.value:
        if steps.last_ns is None:
            raise UserError(f"{name_of(replay)} has one time only; counts need two to tell how long a period is")
        period_s = steps.last_ns * NS
    resolution_s = _resolution_s(replay, form, steps)
    length_s = _length_s(replay, steps.span_s, period_s or resolution_s, total)
    end_s = min(steps.span_s + (period_s or resolution_s), length_s)
    reached = tally.reached(length_s, steps.span_s + period_s)
    return Summary(
        rows=read,
        first_ns=steps.first_ns,
        last_period_s=period_s,
        length_s=length_s,
        span_s=end_s,
        are_moments=form.are_moments,
        resolution_s=resolution_s,
        users=numbers.known if replay.user else None,
        reached=_spread(reached, resolution_s),
    )


class _Steps:
    """The differences between one time and the next."""

    def __init__(self) -> None:
        self.first_ns = 0
        self.last_ns: int | None = None
        """The last one that is not 0. [ns]"""
        self.least_ns = LAST_NS
        """The least that is not 0. [ns]"""
        self.times = 0
        """Different times."""
        self._at_ns: int | None = None

    @property
    def span_s(self) -> float:
        """From the first time to the last. [s]"""
        return 0.0 if self._at_ns is None else (self._at_ns - self.first_ns) * NS

    def add(self, time_ns: IntArray) -> None:
        """Take times in order."""
        if self._at_ns is None:
            self.first_ns, self.times = int(time_ns[0]), 1
        steps = np.diff(time_ns, prepend=time_ns[0] if self._at_ns is None else self._at_ns)
        steps = steps[steps > 0]
        self._at_ns = int(time_ns[-1])
        if steps.size:
            self.last_ns, self.least_ns = int(steps[-1]), min(self.least_ns, int(steps.min()))
            self.times += steps.size


def _resolution_s(replay: Replay, form: StampForm, steps: _Steps) -> float:
    if replay.value:
        return 0.0
    if replay.resolution_s is None:
        found_ns = form.rounded_ns
        if steps.times < FEW_TIMES:  # which may be round by chance
            found_ns = min(found_ns, form.written_ns)
        return 0.0 if found_ns < UNITS_NS[-1] else min(found_ns, steps.least_ns) / NS_PER_S
    if replay.resolution_s > steps.least_ns * NS * (1 + NS):
        raise UserError(
            f"{name_of(replay)} has times that are {about_duration(steps.least_ns * NS)} apart, so that they are not "
            f"rounded to the 'resolution' of {about_duration(replay.resolution_s)}"
        )
    return replay.resolution_s


def _length_s(replay: Replay, span_s: float, last_s: float, events: int) -> float:
    if replay.length_s is not None:
        end_s = span_s + (last_s if replay.value else 0.0)
        if replay.length_s < end_s * (1 - NS):
            raise UserError(
                f"{name_of(replay)} spans {about_duration(end_s)}, more than its 'length' of "
                f"{about_duration(replay.length_s)}"
            )
        return max(replay.length_s, end_s)
    if not span_s:
        raise UserError(f"{name_of(replay)}: all rows have the same time; give a 'length', e.g. '24 h'")
    return span_s + last_s if replay.value else max(span_s * events / (events - 1), span_s + last_s)


def _spread(reached: FloatArray, over_s: float) -> FloatArray:
    """Return counts by multiples of five minutes where each event is spread over a longer time from there on."""
    slots = round(over_s / SLOT_S)
    if slots < 2:  # noqa: PLR2004  (nothing to spread)
        return reached
    total = np.concatenate([[0.0], np.cumsum(reached)])
    edge = np.arange(1, total.size)
    spread = (total[edge] - total[np.maximum(edge - slots, 0)]) / slots
    spread[-1] = reached[-1]
    return np.asarray(spread, dtype=np.float64)


class _Tally:
    """Counts events by spans of five minutes, those of a period evenly over it."""

    def __init__(self) -> None:
        self._total = 0.0
        self._reached: list[FloatArray] = []
        self._edges = 0  # how many multiples of five minutes have been passed
        self._open: tuple[float, float] | None = None  # the last time, and the count before it

    def add(self, time_s: FloatArray, count: IntArray | None) -> None:
        """Count rows, which come in order of time."""
        sizes = np.ones(time_s.size) if count is None else count.astype(np.float64)
        before = self._total + np.concatenate([[0.0], np.cumsum(sizes)[:-1]])
        self._total = float(before[-1] + sizes[-1])
        passed = math.floor(time_s[-1] / SLOT_S) + 1
        edges_s = np.arange(self._edges, passed) * SLOT_S
        self._edges = max(self._edges, passed)
        if count is None:
            self._reached.append(before[0] + np.searchsorted(time_s, edges_s).astype(np.float64))
            return
        distinct = np.concatenate([[True], np.diff(time_s) > 0])
        at_s, reached = time_s[distinct], before[distinct]
        if self._open is not None and self._open[0] < at_s[0]:
            at_s, reached = np.concatenate([[self._open[0]], at_s]), np.concatenate([[self._open[1]], reached])
        elif self._open is not None:
            reached[0] = self._open[1]
        self._reached.append(np.interp(edges_s, at_s, reached))
        self._open = float(at_s[-1]), float(reached[-1])

    def reached(self, length_s: float, end_s: float) -> FloatArray:
        """Return the events before every multiple of five minutes within ``length_s``, and those before its end."""
        edges_s = np.arange(self._edges, math.ceil(length_s / SLOT_S)) * SLOT_S
        if self._open is None:
            rest = np.full(edges_s.size, self._total)
        else:
            rest = np.interp(edges_s, [self._open[0], max(end_s, self._open[0])], [self._open[1], self._total])
        slots = math.ceil(length_s / SLOT_S)
        return np.concatenate([np.concatenate([*self._reached, rest])[:slots], [self._total]])
