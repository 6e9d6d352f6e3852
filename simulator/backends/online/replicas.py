"""The replicas of a fleet while a simulation runs: who serves, who is starting, what is billed."""

import math
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import simpy

from simulator.backends.online import slots
from simulator.core.arrays import FloatArray, SlotArray

NEAR_WHOLE = 1e-9
"""A share of a whole number of replicas may be so much above a whole number, by rounding."""


class RequestClock(Protocol):
    """What carries the requests up to a moment, before anything that they can see changes."""

    def advance(self, until_s: float) -> None:
        """Carry all requests up to ``until_s``. [s]"""

    def work_done_s(self) -> float:
        """Return the slot-seconds worked up to the moment of the last advance. [s]"""

    def asked(self) -> bool:
        """Return whether anything waits, or came and found no slot that was free since this was last asked for."""

    def advance_ticks(self, from_s: float, tick_s: float, most_work_s: float, until_s: float) -> tuple[int, float]:
        """Carry all requests tick by tick, for as long as no tick brings more work than asked for.

        Where no work at all may come, what waits or comes ends that too.

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


@dataclass(eq=False)
class Replica:
    """A machine of a fleet."""

    billed_from_s: float
    """When it begins to be billed. [s]"""
    on_spot: bool = False
    """Whether the provider may take it back."""
    cancelled: bool = False
    """Whether it will not serve after all."""


def _nobody_asks(_: Replica) -> None:
    pass


@dataclass
class Replicas:
    """A fleet's replicas; those that serve are kept in the order in which they became ready."""

    env: simpy.Environment
    slots_per_replica: int
    startup_s: float
    requests: RequestClock
    lasting: int | None = None
    """How many of them are never taken back; None for all."""
    most: float = math.inf
    """Those that come back from being away serve as long as there are not so many."""
    when_serving: Callable[[Replica], None] = _nobody_asks
    """Told of each replica that begins to serve."""
    free_s: FloatArray = field(default_factory=lambda: np.full(1, np.inf))
    """When each slot is free, padded to a power of two with infinity. [s]"""
    losers: SlotArray = field(default_factory=lambda: np.zeros(1, dtype=np.int32))
    """The loser tree over them."""
    changes: list[tuple[float, int]] = field(default_factory=list)
    """When a replica began (+1) or ended (-1) to be billed, in no order. [s]"""
    _serving: list[Replica] = field(default_factory=list)
    _starting: list[Replica] = field(default_factory=list)
    _away: list[Replica] = field(default_factory=list)
    """Those that come back by themselves; no rule that counts replicas sees them until then."""
    _leaving_s: list[float] = field(default_factory=list)
    _ready_slot_s: float = 0.0
    _resized_s: float = 0.0
    _fewest: int = 2**62

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
        new = self._new(count)
        self._serving += new
        self.changes += [(now, 1)] * count
        self._resize([now] * (count * self.slots_per_replica))
        for replica in new:
            self.when_serving(replica)

    def order(self, count: int, serve_in_s: float | None = None) -> None:
        """Order ``count`` more replicas, which serve after their start-up, or in so much time. [s]"""
        for replica in self._new(count):
            self.changes.append((self.env.now, 1))
            self._expect(replica, self._starting, self.startup_s if serve_in_s is None else serve_in_s)

    def _new(self, count: int) -> list[Replica]:
        lasting = count
        if self.lasting is not None:
            there = (*self._serving, *self._starting, *self._away)
            lasting = self.lasting - sum(not replica.on_spot for replica in there)
        return [Replica(self.env.now, on_spot=number >= lasting) for number in range(count)]

    def _expect(self, replica: Replica, among: list[Replica], takes_s: float) -> None:
        among.append(replica)
        self.env.process(self._start(replica, among, takes_s))

    def _start(self, replica: Replica, among: list[Replica], takes_s: float) -> Generator[simpy.Event, None, None]:
        yield self.env.timeout(takes_s)
        if replica.cancelled:
            return
        if among is self._away and self.total >= self.most:
            self._cancel(among, replica)
            return
        self.requests.advance(self.env.now)
        busy_until_s = self._settle()
        among.remove(replica)
        self._serving.append(replica)
        self._resize([*busy_until_s, *[self.env.now] * self.slots_per_replica])
        self.when_serving(replica)

    def remove(self, count: int) -> None:
        """Remove ``count`` replicas: those still starting first, then the newest; they finish what they are doing."""
        self._remove(count, self._starting)

    def do_without(self, count: int) -> None:
        """Have ``count`` replicas less: those that are away first, then the newest; those that start come later."""
        self.requests.advance(self.env.now)
        self._remove(count, self._away)

    def take_back(self, replica: Replica, back_in_s: float | None) -> None:
        """Take a replica away from now on, if it still serves; it finishes what it is doing.

        Parameters
        ----------
        back_in_s
            When another serves in its place; None where nothing takes it. That one is billed for its start-up too. [s]
        """
        if replica not in self._serving:
            return
        self.requests.advance(self.env.now)
        self._drain([self._serving.index(replica)])
        if back_in_s is not None:
            billed_in_s = max(back_in_s - self.startup_s, 0.0)
            self._send_away(Replica(self.env.now + billed_in_s, replica.on_spot), back_in_s)

    def interrupt(self, share: float, back_in_s: float) -> None:
        """Take a share of the serving replicas away, rounded up, the newest ones; they come back in some time. [s]"""
        self.requests.advance(self.env.now)
        gone = self._serving[self.ready - math.ceil(share * self.ready - NEAR_WHOLE) :]
        self._drain(range(self.ready - 1, self.ready - 1 - len(gone), -1))
        for replica in gone:
            self._send_away(Replica(self.env.now + back_in_s, replica.on_spot), back_in_s)

    def _send_away(self, replica: Replica, back_in_s: float) -> None:
        self.changes.append((replica.billed_from_s, 1))
        self._expect(replica, self._away, back_in_s)

    def _cancel(self, among: list[Replica], replica: Replica) -> None:
        among.remove(replica)
        replica.cancelled = True
        self.changes.append((max(self.env.now, replica.billed_from_s), -1))

    def _remove(self, count: int, before: list[Replica]) -> None:
        """Remove the newest of some that do not serve yet, and then the newest that serve."""
        for _ in range(min(count, len(before))):
            self._cancel(before, before[-1])
            count -= 1
        self._drain(range(self.ready - 1, max(self.ready - 1 - count, -1), -1))

    def _drain(self, places: Sequence[int]) -> None:
        """Let the serving replicas at some places, from the last to the first, finish what they do, and go."""
        now = self.env.now
        busy_until_s = self._settle()
        for place in places:
            del self._serving[place]
            slots_of = slice(place * self.slots_per_replica, (place + 1) * self.slots_per_replica)
            of_replica = busy_until_s[slots_of]
            del busy_until_s[slots_of]
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

    def billed_s(self, times_s: Sequence[float], beyond: int = 0) -> FloatArray:
        """Return the replica-seconds billed up to each of some times, of the replicas above a number of them. [s]"""
        at_s, level = self._levels()
        above = np.maximum(level - beyond, 0)
        lasts_s = np.append(np.diff(at_s), np.inf)
        return np.array([float((above * np.clip(time_s - at_s, 0.0, lasts_s)).sum()) for time_s in times_s])

    def most_billed(self, until_s: float) -> int:
        """Return the most replicas that are billed at a time from 0 to ``until_s``. [s]"""
        at_s, level = self._levels()
        end_s = np.append(at_s[1:], np.inf)
        within = (end_s > 0) & (at_s < until_s) & (end_s > at_s)
        return int(level[within].max(initial=0))

    def _levels(self) -> tuple[FloatArray, SlotArray]:
        """Return when the number of billed replicas changes, in order, and what it is from then on. [s]"""
        changes = sorted(self.changes)
        at_s = np.array([at_s for at_s, _ in changes], dtype=np.float64)
        return at_s, np.cumsum([change for _, change in changes], dtype=np.int32)

    def _settle(self) -> list[float]:
        """Count the slot-seconds up to now, and return when each slot is free."""
        self._ready_slot_s, self._resized_s = self.ready_slot_s(), self.env.now
        return [float(until) for until in self.free_s[: self.ready * self.slots_per_replica]]

    def fewest_ready(self) -> int:
        """Return how few replicas served at a time since this was last asked for."""
        fewest, self._fewest = min(self._fewest, self.ready), self.ready
        return fewest

    def _resize(self, busy_until_s: list[float]) -> None:
        self._fewest = min(self._fewest, self.ready)
        leaves = slots.leaves_for(len(busy_until_s))
        self.free_s = np.full(leaves, np.inf)
        self.free_s[: len(busy_until_s)] = busy_until_s
        self.losers = np.zeros(leaves, dtype=np.int32)
        slots.build(self.free_s, self.losers, np.zeros(2 * leaves, dtype=np.int32))
