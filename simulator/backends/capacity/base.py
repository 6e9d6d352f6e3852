"""What every capacity gives."""

from abc import abstractmethod
from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Self

import numpy as np
import simpy

from simulator.core.arrays import FloatArray
from simulator.core.component import Component, OneOf
from simulator.core.input_files.short_forms import Short
from simulator.core.week_clock import WeekClock

if TYPE_CHECKING:
    from simulator.backends.online.replicas import Replicas


@dataclass(frozen=True)
class SteadyLoad:
    """What is asked of a fleet, hour by hour: shape (hours,) each."""

    length_s: FloatArray
    """Of each hour. [s]"""
    offered: FloatArray
    """Replicas that would be busy."""
    noise: FloatArray
    """Standard deviation of the share of time that the replicas are busy, over a second, relative to its mean. [s^0.5]
    Over so many seconds it is as many times smaller as their square root."""
    per_s: FloatArray
    """Computations asked for. [1/s]"""
    hour: tuple[int, ...]
    """Which hours they are, counted from a Monday 00:00 on the scenario's clock."""


class Capacity(Component):
    """How many replicas a fleet has over time."""

    short: ClassVar[Short | None] = Short("replicas", "fixed")
    listed: ClassVar[Short | None] = Short("replicas", "hourly")

    @property
    def replica_startup_s(self) -> float:
        """Time from the order of a replica to its first request. [s]"""
        return 0.0

    @property
    @abstractmethod
    def most_replicas(self) -> int:
        """The most replicas that it ever has."""

    @property
    def least_replicas(self) -> int:
        """The replicas that are there whoever comes, where a single number states them; else 0."""
        return 0

    @property
    def is_fixed(self) -> bool:
        """Whether there are always `least_replicas`, and never more."""
        return False

    def with_least(self, replicas: int) -> Self:
        """Return it with another number of `least_replicas`."""
        del replicas
        return self

    @property
    def replaces_lost(self) -> bool:
        """Whether a replica that is lost is replaced by another; else only its rule orders more."""
        return True

    @property
    def scales_to_zero(self) -> bool:
        """Whether it may have no replica while nobody comes, so that a request has one ordered and waits for it."""
        return False

    @property
    def is_to_be_sized(self) -> bool:
        """Whether it is a wish, which a study turns into a fixed number before anything is simulated."""
        return False

    @abstractmethod
    def replicas_for(self, offered_replicas: float, hour: int = 0) -> int:
        """Return the replicas that a steady load leads to; a simulation starts with those for its first hour.

        Parameters
        ----------
        offered_replicas
            How many replicas the requests would keep busy.
        hour
            Which hour it is, counted from a Monday 00:00 on the scenario's clock.
        """

    def mean_replicas_for(self, offered_replicas: float, requests_per_s: float, hour: int = 0) -> float:
        """Return the mean number of replicas that a steady load leads to, those that start included.

        Parameters
        ----------
        offered_replicas, hour
            As for `replicas_for`.
        requests_per_s
            How often a computation is asked for. [1/s]
        """
        del requests_per_s
        return float(self.replicas_for(offered_replicas, hour))

    def steady_replicas(self, load: SteadyLoad) -> tuple[FloatArray, FloatArray]:
        """Return the replicas that serve in the long run of each hour, and the replica time billed. [s]"""
        serving = np.array([float(self.replicas_for(0.0, hour)) for hour in load.hour])
        return serving, serving * load.length_s

    @property
    def follows_load(self) -> bool:
        """Whether the replicas depend on what is asked of them, so that closed forms only come near them."""
        return False

    def control(
        self, env: simpy.Environment, replicas: "Replicas", clock: WeekClock
    ) -> Generator[simpy.Event, None, None] | None:
        """Return the process that changes the replicas, if any does."""
        del env, replicas, clock
        return None


AnyCapacity = Annotated[Capacity, OneOf("simulator.backends.capacity")]
