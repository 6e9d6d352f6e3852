"""The hot loop of a fleet that computes requests together.

A free slot starts when as many requests wait as may be computed together, or when the oldest has waited the hold time,
whichever comes first, and at once if that moment has passed. It takes those who wait then, the oldest first.
"""

from simulator.core.jit import inlined, outlined
from simulator.simulation.state.bundles import Path, Station
from simulator.simulation.state.clients import next_ask_s
from simulator.simulation.state.rows import Int
from simulator.simulation.stations.queue import (
    answer,
    give_up,
    lacks_orbit,
    leaves_at_s,
    next_to_leave,
    occupy,
    tries_before,
)
from simulator.simulation.stations.retry import computation_of, note


@inlined
def _close_gap(leaver: Int, station: Station) -> None:
    """Take an entry out of the queue, so that those who wait stand side by side; few wait before a request."""
    state, queue = station.state[0], station.queue
    mask = queue.size - 1
    at = leaver
    while at > state.head:
        to, source = queue[at & mask], queue[(at - 1) & mask]
        to.arrival_s = source.arrival_s
        note(to, computation_of(source))
        at -= 1
    state.head += 1
    state.waiting -= 1


@inlined
def _ready_s(station: Station) -> float:
    """Return from when on a batch may start, as soon as a slot is free. [s]"""
    state, batches, queue = station.state[0], station.batches[0], station.queue
    mask = queue.size - 1
    ready_s = queue[state.head & mask].arrival_s + batches.hold_s
    if state.waiting >= batches.most_together:
        ready_s = min(ready_s, queue[(state.head + batches.most_together - 1) & mask].arrival_s)
    return float(ready_s)


@inlined
def _start_batch(start_s: float, station: Station, path: Path) -> None:
    """Compute as many of those who have come by ``start_s`` as may be computed together, on the slot that is free."""
    state, batches, queue = station.state[0], station.batches[0], station.queue
    mask = queue.size - 1
    together = 1
    most = min(batches.most_together, state.waiting)
    while together < most and queue[(state.head + together) & mask].arrival_s <= start_s:
        together += 1
    service_s = station.times_s[together] * queue[state.head & mask].factor
    completion_s = occupy(start_s, service_s, station)
    if 0.0 <= start_s < path.rules[0].horizon_s:
        batches.batches += 1
        batches.batched += together
    for k in range(together):
        answer(start_s, service_s, completion_s, computation_of(queue[(state.head + k) & mask]), station, path)
    state.head += together
    state.waiting -= together


@outlined
def start_batches(until_s: float, station: Station, path: Path) -> bool:
    """Start, or let go, the waiting computations whose turn comes before ``until_s``.

    Returns
    -------
    bool
        False if it stopped before: a request that gave up tries again earlier, or there is no room for such requests.
    """
    state, queue = station.state[0], station.queue
    while state.waiting > 0:
        start_s = max(station.free_s[station.losers[0]], _ready_s(station))
        leaver = next_to_leave(station, path)
        leaves_s = leaves_at_s(leaver, station)
        if min(start_s, leaves_s) >= min(until_s, next_ask_s(path)):
            return True
        if start_s <= leaves_s:
            _start_batch(start_s, station, path)
            continue
        if lacks_orbit(state, path):
            return False
        asked = computation_of(queue[leaver & (queue.size - 1)])
        _close_gap(leaver, station)
        give_up(leaves_s, asked, station, path)
        if tries_before(until_s, state, path):
            return False
    return True
