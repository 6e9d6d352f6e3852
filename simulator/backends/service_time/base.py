"""What every service time gives."""

import math
from abc import abstractmethod
from collections.abc import Sequence
from typing import Annotated, ClassVar, Self

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

    @abstractmethod
    def slowed(self, times: float) -> Self:
        """Return it at so many times the time for the same predictions."""

    @property
    def largest_batch(self) -> float:
        """The most predictions that it is known for."""
        return float("inf")

    @property
    def bends(self) -> Sequence[int]:
        """The numbers of predictions at which the time turns from one straight line into another."""
        return ()

    def rate_per_s(self, predictions: int) -> float:
        """Return how many predictions are computed in batches of so many. [1/s]"""
        return predictions / self.mean_s(predictions)

    def best_batch(self, most: float = float("inf")) -> int | None:
        """Return the batch of at most so many with the largest rate, the smallest of equals; None where none is known.

        Along a straight line the rate rises or falls throughout, so that it is largest at a bend or at the end.
        """
        end = min(most, self.largest_batch)
        tried = sorted({1, *(bend for bend in self.bends if bend <= end), *([int(end)] if math.isfinite(end) else [])})
        return max(tried, key=self.rate_per_s) if math.isfinite(end) else None


AnyServiceTime = Annotated[ServiceTime, OneOf("simulator.backends.service_time")]
