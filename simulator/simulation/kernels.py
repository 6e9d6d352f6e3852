"""The hot loops of the request path.

``serve`` carries requests, in order of their arrival, up to the next moment at which something that they can see
changes. Its parts are small functions that the compiler folds together. All take the same records (``records.py``):
rules ``r``, place ``p``, tally ``a``.
"""

import math

import numpy as np

from simulator.backends.online.slots import IntArray as SlotArray
from simulator.backends.online.slots import replay
from simulator.core.histogram import IntArray, bin_of
from simulator.core.histogram import IntArray as PlaceArray
from simulator.core.jit import inlined, kernel
from simulator.demand.kernels import FloatArray, UserArray
from simulator.simulation.quality import add_default_quality, add_quality
from simulator.simulation.records import Record
from simulator.simulation.rows import BATCH, FIRST_FLIGHT, MAKER, SERVED, Int, WordArray, time_of
from simulator.simulation.store_kernels import land, row_end_s

FETCH = 128
"""Rows that are looked up ahead of the requests for them; a power of two."""


@inlined
def _answer(arrival_s: float, latency_s: float, r: Record, a: Record, latency_bins: IntArray) -> bool:
    """Count a request's answer; return whether it counts."""
    if arrival_s < 0.0 or arrival_s >= r.horizon_s:
        return False
    a.requests += 1
    a.latency_s += latency_s
    latency_bins[bin_of(latency_s)] += 1
    return True


@inlined
def _age(
    age_s: float, made_s: float, arrival_s: float, latency_s: float, r: Record, a: Record, age_bins: IntArray
) -> None:
    """Count the age of a prediction served, and what it is worth by the model of the time at which it was made."""
    a.age_s += age_s
    age_bins[bin_of(age_s)] += 1
    add_quality(arrival_s, latency_s, age_s, made_s, r, a)


@inlined
def _default(latency_s: float, r: Record, a: Record) -> None:
    """Count a default response."""
    a.defaulted += 1
    add_default_quality(latency_s, r, a)


@inlined
def _serve_row(word: Int, t: float, r: Record, a: Record, latency_bins: IntArray, age_bins: IntArray) -> Int:
    """Answer a request with a row of the store; return the row's word, now served."""
    if _answer(t, r.read_s, r, a, latency_bins):
        lag_s = 0.0
        if word & MAKER == BATCH:
            a.precomputed += 1
        else:
            a.cached += 1
            lag_s = r.lag_s
        made_s = time_of(word, r.origin_s, r.tick_s)
        _age(t + r.read_s + lag_s - made_s, made_s, t, r.read_s, r, a, age_bins)
        if not word & SERVED:
            a.first_served += 1
    return word | SERVED


@inlined
def _start(
    arrival_s: float,
    start_s: float,
    factor: float,
    flight: Int,
    r: Record,
    p: Record,
    a: Record,
    free_s: FloatArray,
    losers: SlotArray,
    flights: Record,
    followers: Record,
    latency_bins: IntArray,
    age_bins: IntArray,
) -> None:
    """Put a request on the slot that is free first."""
    service_s = r.service_s * factor
    completion_s = start_s + service_s
    free_s[losers[0]] = completion_s
    replay(free_s, losers)
    p.work_s += service_s
    if _answer(arrival_s, r.read_s + completion_s - arrival_s, r, a, latency_bins):
        a.computed += 1
        a.wait_s += start_s - arrival_s
        _age(service_s + r.lag_s, start_s, arrival_s, r.read_s + completion_s - arrival_s, r, a, age_bins)
    if flight >= 0:
        f = flights[flight]
        f.start_s = start_s
        f.completion_s = completion_s
        follower = f.first_follower
        while follower >= 0:
            t = followers[follower].arrival_s
            if _answer(t, r.read_s + completion_s - t, r, a, latency_bins):
                a.cached += 1
                a.wait_s += completion_s - t
                _age(service_s + r.lag_s, start_s, t, r.read_s + completion_s - t, r, a, age_bins)
            follower = followers[follower].next
        f.first_follower = -1


@inlined
def _give_up(
    arrival_s: float,
    flight: Int,
    r: Record,
    a: Record,
    table: WordArray,
    flights: Record,
    followers: Record,
    latency_bins: IntArray,
) -> None:
    """Let a request that has waited too long leave with the default, and with it those who wait for its computation."""
    leaves_s = arrival_s + r.timeout_s
    if _answer(arrival_s, r.read_s + r.timeout_s, r, a, latency_bins):
        _default(r.read_s + r.timeout_s, r, a)
        a.timed_out += 1
        a.wait_s += r.timeout_s
    if flight >= 0:
        f = flights[flight]
        follower = f.first_follower
        while follower >= 0:
            t = followers[follower].arrival_s
            if _answer(t, r.read_s + leaves_s - t, r, a, latency_bins):
                _default(r.read_s + leaves_s - t, r, a)
                a.timed_out += 1
                a.wait_s += leaves_s - t
            follower = followers[follower].next
        f.first_follower = -1
        table[f.place] = f.beneath
        f.landed = True


