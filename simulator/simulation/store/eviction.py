"""A store of limited size: the row that was used least recently makes room for a new one.

Every use of a row (served, written, computed for) is noted in a ring ``uses`` of places, and ``recent`` keeps the
number of each place's latest use. The oldest note that is still its place's latest tells which row goes: exact, at
constant cost a use. A computation takes its place in the store when it is asked for. A row that has expired keeps its
place until it is needed.
"""

import numpy as np

from simulator.core.arrays import WordArray
from simulator.core.jit import inlined, kernel
from simulator.simulation.state.records import Record
from simulator.simulation.state.rows import FIRST_FLIGHT, SERVED, Int
from simulator.simulation.store.table import bury, land, last_read, read_beneath

NUMBER = 2**32 - 1
"""Numbers of uses are kept to so many bits; those that are remembered are fewer."""


@inlined
def use(spot: Int, r: Record, p: Record, recent: WordArray, uses: WordArray) -> None:
    """Note that a row is used."""
    if r.most_rows > 0:
        uses[p.uses_end & (uses.size - 1)] = np.uint32(spot)
        recent[spot] = np.uint32(p.uses_end & NUMBER)
        p.uses_end += 1


@inlined
def make_place(
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
    """Count one more row, and evict the one used least recently if there are too many; the new one is noted already."""
    p.rows += 1
    while p.rows > r.most_rows:
        number = p.uses_begin
        p.uses_begin += 1
        spot = np.int64(uses[number & (uses.size - 1)])
        if recent[spot] != np.uint32(number & NUMBER):
            continue
        word: Int = np.int64(table[spot])
        if word >= FIRST_FLIGHT:
            f = flights[word - FIRST_FLIGHT]
            if f.completion_s > now_s:
                if not f.evicted:
                    beneath = np.int64(f.beneath)
                    bury(beneath, 1, 1 - (beneath & SERVED), now_s, read_beneath(f, r, reads), r, a)
                    f.beneath = 0
                    f.evicted = True
                    _count(now_s, r, p, a)
                continue
            word = land(f, r, a, reads)
            table[spot] = np.uint32(word)
        if word != 0:
            bury(word, 1, 1 - (word & SERVED), now_s, last_read(spot, r, reads), r, a)
            table[spot] = 0
            _count(now_s, r, p, a)


@inlined
def _count(now_s: float, r: Record, p: Record, a: Record) -> None:
    p.rows -= 1
    if 0.0 <= now_s < r.horizon_s:
        a.evicted += 1


@kernel
def keep_latest(place: Record, table: WordArray, recent: WordArray, uses: WordArray, kept: WordArray) -> None:
    """Copy the uses that are their places' latest to another ring, numbered from 0."""
    p = place[0]
    count = 0
    for number in range(p.uses_begin, p.uses_end):
        spot = uses[number & (uses.size - 1)]
        if recent[spot] == np.uint32(number & NUMBER) and table[spot] != 0:
            kept[count] = spot
            recent[spot] = np.uint32(count)
            count += 1
    p.uses_begin = 0
    p.uses_end = count
