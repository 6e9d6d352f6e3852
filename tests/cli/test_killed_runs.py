"""A run that is killed loses nothing that was finished, leaves nothing behind, and goes on where it was."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from program import Done, predcost

from simulator.simulation.outcome import Outcome
from simulator.studies.task_digest import task_digest
from simulator.studies.together import Together

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
STOPPED_READING = """
import os, signal
from pathlib import Path
from simulator.studies.calibration import opening
def stop(*_):
    assert any(path.suffix == ".db" for path in Path("{folder}").rglob("*"))
    os.write(1, b"was there")
    os.kill(os.getpid(), signal.SIGINT)
opening.cores = lambda: stop() or 1
signal.signal(signal.SIGINT, signal.default_int_handler)
from simulator.cli.__main__ import main
main()
"""
SIGNALS = ["SIGINT", pytest.param("SIGTERM", marks=pytest.mark.long)]


@pytest.fixture
def simulated(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The digests of what is simulated in this process."""
    found: list[str] = []
    of = Together.run

    def counted(self: Together, tell: Callable[[float], None]) -> list[Outcome]:
        found.extend(map(task_digest, self.tasks))
        return of(self, tell)

    monkeypatch.setattr(Together, "run", counted)
    return found


def arguments(folder: Path, *more: object) -> tuple[object, ...]:
    return ("run", HEADLINE, *FEW, *PLANS, "--out", folder, *more)


def stopped(signal_name: str, count: int, folder: Path, outcomes: Path) -> "subprocess.CompletedProcess[str]":
    """Run until so many outcomes are stored, and send a signal then."""
    code = STOPPED.format(signal=signal_name, count=count)
    env = {**os.environ, "PREDCOST_OUTCOMES": str(outcomes), "COLUMNS": "80"}
    command = [sys.executable, "-c", code, *map(str, arguments(folder))]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=env)


def again(folder: Path, outcomes: Path, *more: object) -> Done:
    """Run in this process, to the end."""
    done = predcost(*arguments(folder, *more), PREDCOST_OUTCOMES=str(outcomes))
    assert done.returncode == 0, done.stderr
    return done


def stored(outcomes: Path) -> set[str]:
    return {path.stem for path in outcomes.rglob("*.outcome")}


@POSIX
def test_a_run_killed_at_once_leaves_nothing_beside_its_place_and_goes_on_where_it_was(
    tmp_path: Path, simulated: list[str]
) -> None:
    folder, outcomes = tmp_path / "runs" / "run", tmp_path / "outcomes"
    assert stopped("SIGKILL", 2, folder, outcomes).returncode == -signal.SIGKILL
    assert not list((tmp_path / "runs").iterdir())
    finished = stored(outcomes)
    assert len(finished) == 2
    assert not list(outcomes.rglob("*.part"))
    resumed = again(folder, outcomes, "--resume", "--json")
    assert len(simulated) == len(set(simulated)) >= 4
    assert not set(simulated) & finished
    assert stored(outcomes) == set(simulated) | finished
    fresh = again(tmp_path / "other", tmp_path / "none", "--json")
    assert json.loads(resumed.stdout)["plans"] == json.loads(fresh.stdout)["plans"]


@POSIX
@pytest.mark.parametrize("name", SIGNALS)
def test_an_interrupted_run_goes_on_where_it_was(tmp_path: Path, name: str, simulated: list[str]) -> None:
    folder, outcomes = tmp_path / "run", tmp_path / "outcomes"
    cut = stopped(name, 3, folder, outcomes)
    assert cut.returncode == 130
    assert "1 of 3 replications are kept in" in cut.stderr
    finished = stored(outcomes)
    assert len(finished) == 3
    again(folder, outcomes)
    assert not set(simulated) & finished
    assert json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["complete"]


@POSIX
def test_an_interrupt_before_a_replication_is_whole_says_what_is_stored(tmp_path: Path) -> None:
    cut = stopped("SIGINT", 1, tmp_path / "run", tmp_path / "outcomes")
    assert cut.returncode == 130
    assert "1 simulation is stored, and the same command goes on from there" in cut.stderr
    assert len(stored(tmp_path / "outcomes")) == 1


def test_the_same_run_again_simulates_nothing_and_says_so(tmp_path: Path, simulated: list[str]) -> None:
    folder, outcomes = tmp_path / "run", tmp_path / "outcomes"
    first = again(folder, outcomes).stdout
    assert "stored already" not in first
    assert len(simulated) >= 6
    del simulated[:]
    assert again(folder, outcomes).stdout == f"{first}All 6 simulations were stored already; --fresh simulates anew\n"
    assert not simulated
    more = again(folder, outcomes, "--replications", "4", "--force").stdout
    assert "6 of 8 simulations were stored already" in more
    del simulated[:]
    assert "stored already" not in again(folder, outcomes, "--fresh", "--force").stdout
    assert len(simulated) >= 6


def test_a_folder_of_outcomes_that_cannot_be_written_costs_no_answer(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = again(tmp_path / "run", tmp_path / "file" / "sub")
    assert "Choose" in done.stdout
    assert done.stderr.count("outcomes cannot be stored in") == 1
    assert "PREDCOST_OUTCOMES names another folder" in done.stderr


@POSIX
def test_a_log_that_is_interrupted_leaves_no_temporary_file(tmp_path: Path) -> None:
    log, temporary = tmp_path / "log.csv", tmp_path / "temporary"
    temporary.mkdir()
    log.write_text("time,user\n2026-03-02T00:00:00Z,a\n2026-03-02T00:01:00Z,b\n", encoding="utf-8")
    stopped = STOPPED_READING.format(folder=str(temporary))
    command = [sys.executable, "-c", stopped, "calibrate", "users", str(log), "--out", str(tmp_path / "parts.yaml")]
    env = {**os.environ, "TMPDIR": str(temporary)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    assert "was there" in done.stdout
    assert done.returncode == 130
    assert list(temporary.rglob("*")) == []
    assert not (tmp_path / "parts.yaml").exists()
