"""The main loop of the request path.

``serve`` carries requests, in order of their arrival, up to the next moment at which something that they can see
changes, or over many ticks of an autoscaler, as long as none of them needs a decision. Its parts are small functions
that the compiler folds together; ``bundles.py`` says what travels together through them.
"""

import math

import numpy as np

from simulator.core.jit import folded, inlined, kernel
from simulator.demand.kernels import NUMBER
from simulator.simulation.flow.refresh import (
    next_refresh_s,
    note_event,
    refresh,
)
from simulator.simulation.state.bundles import Block, Computation, Events, Path, Reader, Station, Stations, Steps
from simulator.simulation.state.clients import can_go_on, next_ask_s, take_asking
from simulator.simulation.state.records import NO_FLIGHT, Record
from simulator.simulation.state.rows import FIRST_FLIGHT, MAKER, ONLINE, Int, time_of
from simulator.simulation.state.tally import count_answer, count_default, serve_row
from simulator.simulation.stations.admit import admit, carry_waiting, count_work, room_of
from simulator.simulation.store.eviction import make_place, use, use_by_reading
from simulator.simulation.store.flights import coalesce, has_room_for_flight, sweep, take_off
from simulator.simulation.store.table import expiry_s, land, last_read, read_again

MOST_SWEPT = 4096
"""Where more computations are under way, those that are complete are looked for only when there is no room for more: a
fleet that cannot keep up has millions that wait."""
FETCH = 128
"""Rows that are looked up ahead of the requests for them; a power of two."""
UNLIMITED = 2**62
NOTHING = -3
"""In place of a flight: there is nothing to compute."""


