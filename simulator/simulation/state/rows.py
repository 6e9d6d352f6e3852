"""The prediction store: one 32-bit word per user.

A word holds the time of the feature snapshot (batch) or of the computation (online, nearline) in ticks, who made the
row, and whether it has been served: everything that a look-up needs in one memory access. 0 means no row. The highest
words number the computations under way ("flights"), whose rows are not visible yet.

Users are stored shard by shard (user u belongs to shard u mod shards), so that a shard is a slice, and the most active
users, whose numbers are the highest, lie together in it.
"""

import math
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np

from simulator.core.arrays import WordArray
from simulator.core.jit import inlined

Int: TypeAlias = int | np.integer[Any]
"""A whole number in compiled code."""

SERVED: Final = 1
MAKER: Final = 6
BATCH: Final = 2
ONLINE: Final = 4
NEARLINE: Final = 6
TICK_SHIFT: Final = 3
MOST_FLIGHTS: Final = 2**24
FIRST_FLIGHT: Final = 2**32 - MOST_FLIGHTS
MOST_TICKS: Final = (FIRST_FLIGHT >> TICK_SHIFT) - 2


@dataclass(frozen=True)
class Layout:
    """How users and times are laid out in the table."""

    users: int
    shards: int
    origin_s: float
    """The earliest time that a row can carry. [s]"""
    tick_s: float
    """Times are kept to this, rounded down, as a power of two of seconds. [s]"""

    @classmethod
    def of(cls, users: int, shards: int, origin_s: float, end_s: float) -> "Layout":
        """Return the layout whose ticks are as fine as the time from origin to end allows."""
        return cls(users, shards, origin_s, 2.0 ** math.ceil(math.log2((end_s - origin_s) / MOST_TICKS)))

    @property
    def shard_size(self) -> int:
        """Places per shard."""
        return -(-self.users // self.shards)

    def shard_users(self, shard: int) -> int:
        """Return how many users a shard has; they differ by one at most."""
        return (self.users - shard + self.shards - 1) // self.shards

    def table(self) -> WordArray:
        """Return a table without rows; memory that no user touches stays unused."""
        return np.zeros(self.shards * self.shard_size, dtype=np.uint32)


@inlined
def tick_of(time_s: float, origin_s: float, tick_s: float) -> Int:
    """Return the tick of a time, from 1 on; times beyond the last tick are cut to it."""
    return min(int((time_s - origin_s) / tick_s) + 1, MOST_TICKS)


@inlined
def word_of(time_s: float, maker: Int, origin_s: float, tick_s: float) -> Int:
    """Return the word of a row that has not been served."""
    return (tick_of(time_s, origin_s, tick_s) << TICK_SHIFT) | maker


@inlined
def time_of(word: Int, origin_s: float, tick_s: float) -> float:
    """Return the time that a row carries. [s]"""
    return float(origin_s + ((word >> TICK_SHIFT) - 1) * tick_s)
