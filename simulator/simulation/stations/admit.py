"""The hot loops of asking a backend, whatever its kind, and of carrying those who wait for it or come again.

The records are those of ``records.py``: rules ``r``, a backend's line ``q``, place ``p``, tally ``a``.
"""

import math

from simulator.backends.online.kinds import API, BATCHING, REPLICAS, SERVERLESS
from simulator.core.arrays import FloatArray, IntArray, SlotArray, WordArray
from simulator.core.jit import inlined, kernel
from simulator.simulation.state.records import Record
from simulator.simulation.state.rows import Int
from simulator.simulation.stations.api import call
from simulator.simulation.stations.batching import start_batches
from simulator.simulation.stations.queue import answer, begin, enqueue, start_waiting, work_left_s
from simulator.simulation.stations.retry import come_again_or_leave, remove_first_return
from simulator.simulation.stations.serverless import begin_on_instance, count_instances


@inlined
def has_room(q: Record, queue: Record, times_s: FloatArray) -> bool:
    """Return whether a backend may be asked: its queue has room, and the time of an instance's start is there."""
    return bool(q.waiting < queue.size and (q.kind != SERVERLESS or q.startups < times_s.size))


@inlined
def count_work(t: float, q: Record, free_s: FloatArray) -> None:
    """Bring what is said of a backend's work up to ``t``."""
    if q.kind == SERVERLESS:
        count_instances(t, q, free_s)
    else:
        q.work_left_s = work_left_s(t, free_s)


