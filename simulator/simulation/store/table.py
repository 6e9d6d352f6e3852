"""The hot loops of the prediction store: rows that are written, replaced, dropped and counted.

The records are those of ``records.py``: rules ``r``, place ``p``, tally ``a``, a flight ``f``. ``reads`` holds the tick
of each row's last reading where the plan needs it; ``recent`` and ``uses`` are those of ``eviction.py``.
"""

import math

import numpy as np

from simulator.core.arrays import SlotArray, WordArray
from simulator.core.jit import inlined, kernel
from simulator.simulation.state.records import Record
from simulator.simulation.state.rows import (
    BATCH,
    FIRST_FLIGHT,
    MAKER,
    NEARLINE,
    ONLINE,
    SERVED,
    TICK_SHIFT,
    Int,
    tick_of,
    time_of,
    word_of,
)


@inlined
def held_s(begin_s: float, end_s: float, horizon_s: float) -> float:
    """Return how much of a time span lies within the horizon. [s]"""
    return float(max(min(end_s, horizon_s) - max(begin_s, 0.0), 0.0))


@inlined
def last_read(spot: Int, r: Record, reads: WordArray) -> Int:
    """Return the tick of a row's last reading, 0 where that makes no difference."""
    return np.int64(reads[spot]) if r.slides else np.int64(0)


@inlined
def read_beneath(f: Record, r: Record, reads: WordArray) -> Int:
    """Return the tick of the last reading of the row beneath a flight.

    Where a request began the flight, that row had expired, and those who read since will have had the new one.
    """
    return last_read(f.place, r, reads) if f.unasked else np.int64(0)


@inlined
def row_end_s(word: Int, read: Int, r: Record) -> float:
    """Return when a row is dropped of itself; not as long as a miss or a failure is answered by rows of any age. [s]"""
    if r.serves_stored or r.falls_back:
        return math.inf
    return expiry_s(word, read, r)


@inlined
def expiry_s(word: Int, read: Int, r: Record) -> float:
    """Return when a row ceases to be served to those who do not miss. [s]"""
    if word & MAKER != ONLINE:
        return float(time_of(word, r.origin_s, r.tick_s) + r.expiry_s)
    return float(time_of(max(word, read << TICK_SHIFT), r.origin_s, r.tick_s) + r.kept_s)


@inlined
def read_again(spot: Int, word: Int, t: float, r: Record, a: Record, reads: WordArray) -> None:
    """Let a row whose time runs from its last reading begin anew."""
    if r.slides and word & MAKER == ONLINE:
        end_s = row_end_s(word, np.int64(reads[spot]), r)
        reads[spot] = np.uint32(tick_of(t, r.origin_s, r.tick_s))
        a.row_s += held_s(end_s, row_end_s(word, np.int64(reads[spot]), r), r.horizon_s)


@inlined
def bury(word: Int, rows: Int, unserved: Int, now_s: float, read: Int, r: Record, a: Record) -> None:
    """Count the end of so many rows of one word that are replaced or dropped."""
    if word != 0:
        end_s = row_end_s(word, read, r)
        if r.wastes and 0.0 <= now_s < r.horizon_s:
            count_end(word, rows, unserved, min(now_s, end_s), r, a)
        a.row_s -= rows * held_s(now_s, end_s, r.horizon_s)


@kernel
def count_end(word: Int, rows: Int, unserved: Int, end_s: float, r: Record, a: Record) -> None:
    """Count rows whose use is over, and how long each was held; a function of its own, so that caches are not slowed.

    What is computed is taken to be visible when its computation begins, and what a run computes after its mean delay.
    """
    a.ended += rows
    a.wasted += unserved
    visible_s = time_of(word, r.origin_s, r.tick_s)
    if word & MAKER == BATCH:
        a.ended_batch += rows
        a.wasted_batch += unserved
        visible_s += r.batch_delay_s
    elif word & MAKER == NEARLINE:
        a.ended_nearline += rows
        a.wasted_nearline += unserved
    life_s = max(end_s - visible_s, 0.0)
    a.ended_row_s += rows * life_s
    a.unread_row_s += unserved * life_s


