"""The hot loops of the prediction store: rows that are written, replaced, dropped and counted."""

import math

import numpy as np

from simulator.core.arrays import WordArray
from simulator.core.jit import inlined, kernel, outlined
from simulator.simulation.state.bundles import Path, Store, Tally
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
def last_read(row: Int, rules: Record, store: Store) -> Int:
    """Return the tick of a row's last reading, 0 where that makes no difference."""
    return np.int64(store.reads[row]) if rules.slides else np.int64(0)


@inlined
def read_beneath(flight: Record, rules: Record, store: Store) -> Int:
    """Return the tick of the last reading of the row beneath a flight.

    Where a request began the flight, that row had expired, and those who read since will have had the new one.
    """
    return last_read(flight.row, rules, store) if flight.in_background else np.int64(0)


@inlined
def row_end_s(word: Int, read: Int, rules: Record) -> float:
    """Return when a row is dropped of itself; not as long as a miss or a failure is answered by rows of any age. [s]"""
    if rules.serves_stored or rules.falls_back:
        return math.inf
    return expiry_s(word, read, rules)


@inlined
def expiry_s(word: Int, read: Int, rules: Record) -> float:
    """Return when a row ceases to be served to those who do not miss. [s]"""
    if word & MAKER != ONLINE:
        return float(time_of(word, rules.origin_s, rules.tick_s) + rules.expiry_s)
    return float(time_of(max(word, read << TICK_SHIFT), rules.origin_s, rules.tick_s) + rules.kept_s)


@inlined
def read_again(row: Int, word: Int, t: float, rules: Record, tally: Tally, store: Store) -> None:
    """Let a row whose time runs from its last reading begin anew."""
    if rules.slides and word & MAKER == ONLINE:
        end_s = row_end_s(word, np.int64(store.reads[row]), rules)
        store.reads[row] = np.uint32(tick_of(t, rules.origin_s, rules.tick_s))
        later_s = row_end_s(word, np.int64(store.reads[row]), rules)
        tally.counts[0].row_s += held_s(end_s, later_s, rules.horizon_s)


@inlined
def bury(word: Int, rows: Int, unserved: Int, now_s: float, read: Int, rules: Record, tally: Tally) -> None:
    """Count the end of so many rows of one word that are replaced or dropped."""
    if word != 0:
        end_s = row_end_s(word, read, rules)
        if rules.wastes and 0.0 <= now_s < rules.horizon_s:
            count_end(word, rows, unserved, min(now_s, end_s), rules, tally.counts[0])
        tally.counts[0].row_s -= rows * held_s(now_s, end_s, rules.horizon_s)


@inlined
def bury_one(word: Int, now_s: float, read: Int, rules: Record, tally: Tally) -> None:
    """Count the end of a row that is replaced or dropped."""
    bury(word, 1, 1 - (word & SERVED), now_s, read, rules, tally)


@inlined
def bury_beneath(flight: Record, now_s: float, path: Path) -> None:
    """Count the end of the row beneath a flight."""
    rules = path.rules[0]
    bury_one(np.int64(flight.beneath), now_s, read_beneath(flight, rules, path.store), rules, path.tally)


@outlined
def count_end(word: Int, rows: Int, unserved: Int, end_s: float, rules: Record, counts: Record) -> None:
    """Count rows whose use is over, and how long each was held; a function of its own, so that caches are not slowed.

    What is computed is taken to be visible when its computation begins, and what a run computes after its mean delay.
    """
    counts.ended += rows
    counts.wasted += unserved
    visible_s = time_of(word, rules.origin_s, rules.tick_s)
    if word & MAKER == BATCH:
        counts.ended_batch += rows
        counts.wasted_batch += unserved
        visible_s += rules.batch_delay_s
    elif word & MAKER == NEARLINE:
        counts.ended_nearline += rows
        counts.wasted_nearline += unserved
    life_s = max(end_s - visible_s, 0.0)
    counts.ended_row_s += rows * life_s
    counts.unread_row_s += unserved * life_s


@inlined
def land(flight: Record, path: Path) -> Int:
    """Write the row of a computation that is complete; return its word, 0 where its place was needed."""
    rules, counts = path.rules[0], path.tally.counts[0]
    read = last_read(flight.row, rules, path.store)
    bury_beneath(flight, flight.completion_s, path)
    flight.landed = True
    within = 0.0 <= flight.completion_s < rules.horizon_s
    if within and not flight.served:
        counts.unread += 1
    word = np.int64(word_of(flight.start_s, flight.maker, rules.origin_s, rules.tick_s))
    if flight.evicted:
        if within and rules.wastes:
            count_end(word, 1, 0 if flight.served else 1, flight.start_s, rules, counts)
        return np.int64(0)
    if flight.served:
        word |= SERVED
    counts.row_s += held_s(flight.completion_s, row_end_s(word, read, rules), rules.horizon_s)
    if within and flight.maker == NEARLINE:
        counts.written_nearline += 1
    elif within:
        counts.written_online += 1
    return word


@inlined
def alike(words: WordArray, like: np.uint32) -> bool:
    """Return whether rows differ at most in having been served; without a branch, so that it runs at memory speed."""
    others = np.uint32(0)
    for k in range(words.size):
        others |= (words[k] & ~np.uint32(SERVED)) ^ like
    return bool(others == 0)


@inlined
def replace(row: Int, new: np.uint32, now_s: float, path: Path) -> bool:
    """Write one row that was computed in a batch; return whether the user had none.

    The row of a user whose computation is under way is replaced in turn when that completes.
    """
    table = path.store.table
    word: Int = np.int64(table[row])
    if word >= FIRST_FLIGHT:
        flight = path.flights.records[word - FIRST_FLIGHT]
        if flight.completion_s > now_s:
            bury_beneath(flight, now_s, path)
            flight.beneath = new
            anew = bool(flight.evicted)
            flight.evicted = False
            return anew
        word = land(flight, path)
    table[row] = new
    rules = path.rules[0]
    bury_one(word, now_s, last_read(row, rules, path.store), rules, path.tally)
    return bool(word == 0)


@kernel
def drop_expired(now_s: float, path: Path) -> None:
    """Count the rows that have expired without having been served, and drop all that have expired."""
    rules, store, flights = path.rules[0], path.store, path.flights
    for row in range(store.table.size):
        word = np.int64(store.table[row])
        if 0 < word < FIRST_FLIGHT and now_s > row_end_s(word, last_read(row, rules, store), rules):
            bury_one(word, now_s, last_read(row, rules, store), rules, path.tally)
            store.table[row] = 0
            store.cursor[0].rows -= 1
    for k in range(flights.cursor[0].flights):
        flight = flights.records[flights.under_way[k]]
        beneath = np.int64(flight.beneath)
        if beneath != 0 and now_s > row_end_s(beneath, read_beneath(flight, rules, store), rules):
            bury_beneath(flight, now_s, path)
            flight.beneath = 0


@kernel
def count_unserved(path: Path) -> int:
    """Return how many rows of the store have not been served, those beneath a computation under way too."""
    table, flights = path.store.table, path.flights
    unserved = 0
    for row in range(table.size):
        word = np.int64(table[row])
        if 0 < word < FIRST_FLIGHT and not word & SERVED:
            unserved += 1
    for k in range(flights.cursor[0].flights):
        beneath = np.int64(flights.records[flights.under_way[k]].beneath)
        if beneath != 0 and not beneath & SERVED:
            unserved += 1
    return unserved
