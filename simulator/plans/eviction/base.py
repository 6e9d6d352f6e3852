"""What every rule of eviction gives."""

from abc import abstractmethod
from typing import Annotated

from simulator.core.component import Component, OneOf


class Eviction(Component):
    """Which row makes room for a new one, where the store is full: the one whose place was renewed longest ago."""

    @property
    @abstractmethod
    def reading_renews(self) -> bool:
        """Whether a row's place is renewed when it is read, as it is when it is written."""


AnyEviction = Annotated[Eviction, OneOf("simulator.plans.eviction")]
