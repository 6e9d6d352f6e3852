"""What batch runs share with whoever watches them, and how the workers of runs are bought."""

import math
from dataclasses import dataclass
from enum import StrEnum


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