@inlined
def _fetch(begin: Int, block: Block, reader: Reader, events: Events, path: Path) -> Int:
    """Find where the next users' rows are, and read them so that they are in fast memory when their turn comes.

    Returns the first request that this is still to be done for.

    The reads do not depend on one another, so that the processor does many at a time; in the main loop it could not.
    """
    rules, store = path.rules[0], path.store
    end = min(begin + FETCH, block.time_s.size)
    shards = np.uint32(rules.shards)
    touched = np.uint32(0)
    for i in range(begin, end):
        who = np.uint32(block.user[i] & NUMBER)
        row = np.int64(who % shards) * rules.shard_size + np.int64(who // shards)
        reader.rows[i & (FETCH - 1)] = row
        touched ^= store.table[row]
    for i in range(begin, end):
        row = reader.rows[i & (FETCH - 1)]
        if rules.debounce_s > 0.0:
            touched ^= events.latest[row]
        if rules.slides:
            touched ^= store.reads[row]
        if rules.most_rows > 0:
            touched ^= store.recent[row]
    reader.cursor[0].touched ^= touched
    return end


@inlined
def _is_fresh(word: Int, t: float, rules: Record) -> bool:
    """Return whether a row may be served without being computed again."""
    if rules.fresh_s >= rules.kept_s or word & MAKER != ONLINE:
        return True
    return bool(t <= time_of(word, rules.origin_s, rules.tick_s) + rules.fresh_s)


@inlined
def _answer_by_row(t: float, row: Int, word: Int, flying: Int, path: Path) -> Int:
    """Answer by a row of the store; return the flight of the computation that follows as the row is not fresh.

    ``flying`` is the number of a computation of the user's under way that nobody waits for, NO_FLIGHT for none.
    """
    rules, store = path.rules[0], path.store
    served = serve_row(word, t, path)
    read_again(row, word, t, rules, path.tally, store)
    use_by_reading(row, rules, store)
    if flying >= 0:
        path.flights.records[flying].beneath = np.uint32(served)
    elif not _is_fresh(word, t, rules):
        if 0.0 <= t < rules.horizon_s:
            path.tally.counts[0].revalidated += 1
        in_background = bool(rules.in_background)  # always; a literal would be compiled by itself
        return take_off(row, served, np.int64(ONLINE), in_background, path)
    elif served != word:
        store.table[row] = np.uint32(served)
    return np.int64(NOTHING)


@inlined
def _compute_or_default(t: float, path: Path) -> Int:
    """Do what is done where nothing is kept: NO_FLIGHT where it is computed."""
    rules = path.rules[0]
    if rules.computes:
        return np.int64(NO_FLIGHT)
    if count_answer(t, rules.read_s, path):
        count_default(rules.read_s, rules, path.tally)
    return np.int64(NOTHING)


@inlined
def _miss(t: float, row: Int, word: Int, flying: Int, path: Path) -> Int:
    """Do what is done where no row answers; return the flight of the computation that does, NO_FLIGHT to keep none."""
    rules, store = path.rules[0], path.store
    if not rules.keeps:
        return _compute_or_default(t, path)
    if flying >= 0:
        flight = path.flights.records[flying]
        if flight.completion_s == math.inf:
            return np.int64(NO_FLIGHT)
        if not flight.evicted:
            use_by_reading(row, rules, store)
        coalesce(flight, t, path)
        return np.int64(NOTHING)
    in_background = bool(flying >= 0)  # never; a literal would be compiled by itself
    number = take_off(row, word, np.int64(ONLINE), in_background, path)
    if rules.most_rows > 0:
        use(row, rules, store)
        if word == 0:
            make_place(t, path)
    return number


@inlined
def _look_up(t: float, row: Int, path: Path) -> Int:
    """Answer a request by what is stored or under way; return the flight of the computation that it takes besides.

    That is NOTHING where it takes none, and NO_FLIGHT where what is computed is not kept.
    """
    rules, store = path.rules[0], path.store
    word: Int = np.int64(store.table[row])
    flying: Int = np.int64(NO_FLIGHT)
    if word >= FIRST_FLIGHT:
        flight = path.flights.records[word - FIRST_FLIGHT]
        if flight.completion_s <= t:
            word = land(flight, path)
            store.table[row] = np.uint32(word)
        elif flight.in_background:
            flying = word - FIRST_FLIGHT
            word = np.int64(flight.beneath)
        else:
            if not flight.evicted:
                use_by_reading(row, rules, store)
            coalesce(flight, t, path)
            return np.int64(NOTHING)
    if word != 0 and (rules.serves_stored or t <= expiry_s(word, last_read(row, rules, store), rules)):
        return _answer_by_row(t, row, word, flying, path)
    return _miss(t, row, word, flying, path)


@inlined
def _asked(i: Int, t: float, flight: Int, row: Int, block: Block, station: Station) -> Computation:
    """Return the computation that a request asks for."""
    state = station.state[0]
    factor = block.factor[i] if state.noisy else 1.0
    tokens = block.tokens[i] if state.counts_tokens else np.int64(0)
    return Computation(t, np.int64(0), factor, tokens, flight, row)


@inlined
def _next_s(i: Int, block: Block, path: Path) -> float:
    """Return when the next request comes; infinity where none does. [s]"""
    if path.rules[0].closed_loop:
        return float(next_ask_s(path))
    return float(block.time_s[i]) if i < block.time_s.size else math.inf


@inlined
def _is_drawn(i: Int, more: bool, block: Block, path: Path) -> bool:  # noqa: FBT001  (kernels take no keywords)
    """Return whether there is what a closed loop's next request needs: all else about it, and pauses."""
    if not path.rules[0].closed_loop:
        return True
    return bool(can_go_on(path) and not (more and i == block.time_s.size))


@inlined
def _come(i: Int, block: Block, path: Path) -> float:
    """Have a request come, and return when. [s]"""
    if path.rules[0].closed_loop:
        block.time_s[i] = next_ask_s(path)
        take_asking(path.clients)
    return float(block.time_s[i])


@folded
def _serve_one(i: Int, block: Block, reader: Reader, stations: Stations, events: Events, path: Path) -> None:
    """Carry one request; there is room for all that may come of it."""
    rules, t = path.rules[0], _come(i, block, path)
    row = np.int64(0)
    if rules.has_store:
        row = reader.rows[i & (FETCH - 1)]
        if rules.refreshes and (rules.refreshes > 1 or block.user[i] < 0):
            state = stations.refreshing.state[0]
            factor = block.refresh_factor[i] if state.noisy else 1.0
            tokens = block.refresh_tokens[i] if state.counts_tokens else np.int64(0)
            note_event(t, row, factor, tokens, rules, events)
        number = _look_up(t, row, path)
    else:
        number = _compute_or_default(t, path)
    if number != NOTHING:
        admit(t, _asked(i, t, number, row, block, stations.answering), stations.answering, path)


@inlined
def _room(t: float, station: Station, events: Events, path: Path) -> Int:
    """Return for how many requests from ``t`` on there is room, whatever comes of them; room is made if there is none.

    It is looked at when the last one is used up: every request takes one of each at most.
    """
    rules, store, flights = path.rules[0], path.store, path.flights
    room: Int = UNLIMITED
    if rules.refreshes:
        room = events.ring.size - events.cursor[0].events
    if rules.most_rows > 0:
        room = min(room, store.uses.size - (store.cursor[0].end - store.cursor[0].begin))
    if not rules.works:
        return room
    if not has_room_for_flight(t, path):
        room = 0
    if flights.cursor[0].coalesced == flights.coalesced.size:
        sweep(t, path)
    room = min(room, flights.records.size - flights.cursor[0].flights)
    room = min(room, flights.coalesced.size - flights.cursor[0].coalesced)
    return min(room, room_of(station, path))


@inlined
def _waits(stations: Stations, path: Path) -> bool:
    """Return whether anything waits, or will try again."""
    waiting = stations.answering.state[0].waiting > 0 or stations.refreshing.state[0].waiting > 0
    return bool(waiting or path.orbit.cursor[0].retries > 0)


@folded
def _carry(until_s: float, block: Block, reader: Reader, stations: Stations, events: Events, path: Path) -> bool:
    """Carry all requests, and what is due after events, up to ``until_s``; return whether there was room. [s]"""
    rules, cursor = path.rules[0], reader.cursor[0]
    roomy, t = True, until_s
    room: Int = 0
    i = cursor.next
    fetched = i
    while roomy:
        next_s = _next_s(i, block, path)
        more = next_s < until_s
        roomy = _is_drawn(i, more, block, path)
        t = min(next_s, until_s)
        due_s = next_refresh_s(events, path) if rules.refreshes else math.inf
        is_refresh = due_s < t
        t = min(t, due_s)
        if rules.works and _waits(stations, path):
            roomy = roomy and carry_waiting(t, stations, path)
            room = 0
            if next_ask_s(path) < t:
                continue  # who has been answered meanwhile asks again before that
        if is_refresh:
            roomy = roomy and refresh(t, events, stations.refreshing, path)
            room = 0
        elif not more:
            break
        else:
            room = room if room > 0 else _room(t, stations.answering, events, path)
            roomy = bool(roomy and room > 0)
            if roomy:
                if rules.has_store and i >= fetched:
                    fetched = _fetch(i, block, reader, events, path)
                _serve_one(i, block, reader, stations, events, path)
                room -= 1
                i += 1
    cursor.next = i
    cursor.reached_s = t
    if roomy:
        count_work(t, stations.answering)
        count_work(t, stations.refreshing)
        if path.flights.cursor[0].flights <= MOST_SWEPT:
            sweep(t, path)
    return roomy


@kernel
def serve(
    steps: Steps, state: Record, block: Block, reader: Reader, stations: Stations, events: Events, path: Path
) -> tuple[int, float, bool]:
    """Carry all requests step by step, up to the first step that brings a fleet more work than needs no decision.

    Where that is 0, as no replica serves, what waits or comes ends them too. ``state`` is the STATION of the fleet.

    Returns
    -------
    tuple
        How many steps brought no more, the slot-seconds worked up to their end, and whether there was room. Where a
        structure is full, the caller makes it larger and calls again.
    """
    own = state[0]
    passed = 0
    worked_s = own.work_s - own.work_left_s
    while passed < steps.most:
        until_s = steps.from_s + (passed + 1) * steps.step_s
        if until_s >= steps.end_s:
            break
        if not _carry(until_s, block, reader, stations, events, path):
            return passed, worked_s, False
        if own.work_s - own.work_left_s - worked_s > steps.most_work_s:
            break
        if steps.most_work_s <= 0.0 and (own.sought or own.waiting > own.gone):
            break
        worked_s = own.work_s - own.work_left_s
        passed += 1
    return passed, worked_s, True


@kernel
def settle(now_s: float, path: Path) -> None:
    """Write the rows of all computations that are complete; until then a look-up does so where it meets one."""
    sweep(now_s, path)
