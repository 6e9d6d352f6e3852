"""As many replicas as the latency bound needs."""

import math
from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import override

from simulator.backends.capacity.base import Capacity
from simulator.backends.capacity.fixed import MOST_REPLICAS
from simulator.core.units import Count


class ForSlo(Capacity):
    """The smallest fixed number of replicas with which the busiest hour's p99 latency meets `slo.latency_p99`.

    A closed form gives a first number, and simulations confirm or correct it, for every plan on its own, before the
    plans are compared. Latency is that of all of a plan's requests in that hour, those that the store answers too.
    """

    kind: Literal["for_slo"] = "for_slo"
    max: Annotated[Count, Field(le=MOST_REPLICAS)] = 10_000
    """The most replicas that are tried."""

    @property
    @override
    def makes_physical(self) -> tuple[str, ...]:
        """The bound is what it is sized to, by as many replications as the plans are compared by."""
        return "slo.latency_p99", "replications"

    @property
    @override
    def is_to_be_sized(self) -> bool:
        return True

    @property
    @override
    def most_replicas(self) -> int:
        return self.max

    @override
    def replicas_for(self, offered_replicas: float, hour: int = 0) -> int:
        """Return the fewest that keep up with the load if all of it is computed; with hits, a sizing may find fewer."""
        return min(math.floor(offered_replicas) + 1, self.max)
