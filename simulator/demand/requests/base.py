"""What every count of requests gives."""

from abc import abstractmethod
from typing import Annotated, ClassVar

import numpy as np
import numpy.typing as npt

from simulator.core.component import Component, OneOf
from simulator.core.input_files.short_forms import Short

MOST_PER_LOGIN = 10_000
"""A mean above this is taken for a slip."""


class Requests(Component):
    """How many requests a login makes: at least one."""

    short: ClassVar[Short | None] = Short("count", "fixed")

    @property
    @abstractmethod
    def mean_per_login(self) -> float:
        """The mean number of requests a login makes."""

    @abstractmethod
    def draw_follow_ups(self, rng: np.random.Generator, size: int) -> npt.NDArray[np.int64]:
        """Return the number of requests after the first, for each of ``size`` logins."""


AnyRequests = Annotated[Requests, OneOf("simulator.demand.requests")]
