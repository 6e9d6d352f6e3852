"""The logins of a replay, interval by interval: the file's own times, repeated, and what it leaves to chance.

What is drawn is drawn by interval of simulated time, and users are numbered from the file's first row, wherever the
simulation begins; where in its second a row of a second comes is drawn by its place in the file. So the logins depend
neither on when the simulation begins nor on the blocks.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from simulator.core.arrays import FloatArray, IntArray, UserArray
from simulator.core.errors import UserError
from simulator.core.tables import BATCH_ROWS
from simulator.demand.demand import Demand
from simulator.demand.drawn_users import DrawnUsers
from simulator.demand.replay import Replay
from simulator.demand.replay_file import Rows, joined, rows, taken
from simulator.demand.replay_summary import Numbers, Summary
from simulator.demand.stamps import NS

Draw = Callable[[int], np.random.Generator]
"""Gives the random numbers of an interval."""

MOST_PER_INTERVAL = 2**29
"""Rows or logins of one interval beyond which no machine's memory is asked for."""
GOLDEN = (math.sqrt(5) - 1) / 2


@dataclass(frozen=True)
class _Stretch:
    """Rows of a repetition in simulated time, in order."""

    begin_s: FloatArray
    end_s: FloatArray
    """Up to when the count is spread; ``begin_s`` where each row is one event."""
    count: IntArray | None
    user: UserArray | None
    row: IntArray | None
    """Which row of the file, where that is asked for."""

    @property
    def size(self) -> int:
        return self.begin_s.size

    def part(self, index: slice) -> "_Stretch":
        return _Stretch(
            self.begin_s[index],
            self.end_s[index],
            None if self.count is None else self.count[index],
            None if self.user is None else self.user[index],
            None if self.row is None else self.row[index],
        )


