"""The hot loops of runs that compute for some of the users only, and of the rows that a simulation begins with."""

import numpy as np
import numpy.typing as npt

from simulator.core.arrays import BitSet, FloatArray, IntArray, UserArray, WordArray
from simulator.core.jit import inlined, kernel
from simulator.core.searching import count_up_to
from simulator.simulation.state.bit_sets import lowest, without_lowest
from simulator.simulation.state.bundles import Path
from simulator.simulation.state.rows import BATCH, SERVED, Int, word_of
from simulator.simulation.store.eviction import make_place, use
from simulator.simulation.store.publish import count_published, put
from simulator.simulation.store.table import held_s, last_read, row_end_s

FETCH = 128
"""Rows that are read ahead of their change."""


@kernel
def publish(first: int, end: int, members: BitSet, now_s: float, snapshot_s: float, path: Path) -> None:
    """Make the batch rows of the members within a range of the table visible; the ring of uses has room for them."""
    rules = path.rules[0]
    new = np.uint32(word_of(snapshot_s, BATCH, rules.origin_s, rules.tick_s))
    rows = 0
    for w in range(first >> 6, min((end + 63) >> 6, members.size)):
        chosen = members[w]
        while chosen != np.uint64(0):
            row = (w << 6) + lowest(chosen)
            chosen = without_lowest(chosen)
            if first <= row < end:
                put(row, new, now_s, path)
                rows += 1
    count_published(rows, new, now_s, path)


@kernel
def put_rows(members: BitSet, snapshot_s: float, origin_s: float, tick_s: float, table: WordArray) -> None:
    """Give members the rows of a run before the simulation begins."""
    word = np.uint32(word_of(snapshot_s, BATCH, origin_s, tick_s))
    for w in range(members.size):
        chosen = members[w]
        while chosen != np.uint64(0):
            table[(w << 6) + lowest(chosen)] = word
            chosen = without_lowest(chosen)


@kernel
def put_rows_by_last_login(
    members: BitSet,
    last: npt.NDArray[np.integer],
    since: IntArray,
    snapshot_s: FloatArray,
    origin_s: float,
    tick_s: float,
    words: WordArray,
    table: WordArray,
) -> None:
    """Give each member the row of the last of some runs that its last login led to.

    Parameters
    ----------
    last
        When each was last seen, in units of activity, by row.
    since
        The earliest last login, in the same units, that leads to each run; rising.
    snapshot_s
        When the runs started. [s]
    words
        Scratch, one entry a run.
    """
    for k in range(words.size):
        words[k] = word_of(snapshot_s[k], BATCH, origin_s, tick_s)
    for w in range(members.size):
        chosen = members[w]
        while chosen != np.uint64(0):
            row = (w << 6) + lowest(chosen)
            chosen = without_lowest(chosen)
            if last[row] >= since[0]:
                table[row] = words[count_up_to(since, np.int64(last[row])) - 1]


@inlined
def _row_of(user: Int, shards: Int, shard_size: Int) -> Int:
    return np.int64(np.uint32(user) % np.uint32(shards)) * shard_size + np.int64(np.uint32(user) // np.uint32(shards))


@kernel
def mark_served(user: UserArray, shards: int, shard_size: int, table: WordArray) -> int:
    """Count the rows of some users as served; what is returned keeps the compiler from leaving out reads ahead."""
    touched = np.uint32(0)
    for begin in range(0, user.size, FETCH):
        end = min(begin + FETCH, user.size)
        for i in range(begin, end):  # many reads at a time: those of the second loop then find fast memory
            touched ^= table[_row_of(user[i], shards, shard_size)]
        for i in range(begin, end):
            row = _row_of(user[i], shards, shard_size)
            if table[row] != 0:
                table[row] |= np.uint32(SERVED)
    return int(touched)


@kernel
def hold_rows(now_s: float, order: IntArray, path: Path) -> None:
    """Begin to count the time of the rows that a simulation begins with, and drop those that have expired.

    In a store of limited size ``order`` has the users with a row, the one used least recently first, and the ring of
    uses has room for them. Elsewhere it is empty.
    """
    rules, store = path.rules[0], path.store
    for row in range(store.table.size):
        word: Int = np.int64(store.table[row])
        if word != 0:
            end_s = row_end_s(word, last_read(row, rules, store), rules)
            if end_s < now_s:
                store.table[row] = 0
            else:
                path.tally.counts[0].row_s += held_s(now_s, end_s, rules.horizon_s)
    for row in order:
        if store.table[row] != 0:
            use(row, rules, store)
            make_place(now_s, path)
