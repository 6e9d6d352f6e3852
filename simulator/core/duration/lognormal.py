"""Lognormal lengths of time."""

import math
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field
from typing_extensions import override

from simulator.core import draws
from simulator.core.duration.base import Duration
from simulator.core.units import Number, PositiveSeconds


class Lognormal(Duration):
    """A lognormal length of time: mostly short, now and then very long."""

    kind: Literal["lognormal"] = "lognormal"
    mean_s: PositiveSeconds
    """Its mean."""
    cv: Annotated[Number, Field(gt=0, le=1000)]
    """Standard deviation over mean."""

    @property
    @override
    def typical_s(self) -> float:
        return self.mean_s

    @override
    def mean_up_to_s(self, limit_s: float) -> float:
        sigma = math.sqrt(math.log1p(self.cv**2))
        z = math.log(limit_s / self.mean_s) / sigma
        return self.mean_s * _normal_cdf(z - sigma / 2) + limit_s * _normal_cdf(-z - sigma / 2)

    @override
    def draw_s(self, rng: np.random.Generator, size: int) -> npt.NDArray[np.float64]:
        variance = math.log1p(self.cv**2)
        drawn = draws.lognormal(rng, -variance / 2, math.sqrt(variance), np.empty(size))
        drawn *= self.mean_s
        return drawn


def _normal_cdf(z: float) -> float:
    return math.erfc(-z / math.sqrt(2.0)) / 2
