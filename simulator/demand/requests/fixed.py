"""Sessions of the same number of requests."""

from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field
from typing_extensions import override

from simulator.core.units import Count
from simulator.demand.requests.base import MOST_PER_LOGIN, Requests


class FixedRequests(Requests):
    """The same number of requests at every login."""

    kind: Literal["fixed"] = "fixed"
    count: Annotated[Count, Field(le=MOST_PER_LOGIN)]
    """How many, from 1."""

    @property
    @override
    def mean_per_login(self) -> float:
        return float(self.count)

    @override
    def draw_follow_ups(self, rng: np.random.Generator, size: int) -> npt.NDArray[np.int64]:
        return np.full(size, self.count - 1, dtype=np.int64)
