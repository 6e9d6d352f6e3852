"""What every duration gives."""

from abc import abstractmethod
from typing import Annotated, ClassVar

import numpy as np
import numpy.typing as npt

from simulator.core.component import Component, OneOf
from simulator.core.input_files.short_forms import Short


class Duration(Component):
    """A random length of time."""

    short: ClassVar[Short | None] = Short("value", "fixed")

    @property
    @abstractmethod
    def typical_s(self) -> float:
        """Its mean. [s]"""

    @abstractmethod
    def mean_up_to_s(self, limit_s: float) -> float:
        """Return its mean if whatever is longer than a limit lasts just as long as the limit. [s]"""

    @abstractmethod
    def draw_s(self, rng: np.random.Generator, size: int) -> npt.NDArray[np.float64]:
        """Return ``size`` independent lengths, each from 0. [s]"""


AnyDuration = Annotated[Duration, OneOf("simulator.core.duration")]
