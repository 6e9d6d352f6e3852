"""What was simulated once is not simulated again, and nothing that is on the disk is taken for what it is not."""

import errno
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from drawn_scenarios import a_scenario
from exact import plain

from simulator.scenario.schema import Scenario
from simulator.simulation.simulate import simulate
from simulator.studies import engine_version, executor
from simulator.studies.executor import Task, run_tasks
from simulator.studies.outcome_folder import VARIABLE, default_folder
from simulator.studies.outcome_store import OutcomeStore
from simulator.studies.task_digest import task_digest

PLANS = {
    "on demand": {"on_miss": "compute", "backend": "live"},
    "cached": {"on_miss": "compute", "backend": "live", "cache": {"kind": "ttl", "ttl": "5 min"}},
    "nightly": {"on_miss": "default", "precompute": {"backend": "night", "every": "2 h"}},
}


def scenario(**changes: Any) -> Scenario:
    return a_scenario(plans=PLANS, horizon="2 h").with_(**changes)


def tasks_of(of: Scenario, replications: int = 2) -> list[Task]:
    return [Task(of, plan, number) for number in range(replications) for plan in of.plans]


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def store(tmp_path: Path, told: list[str]) -> OutcomeStore:
    return OutcomeStore(tmp_path / "outcomes", told.append)


