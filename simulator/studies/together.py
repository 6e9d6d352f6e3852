"""Which simulations share a stream of requests: as many as memory has room for, and no core is idle at the end."""

import heapq
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from simulator.scenario.schema import Scenario
from simulator.simulation.outcome import Outcome
from simulator.simulation.simulate import Variant, simulate_together
from simulator.simulation.workload.request_stream import Source
from simulator.studies.memory import process_bytes, variant_bytes
from simulator.studies.spike_months import weighted_scenarios
from simulator.studies.work import beginning_work, carrying_work, drawing_work, expected_requests

ROOM = 0.8
"""Of the memory that is free, what simulations may take."""
AS_LONG = 1.03
"""A grouping that takes so much longer is as good, if it needs less memory."""
TOLD_EVERY_S = 0.2
"""How often a group says how far it is."""


@dataclass(frozen=True)
class Task:
    """One plan, one replication: deterministic, and independent of every other task."""

    scenario: Scenario
    plan: str
    replication: int
    block_s: float | None = None

    @cached_property
    def runs(self) -> int:
        """How many scenarios are simulated: beside its own those that its month's bill needs."""
        return 1 + len(weighted_scenarios(self.scenario)[1])

    @cached_property
    def beginning_work(self) -> float:
        """What it takes to begin it; see `simulator.studies.work`."""
        return self.runs * beginning_work(self.scenario, self.plan)

    @cached_property
    def work(self) -> float:
        """What it takes, but for drawing requests."""
        return self.beginning_work + self.runs * carrying_work(self.scenario, self.plan)

    @cached_property
    def drawing_work(self) -> float:
        """What it takes to draw its requests."""
        return self.runs * drawing_work(self.scenario)

    @cached_property
    def requests(self) -> float:
        """How many requests are expected."""
        return self.runs * expected_requests(self.scenario, self.plan)

    @cached_property
    def bytes(self) -> float:
        """What it takes of memory, but for what its process takes in any case."""
        return variant_bytes(self.scenario, self.plan)

    @cached_property
    def source(self) -> Source:
        """What its requests are drawn from; found once, as a sweep compares each task with many."""
        return Source.of(self.scenario)

    def shares_requests_with(self, other: "Task") -> bool:
        """Return whether both are of one stream of requests."""
        if (self.replication, self.block_s) != (other.replication, other.block_s):
            return False
        return self.scenario is other.scenario or self.source == other.source


@dataclass(frozen=True)
class Together:
    """Tasks that are simulated together in one process, on one stream of requests."""

    tasks: tuple[Task, ...]
    process_bytes: float
    """What their process takes of memory whatever they are."""

    @cached_property
    def work(self) -> float:
        """What they take; see `simulator.studies.work`."""
        return self.tasks[0].drawing_work + _work(self.tasks)

    @cached_property
    def bytes(self) -> float:
        """What they take of memory."""
        return self.process_bytes + sum(task.bytes for task in self.tasks)

    def run(self, tell: Callable[[float], None]) -> list[Outcome]:
        """Simulate them, and beside them what their month's bills need of the horizon with fewer spikes.

        Parameters
        ----------
        tell
            Called now and then with the work that is done.
        """
        told = _Told(self, tell)
        weighted = [weighted_scenarios(task.scenario) for task in self.tasks]
        whole = self._simulated([task.scenario for task in self.tasks], told)
        beside: list[list[tuple[float, Outcome]]] = [[] for _ in self.tasks]
        for fewer in zip(*(others for _, others in weighted), strict=True):
            outcomes = self._simulated([scenario for _, scenario in fewer], told)
            for found, (weight, _), outcome in zip(beside, fewer, outcomes, strict=True):
                found.append((weight, outcome))
        return [
            replace(outcome, weight=weight, beside=tuple(found))
            for outcome, (weight, _), found in zip(whole, weighted, beside, strict=True)
        ]

    def _simulated(self, scenarios: Sequence[Scenario], told: "_Told") -> list[Outcome]:
        first = self.tasks[0]
        variants = [Variant(scenario, task.plan) for scenario, task in zip(scenarios, self.tasks, strict=True)]
        return list(simulate_together(variants, first.replication, first.block_s, told.carried))


