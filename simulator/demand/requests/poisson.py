"""Poisson sessions."""

from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field
from typing_extensions import override

from simulator.core.units import Number
from simulator.demand.requests.base import MOST_PER_LOGIN, Requests


class Poisson(Requests):
    """One request and a Poisson number of others."""

    kind: Literal["poisson"] = "poisson"
    mean: Annotated[Number, Field(ge=1, le=MOST_PER_LOGIN)]
    """Mean requests per login, from 1: 1 + Poisson(mean - 1)."""

    @property
    @override
    def mean_per_login(self) -> float:
        return self.mean

    @override
    def draw_follow_ups(self, rng: np.random.Generator, size: int) -> npt.NDArray[np.int64]:
        return rng.poisson(self.mean - 1, size)