@inlined
def _start_waiting(
    until_s: float,
    r: Record,
    p: Record,
    a: Record,
    free_s: FloatArray,
    losers: SlotArray,
    table: WordArray,
    queue: Record,
    flights: Record,
    followers: Record,
    latency_bins: IntArray,
    age_bins: IntArray,
) -> None:
    """Start, or let go, the waiting requests whose turn comes before ``until_s``."""
    mask = queue.size - 1
    while p.waiting > 0:
        first = queue[p.head & mask]
        start_s = max(free_s[losers[0]], first.arrival_s)
        leaves_s = first.arrival_s + r.timeout_s
        if min(start_s, leaves_s) >= until_s:
            return
        p.head += 1
        p.waiting -= 1
        if start_s > leaves_s:
            _give_up(first.arrival_s, first.flight, r, a, table, flights, followers, latency_bins)
        else:
            _start(
                first.arrival_s,
                start_s,
                first.factor,
                first.flight,
                r,
                p,
                a,
                free_s,
                losers,
                flights,
                followers,
                latency_bins,
                age_bins,
            )


@inlined
def _fetch(user: UserArray, begin: Int, end: Int, r: Record, table: WordArray, spots: PlaceArray) -> Int:
    """Find the places of the next users' rows, and read them so that they are in fast memory when their turn comes.

    The reads do not depend on one another, so that the processor does many at a time; in the main loop it could not.
    """
    shards = np.uint32(r.shards)
    touched = np.uint32(0)
    for i in range(begin, end):
        who = np.uint32(user[i])
        spot = np.int64(who % shards) * r.shard_size + np.int64(who // shards)
        spots[i & (FETCH - 1)] = spot
        touched ^= table[spot]
    return touched


@inlined
def _join(
    f: Record, t: float, r: Record, p: Record, a: Record, followers: Record, latency_bins: IntArray, age_bins: IntArray
) -> None:
    """Let a request wait for its user's computation under way, and share what comes of it."""
    if f.completion_s < math.inf:
        if _answer(t, r.read_s + f.completion_s - t, r, a, latency_bins):
            a.cached += 1
            a.wait_s += f.completion_s - t
            latency_s = r.read_s + f.completion_s - t
            _age(f.completion_s - f.start_s + r.lag_s, f.start_s, t, latency_s, r, a, age_bins)
    else:
        follower = p.followers
        p.followers += 1
        followers[follower].arrival_s = t
        followers[follower].next = f.first_follower
        f.first_follower = follower


@inlined
def _take_off(spot: Int, word: Int, p: Record, table: WordArray, flights: Record, under_way: SlotArray) -> np.int64:
    """Mark a user's row as being computed; return the flight's number."""
    flight = np.int64(under_way[p.flights])
    p.flights += 1
    f = flights[flight]
    f.place = spot
    f.beneath = np.uint32(word)
    f.completion_s = math.inf
    f.first_follower = -1
    f.landed = False
    table[spot] = np.uint32(FIRST_FLIGHT + flight)
    return flight


@kernel
def serve(
    until_s: float,
    time_s: FloatArray,
    user: UserArray,
    factor: FloatArray,
    rules: Record,
    place: Record,
    tally: Record,
    free_s: FloatArray,
    losers: SlotArray,
    table: WordArray,
    queue: Record,
    flights: Record,
    under_way: SlotArray,
    followers: Record,
    latency_bins: IntArray,
    age_bins: IntArray,
) -> bool:
    """Carry all requests up to ``until_s``.

    Parameters
    ----------
    until_s
        The next moment at which something may change. [s]
    time_s, user, factor
        The block of requests: when, by whom, and the factor on the service time (empty without noise).
    rules, place, tally
        One record each: what the plan says, where the path stands, what it has counted.
    free_s, losers
        The fleet's slots and their loser tree.
    table
        The prediction store's words.
    queue
        Waiting requests, a ring of a power of two.
    flights, under_way, followers
        Computations that others can wait for; ``under_way`` lists those in use first, then the free ones.
    latency_bins, age_bins
        Histograms to fill.

    Returns
    -------
    bool
        False if a structure is full: the caller makes it larger and calls again.
    """
    r = rules[0]
    p = place[0]
    a = tally[0]
    roomy = True
    spots = np.empty(FETCH, dtype=np.int64)
    i = p.next
    fetched = i
    while i < time_s.size:
        t = time_s[i]
        if t >= until_s:
            break
        if r.computes:
            if p.flights == flights.size:
                _sweep(t, r, p, a, table, flights, under_way)
                roomy = 2 * p.flights <= flights.size
            if not roomy or p.waiting == queue.size or p.followers == followers.size:
                roomy = False
                break
            if p.waiting > 0:
                _start_waiting(t, r, p, a, free_s, losers, table, queue, flights, followers, latency_bins, age_bins)
        spot = np.int64(0)
        word: Int = np.int64(0)
        if r.has_store:
            if i >= fetched:
                fetched = min(i + FETCH, time_s.size)
                p.touched ^= _fetch(user, i, fetched, r, table, spots)
            spot = spots[i & (FETCH - 1)]
            word = np.int64(table[spot])
            if word >= FIRST_FLIGHT:
                f = flights[word - FIRST_FLIGHT]
                if f.completion_s > t:
                    _join(f, t, r, p, a, followers, latency_bins, age_bins)
                    i += 1
                    continue
                word = land(f, r, a)
                table[spot] = word
            if word != 0 and (r.serves_stored or t <= row_end_s(word, r)):
                served = _serve_row(word, t, r, a, latency_bins, age_bins)
                if served != word:
                    table[spot] = served
                i += 1
                continue
        if not r.computes:
            if _answer(t, r.read_s, r, a, latency_bins):
                _default(r.read_s, r, a)
            i += 1
            continue
        flight = np.int64(-1)
        if r.ttl_s > 0.0:
            flight = _take_off(spot, word, p, table, flights, under_way)
        work = factor[i] if r.noisy else 1.0
        if p.waiting == 0 and free_s[losers[0]] <= t:
            _start(t, t, work, flight, r, p, a, free_s, losers, flights, followers, latency_bins, age_bins)
        else:
            last = queue[(p.head + p.waiting) & (queue.size - 1)]
            last.arrival_s = t
            last.factor = work
            last.flight = flight
            p.waiting += 1
        i += 1
    p.next = i
    reached_s = until_s if roomy else time_s[i]
    if r.computes:
        _start_waiting(reached_s, r, p, a, free_s, losers, table, queue, flights, followers, latency_bins, age_bins)
    _sweep(reached_s, r, p, a, table, flights, under_way)
    p.work_left_s = 0.0
    for slot in range(free_s.size):
        if reached_s < free_s[slot] < math.inf:
            p.work_left_s += free_s[slot] - reached_s
    return roomy


@kernel
def serve_ticks(
    from_s: float,
    tick_s: float,
    most_work_s: float,
    end_s: float,
    time_s: FloatArray,
    user: UserArray,
    factor: FloatArray,
    rules: Record,
    place: Record,
    tally: Record,
    free_s: FloatArray,
    losers: SlotArray,
    table: WordArray,
    queue: Record,
    flights: Record,
    under_way: SlotArray,
    followers: Record,
    latency_bins: IntArray,
    age_bins: IntArray,
) -> tuple[int, float, bool]:
    """Carry all requests tick by tick, up to the first tick that brings more than ``most_work_s`` of work.

    Only ticks that end before ``end_s`` are begun. The other parameters are those of ``serve``.

    Returns
    -------
    tuple
        How many ticks brought no more, the slot-seconds worked up to their end, and whether there was room.
    """
    p = place[0]
    ticks = 0
    worked_s = p.work_s - p.work_left_s
    while from_s + (ticks + 1) * tick_s < end_s:
        roomy = serve(
            from_s + (ticks + 1) * tick_s,
            time_s,
            user,
            factor,
            rules,
            place,
            tally,
            free_s,
            losers,
            table,
            queue,
            flights,
            under_way,
            followers,
            latency_bins,
            age_bins,
        )
        if not roomy:
            return ticks, worked_s, False
        if p.work_s - p.work_left_s - worked_s > most_work_s:
            break
        worked_s = p.work_s - p.work_left_s
        ticks += 1
    return ticks, worked_s, True


@inlined
def _sweep(
    until_s: float,
    r: Record,
    p: Record,
    a: Record,
    table: WordArray,
    flights: Record,
    under_way: SlotArray,
) -> None:
    """Write the rows of computations that are complete by ``until_s``, and free their flights."""
    k = 0
    waits = False
    while k < p.flights:
        flight = under_way[k]
        f = flights[flight]
        if not f.landed and f.completion_s <= until_s:
            table[f.place] = np.uint32(land(f, r, a))
        if f.landed:
            p.flights -= 1
            under_way[k] = under_way[p.flights]
            under_way[p.flights] = flight
        else:
            waits = waits or f.first_follower >= 0
            k += 1
    if not waits:
        p.followers = 0
