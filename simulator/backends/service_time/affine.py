"""A fixed part and a part per prediction."""

from typing import Literal, Self

from pydantic import model_validator
from typing_extensions import override

from simulator.backends.service_time.base import ServiceTime
from simulator.core.units import Seconds


class Affine(ServiceTime):
    """A fixed time and a time per prediction."""

    kind: Literal["affine"] = "affine"
    fixed_s: Seconds = 0.0
    """Time that every batch takes, whatever its size."""
    per_item_s: Seconds = 0.0
    """Time per prediction."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.fixed_s + self.per_item_s == 0:
            raise ValueError("'fixed' and 'per_item' are both 0; a prediction takes time, e.g. per_item: 1 ms")
        return self

    @override
    def mean_s(self, predictions: float) -> float:
        return self.fixed_s + self.per_item_s * predictions

    @override
    def slowed(self, times: float) -> Self:
        return self.model_copy(update={"fixed_s": self.fixed_s * times, "per_item_s": self.per_item_s * times})
