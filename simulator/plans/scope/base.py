"""What every scope gives, and what it may ask about the users."""

from abc import abstractmethod
from typing import Annotated, ClassVar, Protocol

from simulator.core.arrays import BitSet
from simulator.core.component import Component, OneOf
from simulator.core.input_files.short_forms import Short

"""Users, one bit each, in an order that only the simulation knows."""


class Expectation(Protocol):
    """What a scope may ask about the users before anything is simulated."""

    @property
    def users(self) -> float:
        """How many a run could compute predictions for."""

    @property
    def every_s(self) -> float:
        """Time from a run's start to the next one's. [s]"""

    def share_active(self, window_s: float) -> float:
        """Return the expected share of the users who log in within so much time. [s]"""


class Moment(Protocol):
    """What a scope may ask when a run starts; every answer holds only users whom the run may compute for at all."""

    @property
    def start_s(self) -> float:
        """When the run starts. [s]"""

    @property
    def next_s(self) -> float:
        """When the run after it is due. [s]"""

    def everyone(self) -> BitSet:
        """Return all users."""

    def active_since(self, time_s: float) -> BitSet:
        """Return those with a login from a time up to the run's start. [s]"""

    def most_active(self, share_fraction: float) -> BitSet:
        """Return those who belong to the share of all users with the highest login rates."""

    def logging_in(self, begin_s: float, end_s: float) -> BitSet:
        """Return those who will log in from one time to another. [s]"""

    def some_of(self, users: BitSet, probability: float) -> BitSet:
        """Return each of the users with some probability, independently."""

    def count(self, users: BitSet) -> int:
        """Return how many users there are in a set."""


class Scope(Component):
    """The users that a run computes predictions for."""

    short: ClassVar[Short | None] = Short("window", "active_within")

    is_for_all: ClassVar[bool] = False
    """Whether it is every user."""
    is_fixed: ClassVar[bool] = False
    """Whether it is the same users at every run."""
    needs_rates: ClassVar[bool] = False
    """Whether it must know how often each user logs in."""
    looks_ahead: ClassVar[bool] = False
    """Whether it asks for logins to come."""

    @property
    def look_back_s(self) -> float | None:
        """How long before a run's start a login counts; None where the scope does not ask for past logins. [s]"""
        return None

    @abstractmethod
    def expected_users(self, expected: Expectation) -> float:
        """Return about how many users a run computes predictions for."""

    @abstractmethod
    def members(self, moment: Moment) -> BitSet:
        """Return the users that a run computes predictions for."""


AnyScope = Annotated[Scope, OneOf("simulator.plans.scope")]
