"""The hot loops of nearline refresh: events, and the computations that follow from them.

The records are those of ``records.py``: rules ``r``, place ``p``, tally ``a``.
"""

import numpy as np

from simulator.core.arrays import FloatArray, IntArray, SlotArray, WordArray
from simulator.core.jit import inlined
from simulator.simulation.state.records import Record
from simulator.simulation.state.rows import FIRST_FLIGHT, NEARLINE, Int
from simulator.simulation.stations.admit import ask, has_room, start_or_carry
from simulator.simulation.stations.queue import sweep, take_off
from simulator.simulation.store.eviction import make_place, use
from simulator.simulation.store.table import land

CANCELLED = -1
FETCH = 64
"""Events whose rows are read ahead at a time."""
NUMBER = 2**32 - 1
"""Numbers of events are kept to so many bits; those that are to come are fewer."""


@inlined
def note_event(
    t: float, spot: Int, factor: float, tokens: Int, r: Record, p: Record, events: Record, latest: WordArray
) -> None:
    """Put an event into the ring, which has room; within the debounce time it replaces the one before."""
    number = p.first_event + p.events
    p.events += 1
    event = events[number & (events.size - 1)]
    event.time_s = t
    event.place = spot
    event.factor = factor
    event.tokens = tokens
    if r.debounce_s > 0.0:
        back = (number - np.int64(latest[spot])) & NUMBER
        if back < p.events:
            before = events[(number - back) & (events.size - 1)]
            if before.place == spot and back > 0 and t - before.time_s < r.debounce_s:
                before.place = CANCELLED
        latest[spot] = np.uint32(number & NUMBER)


@inlined
def _fetch(p: Record, events: Record, table: WordArray) -> np.uint32:
    """Read the rows of the next events so that they are in fast memory when those are due."""
    p.fetched_event = p.first_event + min(p.events, FETCH)
    touched = np.uint32(0)
    for number in range(p.first_event, p.fetched_event):
        touched ^= table[max(events[number & (events.size - 1)].place, 0)]
    return touched


@inlined
def _has_room(
    t: float,
    r: Record,
    p: Record,
    a: Record,
    late: Record,
    late_queue: Record,
    late_times_s: FloatArray,
    returns: Record,
    table: WordArray,
    flights: Record,
    under_way: SlotArray,
    reads: WordArray,
    uses: WordArray,
) -> bool:
    """Return whether there is room for one computation more."""
    if not has_room(late, late_queue, late_times_s) or p.returns == returns.size:
        return False
    if r.most_rows > 0 and p.uses_end - p.uses_begin >= uses.size:
        return False
    if p.flights == flights.size:
        sweep(t, r, p, a, table, flights, under_way, reads)
        return bool(2 * p.flights <= flights.size)
    return True


@inlined
def _take_off_after_event(
    spot: Int,
    due_s: float,
    r: Record,
    p: Record,
    a: Record,
    table: WordArray,
    flights: Record,
    under_way: SlotArray,
    reads: WordArray,
    recent: WordArray,
    uses: WordArray,
) -> np.int64:
    """Mark a user's row as being computed; return the flight's number, -1 where one is under way."""
    word: Int = np.int64(table[spot])
    if word >= FIRST_FLIGHT:
        f = flights[word - FIRST_FLIGHT]
        if f.completion_s > due_s:
            return np.int64(-1)
        word = land(f, r, a, reads)
    flight = take_off(spot, word, NEARLINE, True, p, table, flights, under_way)
    if 0.0 <= due_s < r.horizon_s:
        a.refreshed += 1
    if r.most_rows > 0:
        use(spot, r, p, recent, uses)
        if word == 0:
            make_place(due_s, r, p, a, table, flights, reads, recent, uses)
    return flight


@inlined
def refresh_due(
    until_s: float,
    r: Record,
    p: Record,
    a: Record,
    lines: Record,
    free_s: FloatArray,
    losers: SlotArray,
    queue: Record,
    times_s: FloatArray,
    late_free_s: FloatArray,
    late_losers: SlotArray,
    late_queue: Record,
    late_times_s: FloatArray,
    returns: Record,
    table: WordArray,
    flights: Record,
    under_way: SlotArray,
    followers: Record,
    events: Record,
    reads: WordArray,
    recent: WordArray,
    uses: WordArray,
    latency_bins: IntArray,
    age_bins: IntArray,
) -> bool:
    """Ask for the computations that are due before ``until_s``; return whether all had room, and one event more has.

    A user whose computation is under way then gets no other: what is under way answers the event.
    """
    late = lines[lines.size - 1]
    while p.events > 0:
        event = events[p.first_event & (events.size - 1)]
        due_s = event.time_s + r.delay_s
        if due_s >= until_s:
            break
        if event.place != CANCELLED:
            if p.first_event >= p.fetched_event:
                p.touched ^= _fetch(p, events, table)
            if not start_or_carry(
                due_s,
                r,
                lines,
                p,
                a,
                free_s,
                losers,
                queue,
                times_s,
                late_free_s,
                late_losers,
                late_queue,
                late_times_s,
                returns,
                table,
                flights,
                followers,
                reads,
                latency_bins,
                age_bins,
            ) or not _has_room(
                due_s, r, p, a, late, late_queue, late_times_s, returns, table, flights, under_way, reads, uses
            ):
                p.reached_s = due_s
                return False
            spot = event.place
            flight = _take_off_after_event(spot, due_s, r, p, a, table, flights, under_way, reads, recent, uses)
            if flight >= 0:
                ask(
                    due_s,
                    lines.size - 1,
                    due_s,
                    0,
                    event.factor,
                    event.tokens,
                    flight,
                    spot,
                    r,
                    late,
                    p,
                    a,
                    late_free_s,
                    late_losers,
                    late_queue,
                    late_times_s,
                    returns,
                    table,
                    flights,
                    followers,
                    reads,
                    latency_bins,
                    age_bins,
                )
        p.events -= 1
        p.first_event += 1
    if p.events == events.size:
        p.reached_s = until_s
        return False
    return True
