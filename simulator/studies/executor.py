"""Simulations on every core: the only place that knows about parallelism."""

import os
from collections.abc import Callable, Iterator, Sequence

from simulator.simulation.outcome import Outcome
from simulator.studies.memory import available_bytes
from simulator.studies.outcome_store import OutcomeStore
from simulator.studies.together import Task, together
from simulator.studies.units import Units
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
    *,
    kept: OutcomeStore | None = None,
    cluster: str | None = None,
) -> Iterator[tuple[Task, Outcome]]:
    """Yield the tasks with their outcomes as they finish, in any order: first those that are stored already.

    Parameters
    ----------
    tasks
        What to simulate; those with the same requests share them, as far as there is room in memory.
    workers
        Processes, as far as there is room; by default one a core for work that is worth starting them. With 1
        everything runs in this process. On a cluster, how many of its threads are used at once; by default all.
    on_begin
        Called when the processes are there.
    on_progress
        Called a few times a second with the fraction of the work that is done, by the requests that were carried.
    kept
        Where outcomes are looked for, and stored as soon as they are there, so that no interrupt loses them.
    cluster
        Address of a Dask scheduler, such as ``tcp://host:8786``, whose workers simulate; by default this machine.

    Raises
    ------
    LostWorkerError
        When all else is done, if some tasks have ended three processes, and are set aside.
    UserError
        If the cluster does not answer, or has no workers.
    """
    left = []
    for task in tasks:
        outcome = None if kept is None else kept.get(task)
        if outcome is None:
            left.append(task)
        else:
            yield task, outcome
    if not left:
        return
    begin, tell = on_begin or _nothing, on_progress or _nothing
    simulated = _here(left, workers, begin, tell) if cluster is None else _there(cluster, left, workers, begin, tell)
    for task, outcome in simulated:
        if kept is not None:
            kept.put(task, outcome)
        yield task, outcome


def _here(
    tasks: Sequence[Task], workers: int | None, begin: Callable[[], None], tell: Callable[[float], None]
) -> Iterator[tuple[Task, Outcome]]:
    """Simulate tasks in processes of this machine.

    They are the package's own, and not joblib's: copies of this process that begin at once (joblib's take a second to
    import what this one has), that end with it however it ends, and that tell how far they are, request by request.
    """
    worth = WORTH_COPIES if may_fork() else WORTH_PROCESSES
    groups, processes = together(tasks, workers or (cores() if _work(tasks) > worth else 1), available_bytes())
    units = Units(groups, tell)
    if processes <= 1:
        begin()
        for number in range(len(groups)):
            yield from units.whole(units.run(number, units.heard))
        return
    with Workers(processes) as pool:
        begin()
        with units.naming_lost():
            for found in pool.run(units.worker.run, range(len(groups)), units.heard, units.apart):
                yield from units.whole(found)


def _there(
    cluster: str,
    tasks: Sequence[Task],
    workers: int | None,
    begin: Callable[[], None],
    tell: Callable[[float], None],
) -> Iterator[tuple[Task, Outcome]]:
    """Simulate tasks on a cluster."""
    from simulator.studies.cluster import Cluster  # noqa: PLC0415  (half a second that only a cluster needs)

    with Cluster(cluster) as there:
        slots = min(workers or there.threads, there.threads)
        groups, slots = together(tasks, slots, there.bytes_per_thread * slots)
        units = Units(groups, tell)
        begin()
        with units.naming_lost():
            for found in there.run(units.units, range(len(groups)), slots, units.heard, units.apart):
                yield from units.whole(found)


def _nothing(*_: object) -> None:
    """Go on without more ado."""
