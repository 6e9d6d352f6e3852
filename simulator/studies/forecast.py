"""What a study will take, told before it begins: how many simulations, about how long, and how much memory."""

from collections.abc import Sequence
from dataclasses import dataclass

from simulator.core.units import HOUR_S, MINUTE_S
from simulator.studies.executor import cores
from simulator.studies.memory import available_bytes
from simulator.studies.outcome_store import OutcomeStore
from simulator.studies.together import Task, bytes_at_once, takes, together

WORK_PER_S = 18e6
"""Measured on one core, charts and all: 16.5 million with 100M users, 21 to 29 with fewer, whose rows are nearer."""
LONG_S = 30.0
"""What takes longer is told before."""
GB = 1e9
UNITS = (("h", HOUR_S), ("min", MINUTE_S), ("s", 1.0))
SEVERAL = 2.0


@dataclass(frozen=True)
class Forecast:
    """What is still to be done of a study."""

    simulations: int
    stored: int
    """How many are stored, and only read."""
    duration_s: float
    """About how long it takes. [s]"""
    processes: int
    bytes: float
    """About how much memory they take together."""
    free_bytes: float

    @property
    def text(self) -> str:
        """The forecast in a sentence."""
        many = "1 simulation" if self.simulations == 1 else f"{self.simulations:,} simulations"
        stored = f", {self.stored:,} stored ones beside" if self.stored else ""
        on = "1 process" if self.processes == 1 else f"{self.processes} processes"
        free = f" of {self.free_bytes / GB:.3g} GB that are free" if self.free_bytes < float("inf") else ""
        return (
            f"{many}{stored}: about {_about(self.duration_s)} on {on}, about {self.bytes / GB:.2g} GB of memory{free}"
        )


def _about(duration_s: float) -> str:
    """Return how long something takes as precisely as that is known."""
    name, size = next(((name, size) for name, size in UNITS if duration_s >= SEVERAL * size), UNITS[-1])
    return f"{duration_s / size:.2g} {name}"


def forecast(tasks: Sequence[Task], workers: int | None = None, kept: OutcomeStore | None = None) -> Forecast | None:
    """Return what simulating tasks on this machine will take; None where that is soon done.

    Parameters
    ----------
    tasks, workers, kept
        As `run_tasks` takes them.
    """
    if sum(task.work + task.drawing_work for task in tasks) < LONG_S * WORK_PER_S:
        return None
    left = [task for task in tasks if kept is None or not kept.holds(task)]
    free_bytes = available_bytes()
    groups, processes = together(left, workers or cores(), free_bytes)
    duration_s = takes(groups, processes) / WORK_PER_S
    if duration_s < LONG_S:
        return None
    memory = bytes_at_once(groups, processes)
    return Forecast(len(left), len(tasks) - len(left), duration_s, processes, memory, free_bytes)
