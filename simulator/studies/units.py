"""What is done at once, wherever it is done: groups of tasks on one stream of requests, and single tasks of them.

A task of a group that ended its process is done on its own, so that only that one is set aside which is at fault.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from simulator.simulation.outcome import Outcome
from simulator.studies.together import Task, Together
from simulator.studies.workers import LostWorkerError

MOST_NAMED = 5


@dataclass(frozen=True)
class UnitsOfWorker:
    """What is done in a process: a scenario that tasks share is one there too, with all that it has found already."""

    units: Sequence[Together]

    def run(self, number: int, tell: Callable[[tuple[int, float]], None]) -> tuple[int, list[Outcome]]:
        """Simulate one of them; tell now and then how much of its work is done."""
        return number, self.units[number].run(lambda work: tell((number, work)))


class Units:
    """All groups, and how far they are."""

    def __init__(self, groups: Sequence[Together], tell: Callable[[float], None]) -> None:
        self.units = [*groups, *(Together((task,), group.process_bytes) for group in groups for task in group.tasks)]
        """The groups, and then every task alone."""
        self.worker = UnitsOfWorker(self.units)
        self.run = self.worker.run
        self._groups, self._tell = len(groups), tell
        self._work = sum(group.work for group in groups)
        self._done = [0.0] * len(self.units)

    def heard(self, news: tuple[int, float]) -> None:
        """Take the number of a unit, and how much of its work is done."""
        number, work = news
        self._done[number] = work
        self._tell(min(sum(self._done) / self._work, 1.0))

    def whole(self, found: tuple[int, Sequence[Outcome]]) -> Iterator[tuple[Task, Outcome]]:
        """Take the number of a unit that is done, and return its tasks with their outcomes."""
        number, outcomes = found
        self.heard((number, self.units[number].work))
        return zip(self.units[number].tasks, outcomes, strict=True)

    def apart(self, number: int) -> list[int]:
        """Return the tasks alone of a unit that has ended a process."""
        self._done[number] = 0.0
        if number >= self._groups:
            return [number]
        first = self._groups + sum(len(group.tasks) for group in self.units[:number])
        return list(range(first, first + len(self.units[number].tasks)))

    @contextmanager
    def naming_lost(self) -> Iterator[None]:
        """Say which tasks were set aside."""
        try:
            yield
        except LostWorkerError as error:
            tasks = [task for number in error.items for task in self.units[number].tasks]
            if not tasks:
                raise
            names = [f"plan '{task.plan}', replication {task.replication + 1}" for task in tasks[:MOST_NAMED]]
            names += [f"{len(tasks) - MOST_NAMED:,} more"] if len(tasks) > MOST_NAMED else []
            raise LostWorkerError(
                f"process after process has ended while it simulated {'; '.join(names)}; that is set aside, and the "
                "rest is done. The system may be out of memory: try fewer --workers",
                tasks,
            ) from error
