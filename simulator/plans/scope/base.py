"""What every scope gives."""

from abc import abstractmethod
from typing import Annotated

from simulator.core.component import Component, OneOf


class Scope(Component):
    """The users that a run computes predictions for."""

    @abstractmethod
    def expected_users(self, users: int) -> float:
        """Return about how many of all ``users`` a run computes predictions for."""


AnyScope = Annotated[Scope, OneOf("simulator.plans.scope")]
