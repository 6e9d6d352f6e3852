"""What one pass over a replay's file tells: how much comes when, and how many users there are."""

import functools
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulator.core.errors import UserError
from simulator.core.units import about_duration
from simulator.demand import kernels
from simulator.demand.profile.base import SLOT_S
from simulator.demand.replay import Replay
from simulator.demand.replay_file import LARGEST_COUNT, NS, HashArray, IntArray, UserArray, name_of, rows

FloatArray = npt.NDArray[np.float64]


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
    return _summary(replay.model_copy(update={"speed": 1.0, "loop": True}), found.st_mtime_ns, found.st_size)


@functools.lru_cache(maxsize=16)
def _summary(replay: Replay, _changed_ns: int, _size: int) -> Summary:
    numbers, tally, total, before = Numbers(), _Tally(), 0, 0
    first_ns = last_ns = last_distinct_ns = None
    for batch in rows(replay):
        times = batch.time_ns
        first_ns = int(times[0]) if first_ns is None else first_ns
        steps = np.unique(np.concatenate([[times[0] if last_ns is None else last_ns], times]))
        if steps.size > 1:
            last_distinct_ns = int(steps[-2])
        last_ns = int(times[-1])
        tally.add(np.asarray((times - first_ns) * NS, dtype=np.float64), batch.count)
        total += times.size if batch.count is None else int(batch.count.sum())
        before += times.size
        if batch.user is not None:
            numbers.of(batch.user)
    if first_ns is None or last_ns is None:
        raise UserError(f"{name_of(replay)} has no rows")
    if not total:
        raise UserError(f"{name_of(replay)}: all counts are 0")
    if total > LARGEST_COUNT:
        raise UserError(f"{name_of(replay)} counts {total:,} events, which is too many")
    span_s = (last_ns - first_ns) * NS
    period_s = 0.0
    if replay.value:
        if last_distinct_ns is None:
            raise UserError(f"{name_of(replay)} has one time only; counts need two to tell how long a period is")
        period_s = (last_ns - last_distinct_ns) * NS
    length_s = _length_s(replay, span_s, period_s, total)
    return Summary(
        rows=before,
        first_ns=first_ns,
        last_period_s=period_s,
        length_s=length_s,
        users=numbers.known if replay.user else None,
        reached=tally.reached(length_s, span_s + period_s),
    )


def _length_s(replay: Replay, span_s: float, period_s: float, events: int) -> float:
    end_s = span_s + period_s
    if replay.length_s is not None:
        if replay.length_s < end_s * (1 - NS):
            raise UserError(
                f"{name_of(replay)} spans {about_duration(end_s)}, more than its 'length' of "
                f"{about_duration(replay.length_s)}"
            )
        return max(replay.length_s, end_s)
    if not end_s:
        raise UserError(f"{name_of(replay)}: all rows have the same time; give a 'length', e.g. '24 h'")
    return end_s if replay.value else span_s * events / (events - 1)


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
