"""The hot loops of runs that compute for some of the users only, and of the rows that a simulation begins with."""

import numpy as np
import numpy.typing as npt

from simulator.core.jit import kernel
from simulator.plans.scope.base import BitSet
from simulator.simulation.bit_sets import lowest, without_lowest
from simulator.simulation.records import Record
from simulator.simulation.rows import BATCH, FIRST_FLIGHT, SERVED, Int, WordArray, word_of
from simulator.simulation.store_kernels import bury, held_s, land, row_end_s

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
UserArray = npt.NDArray[np.int32]


@kernel
def publish(
    first: int,
    end: int,
    members: BitSet,
    now_s: float,
    snapshot_s: float,
    rules: Record,
    tally: Record,
    table: WordArray,
    flights: Record,
) -> None:
    """Make the batch rows of the members within a range of places visible; what stands there is replaced.

    The row of a user whose computation is under way is replaced in turn when that completes.
    """
    r = rules[0]
    a = tally[0]
    row = np.uint32(word_of(snapshot_s, BATCH, r.origin_s, r.tick_s))
    rows = 0
    for w in range(first >> 6, min((end + 63) >> 6, members.size)):
        chosen = members[w]
        while chosen != np.uint64(0):
            place = (w << 6) + lowest(chosen)
            chosen = without_lowest(chosen)
            if not first <= place < end:
                continue
            word: Int = np.int64(table[place])
            table[place] = row
            if word >= FIRST_FLIGHT:
                f = flights[word - FIRST_FLIGHT]
                if f.completion_s <= now_s:
                    word = land(f, r, a)
                else:
                    table[place] = word
                    word = np.int64(f.beneath)
                    f.beneath = row
            bury(word, 1, 1 - (word & SERVED), now_s, r, a)
            rows += 1
    a.row_s += rows * held_s(now_s, row_end_s(row, r), r.horizon_s)
    if 0.0 <= now_s < r.horizon_s:
        a.written_batch += rows


@kernel
def put_rows(members: BitSet, snapshot_s: float, origin_s: float, tick_s: float, table: WordArray) -> None:
    """Give members the rows of a run before the simulation begins."""
    row = np.uint32(word_of(snapshot_s, BATCH, origin_s, tick_s))
    for w in range(members.size):
        chosen = members[w]
        while chosen != np.uint64(0):
            table[(w << 6) + lowest(chosen)] = row
            chosen = without_lowest(chosen)


@kernel
def put_rows_by_last_login(
    members: BitSet,
    last: npt.NDArray[np.integer],
    since: IntArray,
    snapshot_s: FloatArray,
    origin_s: float,
    tick_s: float,
    table: WordArray,
) -> None:
    """Give each member the row of the last of some runs that its last login led to.

    Parameters
    ----------
    last
        When each was last seen, in units of activity, by place.
    since
        The earliest last login, in the same units, that leads to each run; rising.
    snapshot_s
        When the runs started. [s]
    """
    words = np.zeros(snapshot_s.size, dtype=np.uint32)
    for k in range(words.size):
        words[k] = word_of(snapshot_s[k], BATCH, origin_s, tick_s)
    for w in range(members.size):
        chosen = members[w]
        while chosen != np.uint64(0):
            place = (w << 6) + lowest(chosen)
            chosen = without_lowest(chosen)
            if last[place] >= since[0]:
                table[place] = words[np.searchsorted(since, last[place], side="right") - 1]


@kernel
def mark_served(user: UserArray, shards: int, shard_size: int, table: WordArray) -> None:
    """Count the rows of some users as served."""
    for i in range(user.size):
        place = (user[i] % shards) * shard_size + user[i] // shards
        if table[place] != 0:
            table[place] |= np.uint32(SERVED)


@kernel
def hold_rows(now_s: float, rules: Record, tally: Record, table: WordArray) -> None:
    """Begin to count the time of the rows that a simulation begins with, and drop those that have expired."""
    r = rules[0]
    a = tally[0]
    for place in range(table.size):
        word: Int = np.int64(table[place])
        if word != 0:
            end_s = row_end_s(word, r)
            if end_s < now_s:
                table[place] = 0
            else:
                a.row_s += held_s(now_s, end_s, r.horizon_s)
