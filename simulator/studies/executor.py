"""Simulations on every core: the only place that knows about parallelism."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from simulator.scenario.schema import Scenario
from simulator.simulation.outcome import Outcome
from simulator.simulation.simulate import simulate
from simulator.studies.spike_months import weighted_scenarios
from simulator.studies.workers import Workers, may_fork

WORTH_PROCESSES = 100e6
"""Requests below which starting processes takes longer than they save, ..."""
WORTH_COPIES = 30e6
"""... and the same for copies of this process, which have all modules already."""
DECISIONS_AS_REQUESTS_PER_S = 10.0
"""A tick every 15 s takes as long as some 150 requests."""


@dataclass(frozen=True)
class Task:
    """One plan, one replication: deterministic, and independent of every other task."""

    scenario: Scenario
    plan: str
    replication: int
    block_s: float | None = None

    def run(self) -> Outcome:
        """Simulate it, and beside it what its month's bill needs of the horizon with fewer spikes."""
        weight, others = weighted_scenarios(self.scenario)
        beside = tuple((each, self._simulated(fewer)) for each, fewer in others)
        return replace(self._simulated(self.scenario), weight=weight, beside=beside)

    def _simulated(self, scenario: Scenario) -> Outcome:
        return simulate(scenario, self.plan, self.replication, self.block_s)


def cores() -> int:
    """Return the processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _work(tasks: Sequence[Task]) -> float:
    """Return about how much there is to do: requests, and a bit for every second that decisions are made in."""
    return sum(
        task.scenario.horizon_s * (task.scenario.demand.mean_requests_per_s + DECISIONS_AS_REQUESTS_PER_S)
        for task in tasks
    )


def run_tasks(
    tasks: Sequence[Task], workers: int | None = None, on_begin: Callable[[], None] | None = None
) -> Iterator[Outcome]:
    """Yield the tasks' outcomes as they finish, in any order.

    Parameters
    ----------
    tasks
        What to simulate.
    workers
        Processes; by default one a core for work that is worth starting them. With 1 everything runs in this process.
    on_begin
        Called when the processes are there.

    Raises
    ------
    LostWorkerError
        If a process ends before it is done.
    """
    worth = WORTH_COPIES if may_fork() else WORTH_PROCESSES
    processes = min(workers or (cores() if _work(tasks) > worth else 1), len(tasks))
    begin = on_begin or _nothing
    if processes <= 1:
        begin()
        for task in tasks:
            yield task.run()
        return
    with Workers(processes) as pool:
        begin()
        yield from pool.run(_Tasks(tasks).run, range(len(tasks)))


def _nothing() -> None:
    """Begin without more ado."""


@dataclass(frozen=True)
class _Tasks:
    """What is done in a process: a scenario that tasks share is one there too, with all that it has found already."""

    tasks: Sequence[Task]

    def run(self, number: int) -> Outcome:
        """Simulate one of them."""
        return self.tasks[number].run()
