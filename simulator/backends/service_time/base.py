"""What every service time gives."""

from abc import abstractmethod
from typing import Annotated, ClassVar

from simulator.backends.noise.base import AnyNoise
from simulator.backends.noise.none import NoNoise
from simulator.core.component import Component, OneOf
from simulator.core.input_files.short_forms import Short


class ServiceTime(Component):
    """The time to compute n predictions together, times a random factor of mean 1."""

    short: ClassVar[Short | None] = Short("fixed", "affine")
    listed: ClassVar[Short | None] = Short("points", "table")

    noise: AnyNoise = NoNoise()
    """The random factor."""

    @abstractmethod
    def mean_s(self, predictions: float) -> float:
        """Return the mean time to compute so many predictions together. [s]"""

    @property
    def largest_batch(self) -> float:
        """The most predictions that it is known for."""
        return float("inf")


AnyServiceTime = Annotated[ServiceTime, OneOf("simulator.backends.service_time")]
