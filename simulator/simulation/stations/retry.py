"""The hot loops of what goes wrong: requests that are refused or give up, and try again, or abandon for good."""

import numpy as np

from simulator.core.jit import inlined, outlined
from simulator.simulation.state.bundles import Computation, Orbit, Path, Station
from simulator.simulation.state.records import Record
from simulator.simulation.state.rows import FIRST_FLIGHT, NEARLINE, SERVED, Int
from simulator.simulation.state.tally import count_answer, count_default, count_stored, count_wait
from simulator.simulation.store.table import land

MULTIPLIER = 48271
MODULUS = 2**31 - 1
"""L'Ecuyer's minimal standard generator: good enough for a wait, and without overflow in 64 bits."""


@inlined
def computation_of(entry: Record) -> Computation:
    """Return what is asked for, of a record that keeps it."""
    return Computation(entry.asked_s, entry.attempt, entry.factor, entry.tokens, entry.flight, entry.row)


@inlined
def note(entry: Record, asked: Computation) -> None:
    """Keep what is asked for in a record."""
    entry.asked_s = asked.asked_s
    entry.attempt = asked.attempt
    entry.factor = asked.factor
    entry.tokens = asked.tokens
    entry.flight = asked.flight
    entry.row = asked.row


@inlined
def _move(to: Record, source: Record) -> None:
    to.due_s = source.due_s
    to.station = source.station
    note(to, computation_of(source))


@inlined
def _back_off_s(attempt: Int, state: Record) -> float:
    """Return how long a request waits before it tries again. [s]"""
    state.chance = state.chance * MULTIPLIER % MODULUS
    longest_s = min(state.backoff_s * 2.0**attempt, state.longest_backoff_s)
    return float(longest_s * (1.0 - state.jitter * (state.chance / MODULUS)))


@inlined
def _enter_orbit(due_s: float, station: Int, asked: Computation, orbit: Orbit) -> None:
    """Put a computation that is asked for once more into the heap, which has room."""
    cursor, heap = orbit.cursor[0], orbit.heap
    at = cursor.retries
    cursor.retries += 1
    while at > 0 and heap[(at - 1) >> 1].due_s > due_s:
        _move(heap[at], heap[(at - 1) >> 1])
        at = (at - 1) >> 1
    entry = heap[at]
    entry.due_s = due_s
    entry.station = station
    entry.asked_s = asked.asked_s
    entry.attempt = asked.attempt + 1
    entry.factor = asked.factor
    entry.tokens = asked.tokens
    entry.flight = asked.flight
    entry.row = asked.row


@inlined
def leave_orbit(orbit: Orbit) -> None:
    """Take the heap's first entry out."""
    cursor, heap = orbit.cursor[0], orbit.heap
    cursor.retries -= 1
    last = heap[cursor.retries]
    at = 0
    while 2 * at + 1 < cursor.retries:
        child = 2 * at + 1
        if child + 1 < cursor.retries and heap[child + 1].due_s < heap[child].due_s:
            child += 1
        if heap[child].due_s >= last.due_s:
            break
        _move(heap[at], heap[child])
        at = child
    _move(heap[at], last)


@outlined
def retry_or_abandon(
    now_s: float,
    waited_s: float,
    timed_out: bool,  # noqa: FBT001  (kernels take no keywords)
    asked: Computation,
    station: Station,
    path: Path,
) -> None:
    """Have a request that is refused, or gives up, try again after a while, or abandon for good.

    Parameters
    ----------
    now_s
        When it is refused or gives up. [s]
    waited_s
        How long it has waited then since it first asked. [s]
    """
    state, within = station.state[0], 0.0 <= asked.asked_s < path.rules[0].horizon_s
    if asked.attempt < state.attempts:
        if within:
            state.retried += 1
        _enter_orbit(now_s + _back_off_s(asked.attempt, state), state.number, asked, path.orbit)
        return
    if asked.flight < 0:
        _abandon(now_s, waited_s, timed_out, asked, path)
        return
    flight, counts = path.flights.records[asked.flight], path.tally.counts[0]
    if not flight.in_background:
        _abandon_flight(flight, asked.asked_s, now_s, waited_s, timed_out, path)
    elif within:  # it was counted when it was asked for
        counts.dropped += 1
        if flight.maker == NEARLINE:
            counts.refreshed -= 1
        else:
            counts.revalidated -= 1
    number = flight.first_coalesced
    while number >= 0:
        other = path.flights.coalesced[number]
        _abandon_flight(flight, other.arrival_s, now_s, now_s - other.arrival_s, timed_out, path)
        number = other.next
    flight.first_coalesced = -1
    path.store.table[flight.row] = flight.beneath
    if flight.beneath == 0 and not flight.evicted:
        path.store.cursor[0].rows -= 1
    flight.landed = True


@inlined
def _abandon_flight(
    flight: Record,
    asked_s: float,
    now_s: float,
    waited_s: float,
    timed_out: bool,  # noqa: FBT001
    path: Path,
) -> None:
    """Let a request abandon whose user's computation will not come to an end."""
    flight.beneath = np.uint32(_answer_otherwise(np.int64(flight.beneath), asked_s, now_s, waited_s, timed_out, path))


@inlined
def _abandon(
    now_s: float,
    waited_s: float,
    timed_out: bool,  # noqa: FBT001
    asked: Computation,
    path: Path,
) -> None:
    """Let a request abandon whose computation would not have been kept."""
    rules, table = path.rules[0], path.store.table
    word: Int = np.int64(0)
    if rules.falls_back and rules.has_store:
        word = np.int64(table[asked.row])
        if word >= FIRST_FLIGHT:
            flight = path.flights.records[word - FIRST_FLIGHT]
            if flight.completion_s > now_s:
                _abandon_flight(flight, asked.asked_s, now_s, waited_s, timed_out, path)
                return
            word = land(flight, path)
            table[asked.row] = np.uint32(word)
    served = _answer_otherwise(word, asked.asked_s, now_s, waited_s, timed_out, path)
    if served != word:
        table[asked.row] = np.uint32(served)


@inlined
def _answer_otherwise(
    word: Int,
    asked_s: float,
    now_s: float,
    waited_s: float,
    timed_out: bool,  # noqa: FBT001
    path: Path,
) -> Int:
    """Answer without a computation, by a row of any age if the plan says so; return the row's word."""
    rules, counts = path.rules[0], path.tally.counts[0]
    latency_s = rules.read_s + waited_s
    by_row = rules.falls_back and word != 0
    if count_answer(asked_s, latency_s, path):
        count_wait(waited_s, path.tally)
        if timed_out:
            counts.timed_out += 1
        else:
            counts.refused += 1
        if by_row:
            counts.fell_back += 1
            count_stored(word, asked_s, latency_s, rules, path.tally)
        else:
            count_default(latency_s, rules, path.tally)
    if not by_row:
        return word
    if not word & SERVED and 0.0 <= now_s < rules.horizon_s:
        counts.first_served += 1
    return word | SERVED
