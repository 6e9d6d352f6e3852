"""Lognormal service times."""

import math
from typing import Annotated, Literal

import numpy as np
from pydantic import Field
from typing_extensions import override

from simulator.backends.noise.base import Noise
from simulator.core import draws
from simulator.core.arrays import FloatArray
from simulator.core.units import Number


class LognormalNoise(Noise):
    """A lognormal factor of a given coefficient of variation."""

    kind: Literal["lognormal"] = "lognormal"
    cv: Annotated[Number, Field(gt=0, le=100)]
    """Standard deviation over mean."""

    @property
    @override
    def cv_squared(self) -> float:
        return self.cv**2

    @override
    def draw(self, rng: np.random.Generator, size: int) -> FloatArray:
        variance = math.log1p(self.cv**2)
        factor = draws.normal(rng, np.empty(size))
        factor *= math.sqrt(variance)
        factor -= variance / 2
        return np.exp(factor, out=factor)
