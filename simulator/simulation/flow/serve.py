"""The main loop of the request path.

``serve`` carries requests, in order of their arrival, up to the next moment at which something that they can see
changes. Its parts are small functions that the compiler folds together. All take the same records (``records.py``):
rules ``r``, place ``p``, tally ``a``, a fleet's line ``q``.
"""

import math

import numpy as np

from simulator.core.arrays import FloatArray, IntArray, SlotArray, UserArray, WordArray
from simulator.core.jit import inlined, kernel
from simulator.demand.kernels import NUMBER
from simulator.simulation.flow.refresh import note_event, refresh_due
from simulator.simulation.state.records import NO_FLIGHT, Record
from simulator.simulation.state.rows import FIRST_FLIGHT, MAKER, ONLINE, Int, time_of
from simulator.simulation.state.tally import count_answer, count_default, serve_row
from simulator.simulation.stations.admit import ask, count_work, has_room, start_or_carry
from simulator.simulation.stations.queue import (
    join,
    sweep,
    take_off,
)
from simulator.simulation.store.eviction import make_place, use
from simulator.simulation.store.table import expiry_s, land, read_again

MOST_SWEPT = 4096
"""Where more computations are under way, those that are complete are looked for only when there is no room for more: a
fleet that cannot keep up has millions that wait."""
FETCH = 128
"""Rows that are looked up ahead of the requests for them; a power of two."""


