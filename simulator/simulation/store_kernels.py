"""The hot loops of the prediction store: rows that are written, replaced, dropped and counted.

The records are those of ``records.py``: rules ``r``, tally ``a``, a flight ``f``.
"""

import math

import numpy as np

from simulator.backends.online.slots import IntArray as SlotArray
from simulator.core.jit import inlined, kernel
from simulator.simulation.records import Record
from simulator.simulation.rows import BATCH, FIRST_FLIGHT, MAKER, ONLINE, SERVED, Int, WordArray, time_of, word_of


@inlined
def held_s(begin_s: float, end_s: float, horizon_s: float) -> float:
    """Return how much of a time span lies within the horizon. [s]"""
    return float(max(min(end_s, horizon_s) - max(begin_s, 0.0), 0.0))


@inlined
def row_end_s(word: Int, r: Record) -> float:
    """Return when a row ceases to be served of itself. [s]"""
    if r.serves_stored:
        return math.inf
    lifetime_s: float = r.expiry_s if word & MAKER == BATCH else r.ttl_s
    return time_of(word, r.origin_s, r.tick_s) + lifetime_s


@inlined
def bury(word: Int, rows: Int, unserved: Int, now_s: float, r: Record, a: Record) -> None:
    """Count the end of so many rows of one word that are replaced or dropped."""
    if word != 0:
        if 0.0 <= now_s < r.horizon_s:
            a.wasted += unserved
        a.row_s -= rows * held_s(now_s, row_end_s(word, r), r.horizon_s)


@inlined
def land(f: Record, r: Record, a: Record) -> Int:
    """Write the row of a computation that is complete; return its word, served as its request has it."""
    bury(f.beneath, 1, 1 - (f.beneath & SERVED), f.completion_s, r, a)
    row = word_of(f.start_s, ONLINE, r.origin_s, r.tick_s) | SERVED
    a.row_s += held_s(f.completion_s, row_end_s(row, r), r.horizon_s)
    if 0.0 <= f.completion_s < r.horizon_s:
        a.written_online += 1
    f.landed = True
    return row


@inlined
def _alike(words: WordArray, like: np.uint32) -> bool:
    """Return whether rows differ at most in having been served; without a branch, so that it runs at memory speed."""
    others = np.uint32(0)
    for k in range(words.size):
        others |= (words[k] & ~np.uint32(SERVED)) ^ like
    return bool(others == 0)


@kernel
def publish(
    shard: Int,
    users: Int,
    now_s: float,
    snapshot_s: float,
    rules: Record,
    tally: Record,
    table: WordArray,
    flights: Record,
) -> None:
    """Make a shard's batch rows visible; what stands there is replaced.

    The row of a user whose computation is under way is replaced in turn when that completes.
    """
    r = rules[0]
    a = tally[0]
    row = np.uint32(word_of(snapshot_s, BATCH, r.origin_s, r.tick_s))
    first = shard * r.shard_size
    words = table[first : first + users]
    like = words[0] & ~np.uint32(SERVED)
    if like < FIRST_FLIGHT and _alike(words, like):
        unserved = np.uint32(0)
        for k in range(words.size):
            unserved += np.uint32(words[k] == like)
            words[k] = row
        bury(np.int64(like), users, unserved, now_s, r, a)
    else:
        for k in range(words.size):
            word: Int = np.int64(words[k])
            words[k] = row
            if word >= FIRST_FLIGHT:
                f = flights[word - FIRST_FLIGHT]
                if f.completion_s <= now_s:
                    word = land(f, r, a)
                else:
                    words[k] = word
                    word = np.int64(f.beneath)
                    f.beneath = row
            bury(word, 1, 1 - (word & SERVED), now_s, r, a)
    a.row_s += users * held_s(now_s, row_end_s(row, r), r.horizon_s)
    if 0.0 <= now_s < r.horizon_s:
        a.written_batch += users


@kernel
def drop_expired(
    now_s: float, rules: Record, place: Record, tally: Record, table: WordArray, flights: Record, under_way: SlotArray
) -> None:
    """Count the batch rows that have expired without having been served, and drop them."""
    r = rules[0]
    a = tally[0]
    for spot in range(table.size):
        word = np.int64(table[spot])
        if _is_expired(word, now_s, r):
            bury(word, 1, 1 - (word & SERVED), now_s, r, a)
            table[spot] = 0
    for k in range(place[0].flights):
        f = flights[under_way[k]]
        beneath = np.int64(f.beneath)
        if _is_expired(beneath, now_s, r):
            bury(beneath, 1, 1 - (beneath & SERVED), now_s, r, a)
            f.beneath = 0


@inlined
def _is_expired(word: Int, now_s: float, r: Record) -> bool:
    return bool(0 < word < FIRST_FLIGHT and word & MAKER == BATCH and now_s > row_end_s(word, r))


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
