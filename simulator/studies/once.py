"""Tasks of many scenarios, with each simulation done once: where prices and weights alone differ, it is restated."""

from collections.abc import Callable, Iterator, Sequence

from simulator.simulation.identity import simulation_digest
from simulator.simulation.outcome import Outcome
from simulator.simulation.restating import restated
from simulator.studies.executor import Task, run_tasks


def simulated_once(tasks: Sequence[Task]) -> list[list[Task]]:
    """Return the tasks in groups that one simulation does for, in the order of the first of each.

    Parameters
    ----------
    tasks
        Of scenarios whose fleets have their sizes.
    """
    begun: dict[tuple[int, str], str] = {}
    groups: dict[tuple[str, int, float | None], list[Task]] = {}
    for task in tasks:
        key = id(task.scenario), task.plan
        if key not in begun:
            begun[key] = simulation_digest(task.scenario, task.plan)
        groups.setdefault((begun[key], task.replication, task.block_s), []).append(task)
    return list(groups.values())


def run_once(
    tasks: Sequence[Task],
    workers: int | None = None,
    on_begin: Callable[[], None] | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> Iterator[tuple[Task, Outcome]]:
    """Yield what `run_tasks` does, with as few simulations as there need be."""
    groups = {id(group[0]): group for group in simulated_once(tasks)}
    for first, outcome in run_tasks([group[0] for group in groups.values()], workers, on_begin, on_progress):
        for task in groups[id(first)]:
            yield task, outcome if task.scenario is first.scenario else restated(outcome, task.scenario)
