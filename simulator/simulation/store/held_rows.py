"""How many rows the store holds at a moment, in compiled code; the records are those of ``records.py``."""

import numpy as np

from simulator.core.arrays import WordArray
from simulator.core.jit import kernel
from simulator.simulation.state.records import Record
from simulator.simulation.state.rows import FIRST_FLIGHT, Int, word_of
from simulator.simulation.store.table import last_read, read_beneath, row_end_s

MOST_LOOKED_AT = 2**18
"""Places; in a larger table evenly spaced ones are looked at, and the count is then right to about 1 %."""
TOGETHER = 16
"""Places that are looked at together: fetching one of a table that large fetches all of them."""


def stride_of(places: int) -> int:
    """Return of how many places one is looked at."""
    return -(-places // MOST_LOOKED_AT)


@kernel
def count_held(now_s: float, stride: Int, rules: Record, table: WordArray, flights: Record, reads: WordArray) -> int:
    """Return how many rows may be served at one place in ``stride``; those beneath a computation under way too."""
    r = rules[0]
    held = 0
    for k in range(table.size // stride):
        spot = k // TOGETHER * TOGETHER * stride + k % TOGETHER
        if spot >= table.size:
            break
        word = np.int64(table[spot])
        read = np.int64(0)
        if word >= FIRST_FLIGHT:
            f = flights[word - FIRST_FLIGHT]
            if f.completion_s > now_s:
                word, read = np.int64(f.beneath), np.int64(read_beneath(f, r, reads))
            elif f.evicted:
                word = np.int64(0)
            else:
                word = np.int64(word_of(f.start_s, f.maker, r.origin_s, r.tick_s))
                read = np.int64(last_read(f.place, r, reads))
        else:
            read = np.int64(last_read(spot, r, reads))
        held += word != 0 and now_s <= row_end_s(word, read, r)
    return held
