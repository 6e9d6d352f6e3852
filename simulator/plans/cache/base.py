"""What every cache gives."""

from abc import abstractmethod
from typing import Annotated

from simulator.core.component import Component, OneOf


class Cache(Component):
    """How long an online prediction may be served again."""

    @property
    @abstractmethod
    def lifetime_s(self) -> float:
        """The longest time from a prediction's computation to its last use. [s]"""


AnyCache = Annotated[Cache, OneOf("simulator.plans.cache")]
