"""What every capacity gives."""

from abc import abstractmethod
from collections.abc import Callable, Generator
from typing import Annotated

import simpy

from simulator.backends.replicas import Replicas
from simulator.core.component import Component, OneOf


class Capacity(Component):
    """How many replicas a fleet has over time."""

    @property
    def replica_startup_s(self) -> float:
        """Time from the order of a replica to its first request. [s]"""
        return 0.0

    @property
    @abstractmethod
    def most_replicas(self) -> int:
        """The most replicas that it ever has."""

    @abstractmethod
    def initial_replicas(self, offered_replicas: float) -> int:
        """Return the replicas at the start.

        Parameters
        ----------
        offered_replicas
            How many replicas the requests expected at the start would keep busy.
        """

    def control(
        self, env: simpy.Environment, replicas: Replicas, busy_s: Callable[[], float]
    ) -> Generator[simpy.Event, None, None] | None:
        """Return the process that changes the replicas, if any does.

        Parameters
        ----------
        busy_s
            Carries the requests up to now and returns the slot-seconds worked since the start. [s]
        """
        del env, replicas, busy_s
        return None


AnyCapacity = Annotated[Capacity, OneOf("simulator.backends.capacity")]