@kernel
def _ask_otherwise(
    t: float,
    line: Int,
    asked_s: float,
    attempt: Int,
    factor: float,
    tokens: Int,
    flight: Int,
    spot: Int,
    r: Record,
    q: Record,
    p: Record,
    a: Record,
    free_s: FloatArray,
    queue: Record,
    times_s: FloatArray,
    returns: Record,
    table: WordArray,
    flights: Record,
    followers: Record,
    reads: WordArray,
    latency_bins: IntArray,
    age_bins: IntArray,
) -> None:
    """Do so where there is more to it than a free slot; a function of its own, so that fleets are not slowed by it."""
    if q.kind == SERVERLESS:
        taken = begin_on_instance(
            t,
            asked_s,
            factor,
            flight,
            r,
            q,
            a,
            free_s,
            times_s,
            flights,
            followers,
            latency_bins,
            age_bins,
        )
    elif q.kind == API:
        service_s = call(t, tokens, factor, 0.0 <= asked_s < r.horizon_s, q)
        taken = service_s >= 0.0
        if taken:
            answer(asked_s, t, service_s, t + service_s, flight, r, q, a, flights, followers, latency_bins, age_bins)
    else:
        q.sought = True
        taken = q.waiting - q.gone < q.queue_limit
        if taken:
            enqueue(t, asked_s, attempt, factor, tokens, flight, spot, q, queue)
    if not taken:
        if 0.0 <= asked_s < r.horizon_s:
            q.refused += 1
        come_again_or_leave(
            t,
            t - asked_s,
            False,
            line,
            asked_s,
            attempt,
            factor,
            tokens,
            flight,
            spot,
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


@inlined
def ask(
    t: float,
    line: Int,
    asked_s: float,
    attempt: Int,
    factor: float,
    tokens: Int,
    flight: Int,
    spot: Int,
    r: Record,
    q: Record,
    p: Record,
    a: Record,
    free_s: FloatArray,
    losers: SlotArray,
    queue: Record,
    times_s: FloatArray,
    returns: Record,
    table: WordArray,
    flights: Record,
    followers: Record,
    reads: WordArray,
    latency_bins: IntArray,
    age_bins: IntArray,
) -> None:
    """Begin a computation, or have it wait, or refuse it; the queue and the heap of returns have room.

    Parameters
    ----------
    t
        Now; later than ``asked_s`` if it comes again. [s]
    line
        0 for the backend that answers, 1 for the one that refreshes where it is another.
    """
    if q.kind == REPLICAS and q.waiting == 0 and free_s[losers[0]] <= t:
        begin(asked_s, t, factor, flight, r, q, a, free_s, losers, flights, followers, latency_bins, age_bins)
        return
    _ask_otherwise(
        t,
        line,
        asked_s,
        attempt,
        factor,
        tokens,
        flight,
        spot,
        r,
        q,
        p,
        a,
        free_s,
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


@inlined
def _carry_line(
    until_s: float,
    line: Int,
    r: Record,
    q: Record,
    p: Record,
    a: Record,
    free_s: FloatArray,
    losers: SlotArray,
    queue: Record,
    times_s: FloatArray,
    returns: Record,
    table: WordArray,
    flights: Record,
    followers: Record,
    reads: WordArray,
    latency_bins: IntArray,
    age_bins: IntArray,
) -> bool:
    if q.waiting == 0:
        return True
    if q.kind == BATCHING:
        return bool(
            start_batches(
                until_s,
                line,
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
        )
    return bool(
        start_waiting(
            until_s,
            line,
            r,
            q,
            p,
            a,
            free_s,
            losers,
            queue,
            returns,
            table,
            flights,
            followers,
            reads,
            latency_bins,
            age_bins,
        )
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
    times_s: FloatArray,
    late_free_s: FloatArray,
    late_losers: SlotArray,
    late_queue: Record,
    late_times_s: FloatArray,
    returns: Record,
    table: WordArray,
    flights: Record,
    followers: Record,
    reads: WordArray,
    latency_bins: IntArray,
    age_bins: IntArray,
) -> bool:
    """Start, or let go, the computations that wait for any backend and whose turn comes before ``until_s``.

    Returns
    -------
    bool
        False if it stopped before: a request that gave up comes again earlier, or there is no room for such requests.
    """
    done = _carry_line(
        until_s,
        0,
        r,
        lines[0],
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
    if done and lines.size > 1:
        done = _carry_line(
            until_s,
            1,
            r,
            lines[1],
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
    return done


@kernel
def carry_returns(
    until_s: float,
    r: Record,
    lines: Record,
    p: Record,
    a: Record,
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
    followers: Record,
    reads: WordArray,
    latency_bins: IntArray,
    age_bins: IntArray,
) -> bool:
    """Do what `start_all_waiting` does where requests come again: each asks anew when its time has come.

    Returns
    -------
    bool
        False if there is no room.
    """
    while True:
        due_s = returns[0].due_s if p.returns > 0 else math.inf
        moment_s = min(due_s, until_s)
        done = start_all_waiting(
            moment_s,
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
        if not done:
            if p.returns == returns.size:
                return False
            continue
        if due_s >= until_s:
            return True
        again = returns[0]
        line, asked_s, attempt, factor = again.line, again.asked_s, again.attempt, again.factor
        tokens, flight, spot = again.tokens, again.flight, again.place
        if not (has_room(lines[0], queue, times_s) if line == 0 else has_room(lines[1], late_queue, late_times_s)):
            return False
        remove_first_return(p, returns)
        if line == 0:
            ask(
                due_s,
                line,
                asked_s,
                attempt,
                factor,
                tokens,
                flight,
                spot,
                r,
                lines[0],
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
        else:
            ask(
                due_s,
                line,
                asked_s,
                attempt,
                factor,
                tokens,
                flight,
                spot,
                r,
                lines[1],
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


@inlined
def start_or_carry(
    until_s: float,
    r: Record,
    lines: Record,
    p: Record,
    a: Record,
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
    followers: Record,
    reads: WordArray,
    latency_bins: IntArray,
    age_bins: IntArray,
) -> bool:
    """Carry those who wait, and those who come again, up to ``until_s``; return whether there was room."""
    if r.returns:
        return bool(
            carry_returns(
                until_s,
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
        )
    return start_all_waiting(
        until_s,
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