@inlined
def land(f: Record, r: Record, a: Record, reads: WordArray) -> Int:
    """Write the row of a computation that is complete; return its word, 0 where its place was needed."""
    read = last_read(f.place, r, reads)
    bury(f.beneath, 1, 1 - (f.beneath & SERVED), f.completion_s, read_beneath(f, r, reads), r, a)
    f.landed = True
    counts = 0.0 <= f.completion_s < r.horizon_s
    if counts and not f.served:
        a.unread += 1
    if f.evicted:
        if counts and r.wastes:
            count_end(word_of(f.start_s, f.maker, r.origin_s, r.tick_s), 1, 0 if f.served else 1, f.start_s, r, a)
        return np.int64(0)
    row = np.int64(word_of(f.start_s, f.maker, r.origin_s, r.tick_s))
    if f.served:
        row |= SERVED
    a.row_s += held_s(f.completion_s, row_end_s(row, read, r), r.horizon_s)
    if counts and f.maker == NEARLINE:
        a.written_nearline += 1
    elif counts:
        a.written_online += 1
    return row


@inlined
def alike(words: WordArray, like: np.uint32) -> bool:
    """Return whether rows differ at most in having been served; without a branch, so that it runs at memory speed."""
    others = np.uint32(0)
    for k in range(words.size):
        others |= (words[k] & ~np.uint32(SERVED)) ^ like
    return bool(others == 0)


@inlined
def replace(
    spot: Int, row: np.uint32, now_s: float, r: Record, a: Record, table: WordArray, flights: Record, reads: WordArray
) -> bool:
    """Write one row that was computed in a batch; return whether the user had none.

    The row of a user whose computation is under way is replaced in turn when that completes.
    """
    word: Int = np.int64(table[spot])
    if word >= FIRST_FLIGHT:
        f = flights[word - FIRST_FLIGHT]
        if f.completion_s > now_s:
            beneath = np.int64(f.beneath)
            bury(beneath, 1, 1 - (beneath & SERVED), now_s, read_beneath(f, r, reads), r, a)
            f.beneath = row
            anew = bool(f.evicted)
            f.evicted = False
            return anew
        word = land(f, r, a, reads)
    table[spot] = row
    bury(word, 1, 1 - (word & SERVED), now_s, last_read(spot, r, reads), r, a)
    return bool(word == 0)


@kernel
def drop_expired(
    now_s: float,
    rules: Record,
    place: Record,
    tally: Record,
    table: WordArray,
    flights: Record,
    under_way: SlotArray,
    reads: WordArray,
) -> None:
    """Count the rows that have expired without having been served, and drop all that have expired."""
    r = rules[0]
    p = place[0]
    a = tally[0]
    for spot in range(table.size):
        word = np.int64(table[spot])
        if 0 < word < FIRST_FLIGHT and now_s > row_end_s(word, last_read(spot, r, reads), r):
            bury(word, 1, 1 - (word & SERVED), now_s, last_read(spot, r, reads), r, a)
            table[spot] = 0
            p.rows -= 1
    for k in range(p.flights):
        f = flights[under_way[k]]
        beneath = np.int64(f.beneath)
        if beneath != 0 and now_s > row_end_s(beneath, read_beneath(f, r, reads), r):
            bury(beneath, 1, 1 - (beneath & SERVED), now_s, read_beneath(f, r, reads), r, a)
            f.beneath = 0


@kernel
def count_unserved(table: WordArray, place: Record, flights: Record, under_way: SlotArray) -> int:
    """Return how many rows of the store have not been served, those beneath a computation under way too."""
    unserved = 0
    for spot in range(table.size):
        word = np.int64(table[spot])
        if 0 < word < FIRST_FLIGHT and not word & SERVED:
            unserved += 1
    for k in range(place[0].flights):
        beneath = np.int64(flights[under_way[k]].beneath)
        if beneath != 0 and not beneath & SERVED:
            unserved += 1
    return unserved
