"""Serving what has ceased to be fresh once more, while it is computed again."""

import math
from typing import Literal

from typing_extensions import override

from simulator.core.units import PositiveSeconds
from simulator.plans.cache.base import Cache


class StaleWhileRevalidate(Cache):
    """A request that finds a prediction past its time is served it, and has it computed again for the next request.

    The name and the meaning are those of RFC 5861; `stale_for` is its stale-while-revalidate time.
    """

    kind: Literal["stale_while_revalidate"] = "stale_while_revalidate"
    ttl_s: PositiveSeconds
    """How long a prediction is fresh, from the start of its computation."""
    stale_for_s: PositiveSeconds | None = None
    """How long after that it may still be served; without it, for ever: its age is then unbounded."""

    @property
    @override
    def fresh_for_s(self) -> float:
        return self.ttl_s

    @property
    @override
    def kept_for_s(self) -> float:
        return math.inf if self.stale_for_s is None else self.ttl_s + self.stale_for_s
