"""Computations under way whose rows others can wait for, in compiled code."""

import math

import numpy as np

from simulator.core.jit import inlined, outlined
from simulator.simulation.state.bundles import Flights, Path
from simulator.simulation.state.records import Record
from simulator.simulation.state.rows import FIRST_FLIGHT, Int, tick_of
from simulator.simulation.state.tally import count_age, count_answer, count_wait
from simulator.simulation.store.table import land


@inlined
def take_off(
    row: Int,
    word: Int,
    maker: Int,
    in_background: bool,  # noqa: FBT001  (kernels take no keywords)
    path: Path,
) -> np.int64:
    """Mark a user's row as being computed; return the flight's number."""
    cursor = path.flights.cursor[0]
    number = np.int64(path.flights.under_way[cursor.flights])
    cursor.flights += 1
    flight = path.flights.records[number]
    flight.row = row
    flight.beneath = np.uint32(word)
    flight.maker = np.uint32(maker)
    flight.completion_s = math.inf
    flight.first_coalesced = -1
    flight.in_background = in_background
    flight.served = not in_background
    flight.evicted = False
    flight.landed = False
    path.store.table[row] = np.uint32(FIRST_FLIGHT + number)
    return number


@inlined
def coalesce(flight: Record, t: float, path: Path) -> None:
    """Let a request wait for its user's computation under way, and share what comes of it."""
    rules = path.rules[0]
    if flight.completion_s < math.inf:
        answer_coalesced(flight, t, flight.completion_s - flight.start_s, path)
        flight.served = True
        if rules.slides and not flight.in_background:
            path.store.reads[flight.row] = np.uint32(tick_of(t, rules.origin_s, rules.tick_s))
    else:
        cursor = path.flights.cursor[0]
        number = cursor.coalesced
        cursor.coalesced += 1
        other = path.flights.coalesced[number]
        other.arrival_s = t
        other.next = flight.first_coalesced
        flight.first_coalesced = number


@inlined
def answer_coalesced(flight: Record, t: float, service_s: float, path: Path) -> None:
    """Count the answer of a request that came at ``t`` and shares a computation whose end is certain."""
    rules = path.rules[0]
    latency_s = rules.read_s + flight.completion_s - t
    if count_answer(t, latency_s, path):
        path.tally.counts[0].cached += 1
        count_wait(flight.completion_s - t, path.tally)
        count_age(service_s + rules.lag_s, flight.start_s, t, latency_s, rules, path.tally)


@outlined
def sweep(until_s: float, path: Path) -> None:
    """Write the rows of computations that are complete by ``until_s``, and free their flights."""
    cursor, under_way = path.flights.cursor[0], path.flights.under_way
    k = 0
    waits = False
    while k < cursor.flights:
        number = under_way[k]
        flight = path.flights.records[number]
        if not flight.landed and flight.completion_s <= until_s:
            path.store.table[flight.row] = np.uint32(land(flight, path))
        if flight.landed:
            cursor.flights -= 1
            under_way[k] = under_way[cursor.flights]
            under_way[cursor.flights] = number
        else:
            waits = waits or flight.first_coalesced >= 0
            k += 1
    if not waits:
        cursor.coalesced = 0


@inlined
def has_room_for_flight(t: float, path: Path) -> bool:
    """Return whether one computation more can be under way, once those that are complete have been written.

    More room is asked for before all is taken, so that it is not looked for at every request.
    """
    flights: Flights = path.flights
    if flights.cursor[0].flights == flights.records.size:
        sweep(t, path)
        return bool(2 * flights.cursor[0].flights <= flights.records.size)
    return True
