"""A task that ends whichever worker of a real cluster simulates it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from drawn_scenarios import a_scenario
from exact import plain

from simulator.studies.executor import Task, run_tasks
from simulator.studies.outcome_store import OutcomeStore
from simulator.studies.workers import LostWorkerError

pytest.importorskip("distributed")
pytestmark = pytest.mark.long

PLANS = {
    "on demand": {"on_miss": "compute", "backend": "live"},
    "cached": {"on_miss": "compute", "backend": "live", "cache": {"kind": "ttl", "ttl": "5 min"}},
}
SPOILT = """
import os
import simulator.studies.together as together
run = getattr(together, "run", together.Together.run)  # it may be loaded twice
together.run = run
def run_or_end(self, tell):
    if any(task.plan == "cached" and task.replication == 1 for task in self.tasks):
        os._exit(9)
    return run(self, tell)
together.Together.run = run_or_end
"""


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A scheduler that lets a task end two workers, and two workers that begin again when they have ended."""
    told, preload = tmp_path / "scheduler.json", tmp_path / "spoilt.py"
    preload.write_text(SPOILT, encoding="utf-8")
    common = ("--scheduler-file", str(told), "--no-dashboard")
    commands = [
        ("scheduler", "--host", "127.0.0.1", "--port", "0", *common),
        ("worker", *common, "--nworkers", "2", "--nthreads", "1", "--preload", str(preload)),
    ]
    env = {**os.environ, "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1"}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    started = [
        subprocess.Popen([sys.executable, "-m", "dask", *each], env=env, cwd=tmp_path, **quiet) for each in commands
    ]
    while not told.exists():
        assert started[0].poll() is None
    import distributed

    with distributed.Client(scheduler_file=str(told)) as client:
        yield client.scheduler.address
    for process in reversed(started):
        process.terminate()
        process.wait()


@pytest.mark.filterwarnings("ignore")
def test_a_task_that_ends_its_workers_is_set_aside_and_named_and_the_rest_is_done(address: str, tmp_path: Path) -> None:
    scenario = a_scenario(plans=PLANS, horizon="2 h")
    tasks = [Task(scenario, plan, number) for number in range(3) for plan in PLANS]
    store = OutcomeStore(tmp_path / "outcomes")
    with pytest.raises(LostWorkerError, match="plan 'cached', replication 2; that is set aside"):
        list(run_tasks(tasks, kept=store, cluster=address))
    for task in tasks:
        outcome = store.get(task)
        assert (outcome is None) == ((task.plan, task.replication) == ("cached", 1))
    here = {(task.plan, task.replication): plain(outcome) for task, outcome in run_tasks(tasks, 1)}
    assert all(plain(store.get(task)) == here[task.plan, task.replication] for task in tasks if store.get(task))
