"""A time to live that every reading starts anew."""

from typing import Literal

from typing_extensions import override

from simulator.core.units import PositiveSeconds
from simulator.plans.cache.base import Cache


class Sliding(Cache):
    """A time to live that runs from the last reading: who keeps coming keeps the same prediction, however old."""

    kind: Literal["sliding"] = "sliding"
    ttl_s: PositiveSeconds
    """How long after its last reading a prediction is dropped. It does not bound the age of what is served."""

    @property
    @override
    def fresh_for_s(self) -> float:
        return self.ttl_s

    @property
    @override
    def kept_for_s(self) -> float:
        return self.ttl_s

    @property
    @override
    def slides(self) -> bool:
        return True
