"""The hot loops of asking a backend, whatever its kind, and of carrying those who wait for it or try again."""

import math

from simulator.backends.online.kinds import API, BATCHING, REPLICAS, SERVERLESS
from simulator.core.jit import folded, inlined, outlined
from simulator.simulation.state.bundles import Computation, Path, Station, Stations
from simulator.simulation.state.clients import next_ask_s
from simulator.simulation.state.rows import Int
from simulator.simulation.stations.api import call
from simulator.simulation.stations.batching import start_batches
from simulator.simulation.stations.queue import answer, begin, enqueue, start_waiting, work_left_s
from simulator.simulation.stations.retry import computation_of, leave_orbit, retry_or_abandon
from simulator.simulation.stations.serverless import begin_on_instance, count_instances


@inlined
def room_of(station: Station, path: Path) -> Int:
    """Return how often a backend may be asked: there is room in queue and orbit, and starts of instances are drawn."""
    state = station.state[0]
    room: Int = min(station.queue.size - state.waiting, path.orbit.heap.size - path.orbit.cursor[0].retries)
    if state.kind == SERVERLESS:
        room = min(room, station.times_s.size - station.instances[0].startups)
    return room


@inlined
def has_room(station: Station, path: Path) -> bool:
    """Return whether a backend may be asked."""
    return bool(room_of(station, path) > 0)


@inlined
def count_work(t: float, station: Station) -> None:
    """Bring what is said of a backend's work up to ``t``."""
    if station.state[0].kind == SERVERLESS:
        count_instances(t, station)
    else:
        station.state[0].work_left_s = work_left_s(t, station.free_s)


@inlined
def _call(t: float, asked: Computation, station: Station, path: Path) -> bool:
    """Ask an external API, and count the answers that come of it; return False where it is refused."""
    within = 0.0 <= asked.asked_s < path.rules[0].horizon_s
    service_s = call(t, asked.tokens, asked.factor, within, station.calls[0])
    if service_s < 0.0:
        return False
    answer(t, service_s, t + service_s, asked, station, path)
    return True


@inlined
def _wait(t: float, asked: Computation, station: Station) -> bool:
    """Have a computation wait; return False where as many wait as may."""
    state = station.state[0]
    state.sought = True
    if state.waiting - state.gone >= state.queue_limit:
        return False
    enqueue(t, asked, station)
    return True


@outlined
def _admit_otherwise(t: float, asked: Computation, station: Station, path: Path) -> None:
    """Do so where there is more to it than a free slot; a function of its own, so that fleets are not slowed by it."""
    state = station.state[0]
    if state.kind == SERVERLESS:
        taken = begin_on_instance(t, asked, station, path)
    elif state.kind == API:
        taken = _call(t, asked, station, path)
    else:
        taken = _wait(t, asked, station)
    if not taken:
        if 0.0 <= asked.asked_s < path.rules[0].horizon_s:
            state.refused += 1
        timed_out = taken  # never; a literal would be compiled by itself
        retry_or_abandon(t, t - asked.asked_s, timed_out, asked, station, path)


@inlined
def admit(t: float, asked: Computation, station: Station, path: Path) -> None:
    """Begin a computation, or have it wait, or refuse it; queue and orbit have room.

    ``t`` is now: later than when it was first asked for if it tries again. [s]
    """
    state = station.state[0]
    if state.kind == REPLICAS and state.waiting == 0 and station.free_s[station.losers[0]] <= t:
        begin(t, asked, station, path)
    else:
        _admit_otherwise(t, asked, station, path)


@folded
def _start(until_s: float, station: Station, path: Path) -> bool:
    if station.state[0].waiting == 0:
        return True
    if station.state[0].kind == BATCHING:
        return bool(start_batches(until_s, station, path))
    return bool(start_waiting(until_s, station, path))


@folded
def start_all_waiting(until_s: float, stations: Stations, path: Path) -> bool:
    """Start, or let go, the computations that wait for any backend and whose turn comes before ``until_s``.

    Returns
    -------
    bool
        False if it stopped before: a request that gave up tries again earlier, or there is no room for such requests.
    """
    done = _start(until_s, stations.answering, path)
    if done and stations.refreshing.state[0].number > 0:
        done = _start(until_s, stations.refreshing, path)
    return done


@folded
def _admit_again(due_s: float, asked: Computation, station: Station, path: Path) -> bool:
    """Take the first of those who try again out of the orbit, and ask; return False if there is no room."""
    if not has_room(station, path):
        return False
    leave_orbit(path.orbit)
    admit(due_s, asked, station, path)
    return True


@outlined
def carry_orbit(until_s: float, stations: Stations, path: Path) -> bool:
    """Do what `start_all_waiting` does where requests try again: each asks anew when its time has come.

    Returns
    -------
    bool
        False if there is no room.
    """
    cursor, heap = path.orbit.cursor[0], path.orbit.heap
    while True:
        due_s = heap[0].due_s if cursor.retries > 0 else math.inf
        if not start_all_waiting(min(due_s, until_s), stations, path):
            if cursor.retries == heap.size:
                return False
            continue
        if due_s >= until_s or next_ask_s(path) < due_s:
            return True
        asked = computation_of(heap[0])
        if heap[0].station == 0:
            roomy = _admit_again(due_s, asked, stations.answering, path)
        else:
            roomy = _admit_again(due_s, asked, stations.refreshing, path)
        if not roomy:
            return False


@folded
def carry_waiting(until_s: float, stations: Stations, path: Path) -> bool:
    """Carry those who wait, and those who try again, up to ``until_s``; return whether there was room."""
    if path.rules[0].retries:
        return bool(carry_orbit(until_s, stations, path))
    return start_all_waiting(until_s, stations, path)
