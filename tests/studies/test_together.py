"""Which simulations share their requests, how much memory that takes, and what is told of how far they are."""

import math
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from drawn_scenarios import a_scenario
from exact import plain

from simulator.scenario.schema import Scenario
from simulator.studies import executor, memory, workers
from simulator.studies.together import AS_LONG, ROOM, Task, Together, together
from simulator.studies.workers import Workers, may_fork

PLANS = {
    "on demand": {"on_miss": "compute", "backend": "live"},
    "cached": {"on_miss": "compute", "backend": "live", "cache": {"kind": "ttl", "ttl": "5 min"}},
    "sliding": {"on_miss": "compute", "backend": "live", "cache": {"kind": "sliding", "ttl": "5 min"}},
    "nearline": {"on_miss": "compute", "backend": "live", "refresh": {"on": "login", "backend": "live"}},
}


def large(users: int = 100_000_000) -> Scenario:
    population = {"users": users, "logins_per_day": "0.2/day", "shape": 0.6}
    return a_scenario(population=population, plans=PLANS, horizon="7 d")


def tasks_of(scenario: Scenario, replications: int) -> list[Task]:
    return [Task(scenario, plan, number) for number in range(replications) for plan in scenario.plans]


def keys(groups: Sequence[Together]) -> list[tuple[int, str]]:
    return sorted((task.replication, task.plan) for group in groups for task in group.tasks)


def most_bytes(groups: Sequence[Together], processes: int) -> float:
    return sum(sorted(group.bytes for group in groups)[-processes:])


@pytest.mark.parametrize("free_gib", [0.1, 1.0, 2.5, 5.0, 30.0, math.inf])
@pytest.mark.parametrize("processes", [1, 2, 7])
def test_groups_hold_every_task_once_and_have_room_beside_each_other(free_gib: float, processes: int) -> None:
    tasks = tasks_of(large(), 3)
    groups, number = together(tasks, processes, free_gib * 2**30)
    assert keys(groups) == sorted((task.replication, task.plan) for task in tasks)
    assert all(len({task.replication for task in group.tasks}) == 1 for group in groups)
    assert 1 <= number <= processes
    if most_bytes(groups, number) > ROOM * free_gib * 2**30:  # one task at a time is the least there can be
        assert number == 1
        assert all(len(group.tasks) == 1 for group in groups)
        assert free_gib < 2


def test_a_billion_users_are_simulated_by_fewer_at_a_time() -> None:
    def at_a_time(free_gib: float) -> int:
        groups, number = together(tasks_of(large(10**9), 3), 4, free_gib * 2**30)
        return number * max(len(group.tasks) for group in groups)

    assert at_a_time(8) == 1 < at_a_time(24) < at_a_time(100)


def test_two_cores_share_three_replications_evenly() -> None:
    groups, number = together(tasks_of(large(), 3), 2, math.inf)
    assert number == 2
    assert [len(group.tasks) for group in groups] == [2] * 6
    assert [group.tasks[0].replication for group in groups] == [0, 0, 1, 1, 2, 2]
    assert max(group.work for group in groups) < 1.3 * min(group.work for group in groups)


def test_whole_replications_draw_their_requests_once_where_that_leaves_no_core_idle() -> None:
    groups, _ = together(tasks_of(large(), 4), 2, math.inf)
    assert [len(group.tasks) for group in groups] == [4] * 4
    drawn_twice = [Together(tasks, 0.0) for group in groups for tasks in (group.tasks[:2], group.tasks[2:])]
    assert sum(group.work for group in drawn_twice) > AS_LONG * sum(group.work for group in groups)


def test_tasks_of_different_requests_are_never_together() -> None:
    scenario, other = large(), large().with_(seed=9)
    groups, _ = together([*tasks_of(scenario, 1), *tasks_of(other, 1)], 1, math.inf)
    assert [{task.scenario.seed for task in group.tasks} for group in groups] == [{5}, {9}]


