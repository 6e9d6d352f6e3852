"""What every noise gives."""

from abc import abstractmethod
from typing import Annotated, ClassVar

import numpy as np

from simulator.core.arrays import FloatArray
from simulator.core.component import Component, OneOf
from simulator.core.input_files.short_forms import Short


class Noise(Component):
    """A random factor with mean 1."""

    short: ClassVar[Short | None] = Short("cv", "lognormal")

    @property
    @abstractmethod
    def cv_squared(self) -> float:
        """Its variance (the mean is 1)."""

    @abstractmethod
    def draw(self, rng: np.random.Generator, size: int) -> FloatArray:
        """Return ``size`` independent factors."""


AnyNoise = Annotated[Noise, OneOf("simulator.backends.noise")]
