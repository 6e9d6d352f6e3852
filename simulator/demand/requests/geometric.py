"""Geometric sessions."""

import math
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field
from typing_extensions import override

from simulator.core import draws
from simulator.core.units import Number
from simulator.demand.requests.base import MOST_PER_LOGIN, Requests


class Geometric(Requests):
    """Requests from 1 on, each followed by another with the same probability."""

    kind: Literal["geometric"] = "geometric"
    mean: Annotated[Number, Field(ge=1, le=MOST_PER_LOGIN)]
    """Mean requests per login, from 1."""

    @property
    @override
    def mean_per_login(self) -> float:
        return self.mean

    @override
    def draw_follow_ups(self, rng: np.random.Generator, size: int) -> npt.NDArray[np.int64]:
        if self.mean == 1:
            return np.zeros(size, dtype=np.int64)
        # The whole part of an exponential is geometric, and an exponential is the cheapest draw.
        drawn = draws.exponential(rng, np.empty(size))
        drawn /= -math.log1p(-1 / self.mean)
        return drawn.astype(np.int64)
