"""What a run found of an online backend, and what a planner is to be warned of."""

from dataclasses import dataclass
from enum import Enum, auto


class Topic(Enum):
    """What a warning is about, which decides where it is told."""

    ROOM = auto()
    """It has no room for what is asked of it."""
    LIMITS = auto()
    """A limit of somebody else's binds."""


@dataclass(frozen=True)
class Finding:
    """What a run found of an online backend, over all replications."""

    name: str
    """What the scenario calls it."""
    answers: bool
    """Whether requests wait for it, and not only events."""
    among: int
    """How many of the plan's backends have replicas."""
    clients_wait: bool = False
    """Whether requests come from clients who wait for their answers, so that as many come as it can do."""
    load_fraction: float = 0.0
    """Share of what its replicas can do that was done; 0 where it has none."""
    calls: float = 0.0
    """Computations begun; 0 where a run kept no counts."""
    refused: float = 0.0
    """Times that it refused."""


@dataclass(frozen=True)
class Warned:
    """A warning, without the plan that it is of."""

    topic: Topic
    sentence: str
