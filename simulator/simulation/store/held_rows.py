"""How many rows the store holds at a moment, in compiled code."""

import numpy as np

from simulator.core.jit import kernel
from simulator.simulation.state.bundles import Path
from simulator.simulation.state.rows import FIRST_FLIGHT, Int, word_of
from simulator.simulation.store.table import last_read, read_beneath, row_end_s

MOST_LOOKED_AT = 2**18
"""Rows; in a larger table evenly spaced ones are looked at, and the count is then right to about 1 %."""
TOGETHER = 16
"""Rows that are looked at together: fetching one of a table that large fetches all of them."""


def stride_of(rows: int) -> int:
    """Return of how many rows one is looked at."""
    return -(-rows // MOST_LOOKED_AT)


@kernel
def count_held(now_s: float, stride: Int, path: Path) -> int:
    """Return how many rows may be served at one place in ``stride``; those beneath a computation under way too."""
    rules, store = path.rules[0], path.store
    held = 0
    for k in range(store.table.size // stride):
        row = k // TOGETHER * TOGETHER * stride + k % TOGETHER
        if row >= store.table.size:
            break
        word = np.int64(store.table[row])
        read = np.int64(0)
        if word >= FIRST_FLIGHT:
            flight = path.flights.records[word - FIRST_FLIGHT]
            if flight.completion_s > now_s:
                word, read = np.int64(flight.beneath), np.int64(read_beneath(flight, rules, store))
            elif flight.evicted:
                word = np.int64(0)
            else:
                word = np.int64(word_of(flight.start_s, flight.maker, rules.origin_s, rules.tick_s))
                read = np.int64(last_read(flight.row, rules, store))
        else:
            read = np.int64(last_read(row, rules, store))
        held += word != 0 and now_s <= row_end_s(word, read, rules)
    return held
