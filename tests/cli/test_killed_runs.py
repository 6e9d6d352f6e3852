"""A run that is killed loses nothing that was finished, leaves nothing behind, and goes on where it was."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from program import predcost

ROOT = Path(__file__).parent.parent.parent
HEADLINE = ROOT / "scenarios" / "food_delivery_100m.yaml"
FEW = ("--users", "20k", "--horizon", "1 d", "--replications", "3", "--workers", "1", "--charts", "none")
PLANS = ("--plan", "cached", "--plan", "on demand")
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")

STOPPED = """
import os, signal
from simulator.studies.outcome_store import OutcomeStore
put, count = OutcomeStore.put, 0
def put_and_stop(self, task, outcome):
    global count
    put(self, task, outcome)
    count += 1
    if count == {count}:
        os.kill(os.getpid(), signal.{signal})
OutcomeStore.put = put_and_stop
signal.signal(signal.SIGINT, signal.default_int_handler)
from simulator.cli.__main__ import main
main()
"""
COUNTING = """
import sys
import simulator.studies.together as together
from simulator.studies.task_digest import task_digest
run = together.Together.run
def counted(self, tell):
    for task in self.tasks:
        sys.stderr.write(f"simulated {task_digest(task)}\\n")
    return run(self, tell)
together.Together.run = counted
from simulator.cli.__main__ import main
main()
"""


def run(code: str, folder: Path, outcomes: Path, *more: str) -> "subprocess.CompletedProcess[str]":
    arguments = ("run", str(HEADLINE), *FEW, *PLANS, "--out", str(folder), *more)
    env = {**os.environ, "PREDCOST_OUTCOMES": str(outcomes), "COLUMNS": "80"}
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=env)


def simulated(done: "subprocess.CompletedProcess[str]") -> set[str]:
    """The digests of what was simulated, each of which was so once."""
    found = [line.split()[1] for line in done.stderr.splitlines() if line.startswith("simulated")]
    assert len(set(found)) == len(found)
    return set(found)


def stored(outcomes: Path) -> set[str]:
    return {path.stem for path in outcomes.rglob("*.outcome")}


def plans_of(done: "subprocess.CompletedProcess[str]") -> object:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["plans"]


@POSIX
def test_a_run_killed_at_once_leaves_nothing_beside_its_place_and_goes_on_where_it_was(tmp_path: Path) -> None:
    folder, outcomes = tmp_path / "runs" / "run", tmp_path / "outcomes"
    killed = run(STOPPED.format(signal="SIGKILL", count=2), folder, outcomes)
    assert killed.returncode == -signal.SIGKILL
    assert not list((tmp_path / "runs").iterdir())
    finished = stored(outcomes)
    assert len(finished) == 2
    assert not list(outcomes.rglob("*.part"))
    again = run(COUNTING, folder, outcomes, "--resume", "--json")
    assert len(simulated(again)) >= 4
    assert not simulated(again) & finished
    assert stored(outcomes) == simulated(again) | finished
    fresh = run(COUNTING, tmp_path / "other", tmp_path / "none", "--json")
    assert plans_of(again) == plans_of(fresh)


@POSIX
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_an_interrupted_run_goes_on_where_it_was(tmp_path: Path, name: str) -> None:
    folder, outcomes = tmp_path / "run", tmp_path / "outcomes"
    stopped = run(STOPPED.format(signal=name, count=3), folder, outcomes)
    assert stopped.returncode == 130
    assert "1 of 3 replications are kept in" in stopped.stderr
    finished = stored(outcomes)
    again = run(COUNTING, folder, outcomes, "--json")
    assert len(finished) == 3
    assert not simulated(again) & finished
    assert json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["complete"]


@POSIX
def test_an_interrupt_before_a_replication_is_whole_says_what_is_stored(tmp_path: Path) -> None:
    stopped = run(STOPPED.format(signal="SIGINT", count=1), tmp_path / "run", tmp_path / "outcomes")
    assert stopped.returncode == 130
    assert "1 simulation is stored, and the same command goes on from there" in stopped.stderr
    assert len(stored(tmp_path / "outcomes")) == 1


def test_the_same_run_again_simulates_nothing(tmp_path: Path) -> None:
    folder, outcomes = tmp_path / "run", tmp_path / "outcomes"
    first = run(COUNTING, folder, outcomes, "--json")
    assert simulated(first)
    again = run(COUNTING, folder, outcomes, "--json")
    assert not simulated(again)
    assert again.stdout == first.stdout
    assert simulated(run(COUNTING, folder, outcomes, "--json", "--fresh"))


def test_what_was_stored_already_is_told(tmp_path: Path) -> None:
    folder, outcomes = tmp_path / "run", tmp_path / "outcomes"
    arguments = ("run", HEADLINE, *FEW, *PLANS, "--out", folder)
    first = predcost(*arguments, PREDCOST_OUTCOMES=str(outcomes)).stdout
    assert "stored already" not in first
    again = predcost(*arguments, PREDCOST_OUTCOMES=str(outcomes)).stdout
    assert again == f"{first}All 6 simulations were stored already; --fresh simulates anew\n"
    more = predcost(*arguments, "--replications", "4", "--force", PREDCOST_OUTCOMES=str(outcomes)).stdout
    assert "6 of 8 simulations were stored already" in more


def test_a_folder_of_outcomes_that_cannot_be_written_costs_no_answer(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = predcost(
        *("run", HEADLINE, *FEW, *PLANS, "--out", tmp_path / "run"), PREDCOST_OUTCOMES=str(tmp_path / "file" / "sub")
    )
    assert done.returncode == 0
    assert "Choose" in done.stdout
    assert done.stderr.count("outcomes cannot be stored in") <= 2
    assert "PREDCOST_OUTCOMES names another folder" in done.stderr
