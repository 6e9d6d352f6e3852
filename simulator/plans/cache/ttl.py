"""A fixed time to live."""

from typing import Literal

from typing_extensions import override

from simulator.core.units import PositiveSeconds
from simulator.plans.cache.base import Cache


class Ttl(Cache):
    """A fixed time to live, from the start of the computation, so that it bounds the age of what is served."""

    kind: Literal["ttl"] = "ttl"
    ttl_s: PositiveSeconds
    """How long."""

    @property
    @override
    def fresh_for_s(self) -> float:
        return self.ttl_s

    @property
    @override
    def kept_for_s(self) -> float:
        return self.ttl_s
