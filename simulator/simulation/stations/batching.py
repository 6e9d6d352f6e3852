"""The hot loop of a fleet that computes requests together.

A free slot starts when as many requests wait as may be computed together, or when the oldest has waited the hold time,
whichever comes first, and at once if that moment has passed. It takes those who wait then, the oldest first.
"""

import math

import numpy as np

from simulator.core.arrays import FloatArray, IntArray, SlotArray, WordArray
from simulator.core.jit import inlined, kernel
from simulator.simulation.state.records import Record
from simulator.simulation.state.rows import Int
from simulator.simulation.stations.queue import answer, next_to_leave, occupy
from simulator.simulation.stations.retry import come_again_or_leave


@inlined
def _close_gap(leaver: Int, q: Record, queue: Record) -> None:
    """Take an entry out of the queue, so that those who wait stand side by side; few wait before a request."""
    mask = queue.size - 1
    at = leaver
    while at > q.head:
        to, source = queue[at & mask], queue[(at - 1) & mask]
        to.arrival_s = source.arrival_s
        to.asked_s = source.asked_s
        to.attempt = source.attempt
        to.factor = source.factor
        to.tokens = source.tokens
        to.flight = source.flight
        to.place = source.place
        at -= 1
    q.head += 1
    q.waiting -= 1


@kernel
def start_batches(
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
    """Start, or let go, the waiting computations whose turn comes before ``until_s``.

    Parameters
    ----------
    times_s
        Mean service time by the number of requests computed together. [s]

    Returns
    -------
    bool
        False if it stopped before: a request that gave up comes again earlier, or there is no room for such requests.
    """
    mask = queue.size - 1
    while q.waiting > 0:
        first = queue[q.head & mask]
        ready_s = first.arrival_s + q.hold_s
        if q.waiting >= q.most_together:
            ready_s = min(ready_s, queue[(q.head + q.most_together - 1) & mask].arrival_s)
        start_s = max(free_s[losers[0]], ready_s)
        leaver = next_to_leave(q, queue, flights) if r.unasked else np.int64(q.head)
        tired = queue[leaver & mask]
        leaves_s = tired.arrival_s + q.timeout_s if leaver < q.head + q.waiting else math.inf
        if min(start_s, leaves_s) >= until_s:
            return True
        if start_s > leaves_s:
            if q.attempts > 0 and p.returns == returns.size:
                return False
            asked_s, attempt, factor, tokens = tired.asked_s, tired.attempt, tired.factor, tired.tokens
            flight, spot = tired.flight, tired.place
            waited_s = q.timeout_s if attempt == 0 else leaves_s - asked_s
            _close_gap(leaver, q, queue)
            come_again_or_leave(
                leaves_s,
                waited_s,
                True,
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
            if q.attempts > 0 and p.returns > 0 and returns[0].due_s < until_s:
                return False
            continue
        together = 1
        most = min(q.most_together, q.waiting)
        while together < most and queue[(q.head + together) & mask].arrival_s <= start_s:
            together += 1
        service_s = times_s[together] * first.factor
        completion_s = occupy(start_s, service_s, q, free_s, losers)
        if 0.0 <= start_s < r.horizon_s:
            q.batches += 1
            q.batched += together
        for k in range(together):
            entry = queue[(q.head + k) & mask]
            answer(
                entry.asked_s,
                start_s,
                service_s,
                completion_s,
                entry.flight,
                r,
                q,
                a,
                flights,
                followers,
                latency_bins,
                age_bins,
            )
        q.head += together
        q.waiting -= together
    return True
