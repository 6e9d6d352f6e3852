"""What somebody at a terminal waits for."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.engine import HEADLINE
from benchmarks.figure import REPEATS, Figure, Run, child

COMMAND = ("-m", "simulator.cli")
ANSWER = "Recommendation"
"""The line that people wait for."""
LOOK_S = 0.5


def _best(*arguments: str, repeats: int = REPEATS) -> Run:
    return min((child(*COMMAND, *arguments) for _ in range(repeats)), key=lambda run: run.wall_s)


def headline() -> Iterator[Figure]:
    """The main job: 100M users, 7 days after warm-up, six plans, three replications."""
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        command = [sys.executable, *COMMAND, "run", str(HEADLINE), "--out", f"{folder}/run"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
        peak_gib = 0.0
        while process.poll() is None:
            peak_gib = max(peak_gib, _memory_gib(process.pid))
            time.sleep(LOOK_S)
        took_s = time.perf_counter() - begin
    yield Figure("`make run` after installation, six plans, charts included, wall", f"{took_s:.0f} s", "under 45 s")
    yield Figure("its memory, all processes together", f"{peak_gib:.2f} GiB", "under 4 GiB")


def _memory_gib(session: int) -> float:
    """Return the memory of a session's processes, what they share counted once; Linux only. [GiB]"""
    kib = 0
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and os.getsid(int(folder.name)) == session:
                lines = (folder / "smaps_rollup").read_text().splitlines()
                kib += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
        except OSError:  # it has ended meanwhile
            continue
    return kib / 2**20


def start_up() -> Iterator[Figure]:
    """Help, validation, and a small run: its first time, which compiles, and with compiled code at hand."""
    with tempfile.TemporaryDirectory() as folder:
        small = ("run", str(HEADLINE), "--users", "1M", "--replications", "1", "--out", str(Path(folder) / "run"))
        compiled = {**os.environ, "NUMBA_CACHE_DIR": str(Path(folder) / "compiled")}
        first_s, again_s = (_cpu_s(*small, "--force", environment=compiled) for _ in range(2))
        yield Figure("the first run's compilation, CPU", f"{first_s - again_s:.0f} s", "at most 20 s")
        yield Figure("`predcost --help`", f"{_best('--help').wall_s:.2f} s", "under 0.3 s")
        yield Figure("`predcost validate`", f"{_best('validate', str(HEADLINE)).wall_s:.2f} s", "under 1 s")
        answer_s, all_s = min(_answered(*small, "--force") for _ in range(REPEATS + 1))
        yield Figure("second run, 1M users, six plans, one replication: answer", f"{answer_s:.1f} s", "under 2.0 s")
        yield Figure("the same with what would change it, and charts", f"{all_s:.1f} s", "-")


def _cpu_s(*arguments: str, environment: dict[str, str]) -> float:
    """Return the CPU time of a command and its processes. [s]"""
    before = os.times()
    subprocess.run([sys.executable, *COMMAND, *arguments], stdout=subprocess.DEVNULL, env=environment, check=True)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def _answered(*arguments: str) -> tuple[float, float]:
    """Return when a command has printed its answer, and when it is done. [s]"""
    begin, answer_s = time.perf_counter(), 0.0
    with subprocess.Popen([sys.executable, *COMMAND, *arguments], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            answer_s = answer_s or (time.perf_counter() - begin if ANSWER in line else 0.0)
    return answer_s, time.perf_counter() - begin


BENCHMARKS = {"headline": headline, "start_up": start_up}
