"""When each user was last seen, for scopes that go by it: one small whole number a user."""

import math

import numpy as np
import numpy.typing as npt

from simulator.core.arrays import BitSet, FloatArray, UserArray
from simulator.core.jit import kernel
from simulator.demand.arrivals import Logins, RequestBlock
from simulator.simulation.state import bit_sets
from simulator.simulation.state.rows import Layout
from simulator.simulation.workload.recency import Recency

AT_A_TIME = 2**20
"""Users that are compared at once; a multiple of a word's bits."""


class Activity:
    """The last login of every user so far."""

    def __init__(self, layout: Layout, recency: Recency) -> None:
        words = bit_sets.empty(layout.shards * layout.shard_size).size
        self.last: npt.NDArray[np.integer] = np.zeros(words * bit_sets.WORD, dtype=recency.dtype)
        """Units since the oldest moment, from 1, by row of the table; 0 for no login since."""
        self.oldest_s, self.unit_s = recency.oldest_s, recency.unit_s
        self._layout = layout
        self._waiting: tuple[Logins, ...] = ()
        self._from_s = -math.inf

    def fill(self, first_user: int, time_s: FloatArray) -> None:
        """Take the last logins of users of consecutive numbers; -infinity for none."""
        layout = self._layout
        _see_in_order(first_user, time_s, layout.shards, layout.shard_size, self.oldest_s, self.unit_s, self.last)

    def see(self, logins: Logins) -> None:
        """Take logins in order of time."""
        layout = self._layout
        _see(
            logins.user, logins.time_s, layout.shards, layout.shard_size, self.oldest_s, self.unit_s, self.last
        )  # fmt: skip

    def begin(self, from_s: float) -> None:
        """Leave out the logins of blocks before a moment: they have been seen. [s]"""
        self._from_s = from_s

    def take(self, block: RequestBlock) -> None:
        """Have a block's logins wait until they have come; those of earlier blocks have."""
        self.see_until(block.begin_s)
        self._waiting = block.logins

    def see_until(self, now_s: float) -> None:
        """Take the logins before a moment of the last block. [s]"""
        for logins in self._waiting:
            self.see(logins.between(self._from_s, now_s))
        self._from_s = max(self._from_s, now_s)

    def units(self, time_s: float) -> int:
        """Return the unit that begins at a time, or that it is in. [s]"""
        return max(math.floor((time_s - self.oldest_s) / self.unit_s + _ROUNDING) + 1, 0)

    def since(self, time_s: float) -> BitSet:
        """Return who has been seen since a time. [s]"""
        least = max(self.units(time_s), 1)
        parts = range(0, self.last.size, AT_A_TIME)
        return np.concatenate([bit_sets.from_flags(self.last[at : at + AT_A_TIME] >= least) for at in parts])


_ROUNDING = 1e-6
"""Of a unit: a moment on the grid must not fall below it."""


@kernel
def _see(
    user: UserArray,
    time_s: FloatArray,
    shards: int,
    shard_size: int,
    oldest_s: float,
    unit_s: float,
    last: npt.NDArray[np.integer],
) -> None:
    per_s = 1.0 / unit_s
    for i in range(user.size):
        if time_s[i] >= oldest_s:
            row = (user[i] % shards) * shard_size + user[i] // shards
            last[row] = int((time_s[i] - oldest_s) * per_s) + 1


@kernel
def _see_in_order(
    first_user: int,
    time_s: FloatArray,
    shards: int,
    shard_size: int,
    oldest_s: float,
    unit_s: float,
    last: npt.NDArray[np.integer],
) -> None:
    per_s = 1.0 / unit_s
    shard = first_user % shards
    row = first_user // shards
    for i in range(time_s.size):
        if time_s[i] >= oldest_s:
            last[shard * shard_size + row] = int((time_s[i] - oldest_s) * per_s) + 1
        shard += 1
        if shard == shards:
            shard = 0
            row += 1
