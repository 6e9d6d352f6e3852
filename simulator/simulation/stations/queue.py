"""The hot loops of computations on a fleet: queue, slots, and the rows that come of it.

The records are those of ``records.py``: rules ``r``, a fleet's line ``q``, place ``p``, tally ``a``, a flight ``f``.
"""

import math

import numpy as np

from simulator.backends.online.slots import replay
from simulator.core.arrays import FloatArray, IntArray, SlotArray, WordArray
from simulator.core.jit import inlined
from simulator.simulation.state.records import GONE, NO_FLIGHT, Record
from simulator.simulation.state.rows import FIRST_FLIGHT, Int, tick_of
from simulator.simulation.state.tally import count_age, count_answer, count_wait
from simulator.simulation.stations.retry import come_again_or_leave
from simulator.simulation.store.table import land


@inlined
def answer(
    asked_s: float,
    start_s: float,
    service_s: float,
    completion_s: float,
    flight: Int,
    r: Record,
    q: Record,
    a: Record,
    flights: Record,
    followers: Record,
    latency_bins: IntArray,
    age_bins: IntArray,
) -> None:
    """Count the answers that a computation gives, once its start is certain."""
    if 0.0 <= asked_s < r.horizon_s:
        q.calls += 1
    asked = flight < 0 or not flights[flight].unasked
    if asked and count_answer(asked_s, r.read_s + completion_s - asked_s, r, a, latency_bins):
        a.computed += 1
        count_wait(start_s - asked_s, a, latency_bins)
        count_age(service_s + r.lag_s, start_s, asked_s, r.read_s + completion_s - asked_s, r, a, age_bins)
    if flight >= 0:
        f = flights[flight]
        f.start_s = start_s
        f.completion_s = completion_s
        follower = f.first_follower
        while follower >= 0:
            t = followers[follower].arrival_s
            if count_answer(t, r.read_s + completion_s - t, r, a, latency_bins):
                a.cached += 1
                count_wait(completion_s - t, a, latency_bins)
                count_age(service_s + r.lag_s, start_s, t, r.read_s + completion_s - t, r, a, age_bins)
            follower = followers[follower].next
        f.first_follower = -1


@inlined
def occupy(start_s: float, service_s: float, q: Record, free_s: FloatArray, losers: SlotArray) -> float:
    """Put work on the slot that is free first; return when it is done. [s]"""
    completion_s = start_s + service_s
    free_s[losers[0]] = completion_s
    replay(free_s, losers)
    q.work_s += service_s
    return completion_s


@inlined
def begin(
    asked_s: float,
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
    completion_s = occupy(start_s, service_s, q, free_s, losers)
    answer(asked_s, start_s, service_s, completion_s, flight, r, q, a, flights, followers, latency_bins, age_bins)


@inlined
def next_to_leave(q: Record, queue: Record, flights: Record) -> Int:
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
    line: Int,
    r: Record,
    q: Record,
    p: Record,
    a: Record,
    free_s: FloatArray,
    losers: SlotArray,
    queue: Record,
    returns: Record,
    table: WordArray,
    flights: Record,
    followers: Record,
    reads: WordArray,
    latency_bins: IntArray,
    age_bins: IntArray,
) -> bool:
    """Start, or let go, the waiting computations whose turn comes before ``until_s``.

    Returns
    -------
    bool
        False if it stopped before: a request that gave up comes again earlier, or there is no room for such requests.
    """
    mask = queue.size - 1
    while q.waiting > 0:
        first = queue[q.head & mask]
        if first.flight == GONE:
            q.head += 1
            q.waiting -= 1
            q.gone -= 1
            continue
        start_s = max(free_s[losers[0]], first.arrival_s)
        leaver = next_to_leave(q, queue, flights) if r.unasked else q.head
        tired = queue[leaver & mask]
        leaves_s = tired.arrival_s + q.timeout_s if leaver < q.head + q.waiting else math.inf
        if min(start_s, leaves_s) >= until_s:
            return True
        if start_s > leaves_s:
            if q.attempts > 0 and p.returns == returns.size:
                return False
            flight = tired.flight
            tired.flight = GONE
            q.gone += 1
            come_again_or_leave(
                leaves_s,
                q.timeout_s if tired.attempt == 0 else leaves_s - tired.asked_s,
                True,
                line,
                tired.asked_s,
                tired.attempt,
                tired.factor,
                tired.tokens,
                flight,
                tired.place,
                r,
                q,
                p,
                a,
                returns,
                table,
                flights,
                followers,
                reads,
                latency_bins,
                age_bins,
            )
            if q.attempts > 0 and p.returns > 0 and returns[0].due_s < until_s:
                return False
        else:
            q.head += 1
            q.waiting -= 1
            begin(
                first.asked_s,
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
    return True


@inlined
def enqueue(
    t: float,
    asked_s: float,
    attempt: Int,
    factor: float,
    tokens: Int,
    flight: Int,
    spot: Int,
    q: Record,
    queue: Record,
) -> None:
    """Put a computation into the queue, which has room."""
    last = queue[(q.head + q.waiting) & (queue.size - 1)]
    last.arrival_s = t
    last.asked_s = asked_s
    last.attempt = attempt
    last.factor = factor
    last.tokens = tokens
    last.flight = flight
    last.place = spot
    q.waiting += 1
    q.most_waiting = max(q.most_waiting, q.waiting - q.gone)


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
            count_wait(f.completion_s - t, a, latency_bins)
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
