"""No noise."""

from typing import Literal

import numpy as np
from typing_extensions import override

from simulator.backends.noise.base import Noise
from simulator.core.arrays import FloatArray


class NoNoise(Noise):
    """The same service time every time."""

    kind: Literal["none"] = "none"

    @property
    @override
    def cv_squared(self) -> float:
        return 0.0

    @override
    def draw(self, rng: np.random.Generator, size: int) -> FloatArray:
        return np.ones(size)
