"""What a backend did, and the meters that it used for that."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from simulator.core.prompt_lengths import ByPrompt
from simulator.core.usage import StandIn


@dataclass(frozen=True)
class Metered:
    """A quantity that a backend used, on the meter that a price book prices."""

    what: str
    """What the bill's reader calls it, such as ``compute`` or ``output tokens``."""
    meter: str
    quantity: float
    unit: str
    follows_replicas: bool = False
    """Whether it follows from the number of replicas that a capacity rule gives, and not from the requests."""
    is_standing: bool = False
    """Whether it is paid for whoever comes."""
    stand_in: StandIn | None = None
    """What its price follows from where the price book has none for the meter."""
    if_priced: bool = False
    """Whether it costs nothing where the price book has no price for it."""
    by_prompt: ByPrompt = ()
    """How the quantity splits by the length of prompts."""


@dataclass(frozen=True)
class OnlineUse:
    """What an online backend did within the horizon."""

    provisioned_replica_s: float
    """Time of all replicas, from the order to the end. [s]"""
    counts: Mapping[str, float]
    """What its computations added up to, by the names of simulation.records.STATION."""
    horizon_s: float = 0.0
    beyond_reserved_s: float = 0.0
    """Of the replica time, that of the replicas above the reserved number, moment by moment. [s]"""
    tokens: Mapping[str, ByPrompt] = field(default_factory=dict)
    """Of the counts, the tokens by the length of the prompts that they belong to."""


@dataclass(frozen=True)
class BatchWork:
    """What batch runs did in a horizon, in proportion to time: 36 hours have one and a half nightly runs."""

    runs: float
    rows: float
    """Predictions computed."""
    worker_s: Mapping[str, float]
    """Worker time billed, by the meter of the machines. [s]"""
