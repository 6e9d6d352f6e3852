"""The instances of a serverless backend, in compiled code: who is busy, who is idle and since when.

Of an instance nothing is kept but a time. A station's ``free_s`` has two halves of a power of two each, with room for
all that live: a heap of the moments at which busy ones will be done, and a ring of the moments at which idle ones
became so. They become idle in order of time and the newest is used again first, so that the ring stays in order: its
front is the one that goes next. No more live than may compute at a time, for a new one starts only where none is idle.

Its ``times_s`` holds how long the next starts take; when all are used (``startups`` is its size), the caller draws more
before it goes on.
"""

import math

from simulator.core.arrays import FloatArray
from simulator.core.jit import inlined
from simulator.simulation.state.bundles import Computation, Path, Station
from simulator.simulation.state.rows import Int
from simulator.simulation.stations.queue import answer

REFUSED = -1.0
"""What an instance's start takes where there is none: as many compute as may."""
STEP_SLACK = 1e-9
"""A time this much above a whole number of billing steps (relative to one step) is rounding, not one more step."""


@inlined
def _rise(heap: FloatArray, place: Int, value: float) -> None:
    """Put a value into a gap of a heap, or above it, where those below are larger."""
    while place > 0:
        parent = (place - 1) >> 1
        if heap[parent] <= value:
            break
        heap[place] = heap[parent]
        place = parent
    heap[place] = value


@inlined
def _pop(heap: FloatArray, size: Int) -> None:
    """Take the smallest of a heap of ``size`` values out: the gap goes down to a leaf, and the last value fills it."""
    last = size - 1
    place = 0
    child = 1
    while child < last:
        if child + 1 < last and heap[child + 1] < heap[child]:
            child += 1
        heap[place] = heap[child]
        place = child
        child = 2 * place + 1
    _rise(heap, place, float(heap[last]))


@inlined
def _catch_up(t: float, station: Station) -> None:
    """Let instances that are done by ``t`` be idle, and those go that have been idle for the keep-alive."""
    own, instances_s = station.instances[0], station.free_s
    ring = instances_s.size >> 1
    while own.busy > 0 and instances_s[0] <= t:
        instances_s[ring + ((own.oldest_idle + own.idle) & (ring - 1))] = instances_s[0]
        own.idle += 1
        _pop(instances_s, own.busy)
        own.busy -= 1
    while own.idle > 0 and instances_s[ring + (own.oldest_idle & (ring - 1))] + own.keep_alive_s <= t:
        own.oldest_idle += 1
        own.idle -= 1
        own.idled_s += own.keep_alive_s


@inlined
def _billed_s(used_s: float, step_s: float) -> float:
    """Return a time as it is billed: in started steps. [s]"""
    if step_s <= 0.0:
        return used_s
    return math.ceil(used_s / step_s - STEP_SLACK) * step_s


@inlined
def run_instance(t: float, asked_s: float, service_s: float, horizon_s: float, station: Station) -> float:
    """Let an instance compute what was first asked for at ``asked_s``: the one that is idle since last, or a new one.

    Returns
    -------
    float
        How long it takes to start: 0 for an idle one, and REFUSED where as many compute as may. [s]
    """
    _catch_up(t, station)
    own, instances_s = station.instances[0], station.free_s
    startup_s = 0.0
    is_new = own.idle == 0
    if not is_new:
        own.idle -= 1
        ring = instances_s.size >> 1
        own.idled_s += t - instances_s[ring + ((own.oldest_idle + own.idle) & (ring - 1))]
    elif own.busy < own.concurrency:
        startup_s = station.times_s[own.startups]
        own.startups += 1
    else:
        return REFUSED
    _rise(instances_s, own.busy, t + startup_s + service_s)
    own.busy += 1
    station.state[0].work_s += startup_s + service_s
    if is_new and 0.0 <= t < horizon_s:
        own.most_live = max(own.most_live, own.busy)
    if 0.0 <= asked_s < horizon_s:
        own.cold_starts += is_new
        own.billed_s += _billed_s(service_s + startup_s if own.bills_startup else service_s, own.billing_step_s)
    return startup_s


@inlined
def begin_on_instance(t: float, asked: Computation, station: Station, path: Path) -> bool:
    """Let an instance compute, and count the answers that come of it; return False where it is refused."""
    service_s = station.state[0].service_s * asked.factor
    startup_s = run_instance(t, asked.asked_s, service_s, path.rules[0].horizon_s, station)
    if startup_s == REFUSED:
        return False
    start_s = t + startup_s
    answer(start_s, service_s, start_s + service_s, asked, station, path)
    return True


@inlined
def count_instances(t: float, station: Station) -> None:
    """Bring what is said of a moment up to ``t``: the work that is not finished, and the time that instances lived.

    The most that live at a time are counted from time 0 on, where those count that are there.
    """
    _catch_up(t, station)
    state, own, instances_s = station.state[0], station.instances[0], station.free_s
    if t <= 0.0:
        own.most_live = own.busy + own.idle
    left_s = 0.0
    for k in range(own.busy):
        left_s += instances_s[k] - t
    ring = instances_s.size >> 1
    live_s = state.work_s - left_s + own.idled_s
    for k in range(own.oldest_idle, own.oldest_idle + own.idle):
        live_s += t - instances_s[ring + (k & (ring - 1))]
    state.work_left_s = left_s
    own.live_s = live_s