class ReplayedLogins:
    """The logins of a file; intervals are asked for in order, from any interval on."""

    def __init__(self, demand: Demand, draw: Draw, key: int) -> None:
        replay, found = demand.traffic.replay, demand.recorded
        assert replay is not None
        assert found is not None
        self._replay: Replay = replay
        self._file: Summary = found
        self._length_s = found.length_s / replay.speed
        self._step_s = demand.interval_s
        most = max(found.busiest_per_s, found.rows / found.length_s) * replay.speed * self._step_s
        if most > MOST_PER_INTERVAL:
            raise UserError(
                f"{replay.path}: up to {most:,.0f} {replay.events} or rows come within {self._step_s:g} s, and at most "
                f"{MOST_PER_INTERVAL:,} fit in memory; are 'speed' and the counts right?"
            )
        self._draw = draw
        self._key = key
        self._anchor_s = demand.recorded_from_s
        self._numbered = demand.tells_rows and replay.value is None
        self._users = demand.population.users
        self._stride = _stride(self._users)
        self._drawn_users = DrawnUsers(demand)
        self._stretches: Iterator[_Stretch] | None = None
        self._next: _Stretch | None = None
        self._spread: _Stretch | None = None  # rows that began before the interval and go on in it

    def interval(self, index: int) -> tuple[FloatArray, UserArray, IntArray | None]:
        """Return times, users and rows of the logins of one interval, in order of time and, at the same time, of user.

        Rows, from 0, are those of the file; none where nobody asks for them or they are of counts.
        """
        begin_s, end_s = index * self._step_s, (index + 1) * self._step_s
        if self._stretches is None:
            self._begin(index, begin_s)
        found = self._before(end_s)
        row = found.row
        if self._replay.value is None:
            time_s, user = found.begin_s, found.user
            if user is None:
                user = self._drawn_users.draw(self._draw(index), time_s.size)
        else:
            rng = self._draw(index)
            time_s, user = self._placed(rng, found, self._counts_until(rng, found, end_s), begin_s, end_s)
        if np.any(time_s[1:] <= time_s[:-1]):
            order = np.lexsort((user, time_s))
            time_s, user, row = time_s[order], user[order], None if row is None else row[order]
        return time_s, user, row

    def _begin(self, index: int, begin_s: float) -> None:
        from_s = begin_s - self._anchor_s
        turn = math.floor(from_s / self._length_s)
        turn -= int(turn * self._length_s > from_s)
        self._stretches = self._turns(turn)
        while True:
            self._next = next(self._stretches, None)
            if self._next is None:
                return
            passed = int(np.searchsorted(self._next.end_s, begin_s))
            if passed < self._next.size:
                break
        self._next = self._next.part(slice(passed, None))
        for earlier in range(math.floor(self._next.begin_s[0] / self._step_s), index):
            before_s = (earlier + 1) * self._step_s
            self._counts_until(self._draw(earlier), self._before(before_s), before_s)

    def _before(self, end_s: float) -> _Stretch:
        """Return the rows that go on from earlier, and those that begin before ``end_s``."""
        parts = [] if self._spread is None else [self._spread]
        self._spread = None
        while self._next is not None:
            fitting = int(np.searchsorted(self._next.begin_s, end_s))
            parts.append(self._next.part(slice(0, fitting)))
            if fitting < self._next.size:
                self._next = self._next.part(slice(fitting, None))
                break
            assert self._stretches is not None
            self._next = next(self._stretches, None)
        return _one_after_the_other(
            parts,
            named=self._replay.user is not None,
            counted=self._replay.value is not None,
            numbered=self._numbered,
        )

    def _counts_until(self, rng: np.random.Generator, found: _Stretch, end_s: float) -> IntArray:
        """Return how many of each row's events come before ``end_s``, and keep the others for later.

        Only rows of the last time can go on after the interval, as each period ends where the next begins.
        """
        count = found.count
        assert count is not None
        first = int(np.searchsorted(found.end_s, end_s, side="right"))
        if first == found.size:
            return count
        late = found.part(slice(first, None))
        from_s = np.maximum(late.begin_s, end_s - self._step_s)
        now = rng.binomial(count[first:], np.clip((end_s - from_s) / (late.end_s - from_s), 0.0, 1.0))
        self._spread = _Stretch(late.begin_s, late.end_s, count[first:] - now, late.user, late.row)
        return np.concatenate([count[:first], now])

    def _placed(
        self, rng: np.random.Generator, found: _Stretch, count: IntArray, begin_s: float, end_s: float
    ) -> tuple[FloatArray, UserArray]:
        total = int(count.sum())
        from_s, until_s = np.maximum(found.begin_s, begin_s), np.minimum(found.end_s, end_s)
        time_s = np.repeat(from_s, count) + rng.random(total) * np.repeat(np.maximum(until_s - from_s, 0.0), count)
        time_s = np.minimum(time_s, math.nextafter(end_s, -math.inf))  # rounding may lead to the very end
        if found.user is None:
            time_s.sort()
            return time_s, self._drawn_users.draw(rng, total)
        order = np.argsort(time_s, kind="stable")
        return time_s[order], np.repeat(found.user, count)[order]

    def _turns(self, turn: int) -> Iterator[_Stretch]:
        """Yield the file's rows, repetition by repetition, from one on; a short file in several at a time."""
        if not self._replay.loop:
            if turn <= 0:
                yield from self._stretches_of(self._batches(), np.zeros(1, dtype=np.int64))
            return
        if not self._replay.sort and self._file.rows > BATCH_ROWS:
            while True:
                yield from self._stretches_of(self._batches(), np.array([turn]))
                turn += 1
        held = list(self._batches())
        together = max(1, BATCH_ROWS // self._file.rows)
        while True:
            yield from self._stretches_of(iter(held), np.arange(turn, turn + together))
            turn += together

    def _stretches_of(self, batches: Iterator["_Batch"], turns: IntArray) -> Iterator[_Stretch]:
        if turns.size > 1:
            batches = iter([_Batch.of(list(batches))])
        from_s = self._anchor_s + turns[:, None] * self._length_s
        until_s = self._anchor_s + (turns[:, None] + 1) * self._length_s
        for batch in batches:
            begin_s = np.minimum(from_s + batch.begin_s, until_s).ravel()
            end_s = begin_s
            if batch.end_s is not None:
                end_s = np.minimum(from_s + batch.end_s, until_s).ravel()
            yield _Stretch(
                begin_s,
                end_s,
                None if batch.count is None else np.tile(batch.count, turns.size),
                None if batch.user is None else np.tile(batch.user, turns.size),
                None if batch.row is None else np.tile(batch.row, turns.size),
            )

    def _batches(self) -> Iterator["_Batch"]:
        """Yield the rows of one repetition; rows of counts wait for the time after theirs, as do all to be spread."""
        numbers, waiting = Numbers(), list[Rows]()
        for found in rows(self._replay):
            if found.count is None and not self._file.resolution_s:
                yield self._batch(found, None, numbers)
                continue
            waiting.append(found)
            if found.time_ns[-1] == waiting[0].time_ns[0]:
                continue
            whole = joined(waiting)
            last = int(np.searchsorted(whole.time_ns, whole.time_ns[-1]))
            yield self._batch(taken(whole, slice(0, last)), int(whole.time_ns[last]), numbers)
            waiting = [taken(whole, slice(last, None))]
        if waiting:
            whole = joined(waiting)
            last_ns = int(whole.time_ns[-1]) + round(self._file.last_period_s / NS)
            yield self._batch(whole, last_ns, numbers)

    def _batch(self, found: Rows, next_ns: int | None, numbers: Numbers) -> "_Batch":
        user = None
        if found.user is not None:
            user = (numbers.of(found.user).astype(np.int64) * self._stride % self._users).astype(np.int32)
        begin_s = self._simulated_s(found.time_ns)
        end_s = None
        if found.count is not None and next_ns is not None:
            at_ns, group = np.unique(found.time_ns, return_inverse=True)
            end_s = self._simulated_s(np.append(at_ns[1:], next_ns))[group]
        elif self._file.resolution_s:
            begin_s += spread_fractions(found.time_ns, found.row, self._key) * (
                self._file.resolution_s / self._replay.speed
            )
            np.maximum.accumulate(begin_s, out=begin_s)  # rounding may lead into the next second
        return _Batch(begin_s, end_s, found.count, user, found.row if self._numbered else None)

    def _simulated_s(self, time_ns: IntArray) -> FloatArray:
        return np.asarray((time_ns - self._file.first_ns) * NS / self._replay.speed, dtype=np.float64)


@dataclass(frozen=True)
class _Batch:
    """Rows of one repetition, in simulated time from its beginning."""

    begin_s: FloatArray
    end_s: FloatArray | None
    count: IntArray | None
    user: UserArray | None
    row: IntArray | None

    @classmethod
    def of(cls, parts: list["_Batch"]) -> "_Batch":
        if len(parts) == 1:
            return parts[0]
        return cls(
            np.concatenate([part.begin_s for part in parts]),
            None if parts[0].end_s is None else np.concatenate([p.end_s for p in parts if p.end_s is not None]),
            None if parts[0].count is None else np.concatenate([p.count for p in parts if p.count is not None]),
            None if parts[0].user is None else np.concatenate([p.user for p in parts if p.user is not None]),
            None if parts[0].row is None else np.concatenate([p.row for p in parts if p.row is not None]),
        )


def _one_after_the_other(parts: list[_Stretch], *, named: bool, counted: bool, numbered: bool) -> _Stretch:
    if len(parts) == 1:
        return parts[0]
    return _Stretch(
        np.concatenate([np.empty(0), *(part.begin_s for part in parts)]),
        np.concatenate([np.empty(0), *(part.end_s for part in parts)]),
        np.concatenate([np.empty(0, dtype=np.int64), *(p.count for p in parts if p.count is not None)])
        if counted
        else None,
        np.concatenate([np.empty(0, dtype=np.int32), *(p.user for p in parts if p.user is not None)])
        if named
        else None,
        np.concatenate([np.empty(0, dtype=np.int64), *(p.row for p in parts if p.row is not None)])
        if numbered
        else None,
    )


def spread_fractions(time_ns: IntArray, row: IntArray, key: int) -> FloatArray:
    """Return where between their time and the next rows come that have the same time: in order, evenly at random.

    They are the order statistics of uniform numbers: sums of exponential ones over the sum of one more. The numbers
    follow from a key and the row, so that they are the same wherever a file's reading begins.

    Parameters
    ----------
    time_ns
        In order, all rows of a time together.
    row
        Which row of the file each is.
    key
        Which random numbers.
    """
    spacing = -np.log(_uniform(row, key))
    begins = np.flatnonzero(np.diff(time_ns, prepend=time_ns[0] - 1))
    sizes = np.diff(begins, append=time_ns.size)
    reached = np.cumsum(spacing)
    before = np.repeat(np.append(0.0, reached)[begins], sizes)
    after = -np.log(_uniform(-1 - row[begins], key))
    whole = np.append(reached[begins[1:] - 1], reached[-1]) - np.append(0.0, reached)[begins] + after
    return np.asarray((reached - before) / np.repeat(whole, sizes), dtype=np.float64)


def _uniform(row: IntArray, key: int) -> FloatArray:
    """Return a uniform number above 0 and below 1 for each row, by the generator SplitMix64."""
    mixed = row.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(key)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return np.asarray(((mixed >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53, dtype=np.float64)


def _stride(users: int) -> int:
    """Return the step that spreads users over all numbers, each number once.

    What depends on the number, such as the shard of a batch run, then meets a file's few users as it meets all.
    """
    stride = max(1, round(users * GOLDEN))
    while math.gcd(stride, users) > 1:
        stride += 1
    return stride
