"""The batches that a backend computes."""

from dataclasses import dataclass

from simulator.backends.service_time.base import ServiceTime


@dataclass(frozen=True)
class Batches:
    """Predictions that are computed together."""

    stated: int
    """How many, if the batch is full."""
    where: str
    """What computes them: a slot, or a worker."""
    times: ServiceTime
