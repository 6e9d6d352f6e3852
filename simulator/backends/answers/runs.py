"""What batch runs share with whoever watches them, and how the workers of runs are bought."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from simulator.core.arrays import FloatArray


class Purchase(StrEnum):
    """How the workers are bought."""

    CONFIGURED = "as configured"
    ON_DEMAND = "all on demand"
    SPOT = "all spot"


@dataclass
class WorkerSpan:
    """An instance's time from the order to the end, or until it is reclaimed. [s]"""

    meter: str
    begin_s: float
    end_s: float = float("inf")
    reclaimed: bool = False
    """Whether the provider took it back."""
    lost_shards: int = 0
    """Shards that it had begun then, which are done again."""


@dataclass
class StoreWriter:
    """The store as runs write it side by side: one after the other, first come, first written."""

    free_s: float = -math.inf
    """When it is through with what it has been given. [s]"""

    def done_s(self, now_s: float, takes_s: float) -> float:
        """Return when something that comes now is written. [s]"""
        self.free_s = max(now_s, self.free_s) + takes_s
        return self.free_s


@dataclass(frozen=True)
class ExpectedRun:
    """A run before anything is simulated, as it goes on average."""

    makespan_s: float
    """From its start to its last publication. [s]"""
    makespan_p95_s: float
    written_s: FloatArray
    """When shards of equal size are written, from the run's start and in order, shape (shards,). [s]"""
    worker_s: Mapping[str, float]
    """Worker time billed, by the meter of the machines. [s]"""
    leaves_out: tuple[str, ...] = ()
    """What it leaves out; nothing where every run is as it says."""
    no_form: str = ""
    """Why hardly anything is known of it; empty where that is not so."""
