"""Exponential service times."""

from typing import Literal

import numpy as np
from typing_extensions import override

from simulator.backends.noise.base import Noise
from simulator.core import draws
from simulator.core.arrays import FloatArray


class ExponentialNoise(Noise):
    """An exponential factor."""

    kind: Literal["exponential"] = "exponential"

    @property
    @override
    def cv_squared(self) -> float:
        return 1.0

    @override
    def draw(self, rng: np.random.Generator, size: int) -> FloatArray:
        return draws.exponential(rng, np.empty(size))