@inlined
def _fetch(
    user: UserArray,
    begin: Int,
    end: Int,
    r: Record,
    table: WordArray,
    latest: WordArray,
    reads: WordArray,
    recent: WordArray,
    spots: IntArray,
) -> Int:
    """Find the places of the next users' rows, and read them so that they are in fast memory when their turn comes.

    The reads do not depend on one another, so that the processor does many at a time; in the main loop it could not.
    """
    shards = np.uint32(r.shards)
    touched = np.uint32(0)
    for i in range(begin, end):
        who = np.uint32(user[i] & NUMBER)
        spot = np.int64(who % shards) * r.shard_size + np.int64(who // shards)
        spots[i & (FETCH - 1)] = spot
        touched ^= table[spot]
    for i in range(begin, end):
        spot = spots[i & (FETCH - 1)]
        if r.debounce_s > 0.0:
            touched ^= latest[spot]
        if r.slides:
            touched ^= reads[spot]
        if r.most_rows > 0:
            touched ^= recent[spot]
    return touched


@inlined
def _is_fresh(word: Int, t: float, r: Record) -> bool:
    """Return whether a row may be served without being computed again."""
    return bool(r.fresh_s >= r.kept_s or word & MAKER != ONLINE or t <= time_of(word, r.origin_s, r.tick_s) + r.fresh_s)


@kernel
def serve(
    until_s: float,
    time_s: FloatArray,
    user: UserArray,
    factor: FloatArray,
    late_factor: FloatArray,
    tokens: IntArray,
    late_tokens: IntArray,
    rules: Record,
    place: Record,
    tally: Record,
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
    latest: WordArray,
    reads: WordArray,
    recent: WordArray,
    uses: WordArray,
    spots: IntArray,
    latency_bins: IntArray,
    age_bins: IntArray,
) -> bool:
    """Carry all requests up to ``until_s``.

    Parameters
    ----------
    until_s
        The next moment at which something may change. [s]
    time_s, user
        The block of requests: when, and by whom (the number; where events are logins, the sign marks a login's last).
    factor, late_factor
        Factors on the service times of what a request makes the two fleets compute; empty without noise.
    tokens, late_tokens
        The same for the tokens of prompt and answer, where a backend counts them.
    rules, place, tally
        One record each: what the plan says, where the path stands, what it has counted.
    lines
        The backends: the first answers, the last refreshes.
    free_s, losers, queue, times_s
        Slots of the backend that answers, their loser tree, its queue, a ring of a power of two, and its service times
        by the number of requests computed together; or its instances, and how long the next ones take to start.
    late_free_s, late_losers, late_queue, late_times_s
        Those of the backend that refreshes: the same arrays where it is the same backend.
    returns
        Requests that come again, a heap by their time.
    table
        The prediction store's words.
    flights, under_way, followers
        Computations that others can wait for; ``under_way`` lists those in use first, then the free ones.
    events, latest
        Events whose computation is to come, a ring of a power of two; and the number of each user's latest event.
    reads
        Tick of each row's last reading.
    recent, uses
        Number of each row's latest use, and the uses, a ring of a power of two.
    spots
        Scratch, shape (FETCH,).
    latency_bins, age_bins
        Histograms to fill; that of the waits above 0 follows on that of the latencies.

    Returns
    -------
    bool
        False if a structure is full: the caller makes it larger and calls again.
    """
    r = rules[0]
    p = place[0]
    a = tally[0]
    q = lines[0]
    late = lines[lines.size - 1]
    roomy = True
    i = p.next
    fetched = i
    p.reached_s = until_s
    while True:
        more = i < time_s.size and time_s[i] < until_s
        if not more and not r.refreshes:
            break
        t = time_s[i] if more else until_s
        if r.works:
            if r.refreshes:
                roomy = refresh_due(
                    t,
                    r,
                    p,
                    a,
                    lines,
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
                    under_way,
                    followers,
                    events,
                    reads,
                    recent,
                    uses,
                    latency_bins,
                    age_bins,
                )
                if not roomy or not more:
                    break
            if q.waiting > 0 or late.waiting > 0 or p.returns > 0:
                roomy = start_or_carry(
                    t,
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
                )
            if p.flights == flights.size:
                sweep(t, r, p, a, table, flights, under_way, reads)
                roomy = roomy and 2 * p.flights <= flights.size
            if p.followers == followers.size:
                sweep(t, r, p, a, table, flights, under_way, reads)
            roomy = roomy and has_room(q, queue, times_s)
            roomy = roomy and p.followers < followers.size and p.returns < returns.size
        if r.most_rows > 0:
            roomy = roomy and p.uses_end - p.uses_begin < uses.size
        if not roomy:
            p.reached_s = t
            break
        spot = np.int64(0)
        word: Int = np.int64(0)
        flying = np.int64(-1)  # a computation of the user's under way that nobody waits for
        if r.has_store:
            if i >= fetched:
                fetched = min(i + FETCH, time_s.size)
                p.touched ^= _fetch(user, i, fetched, r, table, latest, reads, recent, spots)
            spot = spots[i & (FETCH - 1)]
            word = np.int64(table[spot])
            if r.refreshes and (r.refreshes > 1 or user[i] < 0):
                note_event(
                    t,
                    spot,
                    late_factor[i] if late.noisy else 1.0,
                    late_tokens[i] if late.counts_tokens else 0,
                    r,
                    p,
                    events,
                    latest,
                )
            if word >= FIRST_FLIGHT:
                f = flights[word - FIRST_FLIGHT]
                if f.completion_s <= t:
                    word = land(f, r, a, reads)
                    table[spot] = np.uint32(word)
                elif f.unasked:
                    flying = word - FIRST_FLIGHT
                    word = np.int64(f.beneath)
                else:
                    if not f.evicted:
                        use(spot, r, p, recent, uses)
                    join(f, t, r, p, a, followers, reads, latency_bins, age_bins)
                    i += 1
                    continue
            if word != 0 and (
                r.serves_stored or t <= expiry_s(word, np.int64(reads[spot]) if r.slides else np.int64(0), r)
            ):
                served = serve_row(word, t, r, a, latency_bins, age_bins)
                read_again(spot, word, t, r, a, reads)
                use(spot, r, p, recent, uses)
                if flying >= 0:
                    flights[flying].beneath = np.uint32(served)
                elif not _is_fresh(word, t, r):
                    flight = take_off(spot, served, ONLINE, True, p, table, flights, under_way)
                    if 0.0 <= t < r.horizon_s:
                        a.revalidated += 1
                    ask(
                        t,
                        0,
                        t,
                        0,
                        factor[i] if q.noisy else 1.0,
                        tokens[i] if q.counts_tokens else 0,
                        flight,
                        spot,
                        r,
                        q,
                        p,
                        a,
                        free_s,
                        losers,
                        queue,
                        times_s,
                        returns,
                        table,
                        flights,
                        followers,
                        reads,
                        latency_bins,
                        age_bins,
                    )
                elif served != word:
                    table[spot] = np.uint32(served)
                i += 1
                continue
        if not r.computes:
            if count_answer(t, r.read_s, r, a, latency_bins):
                count_default(r.read_s, r, a)
            i += 1
            continue
        flight = np.int64(NO_FLIGHT)
        if flying >= 0:
            if r.keeps and flights[flying].completion_s < math.inf:
                if not flights[flying].evicted:
                    use(spot, r, p, recent, uses)
                join(flights[flying], t, r, p, a, followers, reads, latency_bins, age_bins)
                i += 1
                continue
        elif r.keeps:
            flight = take_off(spot, word, ONLINE, False, p, table, flights, under_way)
            if r.most_rows > 0:
                use(spot, r, p, recent, uses)
                if word == 0:
                    make_place(t, r, p, a, table, flights, reads, recent, uses)
        ask(
            t,
            0,
            t,
            0,
            factor[i] if q.noisy else 1.0,
            tokens[i] if q.counts_tokens else 0,
            flight,
            spot,
            r,
            q,
            p,
            a,
            free_s,
            losers,
            queue,
            times_s,
            returns,
            table,
            flights,
            followers,
            reads,
            latency_bins,
            age_bins,
        )
        i += 1
    p.next = i
    if q.waiting > 0 or late.waiting > 0 or p.returns > 0:
        done = start_or_carry(
            p.reached_s,
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
        )
        roomy = roomy and done
    if roomy:
        count_work(p.reached_s, q, free_s)
        count_work(p.reached_s, late, late_free_s)
    if roomy and p.flights <= MOST_SWEPT:
        sweep(p.reached_s, r, p, a, table, flights, under_way, reads)
    return roomy


@kernel
def settle(
    now_s: float,
    rules: Record,
    place: Record,
    tally: Record,
    table: WordArray,
    flights: Record,
    under_way: SlotArray,
    reads: WordArray,
) -> None:
    """Write the rows of all computations that are complete; until then a look-up does so where it meets one."""
    sweep(now_s, rules[0], place[0], tally[0], table, flights, under_way, reads)
