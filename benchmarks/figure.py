"""A measured figure, and how it is measured."""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

REPEATS = 3


@dataclass(frozen=True)
class Figure:
    """One row of the table."""

    what: str
    measured: str
    aim: str


@dataclass(frozen=True)
class Run:
    """What a child process took."""

    wall_s: float
    peak_mib: float
    """Of the largest of its processes."""
    output: str


def best_s(work: Callable[[], object], repeats: int = REPEATS) -> float:
    """Return the shortest of several times; noise only ever adds. [s]"""
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return min(times)


def child(*arguments: str) -> Run:
    """Run Python with some arguments as a child, and measure it and its own children."""
    probe = (
        "import resource, subprocess, sys\n"
        "done = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE, text=True, check=True)\n"
        "print(done.stdout, end='')\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n"
    )
    begin = time.perf_counter()
    command = [sys.executable, "-c", probe, sys.executable, *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env={**os.environ, "COLUMNS": "100"})
    wall_s = time.perf_counter() - begin
    *lines, peak_kib = done.stdout.splitlines()
    return Run(wall_s, int(peak_kib) / 1024, "\n".join(lines))


def peak_mib() -> float:
    """Return the peak memory of this process. [MiB]"""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
