"""Clients who wait for their answers, in compiled code: when each of them asks again."""

import math

from simulator.core.jit import inlined, outlined
from simulator.simulation.state.bundles import Clients, Path


@inlined
def next_ask_s(path: Path) -> float:
    """Return when the next client asks; infinity where all wait, and where requests come by themselves. [s]"""
    return float(path.clients.next_s[0]) if path.clients.cursor[0].thinking > 0 else math.inf


@outlined
def ask_again(answered_s: float, path: Path) -> None:
    """Have a client think once it is answered, and then ask; it goes home where that is after the horizon. [s]"""
    clients: Clients = path.clients
    cursor, heap = clients.cursor[0], clients.next_s
    next_s = answered_s + clients.think_s[cursor.thoughts]
    cursor.thoughts += 1
    if next_s >= path.rules[0].horizon_s:
        return
    at = cursor.thinking
    cursor.thinking += 1
    while at > 0 and heap[(at - 1) >> 1] > next_s:
        heap[at] = heap[(at - 1) >> 1]
        at = (at - 1) >> 1
    heap[at] = next_s


@outlined
def take_asking(clients: Clients) -> None:
    """Take the client that asks next out of those that think."""
    cursor, heap = clients.cursor[0], clients.next_s
    cursor.thinking -= 1
    last = heap[cursor.thinking]
    at = 0
    while 2 * at + 1 < cursor.thinking:
        child = 2 * at + 1
        if child + 1 < cursor.thinking and heap[child + 1] < heap[child]:
            child += 1
        if heap[child] >= last:
            break
        heap[at] = heap[child]
        at = child
    heap[at] = last


@inlined
def can_go_on(path: Path) -> bool:
    """Return whether there are pauses for all clients, as many as may be answered before this is asked again."""
    return bool(path.clients.think_s.size - path.clients.cursor[0].thoughts >= path.clients.next_s.size)
