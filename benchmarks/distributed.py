"""Simulations on a Dask cluster of this machine, against processes of it; and what stored outcomes save."""

import contextlib
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.engine import HEADLINE
from benchmarks.figure import REPEATS, Figure
from simulator.scenario.loading import load_scenario
from simulator.studies.executor import Task, cores, run_tasks
from simulator.studies.outcome_store import OutcomeStore

USERS = "3M"
REPLICATIONS = 4


def _tasks() -> list[Task]:
    scenario = load_scenario(HEADLINE, {"population.users": USERS, "replications": REPLICATIONS})
    return [Task(scenario, plan, number) for number in range(REPLICATIONS) for plan in scenario.plans]


@contextlib.contextmanager
def _cluster() -> Iterator[str]:
    """Yield the address of a scheduler with a worker a core."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    commands = [
        ["scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"],
        ["worker", address, "--nworkers", str(cores()), "--nthreads", "1", "--no-dashboard"],
    ]
    processes = [subprocess.Popen([sys.executable, "-m", "dask", *command], **quiet) for command in commands]
    try:
        yield address
    finally:
        for process in reversed(processes):
            process.terminate()
            process.wait()


def _took_s(cluster: str | None) -> float:
    begin_s = time.perf_counter()
    for _ in run_tasks(_tasks(), cores(), cluster=cluster):
        pass
    return time.perf_counter() - begin_s


def cluster() -> Iterator[Figure]:
    """The same simulations by processes and by workers of a cluster, in turn; both have the code in memory."""
    with _cluster() as address:
        _took_s(address)
        pairs = [(_took_s(None), _took_s(address)) for _ in range(REPEATS)]
    here_s, there_s = (min(each) for each in zip(*pairs, strict=True))
    what = f"{USERS} users, six plans, {REPLICATIONS} replications: a Dask cluster here, over processes"
    yield Figure(what, f"{there_s / here_s:.2f} ({there_s:.1f} s against {here_s:.1f} s)", "at most 1.10")


def stored() -> Iterator[Figure]:
    """What storing costs, and what it saves."""
    tasks = _tasks()
    with tempfile.TemporaryDirectory() as folder:
        store = OutcomeStore(Path(folder))
        outcomes = list(run_tasks(tasks, cores(), kept=store))
        begin_s = time.process_time()
        for task, outcome in outcomes:
            store.put(task, outcome)
        put_s = (time.process_time() - begin_s) / len(tasks)
        begin_s = time.process_time()
        assert len(list(run_tasks(tasks, 1, kept=store))) == len(tasks)
        get_s = (time.process_time() - begin_s) / len(tasks)
        size = sum(path.stat().st_size for path in store.files()) / len(tasks)
    yield Figure("an outcome stored, CPU and size", f"{put_s * 1e3:.1f} ms, {size / 1e3:.1f} kB", "-")
    yield Figure("an outcome read back, CPU", f"{get_s * 1e3:.1f} ms", "-")


BENCHMARKS = {"cluster": cluster, "stored": stored}
