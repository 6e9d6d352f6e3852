"""Clients who wait for their answers, as plain SimPy processes: one for each client, and a queue before the slots."""

import itertools
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field

import numpy as np
import simpy

from simulator.backends.fleet import Fleet
from simulator.core.streams import stream
from simulator.scenario.schema import Scenario

Steps = Generator[simpy.Event, object, None]
PART = 2**14
"""Numbers that the engine draws at once."""


def numbers(draw: Callable[[np.random.Generator, int], np.ndarray], *key: object) -> Iterator[float]:
    """Yield the numbers that the engine draws, one by one."""
    seed, replication, name = key
    for part in itertools.count():
        yield from draw(stream(int(str(seed)), int(str(replication)), str(name), part), PART).tolist()


@dataclass
class Seen:
    """What the clients saw within the horizon."""

    counts: Counter[str] = field(default_factory=Counter)
    latency_s: list[float] = field(default_factory=list)


@dataclass(eq=False)
class _Waiting:
    event: simpy.Event
    arrival_s: float
    factor: float
    done_s: float = 0.0
    gone: bool = False
    pause_s: float = 0.0


class ClosedLoopModel:
    """A fixed fleet and its clients; pauses are numbered in the order in which answers become certain."""

    def __init__(self, scenario: Scenario, plan: str, replication: int) -> None:
        backend, closed_loop = scenario.online_backend(scenario.plans[plan]), scenario.traffic.closed_loop
        assert isinstance(backend, Fleet)
        assert closed_loop is not None
        self.fleet, self.horizon_s = backend, scenario.horizon_s
        self.env = simpy.Environment(-scenario.warmup_s)
        self.factors = numbers(backend.noise.draw, scenario.seed, replication, "service")
        self.pauses = numbers(closed_loop.think_time.draw_s, scenario.seed, replication, "thinking")
        self.free = backend.slots * backend.capacity.most_replicas
        self.queue: deque[_Waiting] = deque()
        self.seen = Seen()
        for pause_s in list(itertools.islice(self.pauses, closed_loop.clients)):
            self.env.process(self._client(pause_s))

    def run(self) -> Seen:
        """Return what was seen."""
        self.env.run()
        return self.seen

    def _client(self, pause_s: float) -> Steps:
        while self.env.now + pause_s < self.horizon_s:
            yield self.env.timeout(pause_s)
            asked = _Waiting(self.env.event(), self.env.now, next(self.factors) if self._noisy else 1.0)
            self.queue.append(asked)
            self._start()
            if self.fleet.batching and self.fleet.batching.hold_s and not asked.event.triggered:
                self.env.process(self._hold())
            if self.fleet.timeout_s is not None and not asked.event.triggered:
                self.env.process(self._give_up(asked))
            yield asked.event
            yield self.env.timeout(max(asked.done_s - self.env.now, 0.0))
            pause_s = asked.pause_s

    @property
    def _noisy(self) -> bool:
        return self.fleet.noise.cv_squared > 0

    def _hold(self) -> Steps:
        assert self.fleet.batching is not None
        yield self.env.timeout(self.fleet.batching.hold_s)
        self._start()

    def _give_up(self, asked: _Waiting) -> Steps:
        assert self.fleet.timeout_s is not None
        yield self.env.timeout(self.fleet.timeout_s)
        if not asked.event.triggered:
            self.queue.remove(asked)
            self._answer(asked, self.env.now, "timed_out")

    def _answer(self, asked: _Waiting, done_s: float, how: str) -> None:
        asked.done_s, asked.pause_s = done_s, next(self.pauses)
        if 0.0 <= asked.arrival_s < self.horizon_s:
            self.seen.counts["requests"] += 1
            self.seen.counts[how] += 1
            self.seen.latency_s.append(done_s - asked.arrival_s)
        asked.event.succeed()

    def _start(self) -> None:
        batching = self.fleet.batching
        while self.free and self.queue:
            most = batching.max if batching else 1
            held = not batching or self.env.now >= self.queue[0].arrival_s + batching.hold_s
            if len(self.queue) < most and not held:
                return
            batch = [self.queue.popleft() for _ in range(min(most, len(self.queue)))]
            service_s = self.fleet.service_times_s[len(batch)] * batch[0].factor
            self.free -= 1
            self.env.process(self._compute(service_s))
            for asked in batch:
                self._answer(asked, self.env.now + service_s, "computed")

    def _compute(self, service_s: float) -> Steps:
        yield self.env.timeout(service_s)
        self.free += 1
        self._start()