@pytest.fixture
def simulated(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Plans and replications, as they are simulated."""
    done: list[tuple[str, int]] = []
    of = executor.Units.whole

    def counted(self: Any, found: Any) -> Any:
        done.extend((outcome.plan, outcome.replication) for outcome in found[1])
        return of(self, found)

    monkeypatch.setattr(executor.Units, "whole", counted)
    return done


def all_of(tasks: list[Task], kept: OutcomeStore | None, workers: int = 1) -> dict[tuple[str, int], Any]:
    return {(task.plan, task.replication): plain(outcome) for task, outcome in run_tasks(tasks, workers, kept=kept)}


def stored(store: OutcomeStore) -> list[Path]:
    return sorted(store.folder.glob("*/*.outcome"))


def test_what_was_simulated_once_comes_back_to_the_last_bit(
    store: OutcomeStore, simulated: list[tuple[str, int]], told: list[str]
) -> None:
    first = all_of(tasks_of(scenario()), store)
    assert len(simulated) == len(first) == len(stored(store)) == 6
    assert all_of(tasks_of(scenario()), store) == first
    assert len(simulated) == 6
    assert all_of(tasks_of(scenario()), None) == first
    assert not told


def test_an_outcome_is_stored_before_the_next_is_simulated(store: OutcomeStore) -> None:
    seen = [len(stored(store)) for _ in run_tasks(tasks_of(scenario(), 3), 1, kept=store)]
    assert seen[0] < len(seen)
    assert seen[-1] == len(seen)
    assert all(count >= number for number, count in enumerate(seen, 1))


def test_more_replications_simulate_only_those_that_are_new(
    store: OutcomeStore, simulated: list[tuple[str, int]]
) -> None:
    all_of(tasks_of(scenario(), 1), store)
    del simulated[:]
    all_of(tasks_of(scenario(replications=9), 2), store)
    assert sorted(simulated) == [(plan, 1) for plan in sorted(PLANS)]


def test_a_change_of_one_plan_simulates_no_other(store: OutcomeStore, simulated: list[tuple[str, int]]) -> None:
    all_of(tasks_of(scenario(), 1), store)
    del simulated[:]
    changed = all_of(tasks_of(scenario(plans__cached__cache__ttl="6 min"), 1), store)
    assert simulated == [("cached", 0)]
    assert changed == all_of(tasks_of(scenario(plans__cached__cache__ttl="6 min"), 1), None)


MATTERS: dict[str, dict[str, Any]] = {
    "users": {"population__users": 601},
    "seed": {"seed": 6},
    "horizon": {"horizon": "3 h"},
    "warm-up": {"warmup": "70 min"},
    "start": {"start": "2026-03-03T00:00"},
    "traffic": {"traffic__profile__amplitude": "61 %"},
    "think time": {"traffic__session__think_time__mean": "21 s"},
    "lag of features": {"model__feature_lag": "6 s"},
    "the plan's fleet": {"backends__live__slots": 3},
    "what a default is worth": {"value__default_quality": "54 %"},
    "store": {"store__read_latency": "3.8 ms"},
}
MATTERS_NOT: dict[str, dict[str, Any]] = {
    "name": {"name": "Another"},
    "prices": {"prices": "llm-2025-09"},
    "replications": {"replications": 7},
    "what a request is worth": {"value__per_request": "0.02 USD"},
    "bound of latency": {"slo__latency_p99": "3 s"},
    "another plan": {"plans__nightly__on_miss": "stored"},
    "another plan's backend": {"backends__night__workers": 2},
}


@pytest.mark.parametrize("name", MATTERS)
def test_what_decides_an_outcome_is_in_the_digest(name: str) -> None:
    changed = scenario(**MATTERS[name])
    assert task_digest(Task(changed, "cached", 0)) != task_digest(Task(scenario(), "cached", 0))


@pytest.mark.parametrize("name", MATTERS_NOT)
def test_what_decides_nothing_of_a_plan_is_not_in_its_digest(name: str) -> None:
    one, other = scenario(), scenario(**MATTERS_NOT[name])
    assert one != other
    assert task_digest(Task(other, "cached", 0, 600.0)) == task_digest(Task(one, "cached", 0))
    assert plain(simulate(other, "cached")) == plain(simulate(one, "cached"))


def test_another_plan_that_begins_earlier_draws_other_requests_and_is_in_the_digest() -> None:
    earlier = scenario(plans__nightly__precompute__every="24 h")
    assert task_digest(Task(earlier, "cached", 0)) != task_digest(Task(scenario(), "cached", 0))


def test_what_a_file_holds_is_in_the_digest_and_not_its_date(tmp_path: Path) -> None:
    table = tmp_path / "times.csv"

    def digest(rows: str) -> str:
        table.write_text(f"batch,seconds\n{rows}", encoding="utf-8")
        times = {"kind": "table", "path": str(table)}
        return task_digest(Task(scenario(backends__live__service_time=times), "cached", 0))

    first = digest("1,17\n")
    os.utime(table, (0, 0))
    assert digest("1,17\n") == first
    assert digest("1,18\n") != first


def test_every_source_that_decides_an_outcome_is_in_the_version_of_the_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    subprocess.run(["cp", "-r", str(engine_version.PACKAGE), str(tmp_path / "simulator")], check=True)
    monkeypatch.setattr(engine_version, "PACKAGE", tmp_path / "simulator")
    version = engine_version.engine_version.__wrapped__
    before = version()
    assert before == engine_version.engine_version()
    for source in ("simulation/flow/serve.py", "demand/kernels.py", "core/draws.py", "studies/together.py"):
        with (tmp_path / "simulator" / source).open("a") as file:
            file.write("#\n")
        assert version() != before
        before = version()
    with (tmp_path / "simulator" / "report" / "tables.py").open("a") as file:
        file.write("#\n")
    assert version() == before


def cut_off(content: bytes) -> bytes:
    return content[: len(content) // 2]


def one_bit_off(content: bytes) -> bytes:
    return content[:-9] + bytes([content[-9] ^ 1]) + content[-8:]


SPOILT: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "cut off": (cut_off, "cut off"),
    "changed": (one_bit_off, "has changed"),
    "empty": (lambda _: b"", "is empty"),
    "foreign": (lambda _: b"\x89PNG\r\n", "is no outcome of predcost"),
}


@pytest.mark.parametrize("how", SPOILT)
def test_a_file_that_is_no_outcome_is_told_once_set_aside_and_simulated_again(
    how: str, store: OutcomeStore, simulated: list[tuple[str, int]], told: list[str]
) -> None:
    first = all_of(tasks_of(scenario()), store)
    spoil, said = SPOILT[how]
    for path in stored(store)[:2]:
        path.write_bytes(spoil(path.read_bytes()))
    del simulated[:]
    assert all_of(tasks_of(scenario()), store) == first
    assert len(simulated) == 2
    (message,) = told
    assert said in message
    assert "set aside" in message
    assert len(list((store.folder / "set_aside").iterdir())) == 2
    assert all_of(tasks_of(scenario()), store) == first
    assert len(simulated) == 2


def test_an_outcome_under_the_name_of_another_is_not_taken_for_it(store: OutcomeStore, told: list[str]) -> None:
    first = all_of(tasks_of(scenario()), store)
    one, other, *_ = stored(store)
    one.write_bytes(other.read_bytes())
    assert all_of(tasks_of(scenario()), store) == first
    assert "something else" in told[0]


def test_a_full_disk_is_told_once_and_costs_no_answer(
    store: OutcomeStore, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = all_of(tasks_of(scenario(), 1), store)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    assert all_of(tasks_of(scenario(), 2), store).items() >= first.items()
    (message,) = told
    assert "No space left on device" in message
    assert len(stored(store)) == 3
    assert not list(store.folder.rglob("*.part"))


@pytest.fixture
def small_place(tmp_path: Path) -> Iterator[Path]:
    """A folder with room for an outcome or two."""
    place = tmp_path / "small"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24k", "tmpfs", str(place)], check=False).returncode:
        pytest.skip("needs a small file system")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.skipif(sys.platform != "linux", reason="mounts a small file system")
def test_what_was_stored_before_the_disk_was_full_stays(
    small_place: Path, told: list[str], simulated: list[tuple[str, int]]
) -> None:
    store = OutcomeStore(small_place / "outcomes", told.append)
    first = all_of(tasks_of(scenario(), 3), store)
    count = len(stored(store))
    assert 0 < count < len(first)
    assert len(told) == 1
    del simulated[:]
    assert all_of(tasks_of(scenario(), 3), OutcomeStore(store.folder, told.append)) == first
    assert len(simulated) == len(first) - count


def test_a_store_that_cannot_be_made_is_told_once_and_costs_no_answer(tmp_path: Path, told: list[str]) -> None:
    (tmp_path / "file").touch()
    store = OutcomeStore(tmp_path / "file" / "outcomes", told.append)
    assert len(all_of(tasks_of(scenario()), store)) == 6
    (message,) = told
    assert "cannot be stored" in message
    assert "PREDCOST_OUTCOMES" in message


def test_what_a_killed_process_was_writing_goes_when_it_is_old(store: OutcomeStore) -> None:
    all_of(tasks_of(scenario(), 1), store)
    part = stored(store)[0].parent / ".something.99.part"
    part.touch()
    again = OutcomeStore(store.folder)
    all_of(tasks_of(scenario(seed=9), 1), again)
    assert part.exists()
    os.utime(part, (0, 0))
    all_of(tasks_of(scenario(seed=10), 1), OutcomeStore(store.folder))
    assert not part.exists()


def test_a_fresh_run_simulates_all_and_replaces_what_is_there(
    store: OutcomeStore, simulated: list[tuple[str, int]]
) -> None:
    all_of(tasks_of(scenario()), store)
    all_of(tasks_of(scenario()), OutcomeStore(store.folder, fresh=True))
    assert len(simulated) == 12
    assert len(stored(store)) == 6


def test_outcomes_are_removed_and_nothing_else(store: OutcomeStore) -> None:
    all_of(tasks_of(scenario(), 1), store)
    size = sum(path.stat().st_size for path in stored(store))
    (store.folder / "notes.txt").write_text("mine", encoding="utf-8")
    assert store.remove() == size
    assert [path.name for path in store.folder.rglob("*")] == ["notes.txt"]


def test_the_environment_says_where_outcomes_are_stored_or_that_none_are(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    assert default_folder() == tmp_path
    monkeypatch.setenv(VARIABLE, "off")
    assert default_folder() is None
    monkeypatch.delenv(VARIABLE)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    if sys.platform == "linux":
        assert default_folder() == tmp_path / "predcost" / "outcomes"
