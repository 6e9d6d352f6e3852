"""Exponential lengths of time."""

import math
from typing import Literal

import numpy as np
import numpy.typing as npt
from typing_extensions import override

from simulator.core import draws
from simulator.core.duration.base import Duration
from simulator.core.units import PositiveSeconds


class Exponential(Duration):
    """An exponential length of time: without memory."""

    kind: Literal["exponential"] = "exponential"
    mean_s: PositiveSeconds
    """Its mean."""

    @property
    @override
    def typical_s(self) -> float:
        return self.mean_s

    @override
    def mean_up_to_s(self, limit_s: float) -> float:
        return -self.mean_s * math.expm1(-limit_s / self.mean_s)

    @override
    def draw_s(self, rng: np.random.Generator, size: int) -> npt.NDArray[np.float64]:
        drawn = draws.exponential(rng, np.empty(size))
        drawn *= self.mean_s
        return drawn
