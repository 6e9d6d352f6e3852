"""A store of limited size: the row that was used least recently makes room for a new one.

Every use of a row (written, computed for, and served, where the rule of eviction counts that) is noted in a ring
``uses`` of rows, and ``recent`` keeps the number of each row's latest use. The oldest note that is still its row's
latest tells which row goes: exact, at constant cost a use. A computation takes its place in the store when it is asked
for. A row that has expired keeps its place until it is needed.
"""

import numpy as np

from simulator.core.arrays import WordArray
from simulator.core.jit import inlined, kernel, outlined
from simulator.simulation.state.bundles import Path, Store
from simulator.simulation.state.records import Record
from simulator.simulation.state.rows import FIRST_FLIGHT, Int
from simulator.simulation.store.table import bury_beneath, bury_one, land, last_read

NUMBER = 2**32 - 1
"""Numbers of uses are kept to so many bits; those that are remembered are fewer."""


@inlined
def use(row: Int, rules: Record, store: Store) -> None:
    """Note that a row is used; the ring has room."""
    if rules.most_rows > 0:
        cursor = store.cursor[0]
        store.uses[cursor.end & (store.uses.size - 1)] = np.uint32(row)
        store.recent[row] = np.uint32(cursor.end & NUMBER)
        cursor.end += 1


@inlined
def use_by_reading(row: Int, rules: Record, store: Store) -> None:
    """Note that a row is read, where that renews its place; the ring has room."""
    if rules.reading_renews:
        use(row, rules, store)


@inlined
def has_room_for_use(rules: Record, store: Store) -> bool:
    """Return whether one use more can be noted."""
    cursor = store.cursor[0]
    return bool(rules.most_rows == 0 or cursor.end - cursor.begin < store.uses.size)


@outlined
def make_place(now_s: float, path: Path) -> None:
    """Count one more row, and evict the one used least recently if there are too many; the new one is noted already."""
    rules, store = path.rules[0], path.store
    cursor = store.cursor[0]
    cursor.rows += 1
    while cursor.rows > rules.most_rows:
        number = cursor.begin
        cursor.begin += 1
        row = np.int64(store.uses[number & (store.uses.size - 1)])
        if store.recent[row] != np.uint32(number & NUMBER):
            continue
        word: Int = np.int64(store.table[row])
        if word >= FIRST_FLIGHT:
            flight = path.flights.records[word - FIRST_FLIGHT]
            if flight.completion_s > now_s:
                if not flight.evicted:
                    bury_beneath(flight, now_s, path)
                    flight.beneath = 0
                    flight.evicted = True
                    _count(now_s, path)
                continue
            word = land(flight, path)
            store.table[row] = np.uint32(word)
        if word != 0:
            bury_one(word, now_s, last_read(row, rules, store), rules, path.tally)
            store.table[row] = 0
            _count(now_s, path)


@inlined
def _count(now_s: float, path: Path) -> None:
    path.store.cursor[0].rows -= 1
    if 0.0 <= now_s < path.rules[0].horizon_s:
        path.tally.counts[0].evicted += 1


@kernel
def keep_latest(store: Store, kept: WordArray) -> None:
    """Copy the uses that are their rows' latest to another ring, numbered from 0."""
    cursor = store.cursor[0]
    count = 0
    for number in range(cursor.begin, cursor.end):
        row = store.uses[number & (store.uses.size - 1)]
        if store.recent[row] == np.uint32(number & NUMBER) and store.table[row] != 0:
            kept[count] = row
            store.recent[row] = np.uint32(count)
            count += 1
    cursor.begin = 0
    cursor.end = count
