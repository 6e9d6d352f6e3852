"""What somebody at a terminal waits for."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.engine import HEADLINE
from benchmarks.figure import REPEATS, Figure, Run, child

COMMAND = ("-m", "simulator.cli")


def _best(*arguments: str, repeats: int = REPEATS) -> Run:
    return min((child(*COMMAND, *arguments) for _ in range(repeats)), key=lambda run: run.wall_s)


def headline() -> Iterator[Figure]:
    """The main job: 100M users, 7 days after warm-up, three plans, three replications."""
    with tempfile.TemporaryDirectory() as folder:
        run = child(*COMMAND, "run", str(HEADLINE), "--out", f"{folder}/run")
    yield Figure("`make run` after installation, wall", f"{run.wall_s:.1f} s", "under 110 s")
    yield Figure("its largest process", f"{run.peak_mib / 1024:.2f} GiB", "under 2.5 GiB")


def start_up() -> Iterator[Figure]:
    """Help, validation, and a small run with its compiled code at hand."""
    with tempfile.TemporaryDirectory() as folder:
        plans = ("--plan", "nightly batch", "--plan", "on demand", "--plan", "cached")
        small = ("run", str(HEADLINE), *plans, "--users", "1M", "--out", str(Path(folder) / "run"))
        child(*COMMAND, *small)
        yield Figure("`predcost --help`", f"{_best('--help').wall_s:.2f} s", "under 0.3 s")
        yield Figure("`predcost validate`", f"{_best('validate', str(HEADLINE)).wall_s:.2f} s", "under 1 s")
        one = _best(*small, "--replications", "1").wall_s
        yield Figure("second run, 1M users, three plans, one replication", f"{one:.1f} s", "under 3 s")
        three = _best(*small).wall_s
        yield Figure("the same with three replications", f"{three:.1f} s", "-")


BENCHMARKS = {"headline": headline, "start_up": start_up}
