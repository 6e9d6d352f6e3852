"""The hot loops of computations on a fleet: queue, slots, and the rows that come of it.

The records are those of ``records.py``: rules ``r``, a fleet's line ``q``, place ``p``, tally ``a``, a flight ``f``.
"""

import math

import numpy as np

from simulator.backends.online.slots import IntArray as SlotArray
from simulator.backends.online.slots import replay
from simulator.core.histogram import IntArray
from simulator.core.jit import inlined
from simulator.demand.kernels import FloatArray
from simulator.simulation.answers import count_age, count_answer, count_default
from simulator.simulation.records import GONE, NO_FLIGHT, Record
from simulator.simulation.rows import FIRST_FLIGHT, Int, WordArray, tick_of
from simulator.simulation.store_kernels import land


@inlined
def begin(
    arrival_s: float,
    start_s: float,
    factor: float,
    flight: Int,
    r: Record,
    q: Record,
    a: Record,
    free_s: FloatArray,
    losers: SlotArray,
    flights: Record,
    followers: Record,
    latency_bins: IntArray,
    age_bins: IntArray,
) -> None:
    """Put a computation on the slot that is free first."""
    service_s = q.service_s * factor
    completion_s = start_s + service_s
    free_s[losers[0]] = completion_s
    replay(free_s, losers)
    q.work_s += service_s
    asked = flight < 0 or not flights[flight].unasked
    if asked and count_answer(arrival_s, r.read_s + completion_s - arrival_s, r, a, latency_bins):
        a.computed += 1
        a.wait_s += start_s - arrival_s
        count_age(service_s + r.lag_s, start_s, arrival_s, r.read_s + completion_s - arrival_s, r, a, age_bins)
    if flight >= 0:
        f = flights[flight]
        f.start_s = start_s
        f.completion_s = completion_s
        follower = f.first_follower
        while follower >= 0:
            t = followers[follower].arrival_s
            if count_answer(t, r.read_s + completion_s - t, r, a, latency_bins):
                a.cached += 1
                a.wait_s += completion_s - t
                count_age(service_s + r.lag_s, start_s, t, r.read_s + completion_s - t, r, a, age_bins)
            follower = followers[follower].next
        f.first_follower = -1


@inlined
def _give_up(
    arrival_s: float,
    flight: Int,
    r: Record,
    q: Record,
    p: Record,
    a: Record,
    table: WordArray,
    flights: Record,
    followers: Record,
    latency_bins: IntArray,
) -> None:
    """Let a request that has waited too long leave with the default, and with it those who wait for its computation."""
    leaves_s = arrival_s + q.timeout_s
    if count_answer(arrival_s, r.read_s + q.timeout_s, r, a, latency_bins):
        count_default(r.read_s + q.timeout_s, r, a)
        a.timed_out += 1
        a.wait_s += q.timeout_s
    if flight >= 0:
        f = flights[flight]
        follower = f.first_follower
        while follower >= 0:
            t = followers[follower].arrival_s
            if count_answer(t, r.read_s + leaves_s - t, r, a, latency_bins):
                count_default(r.read_s + leaves_s - t, r, a)
                a.timed_out += 1
                a.wait_s += leaves_s - t
            follower = followers[follower].next
        f.first_follower = -1
        table[f.place] = f.beneath
        if f.beneath == 0 and not f.evicted:
            p.rows -= 1
        f.landed = True


@inlined
def _next_to_leave(q: Record, queue: Record, flights: Record) -> Int:
    """Return the oldest entry of the queue that a request waits for; the queue's end where there is none.

    Requests come in order of time, and so do the moments at which they give up; what no request waits for stays.
    """
    q.leaving = max(q.leaving, q.head)
    while q.leaving < q.head + q.waiting:
        flight = queue[q.leaving & (queue.size - 1)].flight
        if flight == NO_FLIGHT or (flight >= 0 and not flights[flight].unasked):
            break
        q.leaving += 1
    return np.int64(q.leaving)


