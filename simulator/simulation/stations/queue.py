"""The hot loops of a fleet that computes requests one by one: its queue and its slots."""

import math

import numpy as np

from simulator.backends.online.slots import replay
from simulator.core.arrays import FloatArray
from simulator.core.jit import inlined
from simulator.simulation.state.bundles import Computation, Path, Station
from simulator.simulation.state.clients import next_ask_s
from simulator.simulation.state.records import GONE, NO_FLIGHT, Record
from simulator.simulation.state.rows import Int
from simulator.simulation.state.tally import count_age, count_answer, count_wait
from simulator.simulation.stations.retry import computation_of, note, retry_or_abandon
from simulator.simulation.store.flights import answer_coalesced


@inlined
def answer(
    start_s: float, service_s: float, completion_s: float, asked: Computation, station: Station, path: Path
) -> None:
    """Count the answers that a computation gives, once its start is certain."""
    rules, tally, asked_s = path.rules[0], path.tally, asked.asked_s
    if 0.0 <= asked_s < rules.horizon_s:
        station.state[0].calls += 1
    for_request = asked.flight < 0 or not path.flights.records[asked.flight].in_background
    latency_s = rules.read_s + completion_s - asked_s
    if for_request and count_answer(asked_s, latency_s, path):
        tally.counts[0].computed += 1
        count_wait(start_s - asked_s, tally)
        count_age(service_s + rules.lag_s, start_s, asked_s, latency_s, rules, tally)
    if asked.flight >= 0:
        flight = path.flights.records[asked.flight]
        flight.start_s = start_s
        flight.completion_s = completion_s
        number = flight.first_coalesced
        while number >= 0:
            other = path.flights.coalesced[number]
            answer_coalesced(flight, other.arrival_s, service_s, path)
            number = other.next
        flight.first_coalesced = -1


@inlined
def occupy(start_s: float, service_s: float, station: Station) -> float:
    """Put work on the slot that is free first; return when it is done. [s]"""
    completion_s = start_s + service_s
    station.free_s[station.losers[0]] = completion_s
    replay(station.free_s, station.losers)
    station.state[0].work_s += service_s
    return completion_s


@inlined
def begin(start_s: float, asked: Computation, station: Station, path: Path) -> None:
    """Put a computation on the slot that is free first."""
    service_s = station.state[0].service_s * asked.factor
    completion_s = occupy(start_s, service_s, station)
    answer(start_s, service_s, completion_s, asked, station, path)


@inlined
def next_to_leave(station: Station, path: Path) -> Int:
    """Return the oldest entry of the queue that a request waits for; the queue's end where there is none.

    Requests come in order of time, and so do the moments at which they give up; what no request waits for stays.
    """
    state, queue = station.state[0], station.queue
    if not path.rules[0].in_background:
        return np.int64(state.head)
    state.leaving = max(state.leaving, state.head)
    while state.leaving < state.head + state.waiting:
        number = queue[state.leaving & (queue.size - 1)].flight
        if number == NO_FLIGHT or (number >= 0 and not path.flights.records[number].in_background):
            break
        state.leaving += 1
    return np.int64(state.leaving)


@inlined
def leaves_at_s(leaver: Int, station: Station) -> float:
    """Return when the request of an entry of the queue gives up; infinity for the queue's end. [s]"""
    state, queue = station.state[0], station.queue
    if leaver >= state.head + state.waiting:
        return math.inf
    return float(queue[leaver & (queue.size - 1)].arrival_s + state.timeout_s)


@inlined
def give_up(leaves_s: float, asked: Computation, station: Station, path: Path) -> None:
    """Let a request give up waiting, whose entry has been taken out of the queue."""
    waited_s = station.state[0].timeout_s if asked.attempt == 0 else leaves_s - asked.asked_s
    timed_out = leaves_s < math.inf  # always; a literal would be compiled by itself
    retry_or_abandon(leaves_s, waited_s, timed_out, asked, station, path)


@inlined
def lacks_orbit(state: Record, path: Path) -> bool:
    """Return whether there is no room for a request that tries again."""
    return bool(state.attempts > 0 and path.orbit.cursor[0].retries == path.orbit.heap.size)


@inlined
def tries_before(until_s: float, state: Record, path: Path) -> bool:
    """Return whether a request tries again before ``until_s``."""
    return bool(state.attempts > 0 and path.orbit.cursor[0].retries > 0 and path.orbit.heap[0].due_s < until_s)


@inlined
def start_waiting(until_s: float, station: Station, path: Path) -> bool:
    """Start, or let go, the waiting computations whose turn comes before ``until_s``.

    Returns
    -------
    bool
        False if it stopped before: a request that gave up tries again earlier, or there is no room for such requests.
    """
    state, queue = station.state[0], station.queue
    mask = queue.size - 1
    while state.waiting > 0:
        first = queue[state.head & mask]
        if first.flight == GONE:
            state.head += 1
            state.waiting -= 1
            state.gone -= 1
            continue
        start_s = max(station.free_s[station.losers[0]], first.arrival_s)
        leaver = next_to_leave(station, path)
        leaves_s = leaves_at_s(leaver, station)
        if min(start_s, leaves_s) >= min(until_s, next_ask_s(path)):
            return True
        if start_s <= leaves_s:
            state.head += 1
            state.waiting -= 1
            begin(start_s, computation_of(first), station, path)
            continue
        if lacks_orbit(state, path):
            return False
        tired = queue[leaver & mask]
        asked = computation_of(tired)
        tired.flight = GONE
        state.gone += 1
        give_up(leaves_s, asked, station, path)
        if tries_before(until_s, state, path):
            return False
    return True


@inlined
def enqueue(t: float, asked: Computation, station: Station) -> None:
    """Put a computation into the queue, which has room."""
    state, queue = station.state[0], station.queue
    last = queue[(state.head + state.waiting) & (queue.size - 1)]
    last.arrival_s = t
    note(last, asked)
    state.waiting += 1
    state.most_waiting = max(state.most_waiting, state.waiting - state.gone)


@inlined
def work_left_s(reached_s: float, free_s: FloatArray) -> float:
    """Return the slot-seconds of work under way. [s]"""
    left_s = 0.0
    for slot in range(free_s.size):
        if reached_s < free_s[slot] < math.inf:
            left_s += free_s[slot] - reached_s
    return left_s
