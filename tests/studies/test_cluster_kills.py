"""A study on a real scheduler and two workers, any of which, or the client, is killed again and again."""

import contextlib
import json
import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("distributed")
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(sys.platform == "win32", reason="kills as POSIX does"),
]

ROOT = Path(__file__).parent.parent.parent
STUDY = ("run", str(ROOT / "scenarios" / "food_delivery_100m.yaml"), "--users", "200k", "--replications", "24")
STUDY += ("--plan", "on demand", "--plan", "cached", "--charts", "none", "--json")
KILLS = 20
PATIENCE_S = 120.0
LONGEST_WAIT_S = 30.0
COUNTING = """
import os
import simulator.studies.together as together
from simulator.studies.task_digest import task_digest
run = getattr(together, "run", together.Together.run)  # it may be loaded twice
together.run = run
def counted(self, tell):
    with open(os.environ["BEGUN"], "a") as file:
        file.write("".join(task_digest(task) + "\\n" for task in self.tasks))
    return run(self, tell)
together.Together.run = counted
"""
"""What a worker loads first: it writes down every task that it begins."""


class Machines:
    """A scheduler and two workers, each a process of its own."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{self.port}"
        self.begun = folder / "begun.txt"
        self.begun.touch()
        self.preload = folder / "counting.py"
        self.preload.write_text(COUNTING, encoding="utf-8")
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.start("scheduler")
        self.start("worker 1")
        self.start("worker 2")

    def start(self, name: str) -> None:
        how = {
            "scheduler": ("scheduler", "--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard"),
            "worker": (
                *("worker", self.address, "--no-nanny", "--nthreads", "1", "--no-dashboard"),
                *("--preload", str(self.preload), "--death-timeout", "60"),
            ),
        }[name.split(maxsplit=1)[0]]
        command = [sys.executable, "-m", "dask", *how]
        env = {**os.environ, "BEGUN": str(self.begun), "DASK_DISTRIBUTED__LOGGING__DISTRIBUTED": "critical"}
        self.processes[name] = subprocess.Popen(
            command, env=env, cwd=self.begun.parent, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def kill(self, name: str) -> None:
        self.processes[name].kill()
        self.processes[name].wait()

    @property
    def all_begun(self) -> list[str]:
        """The digests of all tasks, each as often as it was begun."""
        return self.begun.read_text(encoding="utf-8").split()

    def heal(self) -> None:
        """Start again what is gone."""
        for name, process in list(self.processes.items()):
            if process.poll() is not None:
                self.start(name)

    def end(self) -> None:
        for name in self.processes:
            self.kill(name)


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Machines]:
    found = Machines(tmp_path)
    yield found
    found.end()


class Study:
    """A command that is run again and again until it is done; each time with what is stored."""

    def __init__(self, folder: Path, seed: int, *more: str) -> None:
        self.outcomes, self._more = folder / "outcomes", more
        self._command = [sys.executable, "-m", "simulator.cli", *STUDY, "--out", str(folder / "run"), "--force"]
        self.begin(seed)

    def begin(self, seed: int) -> None:
        self.seed = seed
        env = {**os.environ, "PREDCOST_OUTCOMES": str(self.outcomes)}
        command = [*self._command, "--seed", str(seed), *self._more]
        self.process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def go_on(self) -> None:
        """Begin again where it was killed, or lost its cluster; a new one where it is done."""
        if self.process.poll() is not None:
            _, said = self.process.communicate()
            assert self.process.returncode == 0 or self.process.returncode < 0 or "scheduler" in said, said
            self.begin(self.seed + (self.process.returncode == 0))

    def finish(self) -> Any:
        """Return what it finds of plans."""
        printed, said = self.process.communicate(timeout=PATIENCE_S)
        assert self.process.returncode == 0 or "scheduler" in said, said
        if self.process.returncode == 0:
            return json.loads(printed)["plans"]
        self.begin(self.seed)
        return self.finish()

    @property
    def stored(self) -> set[str]:
        return {path.stem for path in self.outcomes.glob("*/*.outcome")}


def wait_until_begun(machines: Machines, more: int, client: "subprocess.Popen[str]") -> None:
    """Wait until so many tasks more have begun, or all are done; a loaded machine takes longer."""
    tasks = len(machines.all_begun) + more
    until_s = time.monotonic() + LONGEST_WAIT_S
    while len(machines.all_begun) < tasks and client.poll() is None and time.monotonic() < until_s:
        with contextlib.suppress(subprocess.TimeoutExpired):
            client.wait(0.05)


def test_twenty_kills_lose_nothing_and_no_finished_task_is_done_again(machines: Machines, tmp_path: Path) -> None:
    chance, done_again = random.Random(4), set[str]()  # noqa: S311  (no secret)
    study = Study(tmp_path, 1, "--cluster", machines.address)
    finished = set[str]()
    victims = ["client", "scheduler", "worker 1", "worker 2"] * (KILLS // 4)
    chance.shuffle(victims)
    for victim in victims:
        wait_until_begun(machines, chance.randint(0, 12), study.process)
        with contextlib.suppress(subprocess.TimeoutExpired):
            study.process.wait(chance.uniform(0.0, 0.5))
        assert finished <= study.stored, "nothing that is finished is lost"
        if victim != "client":
            machines.kill(victim)
        elif study.process.poll() is None:
            study.process.kill()
            study.process.wait()
        finished, begun_before = study.stored, len(machines.all_begun)
        machines.heal()
        study.go_on()
        done_again |= finished & set(machines.all_begun[begun_before:])
    found = study.finish()
    begun = machines.all_begun
    told = f"{len(study.stored)} tasks finished, {len(begun)} begun, {len(done_again)} done again"
    assert not done_again, told
    sys.stderr.write(f"{told}\n")
    (tmp_path / "here").mkdir()
    assert found == Study(tmp_path / "here", study.seed).finish()