@inlined
def start_waiting(
    until_s: float,
    r: Record,
    q: Record,
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
    """Start, or let go, the waiting computations whose turn comes before ``until_s``."""
    mask = queue.size - 1
    while q.waiting > 0:
        first = queue[q.head & mask]
        if first.flight == GONE:
            q.head += 1
            q.waiting -= 1
            continue
        start_s = max(free_s[losers[0]], first.arrival_s)
        leaver = _next_to_leave(q, queue, flights) if r.unasked else q.head
        tired = queue[leaver & mask]
        leaves_s = tired.arrival_s + q.timeout_s if leaver < q.head + q.waiting else math.inf
        if min(start_s, leaves_s) >= until_s:
            return
        if start_s > leaves_s:
            _give_up(tired.arrival_s, tired.flight, r, q, p, a, table, flights, followers, latency_bins)
            tired.flight = GONE
        else:
            q.head += 1
            q.waiting -= 1
            begin(
                first.arrival_s,
                start_s,
                first.factor,
                first.flight,
                r,
                q,
                a,
                free_s,
                losers,
                flights,
                followers,
                latency_bins,
                age_bins,
            )


@inlined
def start_all_waiting(
    until_s: float,
    r: Record,
    lines: Record,
    p: Record,
    a: Record,
    free_s: FloatArray,
    losers: SlotArray,
    queue: Record,
    late_free_s: FloatArray,
    late_losers: SlotArray,
    late_queue: Record,
    table: WordArray,
    flights: Record,
    followers: Record,
    latency_bins: IntArray,
    age_bins: IntArray,
) -> None:
    """Start, or let go, the computations that wait for any fleet and whose turn comes before ``until_s``."""
    q = lines[0]
    if q.waiting > 0:
        start_waiting(until_s, r, q, p, a, free_s, losers, table, queue, flights, followers, latency_bins, age_bins)
    late = lines[lines.size - 1]
    if lines.size > 1 and late.waiting > 0:
        start_waiting(
            until_s,
            r,
            late,
            p,
            a,
            late_free_s,
            late_losers,
            table,
            late_queue,
            flights,
            followers,
            latency_bins,
            age_bins,
        )


@inlined
def ask(
    t: float,
    factor: float,
    flight: Int,
    r: Record,
    q: Record,
    a: Record,
    free_s: FloatArray,
    losers: SlotArray,
    queue: Record,
    flights: Record,
    followers: Record,
    latency_bins: IntArray,
    age_bins: IntArray,
) -> None:
    """Begin a computation if a slot is free, else put it into the queue, which has room."""
    if q.waiting == 0 and free_s[losers[0]] <= t:
        begin(t, t, factor, flight, r, q, a, free_s, losers, flights, followers, latency_bins, age_bins)
    else:
        enqueue(t, factor, flight, q, queue)


@inlined
def enqueue(t: float, factor: float, flight: Int, q: Record, queue: Record) -> None:
    """Put a computation into the queue, which has room."""
    last = queue[(q.head + q.waiting) & (queue.size - 1)]
    last.arrival_s = t
    last.factor = factor
    last.flight = flight
    q.waiting += 1


@inlined
def join(
    f: Record,
    t: float,
    r: Record,
    p: Record,
    a: Record,
    followers: Record,
    reads: WordArray,
    latency_bins: IntArray,
    age_bins: IntArray,
) -> None:
    """Let a request wait for its user's computation under way, and share what comes of it."""
    if f.completion_s < math.inf:
        if count_answer(t, r.read_s + f.completion_s - t, r, a, latency_bins):
            a.cached += 1
            a.wait_s += f.completion_s - t
            latency_s = r.read_s + f.completion_s - t
            count_age(f.completion_s - f.start_s + r.lag_s, f.start_s, t, latency_s, r, a, age_bins)
        f.served = True
        if r.slides and not f.unasked:
            reads[f.place] = np.uint32(tick_of(t, r.origin_s, r.tick_s))
    else:
        follower = p.followers
        p.followers += 1
        followers[follower].arrival_s = t
        followers[follower].next = f.first_follower
        f.first_follower = follower


@inlined
def take_off(
    spot: Int,
    word: Int,
    maker: Int,
    unasked: bool,  # noqa: FBT001  (kernels take no keywords)
    p: Record,
    table: WordArray,
    flights: Record,
    under_way: SlotArray,
) -> np.int64:
    """Mark a user's row as being computed; return the flight's number."""
    flight = np.int64(under_way[p.flights])
    p.flights += 1
    f = flights[flight]
    f.place = spot
    f.beneath = np.uint32(word)
    f.maker = np.uint32(maker)
    f.completion_s = math.inf
    f.first_follower = -1
    f.unasked = unasked
    f.served = not unasked
    f.evicted = False
    f.landed = False
    table[spot] = np.uint32(FIRST_FLIGHT + flight)
    return flight


@inlined
def sweep(
    until_s: float,
    r: Record,
    p: Record,
    a: Record,
    table: WordArray,
    flights: Record,
    under_way: SlotArray,
    reads: WordArray,
) -> None:
    """Write the rows of computations that are complete by ``until_s``, and free their flights."""
    k = 0
    waits = False
    while k < p.flights:
        flight = under_way[k]
        f = flights[flight]
        if not f.landed and f.completion_s <= until_s:
            table[f.place] = np.uint32(land(f, r, a, reads))
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
def work_left_s(reached_s: float, free_s: FloatArray) -> float:
    """Return the slot-seconds of work under way. [s]"""
    left_s = 0.0
    for slot in range(free_s.size):
        if reached_s < free_s[slot] < math.inf:
            left_s += free_s[slot] - reached_s
    return left_s
