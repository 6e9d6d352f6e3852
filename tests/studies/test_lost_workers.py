"""A worker that is lost is replaced; what has ended three of them is set aside and named, and the rest is done."""

from pathlib import Path
from typing import Any

import pytest
from drawn_scenarios import a_scenario
from ending_processes import ending
from exact import plain

from simulator.studies import executor, together, workers
from simulator.studies.executor import Task, run_tasks
from simulator.studies.workers import MOST_LOSSES, LostWorkerError, Workers

PLANS = {
    "on demand": {"on_miss": "compute", "backend": "live"},
    "cached": {"on_miss": "compute", "backend": "live", "cache": {"kind": "ttl", "ttl": "5 min"}},
}


def begins(folder: Path, number: int) -> int:
    return len(list(folder.glob(f"{number}-*")))


def test_an_item_whose_process_ends_is_done_by_another(tmp_path: Path) -> None:
    items = [(tmp_path, 0, 0), (tmp_path, 1, 2), (tmp_path, 2, 1), (tmp_path, 3, 0)]
    with Workers(2) as pool:
        assert sorted(pool.run(ending, items)) == [0, 1, 2, 3]
    assert [begins(tmp_path, number) for number in range(4)] == [1, 3, 2, 1]


def test_an_item_that_ends_three_processes_is_set_aside_and_all_else_is_done(tmp_path: Path) -> None:
    items = [(tmp_path, 0, 99), *((tmp_path, number, 0) for number in range(1, 6))]
    found = []
    with Workers(2) as pool, pytest.raises(LostWorkerError) as error:
        found += (each for each in pool.run(ending, items))
    assert sorted(found) == [1, 2, 3, 4, 5]
    assert error.value.items == (items[0],)
    assert begins(tmp_path, 0) == MOST_LOSSES


def test_where_no_process_can_be_started_in_its_place_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_memory(*_: object, **__: object) -> None:
        raise OSError(12, "Cannot allocate memory")

    with Workers(1) as pool:
        monkeypatch.setattr(workers.subprocess, "Popen", no_memory)
        with pytest.raises(LostWorkerError, match="Cannot allocate memory"):
            list(pool.run(ending, [(tmp_path, 0, 1)]))


SPOILT = """
import os
import simulator.studies.together as together
run = together.Together.run
def run_or_end(self, tell):
    if any(task.plan == {plan!r} and task.replication == 1 for task in self.tasks):
        os._exit(9)
    return run(self, tell)
together.Together.run = run_or_end
"""


def test_a_task_that_ends_its_processes_is_named_and_those_beside_it_are_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scenario = a_scenario(plans=PLANS, horizon="2 h")
    tasks = [Task(scenario, plan, number) for number in range(3) for plan in PLANS]
    code = SPOILT.format(plan="cached")
    monkeypatch.setattr(workers, "SPAWN", workers.SPAWN.replace("serve()", "pass") + f"\nexec({code!r})\nserve()")
    monkeypatch.setattr(workers, "may_fork", lambda: False)
    monkeypatch.setattr(executor, "together", in_twos)
    found: dict[tuple[str, int], Any] = {}
    with pytest.raises(LostWorkerError, match="plan 'cached', replication 2; that is set aside"):
        found |= (((task.plan, task.replication), plain(outcome)) for task, outcome in run_tasks(tasks, 2))
    assert found.keys() == {(task.plan, task.replication) for task in tasks} - {("cached", 1)}
    monkeypatch.undo()
    wanted = {(task.plan, task.replication): plain(outcome) for task, outcome in run_tasks(tasks, 1)}
    assert found.items() < wanted.items()


def in_twos(tasks: list[Task], *_: object) -> tuple[list[together.Together], int]:
    pairs = zip(tasks[::2], tasks[1::2], strict=True)
    return [together.Together(pair, 0.0) for pair in pairs], 2
