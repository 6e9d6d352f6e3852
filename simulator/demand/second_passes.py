"""The hour that comes twice when a clock is put back: which rows of a file are of its second pass."""

from dataclasses import dataclass, field

import numpy as np

from simulator.core.arrays import BoolArray, HashArray, IntArray
from simulator.core.units import HOUR_S, MINUTE_S, NS_PER_S
from simulator.demand.stamps import NS

ONE_CHANGE_NS = round(6 * HOUR_S) * NS_PER_S
"""Rows of such an hour that are further apart are of two changes of the clock. [ns]"""
CLEARLY = 10
"""How many times as far the one step back goes that is the clock's, where there are small ones too."""


class UnclearError(ValueError):
    """Nobody can tell which pass a row is of."""

    def __init__(self, row: int, said: str) -> None:
        super().__init__(said)
        self.row = row
        self.said = said


@dataclass
class SecondPasses:
    """Places the rows of a file that is in order of time, batch by batch.

    Inside the ambiguous hour a step back begins the second pass. In a file of counts so does a time that is there once
    more, for the same user where it names users.
    """

    counts: bool
    """Whether rows are counts of periods."""
    _before_ns: int | None = None  # the last row, on the first pass
    _was_ambiguous: bool = False
    _is_second: bool = False
    _shares_times: bool = False  # whether rows of one time have been seen where it cannot mean two passes
    _seen: set[tuple[int, int]] = field(default_factory=set)  # times and users of this pass

    def placed(self, time_ns: IntArray, late_ns: IntArray | None, user: HashArray | None) -> IntArray:
        """Return the times of rows, given those on the first and on the second pass. [ns]"""
        before_ns = time_ns[0] - ONE_CHANGE_NS if self._before_ns is None else self._before_ns
        step = np.diff(time_ns, prepend=before_ns)
        ambiguous = np.zeros(time_ns.size, dtype=np.bool_) if late_ns is None else late_ns != time_ns
        after = np.concatenate([[self._was_ambiguous], ambiguous[:-1]]) & (np.abs(step) < ONE_CHANGE_NS)
        if self.counts and user is None and not self._shares_times:
            self._shares_times = bool(np.any((step == 0) & ~ambiguous))
        self._before_ns, self._was_ambiguous = int(time_ns[-1]), bool(ambiguous[-1])
        if late_ns is None or not ambiguous.any():
            self._is_second = False
            return time_ns
        goes_on = ambiguous & after
        begins = self._begins(time_ns, step, ambiguous, goes_on, user)
        passed = np.cumsum(begins)
        at_first = np.where(goes_on, -1, passed)
        first = np.maximum.accumulate(np.where(goes_on, -1, np.arange(time_ns.size)))
        earlier = np.where(first >= 0, at_first[first], -1 if self._is_second else 0)
        second = ambiguous & (passed > earlier)
        if self.counts and np.any(begins & (passed > earlier + 1)):
            raise UnclearError(int(np.argmax(begins & (passed > earlier + 1))), _MIXED)
        self._is_second = bool(second[-1])
        return np.where(second, late_ns, time_ns)

    def _begins(
        self, time_ns: IntArray, step: IntArray, ambiguous: BoolArray, goes_on: BoolArray, user: HashArray | None
    ) -> BoolArray:
        """Return which rows begin a second pass."""
        back = goes_on & (step < 0)
        if not self.counts:
            return back
        if user is None:
            again = goes_on & (step == 0)
            if self._shares_times and again.any():
                raise UnclearError(int(np.argmax(again)), _SHARED)
            return np.asarray(back | again, dtype=np.bool_)
        for row in np.flatnonzero(ambiguous).tolist():
            here = int(time_ns[row]), int(user[row])
            if not goes_on[row] or back[row] or here in self._seen:
                back[row] |= goes_on[row]
                self._seen.clear()
            self._seen.add(here)
        return back


_MIXED = "and its two passes are not one after the other; say 'sort: true'"
_SHARED = "and several rows of this file share a time, so that nobody knows which are of the second pass; state offsets"


