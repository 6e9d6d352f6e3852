"""The hot loops of what goes wrong: requests that are refused or give up, and come again, or leave for good.

The records are those of ``records.py``: rules ``r``, a backend's line ``q``, place ``p``, tally ``a``, a flight ``f``.
``returns`` is a binary heap of RETURN records by their time.
"""

import numpy as np

from simulator.core.arrays import IntArray, WordArray
from simulator.core.jit import inlined, kernel
from simulator.simulation.state.records import Record
from simulator.simulation.state.rows import FIRST_FLIGHT, NEARLINE, SERVED, Int
from simulator.simulation.state.tally import count_answer, count_default, count_fallback, count_wait
from simulator.simulation.store.table import land

MULTIPLIER = 48271
MODULUS = 2**31 - 1
"""L'Ecuyer's minimal standard generator: good enough for a wait, and without overflow in 64 bits."""


@inlined
def _move(to: Record, source: Record) -> None:
    to.due_s = source.due_s
    to.line = source.line
    to.factor = source.factor
    to.flight = source.flight
    to.asked_s = source.asked_s
    to.attempt = source.attempt
    to.place = source.place
    to.tokens = source.tokens


@inlined
def _back_off_s(attempt: Int, q: Record) -> float:
    """Return how long a request waits before it comes again. [s]"""
    q.chance = q.chance * MULTIPLIER % MODULUS
    longest_s = min(q.backoff_s * 2.0**attempt, q.longest_backoff_s)
    return float(longest_s * (1.0 - q.jitter * (q.chance / MODULUS)))


@inlined
def _schedule_return(
    due_s: float,
    line: Int,
    asked_s: float,
    attempt: Int,
    factor: float,
    tokens: Int,
    flight: Int,
    spot: Int,
    p: Record,
    returns: Record,
) -> None:
    """Put a computation that comes again into the heap, which has room."""
    at = p.returns
    p.returns += 1
    while at > 0 and returns[(at - 1) >> 1].due_s > due_s:
        _move(returns[at], returns[(at - 1) >> 1])
        at = (at - 1) >> 1
    entry = returns[at]
    entry.due_s = due_s
    entry.line = line
    entry.asked_s = asked_s
    entry.attempt = attempt
    entry.factor = factor
    entry.tokens = tokens
    entry.flight = flight
    entry.place = spot


@inlined
def remove_first_return(p: Record, returns: Record) -> None:
    """Take the heap's first entry out."""
    p.returns -= 1
    last = returns[p.returns]
    at = 0
    while 2 * at + 1 < p.returns:
        child = 2 * at + 1
        if child + 1 < p.returns and returns[child + 1].due_s < returns[child].due_s:
            child += 1
        if returns[child].due_s >= last.due_s:
            break
        _move(returns[at], returns[child])
        at = child
    _move(returns[at], last)


@kernel
def come_again_or_leave(
    now_s: float,
    waited_s: float,
    timed_out: bool,  # noqa: FBT001  (kernels take no keywords)
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
    returns: Record,
    table: WordArray,
    flights: Record,
    followers: Record,
    reads: WordArray,
    latency_bins: IntArray,
    age_bins: IntArray,
) -> None:
    """Have a request that is refused, or gives up, come again after a while, or leave for good.

    Parameters
    ----------
    now_s
        When it is refused or gives up. [s]
    waited_s
        How long it has waited then since it first asked. [s]
    """
    if attempt < q.attempts:
        if 0.0 <= asked_s < r.horizon_s:
            q.retried += 1
        due_s = now_s + _back_off_s(attempt, q)
        _schedule_return(due_s, line, asked_s, attempt + 1, factor, tokens, flight, spot, p, returns)
        return
    if flight < 0:
        _leave(asked_s, now_s, waited_s, timed_out, spot, r, a, table, flights, reads, latency_bins, age_bins)
        return
    f = flights[flight]
    if not f.unasked:
        _leave_with(f, asked_s, now_s, waited_s, timed_out, r, a, latency_bins, age_bins)
    elif 0.0 <= asked_s < r.horizon_s:  # it was counted when it was asked for
        a.dropped += 1
        if f.maker == NEARLINE:
            a.refreshed -= 1
        else:
            a.revalidated -= 1
    follower = f.first_follower
    while follower >= 0:
        t = followers[follower].arrival_s
        _leave_with(f, t, now_s, now_s - t, timed_out, r, a, latency_bins, age_bins)
        follower = followers[follower].next
    f.first_follower = -1
    table[f.place] = f.beneath
    if f.beneath == 0 and not f.evicted:
        p.rows -= 1
    f.landed = True


@inlined
def _leave_with(
    f: Record,
    asked_s: float,
    now_s: float,
    waited_s: float,
    timed_out: bool,  # noqa: FBT001
    r: Record,
    a: Record,
    latency_bins: IntArray,
    age_bins: IntArray,
) -> None:
    """Let a request leave whose user's computation will not come to an end."""
    f.beneath = np.uint32(
        _answer_otherwise(np.int64(f.beneath), asked_s, now_s, waited_s, timed_out, r, a, latency_bins, age_bins)
    )


@inlined
def _leave(
    asked_s: float,
    now_s: float,
    waited_s: float,
    timed_out: bool,  # noqa: FBT001
    spot: Int,
    r: Record,
    a: Record,
    table: WordArray,
    flights: Record,
    reads: WordArray,
    latency_bins: IntArray,
    age_bins: IntArray,
) -> None:
    """Let a request leave whose computation would not have been kept."""
    word: Int = np.int64(0)
    if r.falls_back and r.has_store:
        word = np.int64(table[spot])
        if word >= FIRST_FLIGHT:
            f = flights[word - FIRST_FLIGHT]
            if f.completion_s > now_s:
                _leave_with(f, asked_s, now_s, waited_s, timed_out, r, a, latency_bins, age_bins)
                return
            word = land(f, r, a, reads)
            table[spot] = np.uint32(word)
    served = _answer_otherwise(word, asked_s, now_s, waited_s, timed_out, r, a, latency_bins, age_bins)
    if served != word:
        table[spot] = np.uint32(served)


@inlined
def _answer_otherwise(
    word: Int,
    asked_s: float,
    now_s: float,
    waited_s: float,
    timed_out: bool,  # noqa: FBT001
    r: Record,
    a: Record,
    latency_bins: IntArray,
    age_bins: IntArray,
) -> Int:
    """Answer without a computation, by a row of any age if the plan says so; return the row's word."""
    latency_s = r.read_s + waited_s
    by_row = r.falls_back and word != 0
    if count_answer(asked_s, latency_s, r, a, latency_bins):
        count_wait(waited_s, a, latency_bins)
        if timed_out:
            a.timed_out += 1
        else:
            a.refused += 1
        if by_row:
            a.fell_back += 1
            count_fallback(word, asked_s, latency_s, r, a, age_bins)
        else:
            count_default(latency_s, r, a)
    if not by_row:
        return word
    if not word & SERVED and 0.0 <= now_s < r.horizon_s:
        a.first_served += 1
    return word | SERVED
