"""The same length of time every time."""

from typing import Literal

import numpy as np
import numpy.typing as npt
from typing_extensions import override

from simulator.core.duration.base import Duration
from simulator.core.units import Seconds


class FixedDuration(Duration):
    """The same length of time every time."""

    kind: Literal["fixed"] = "fixed"
    value_s: Seconds
    """How long."""

    @property
    @override
    def typical_s(self) -> float:
        return self.value_s

    @override
    def mean_up_to_s(self, limit_s: float) -> float:
        return min(self.value_s, limit_s)

    @override
    def draw_s(self, rng: np.random.Generator, size: int) -> npt.NDArray[np.float64]:
        return np.full(size, self.value_s)