def placed_in_any_order(time_ns: IntArray, late_ns: IntArray, user: HashArray | None, *, counts: bool) -> IntArray:
    """Return the times of a whole file that is to be sorted, given those on the first and on the second pass. [ns]

    Raises
    ------
    UnclearError
        If a row's surroundings do not tell.
    """
    step = np.diff(time_ns)
    if np.count_nonzero(step < 0) > np.count_nonzero(step > 0):  # the newest first
        users = None if user is None else user[::-1]
        try:
            return placed_in_any_order(time_ns[::-1], late_ns[::-1], users, counts=counts)[::-1]
        except UnclearError as error:
            raise UnclearError(time_ns.size - 1 - error.row, error.said) from None
    ambiguous = late_ns != time_ns
    second = _again(time_ns, ambiguous, user) if counts else _after_one_step(time_ns, late_ns, ambiguous)
    return np.where(second, late_ns, time_ns)


def _again(time_ns: IntArray, ambiguous: BoolArray, user: HashArray | None) -> BoolArray:
    """Return which rows of counts are there for the second time."""
    if user is None and np.unique(time_ns[~ambiguous]).size < np.count_nonzero(~ambiguous):
        raise UnclearError(int(np.argmax(ambiguous)), _SHARED)
    second, seen = np.zeros(time_ns.size, dtype=np.bool_), dict[tuple[int, int], int]()
    for row in np.flatnonzero(ambiguous).tolist():
        here = int(time_ns[row]), 0 if user is None else int(user[row])
        seen[here] = seen.get(here, 0) + 1
        if seen[here] > 2:  # noqa: PLR2004  (passes)
            raise UnclearError(row, "and is there three times")
        second[row] = seen[here] == 2  # noqa: PLR2004
    return second


def _after_one_step(time_ns: IntArray, late_ns: IntArray, ambiguous: BoolArray) -> BoolArray:
    """Return which events come after the step back of the run of rows that they are in."""
    second = np.zeros(time_ns.size, dtype=np.bool_)
    step = np.diff(time_ns, prepend=time_ns[0] - ONE_CHANGE_NS)
    begins = ambiguous & ~(np.concatenate([[False], ambiguous[:-1]]) & (np.abs(step) < ONE_CHANGE_NS))
    ends = ambiguous & ~np.concatenate([ambiguous[1:] & ~begins[1:], [False]])
    for first, last in zip(np.flatnonzero(begins).tolist(), np.flatnonzero(ends).tolist(), strict=True):
        twice_ns = int(late_ns[first] - time_ns[first])
        run = slice(first, last + 1)
        if first and time_ns[first - 1] > time_ns[first]:
            if time_ns[first - 1] - time_ns[first] > 2 * twice_ns:
                raise UnclearError(first, _UNSORTED)
            second[run] = True  # a little late: the row before it comes after the hour
            continue
        inside = step[first + 1 : last + 1]
        far_back, far_on = inside < -twice_ns / 2, inside > twice_ns / 2
        if far_back.sum() > 1 and far_back.sum() - far_on.sum() in (0, 1):  # late rows of both passes take turns
            second[first + 1 : last + 1] = np.cumsum(far_back) > np.cumsum(far_on)
            continue
        back = -np.minimum(inside, 0)
        if back.size and back.max():
            order = np.sort(back)
            if order.size > 1 and order[-2] * CLEARLY > order[-1]:
                raise UnclearError(first + 1 + int(np.argmax(back)), _UNSORTED)
            second[first + 1 + int(np.argmax(back)) : last + 1] = True
    return second


_UNSORTED = (
    "and the rows around it are not in order of time, so that nobody knows which is meant; state offsets, or keep the "
    "order in which rows were written"
)


def comes_twice(zone: str | None, twice_ns: int, said: str) -> str:
    """Return what is said of a time that comes twice."""
    return f"comes twice in {zone}, where the clock is put back by {twice_ns * NS / MINUTE_S:g} min, {said}"
