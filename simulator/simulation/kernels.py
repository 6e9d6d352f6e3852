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
from simulator.simulation.records import Record
from simulator.simulation.rows import BATCH, FIRST_FLIGHT, MAKER, ONLINE, SERVED, Int, WordArray, time_of, word_of

FETCH = 128
"""Rows that are looked up ahead of the requests for them; a power of two."""


@inlined
def _held_s(begin_s: float, end_s: float, horizon_s: float) -> float:
    """Return how much of a time span lies within the horizon. [s]"""
    return float(max(min(end_s, horizon_s) - max(begin_s, 0.0), 0.0))


@inlined
def _row_end_s(word: Int, r: Record) -> float:
    """Return when a row ceases to be served of itself. [s]"""
    if r.serves_stored:
        return math.inf
    lifetime_s: float = r.expiry_s if word & MAKER == BATCH else r.ttl_s
    return time_of(word, r.origin_s, r.tick_s) + lifetime_s


@inlined
def _bury(word: Int, rows: Int, unserved: Int, now_s: float, r: Record, a: Record) -> None:
    """Count the end of so many rows of one word that are replaced or dropped."""
    if word != 0:
        if 0.0 <= now_s < r.horizon_s:
            a.wasted += unserved
        a.row_s -= rows * _held_s(now_s, _row_end_s(word, r), r.horizon_s)


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
def _age(age_s: float, a: Record, age_bins: IntArray) -> None:
    """Count the age of a prediction served."""
    a.age_s += age_s
    age_bins[bin_of(age_s)] += 1


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
        _age(t + r.read_s + lag_s - time_of(word, r.origin_s, r.tick_s), a, age_bins)
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
        _age(service_s + r.lag_s, a, age_bins)
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
                _age(service_s + r.lag_s, a, age_bins)
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
        a.defaulted += 1
        a.timed_out += 1
        a.wait_s += r.timeout_s
    if flight >= 0:
        f = flights[flight]
        follower = f.first_follower
        while follower >= 0:
            t = followers[follower].arrival_s
            if _answer(t, r.read_s + leaves_s - t, r, a, latency_bins):
                a.defaulted += 1
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
def _land(f: Record, r: Record, a: Record) -> Int:
    """Write the row of a computation that is complete; return its word, served as its request has it."""
    _bury(f.beneath, 1, 1 - (f.beneath & SERVED), f.completion_s, r, a)
    row = word_of(f.start_s, ONLINE, r.origin_s, r.tick_s) | SERVED
    a.row_s += _held_s(f.completion_s, _row_end_s(row, r), r.horizon_s)
    if 0.0 <= f.completion_s < r.horizon_s:
        a.written_online += 1
    f.landed = True
    return row


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
    mask = queue.size - 1
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
                    if f.completion_s < math.inf:
                        if _answer(t, r.read_s + f.completion_s - t, r, a, latency_bins):
                            a.cached += 1
                            a.wait_s += f.completion_s - t
                            _age(f.completion_s - f.start_s + r.lag_s, a, age_bins)
                    else:
                        follower = p.followers
                        p.followers += 1
                        followers[follower].arrival_s = t
                        followers[follower].next = f.first_follower
                        f.first_follower = follower
                    i += 1
                    continue
                word = _land(f, r, a)
                table[spot] = word
            if word != 0 and (r.serves_stored or t <= _row_end_s(word, r)):
                served = _serve_row(word, t, r, a, latency_bins, age_bins)
                if served != word:
                    table[spot] = served
                i += 1
                continue
        if not r.computes:
            if _answer(t, r.read_s, r, a, latency_bins):
                a.defaulted += 1
            i += 1
            continue
        flight = np.int64(-1)
        if r.ttl_s > 0.0:
            flight = np.int64(under_way[p.flights])
            p.flights += 1
            f = flights[flight]
            f.place = spot
            f.beneath = np.uint32(word)
            f.completion_s = math.inf
            f.first_follower = -1
            f.landed = False
            table[spot] = np.uint32(FIRST_FLIGHT + flight)
        work = factor[i] if r.noisy else 1.0
        if p.waiting == 0 and free_s[losers[0]] <= t:
            _start(t, t, work, flight, r, p, a, free_s, losers, flights, followers, latency_bins, age_bins)
        else:
            last = queue[(p.head + p.waiting) & mask]
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
            table[f.place] = np.uint32(_land(f, r, a))
        if f.landed:
            p.flights -= 1
            under_way[k] = under_way[p.flights]
            under_way[p.flights] = flight
        else:
            waits = waits or f.first_follower >= 0
            k += 1
    if not waits:
        p.followers = 0


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
        _bury(np.int64(like), users, unserved, now_s, r, a)
    else:
        for k in range(words.size):
            word: Int = np.int64(words[k])
            words[k] = row
            if word >= FIRST_FLIGHT:
                f = flights[word - FIRST_FLIGHT]
                if f.completion_s <= now_s:
                    word = _land(f, r, a)
                else:
                    words[k] = word
                    word = np.int64(f.beneath)
                    f.beneath = row
            _bury(word, 1, 1 - (word & SERVED), now_s, r, a)
    a.row_s += users * _held_s(now_s, _row_end_s(row, r), r.horizon_s)
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
            _bury(word, 1, 1 - (word & SERVED), now_s, r, a)
            table[spot] = 0
    for k in range(place[0].flights):
        f = flights[under_way[k]]
        beneath = np.int64(f.beneath)
        if _is_expired(beneath, now_s, r):
            _bury(beneath, 1, 1 - (beneath & SERVED), now_s, r, a)
            f.beneath = 0


@inlined
def _is_expired(word: Int, now_s: float, r: Record) -> bool:
    return bool(0 < word < FIRST_FLIGHT and word & MAKER == BATCH and now_s > _row_end_s(word, r))


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
