"""Simulations on every core: the only place that knows about parallelism."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from simulator.simulation.outcome import Outcome
from simulator.studies.memory import available_bytes
from simulator.studies.together import Task, Together, together
from simulator.studies.work import DECISIONS_PER_S
from simulator.studies.workers import Workers, may_fork

__all__ = ["Task", "cores", "run_tasks"]

WORTH_PROCESSES = 100e6
"""Requests below which starting processes takes longer than they save, ..."""
WORTH_COPIES = 30e6
"""... and the same for copies of this process, which have all modules already."""


def cores() -> int:
    """Return the processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _work(tasks: Sequence[Task]) -> float:
    """Return about how much there is to do: requests, and a bit for every second that decisions are made in."""
    return sum(task.scenario.horizon_s * (task.scenario.demand.mean_requests_per_s + DECISIONS_PER_S) for task in tasks)


def run_tasks(
    tasks: Sequence[Task],
    workers: int | None = None,
    on_begin: Callable[[], None] | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> Iterator[tuple[Task, Outcome]]:
    """Yield the tasks with their outcomes as they finish, in any order.

    Parameters
    ----------
    tasks
        What to simulate; those with the same requests share them, as far as there is room in memory.
    workers
        Processes, as far as there is room; by default one a core for work that is worth starting them. With 1
        everything runs in this process.
    on_begin
        Called when the processes are there.
    on_progress
        Called a few times a second with the fraction of the work that is done, by the requests that were carried.

    Raises
    ------
    LostWorkerError
        If a process ends before it is done.
    """
    worth = WORTH_COPIES if may_fork() else WORTH_PROCESSES
    groups, processes = together(tasks, workers or (cores() if _work(tasks) > worth else 1), available_bytes())
    begin, progress = on_begin or _nothing, _Progress(groups, on_progress or _nothing)
    run = _Groups(groups).run
    if processes <= 1:
        begin()
        for number in range(len(groups)):
            yield from progress.whole(run(number, progress.heard))
        return
    with Workers(processes) as pool:
        begin()
        for found in pool.run(run, range(len(groups)), progress.heard):
            yield from progress.whole(found)


def _nothing(*_: object) -> None:
    """Go on without more ado."""


class _Progress:
    """How far all groups are."""

    def __init__(self, groups: Sequence[Together], tell: Callable[[float], None]) -> None:
        self._groups, self._tell = groups, tell
        self._work = sum(group.work for group in groups)
        self._done = [0.0] * len(groups)

    def heard(self, news: tuple[int, float]) -> None:
        """Take the number of a group, and how much of its work is done."""
        number, work = news
        self._done[number] = work
        self._tell(sum(self._done) / self._work)

    def whole(self, found: tuple[int, list[Outcome]]) -> Iterator[tuple[Task, Outcome]]:
        """Take the number of a group that is done, and return its tasks with their outcomes."""
        number, outcomes = found
        self.heard((number, self._groups[number].work))
        return zip(self._groups[number].tasks, outcomes, strict=True)


@dataclass(frozen=True)
class _Groups:
    """What is done in a process: a scenario that tasks share is one there too, with all that it has found already."""

    groups: Sequence[Together]

    def run(self, number: int, tell: Callable[[tuple[int, float]], None]) -> tuple[int, list[Outcome]]:
        """Simulate one of them; tell now and then how much of its work is done."""
        return number, self.groups[number].run(lambda work: tell((number, work)))
