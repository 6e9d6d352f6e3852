"""Publishing the rows of a batch run, in compiled code; the records are those of ``records.py``."""

import numpy as np

from simulator.core.arrays import WordArray
from simulator.core.jit import inlined, kernel
from simulator.simulation.state.records import Record
from simulator.simulation.state.rows import BATCH, FIRST_FLIGHT, MAKER, ONLINE, SERVED, Int, word_of
from simulator.simulation.store.eviction import make_place, use
from simulator.simulation.store.table import alike, bury, held_s, replace, row_end_s


@inlined
def put(
    spot: Int,
    row: np.uint32,
    now_s: float,
    r: Record,
    p: Record,
    a: Record,
    table: WordArray,
    flights: Record,
    reads: WordArray,
    recent: WordArray,
    uses: WordArray,
) -> None:
    """Write a row; in a store of limited size, at the cost of the one used least recently."""
    anew = replace(spot, row, now_s, r, a, table, flights, reads)
    use(spot, r, p, recent, uses)
    if anew and r.most_rows > 0:
        make_place(now_s, r, p, a, table, flights, reads, recent, uses)


@kernel
def publish(
    shard: Int,
    users: Int,
    now_s: float,
    snapshot_s: float,
    rules: Record,
    place: Record,
    tally: Record,
    table: WordArray,
    flights: Record,
    reads: WordArray,
    recent: WordArray,
    uses: WordArray,
) -> None:
    """Make a shard's batch rows visible; what stands there is replaced. ``uses`` has room for them."""
    r = rules[0]
    p = place[0]
    a = tally[0]
    row = np.uint32(word_of(snapshot_s, BATCH, r.origin_s, r.tick_s))
    first = shard * r.shard_size
    words = table[first : first + users]
    like = words[0] & ~np.uint32(SERVED)
    if r.most_rows == 0 and like < FIRST_FLIGHT and like & MAKER != ONLINE and alike(words, like):
        unserved = np.uint32(0)
        for k in range(words.size):
            unserved += np.uint32(words[k] == like)
            words[k] = row
        bury(np.int64(like), users, unserved, now_s, np.int64(0), r, a)
    else:
        for spot in range(first, first + users):
            put(spot, row, now_s, r, p, a, table, flights, reads, recent, uses)
    a.row_s += users * held_s(now_s, row_end_s(np.int64(row), np.int64(0), r), r.horizon_s)
    if 0.0 <= now_s < r.horizon_s:
        a.written_batch += users
