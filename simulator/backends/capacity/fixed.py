"""Always the same number of replicas."""

from typing import Annotated, Literal, Self

from pydantic import Field
from typing_extensions import override

from simulator.backends.capacity.base import Capacity
from simulator.core.units import Count

MOST_REPLICAS = 1_000_000


class FixedCapacity(Capacity):
    """Always the same number of replicas."""

    kind: Literal["fixed"] = "fixed"
    replicas: Annotated[Count, Field(le=MOST_REPLICAS, examples=[4])]
    """How many."""

    @property
    @override
    def most_replicas(self) -> int:
        return self.replicas

    @property
    @override
    def least_replicas(self) -> int:
        return self.replicas

    @property
    @override
    def is_fixed(self) -> bool:
        return True

    @override
    def with_least(self, replicas: int) -> Self:
        return self.model_copy(update={"replicas": replicas})

    @override
    def replicas_for(self, offered_replicas: float, hour: int = 0) -> int:
        return self.replicas
