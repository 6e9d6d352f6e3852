"""The hot loops of nearline refresh: events, and the computations that follow from them."""

import math

import numpy as np

from simulator.core.jit import inlined
from simulator.simulation.state.bundles import Computation, Events, Path, Station
from simulator.simulation.state.records import Record
from simulator.simulation.state.rows import FIRST_FLIGHT, NEARLINE, Int
from simulator.simulation.stations.admit import admit, has_room
from simulator.simulation.store.eviction import has_room_for_use, make_place, use
from simulator.simulation.store.flights import has_room_for_flight, take_off
from simulator.simulation.store.table import land

CANCELLED = -1
FETCH = 64
"""Events whose rows are read ahead at a time."""
NUMBER = 2**32 - 1
"""Numbers of events are kept to so many bits; those that are to come are fewer."""


@inlined
def note_event(t: float, row: Int, factor: float, tokens: Int, rules: Record, events: Events) -> None:
    """Put an event into the ring, which has room; within the debounce time it replaces the one before."""
    cursor, ring = events.cursor[0], events.ring
    number = cursor.first + cursor.events
    cursor.events += 1
    event = ring[number & (ring.size - 1)]
    event.time_s = t
    event.row = row
    event.factor = factor
    event.tokens = tokens
    if rules.debounce_s > 0.0:
        back = (number - np.int64(events.latest[row])) & NUMBER
        if back < cursor.events:
            before = ring[(number - back) & (ring.size - 1)]
            if before.row == row and back > 0 and t - before.time_s < rules.debounce_s:
                before.row = CANCELLED
        events.latest[row] = np.uint32(number & NUMBER)


@inlined
def _fetch(events: Events, path: Path) -> None:
    """Read the rows of the next events so that they are in fast memory when those are due."""
    cursor, ring = events.cursor[0], events.ring
    if cursor.first >= cursor.fetched:
        cursor.fetched = cursor.first + min(cursor.events, FETCH)
        for number in range(cursor.first, cursor.fetched):
            cursor.touched ^= path.store.table[max(ring[number & (ring.size - 1)].row, 0)]


@inlined
def next_refresh_s(events: Events, path: Path) -> float:
    """Return when the next computation after an event is due; events that others have replaced are passed over. [s]"""
    cursor, ring = events.cursor[0], events.ring
    while cursor.events > 0:
        event = ring[cursor.first & (ring.size - 1)]
        if event.row != CANCELLED:
            return float(event.time_s + path.rules[0].delay_s)
        cursor.events -= 1
        cursor.first += 1
    return math.inf


@inlined
def has_room_for_event(events: Events) -> bool:
    """Return whether one event more can be noted."""
    return bool(events.cursor[0].events < events.ring.size)


@inlined
def _has_room(t: float, station: Station, path: Path) -> bool:
    """Return whether there is room for one computation more."""
    if not has_room(station, path) or not has_room_for_use(path.rules[0], path.store):
        return False
    return bool(has_room_for_flight(t, path))


@inlined
def _take_off_after_event(row: Int, due_s: float, path: Path) -> np.int64:
    """Mark a user's row as being computed; return the flight's number, -1 where one is under way."""
    rules = path.rules[0]
    word: Int = np.int64(path.store.table[row])
    if word >= FIRST_FLIGHT:
        flight = path.flights.records[word - FIRST_FLIGHT]
        if flight.completion_s > due_s:
            return np.int64(-1)
        word = land(flight, path)
    number = take_off(row, word, np.int64(NEARLINE), bool(rules.in_background), path)
    if 0.0 <= due_s < rules.horizon_s:
        path.tally.counts[0].refreshed += 1
    if rules.most_rows > 0:
        use(row, rules, path.store)
        if word == 0:
            make_place(due_s, path)
    return number


@inlined
def refresh(due_s: float, events: Events, station: Station, path: Path) -> bool:
    """Compute after the oldest event, unless a computation of the user's is under way, which answers the event.

    Returns
    -------
    bool
        False if there is no room for it.
    """
    if not _has_room(due_s, station, path):
        return False
    _fetch(events, path)
    cursor, ring = events.cursor[0], events.ring
    event = ring[cursor.first & (ring.size - 1)]
    cursor.events -= 1
    cursor.first += 1
    number = _take_off_after_event(event.row, due_s, path)
    if number >= 0:
        admit(due_s, Computation(due_s, np.int64(0), event.factor, event.tokens, number, event.row), station, path)
    return True
