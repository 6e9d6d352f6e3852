"""The replicas of a fleet while a simulation runs: who serves, who is starting, what is billed."""

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import simpy

from simulator.backends.online import slots
from simulator.backends.online.slots import FloatArray


class RequestClock(Protocol):
    """What carries the requests up to a moment, before anything that they can see changes."""

    def advance(self, until_s: float) -> None:
        """Carry all requests up to ``until_s``. [s]"""

    def work_done_s(self) -> float:
        """Return the slot-seconds worked up to the moment of the last advance. [s]"""

    def advance_ticks(self, from_s: float, tick_s: float, most_work_s: float, until_s: float) -> tuple[int, float]:
        """Carry all requests tick by tick, for as long as no tick brings more work than asked for.

        Parameters
        ----------
        from_s, tick_s
            Where the first tick begins, and how long each is. [s]
        most_work_s
            The slot-seconds of a tick that are not too much. [s]
        until_s
            All ticks end before. [s]

        Returns
        -------
        tuple
            How many such ticks passed, and the slot-seconds worked up to their end. [s]
        """


@dataclass
class _Order:
    ordered_s: float
    cancelled: bool = False


@dataclass
class Replicas:
    """A fleet's replicas; those that serve are kept in the order in which they became ready."""

    env: simpy.Environment
    slots_per_replica: int
    startup_s: float
    requests: RequestClock
    free_s: FloatArray = field(default_factory=lambda: np.full(1, np.inf))
    """When each slot is free, padded to a power of two with infinity. [s]"""
    losers: slots.IntArray = field(default_factory=lambda: np.zeros(1, dtype=np.int32))
    """The loser tree over them."""
    changes: list[tuple[float, int]] = field(default_factory=list)
    """When a replica began (+1) or ended (-1) to be billed, in no order. [s]"""
    _serving: list[_Order] = field(default_factory=list)
    _starting: list[_Order] = field(default_factory=list)
    _leaving_s: list[float] = field(default_factory=list)
    _ready_slot_s: float = 0.0
    _resized_s: float = 0.0

    @property
    def ready(self) -> int:
        """Replicas that serve."""
        return len(self._serving)

    @property
    def total(self) -> int:
        """Replicas that serve or are starting."""
        return len(self._serving) + len(self._starting)

    def begin_with(self, count: int) -> None:
        """Have ``count`` replicas serve from now on, without a start."""
        now = self._resized_s = self.env.now
        self._serving += [_Order(now) for _ in range(count)]
        self.changes += [(now, 1)] * count
        self._resize([now] * (count * self.slots_per_replica))

    def order(self, count: int) -> None:
        """Order ``count`` more replicas, which serve after their start-up."""
        for _ in range(count):
            order = _Order(self.env.now)
            self._starting.append(order)
            self.changes.append((self.env.now, 1))
            self.env.process(self._start(order))

    def _start(self, order: _Order) -> Generator[simpy.Event, None, None]:
        yield self.env.timeout(self.startup_s)
        if order.cancelled:
            return
        self.requests.advance(self.env.now)
        busy_until_s = self._settle()
        self._starting.remove(order)
        self._serving.append(order)
        self._resize([*busy_until_s, *[self.env.now] * self.slots_per_replica])

    def remove(self, count: int) -> None:
        """Remove ``count`` replicas: those still starting first, then the newest; they finish what they are doing."""
        now = self.env.now
        for _ in range(min(count, len(self._starting))):
            self._starting.pop().cancelled = True
            self.changes.append((now, -1))
            count -= 1
        busy_until_s = self._settle()
        for _ in range(min(count, len(self._serving))):
            self._serving.pop()
            of_replica = busy_until_s[-self.slots_per_replica :]
            del busy_until_s[-self.slots_per_replica :]
            self._leaving_s += [until for until in of_replica if until > now]
            self.changes.append((max(now, *of_replica), -1))
        self._resize(busy_until_s)

    @property
    def is_settled(self) -> bool:
        """Whether no replica is on its way in or out."""
        return not self._starting and not self._leaving_s

    def leaving_work_s(self) -> float:
        """Return the slot-seconds of work that removed replicas have yet to finish. [s]"""
        if not self._leaving_s:
            return 0.0
        now = self.env.now
        self._leaving_s = [until for until in self._leaving_s if until > now]
        return sum(until - now for until in self._leaving_s)

    def ready_slot_s(self) -> float:
        """Return the slot-seconds that were ready from the start to now. [s]"""
        return self._ready_slot_s + (self.env.now - self._resized_s) * self.ready * self.slots_per_replica

    def billed_s(self, times_s: Sequence[float]) -> FloatArray:
        """Return the replica-seconds billed up to each of some times. [s]"""
        at_s, change = (np.array(column, dtype=np.float64) for column in zip(*self.changes, strict=True))
        return np.array([float((change * np.maximum(time_s - at_s, 0.0)).sum()) for time_s in times_s])

    def most_billed(self, until_s: float) -> int:
        """Return the most replicas that are billed at a time from 0 to ``until_s``. [s]"""
        changes = sorted(self.changes)
        level = np.cumsum([change for _, change in changes])
        within = [
            int(count)
            for (at_s, _), (end_s, _), count in zip(changes, [*changes[1:], (math.inf, 0)], level, strict=True)
            if end_s > 0 and at_s < until_s and end_s > at_s
        ]
        return max(within)

    def _settle(self) -> list[float]:
        """Count the slot-seconds up to now, and return when each slot is free."""
        self._ready_slot_s, self._resized_s = self.ready_slot_s(), self.env.now
        return [float(until) for until in self.free_s[: self.ready * self.slots_per_replica]]

    def _resize(self, busy_until_s: list[float]) -> None:
        leaves = slots.leaves_for(len(busy_until_s))
        self.free_s = np.full(leaves, np.inf)
        self.free_s[: len(busy_until_s)] = busy_until_s
        self.losers = np.zeros(leaves, dtype=np.int32)
        slots.build(self.free_s, self.losers, np.zeros(2 * leaves, dtype=np.int32))