def small(**changes: Any) -> Scenario:
    spike = {"at": "65 min", "duration": "7 min", "multiplier": 6, "per_month": 2}
    return a_scenario(plans=PLANS, traffic={"spikes": [spike]}, horizon="3 h", **changes)


def test_whatever_is_together_outcomes_are_the_same_with_those_beside_them(monkeypatch: pytest.MonkeyPatch) -> None:
    def outcomes(free_bytes: float, processes: int) -> dict[tuple[int, str], Any]:
        monkeypatch.setattr(executor, "available_bytes", lambda: free_bytes)
        found = executor.run_tasks(tasks_of(small(), 2), processes)
        return {(task.replication, task.plan): plain(outcome) for task, outcome in found}

    wanted = outcomes(0.0, 1)
    assert len(wanted) == 2 * len(PLANS)
    assert outcomes(math.inf, 1) == wanted
    assert outcomes(math.inf, 2) == wanted
    ((_, first), *_) = executor.run_tasks(tasks_of(small(), 1), 1)
    assert len(first.beside) == 1


@pytest.mark.parametrize("processes", [1, 2])
def test_what_is_done_rises_with_the_requests_to_all(processes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulator.studies.together.TOLD_EVERY_S", 0.0)
    fractions: list[float] = []
    at_outcomes = [
        fractions[-1] for _ in executor.run_tasks(tasks_of(small(), 2), processes, on_progress=fractions.append)
    ]
    assert len(at_outcomes) == 2 * len(PLANS)
    assert fractions == sorted(fractions)
    assert fractions[0] < 0.1
    assert max(gaps(fractions)) < 0.2 * processes  # of two, one may tell while the other waits for the machine
    assert fractions[-1] == pytest.approx(1.0)


def gaps(fractions: Sequence[float]) -> list[float]:
    return [after - before for before, after in pairwise(fractions)]


@pytest.mark.parametrize("how", ["forked", "spawned"])
def test_what_workers_tell_comes_before_what_they_find(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "may_fork", lambda: how == "forked" and may_fork())
    heard: list[str] = []
    with Workers(2) as pool:
        found = sorted(pool.run(tell_twice, ["a", "b"], heard.append))
    assert found == ["A", "B"]
    assert sorted(heard) == ["a!", "a?", "b!", "b?"]


def tell_twice(item: str, tell: Any) -> str:
    tell(item + "?")
    tell(item + "!")
    return item.upper()


@pytest.mark.parametrize(("version", "limit", "usage"), [
    (2, "memory.max", "memory.current"),
    (1, "memory.limit_in_bytes", "memory.usage_in_bytes"),
])  # fmt: skip
def test_a_containers_limit_is_what_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: int, limit: str, usage: str
) -> None:
    own, names = tmp_path / "cgroup", ["", "memory"]
    own.write_text("0::/outer/inner\n" if version == 2 else "3:cpu:/\n2:memory:/outer/inner\n", encoding="ascii")
    group = tmp_path / names[version == 1] / "outer"
    (group / "inner").mkdir(parents=True)
    (group / "inner" / limit).write_text("max\n" if version == 2 else f"{2**63}\n", encoding="ascii")
    (group / limit).write_text("3000000\n", encoding="ascii")
    (group / usage).write_text("1500000\n", encoding="ascii")
    (group / "memory.stat").write_text("anon 900000\ninactive_file 500000\n", encoding="ascii")
    monkeypatch.setattr(memory, "OWN_CGROUP", own)
    monkeypatch.setattr(memory, "CGROUPS", tmp_path)
    assert memory.available_bytes() == 2_000_000
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal: 9999 kB\nMemAvailable:    1000 kB\n", encoding="ascii")
    monkeypatch.setattr(memory, "MEMINFO", meminfo)
    assert memory.available_bytes() == 1_024_000
    monkeypatch.setattr(memory, "OWN_CGROUP", tmp_path / "none")
    meminfo.write_text("MemAvailable: 9000 kB\n", encoding="ascii")
    assert memory.available_bytes() == 9_216_000
