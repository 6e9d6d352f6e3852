"""How many rows the store holds at a moment, in compiled code; the records are those of ``records.py``."""

import numpy as np

from simulator.core.jit import kernel
from simulator.simulation.records import Record
from simulator.simulation.rows import FIRST_FLIGHT, Int, WordArray, word_of
from simulator.simulation.store_kernels import last_read, read_beneath, row_end_s

MOST_LOOKED_AT = 2**18
"""In a larger table one place in so many is looked at: the count is then right to about 1 %."""


def stride_of(places: int) -> int:
    """Return the distance of the places that are looked at."""
    return -(-places // MOST_LOOKED_AT)


@kernel
def count_held(now_s: float, stride: Int, rules: Record, table: WordArray, flights: Record, reads: WordArray) -> int:
    """Return how many rows may be served, at every ``stride``-th place; those beneath a computation under way too."""
    r = rules[0]
    held = 0
    for spot in range(0, table.size, stride):
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
