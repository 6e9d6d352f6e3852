"""What every cache gives."""

from abc import abstractmethod
from typing import Annotated, ClassVar

from simulator.core.component import Component, OneOf
from simulator.core.input_files.short_forms import Short


class Cache(Component):
    """How long an online prediction may be served again."""

    short: ClassVar[Short | None] = Short("ttl", "ttl")

    @property
    @abstractmethod
    def fresh_for_s(self) -> float:
        """The time for which a prediction is served as it is. [s]"""

    @property
    @abstractmethod
    def kept_for_s(self) -> float:
        """The time for which it is served at all; infinity for ever. [s]

        Where it is longer than ``fresh_for_s``, a request in between is served, and has the prediction computed again
        meanwhile.
        """

    @property
    def slides(self) -> bool:
        """Whether these times run from the last reading, and not from the computation."""
        return False


AnyCache = Annotated[Cache, OneOf("simulator.plans.cache")]
