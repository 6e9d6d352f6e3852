"""An online backend of a plan while a simulation runs: its records, its queue, and the clock of its replicas."""

from typing import Protocol

import numpy as np

from simulator.backends.base import OnlineBackend
from simulator.backends.online.replicas import Replicas
from simulator.backends.online.slots import leaves_for
from simulator.core.prompt_lengths import ByPrompt
from simulator.simulation.state.bundles import Station
from simulator.simulation.state.records import (
    BATCHES,
    CALLS,
    INSTANCES,
    STATION,
    TOKEN_KINDS,
    WAITING,
    Record,
    grown,
    record,
)

FIRST_SIZE = 1024
"""Entries that queues, rings and heaps begin with; they grow as needed."""
_NO_LOSERS = np.zeros(1, dtype=np.int32)


class Carrier(Protocol):
    """What carries the requests of a plan."""

    def advance(self, until_s: float) -> None:
        """Carry all requests up to ``until_s``. [s]"""

    def advance_ticks(
        self, station: "OnlineStation", from_s: float, tick_s: float, most_work_s: float, until_s: float
    ) -> tuple[int, float]:
        """Carry all requests tick by tick; see simulator.backends.online.replicas.RequestClock."""


class OnlineStation:
    """An online backend and its queue, as the request path carries them: the clock of a fleet's replicas."""

    def __init__(
        self, carrier: Carrier, number: int, backend: OnlineBackend, chance: int, rng: np.random.Generator
    ) -> None:
        self._carrier, self._backend, self._rng = carrier, backend, rng
        self._records = [record(STATION), record(BATCHES), record(INSTANCES), record(CALLS)]
        for name, value in {"number": number, "chance": chance, **backend.station_values()}.items():
            next(each for each in self._records if name in (each.dtype.names or ()))[name] = value
        self._state = self._records[0]
        self._queue = record(WAITING, FIRST_SIZE)
        self._times_s = np.array(backend.service_times_s)
        self.replicas: Replicas | None = None
        self._instances_s = np.full(1, np.inf)
        self._bundle: Station | None = None
        if backend.most_instances:
            self._instances_s = np.zeros(2 * leaves_for(backend.most_instances))
            self._draw_startups()

    def _draw_startups(self) -> None:
        """Draw how long the next instances take to start, if any come with the requests."""
        if self._backend.most_instances:
            self._times_s = self._backend.draw_startups_s(self._rng, FIRST_SIZE)

    @property
    def bundle(self) -> Station:
        """What the kernels work on."""
        slots = (self._instances_s, _NO_LOSERS)
        if self.replicas is not None:
            slots = (self.replicas.free_s, self.replicas.losers)
        arrays = (*slots, self._queue, self._times_s)
        if self._bundle is None or any(one is not other for one, other in zip(arrays, self._bundle[4:], strict=True)):
            state, batches, instances, calls = self._records
            self._bundle = Station(state, batches, instances, calls, *arrays)
        return self._bundle

    @property
    def state(self) -> Record:
        """Its STATION record."""
        return self._state

    def make_room(self) -> None:
        """Make its queue larger if it is full, and draw more starts if they are used up."""
        state, instances = self._state[0], self._records[2][0]
        if state["waiting"] == self._queue.size:
            self._queue = unrolled(self._queue, state["head"])
            state["leaving"] -= state["head"]
            state["head"] = 0
        if instances["startups"] == self._times_s.size:
            self._draw_startups()
            instances["startups"] = 0

    @property
    def waiting(self) -> int:
        """Computations in the queue, less those whose requests have given up."""
        return int(self._state["waiting"][0] - self._state["gone"][0])

    def longest_queue(self) -> int:
        """Return how many computations waited at most since this was last asked for."""
        longest = int(self._state["most_waiting"][0])
        self._state["most_waiting"] = self.waiting
        return longest

    def advance(self, until_s: float) -> None:
        """Carry all requests up to ``until_s``. [s]"""
        self._carrier.advance(until_s)

    def work_done_s(self) -> float:
        """Return the slot-seconds worked up to the moment of the last advance. [s]"""
        begun_s = float(self._state["work_s"][0].item() - self._state["work_left_s"][0].item())
        return begun_s - (self.replicas.leaving_work_s() if self.replicas else 0.0)

    def counts(self) -> dict[str, float]:
        """Return what its computations have added up to, by the names of its records."""
        return {
            name: each[name][0].item()
            for each in self._records
            for name in each.dtype.names or ()
            if name != "by_prompt"
        }

    def tokens(self) -> dict[str, ByPrompt]:
        """Return the tokens that its computations have added up to, by kind and by the length of prompts."""
        counted = self._records[3]["by_prompt"][0]
        classes = np.flatnonzero(counted.any(axis=1))
        return {
            name: tuple(zip(classes.tolist(), counted[classes, kind].astype(float).tolist(), strict=True))
            for kind, name in enumerate(TOKEN_KINDS)
        }

    def asked(self) -> bool:
        """Return whether anything waits, or came and found no slot that was free since this was last asked for."""
        state = self._state[0]
        sought, state["sought"] = bool(state["sought"]), False
        return sought or self.waiting > 0

    def advance_ticks(self, from_s: float, tick_s: float, most_work_s: float, until_s: float) -> tuple[int, float]:
        """Carry all requests tick by tick, for as long as no tick brings more work than asked for.

        See simulator.backends.online.replicas.RequestClock. Stops before the end of a block.
        """
        return self._carrier.advance_ticks(self, from_s, tick_s, most_work_s, until_s)


def unrolled(ring: Record, head: int) -> Record:
    """Return a full ring, begun at its head, and as much room again."""
    return grown(ring[(head + np.arange(ring.size)) % ring.size])


NO_STATION = Station(
    record(STATION),
    record(BATCHES),
    record(INSTANCES),
    record(CALLS),
    np.full(1, np.inf),
    _NO_LOSERS,
    record(WAITING),
    np.zeros(2),
)
"""Of a plan that computes nothing online: it is asked for nothing."""
