"""Publishing the rows of a batch run, in compiled code."""

import numpy as np

from simulator.core.jit import inlined, kernel
from simulator.simulation.state.bundles import Path
from simulator.simulation.state.rows import BATCH, FIRST_FLIGHT, MAKER, ONLINE, SERVED, Int, word_of
from simulator.simulation.store.eviction import make_place, use
from simulator.simulation.store.table import alike, bury, held_s, replace, row_end_s


@inlined
def put(row: Int, new: np.uint32, now_s: float, path: Path) -> None:
    """Write a row; in a store of limited size, at the cost of the one used least recently."""
    anew = replace(row, new, now_s, path)
    use(row, path.rules[0], path.store)
    if anew and path.rules[0].most_rows > 0:
        make_place(now_s, path)


@inlined
def count_published(rows: Int, new: np.uint32, now_s: float, path: Path) -> None:
    """Count rows of a run that have become visible, and the time that they will be held."""
    rules, counts = path.rules[0], path.tally.counts[0]
    counts.row_s += rows * held_s(now_s, row_end_s(np.int64(new), np.int64(0), rules), rules.horizon_s)
    if 0.0 <= now_s < rules.horizon_s:
        counts.written_batch += rows


@kernel
def publish(shard: Int, users: Int, now_s: float, snapshot_s: float, path: Path) -> None:
    """Make a shard's batch rows visible; what stands there is replaced. The ring of uses has room for them."""
    rules = path.rules[0]
    new = np.uint32(word_of(snapshot_s, BATCH, rules.origin_s, rules.tick_s))
    first = shard * rules.shard_size
    words = path.store.table[first : first + users]
    like = words[0] & ~np.uint32(SERVED)
    if rules.most_rows == 0 and like < FIRST_FLIGHT and like & MAKER != ONLINE and alike(words, like):
        unserved = np.uint32(0)
        for k in range(words.size):
            unserved += np.uint32(words[k] == like)
            words[k] = new
        bury(np.int64(like), users, unserved, now_s, np.int64(0), rules, path.tally)
    else:
        for row in range(first, first + users):
            put(row, new, now_s, path)
    count_published(users, new, now_s, path)