class _Told:
    """Tells how far a group is, and not too often."""

    def __init__(self, group: Together, tell: Callable[[float], None]) -> None:
        self._tasks, self._tell = group.tasks, tell
        self._drawing_work = group.tasks[0].drawing_work / len(group.tasks)
        self._begun, self._carried = [0] * len(group.tasks), [0] * len(group.tasks)
        self._next_s = 0.0

    def carried(self, number: int, requests: int) -> None:
        """Take the requests that a task has been carried through, none where it has begun."""
        self._begun[number] += not requests
        self._carried[number] += requests
        now_s = time.monotonic()
        if now_s >= self._next_s:
            self._next_s = now_s + TOLD_EVERY_S
            self._tell(sum(map(self._done, self._tasks, self._begun, self._carried)))

    def _done(self, task: Task, begun: int, carried: int) -> float:
        """Return the work of a task that is done."""
        share = min(carried / task.requests, 1.0) if task.requests else 0.0
        return min(begun / task.runs, 1.0) * task.beginning_work + share * (
            task.work - task.beginning_work + self._drawing_work
        )


def together(tasks: Sequence[Task], processes: int, free_bytes: float) -> tuple[list[Together], int]:
    """Return which tasks to simulate together, in the order in which to begin them, and in how many processes.

    The tasks of a stream of requests are cut into equal parts, of about the same work: the fewer, the less is drawn;
    the more, the sooner a replication is whole, and the less memory is needed. It takes what is done first. Where even
    tasks alone have no room beside each other, there are fewer processes.

    Parameters
    ----------
    tasks
        What is to be simulated.
    processes
        How many there may be.
    free_bytes
        The memory that is there for them.
    """
    streams = _sharing(tasks)
    scenarios = {id(each[0].scenario): each[0].scenario for each in streams}  # replications have the same one
    process = {key: process_bytes(each, _peak_per_s(each, processes)) for key, each in scenarios.items()}
    shared = [(each, process[id(each[0].scenario)]) for each in streams]
    cuts = [_cut(shared, parts) for parts in range(1, max(map(len, streams), default=1) + 1)]
    found = [
        (groups, number)
        for number in range(1, min(processes, len(tasks)) + 1)
        for groups in cuts
        if bytes_at_once(groups, number) <= ROOM * free_bytes
    ]
    if not found:  # it may yet do
        return cuts[-1], 1
    shortest = min(takes(*each) for each in found)
    return min((each for each in found if takes(*each) <= AS_LONG * shortest), key=lambda each: bytes_at_once(*each))


def _peak_per_s(scenario: Scenario, processes: int) -> float:
    """Return the requests of the busiest hour; for one process a bound is enough, which takes no time. [1/s]"""
    if processes == 1:
        return scenario.demand.busiest_per_s_at_most(scenario.horizon_s)
    return scenario.demand.expected_rates(scenario.horizon_s).peak_per_s


def _sharing(tasks: Sequence[Task]) -> list[list[Task]]:
    """Return the tasks by their stream of requests, in the order of the first of each."""
    shared: list[list[Task]] = []
    for task in tasks:
        for others in shared:
            if task.shares_requests_with(others[0]):
                others.append(task)
                break
        else:
            shared.append([task])
    return shared


def _cut(shared: Sequence[tuple[Sequence[Task], float]], parts: int) -> list[Together]:
    """Return the groups of all streams, each cut into so many parts, or into single tasks."""
    return [
        Together(tuple(part), base_bytes)
        for tasks, base_bytes in shared
        for part in _parts(tasks, min(parts, len(tasks)))
    ]


def _parts(tasks: Sequence[Task], parts: int) -> list[list[Task]]:
    """Return parts of about the same work, the largest first."""
    found: list[list[Task]] = [[] for _ in range(parts)]
    for task in sorted(tasks, key=lambda task: -task.work):
        min(found, key=_work).append(task)
    return sorted(found, key=_work, reverse=True)


def _work(tasks: Sequence[Task]) -> float:
    return sum(task.work for task in tasks)


def bytes_at_once(groups: Sequence[Together], processes: int) -> float:
    """Return the most memory that some of the groups take at once."""
    return sum(heapq.nlargest(processes, (group.bytes for group in groups)))


def takes(groups: Sequence[Together], processes: int) -> float:
    """Return how long they take, each begun as soon as a process is free."""
    free = [0.0] * processes
    for group in groups:
        heapq.heapreplace(free, free[0] + group.work)
    return max(free)
