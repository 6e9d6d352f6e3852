"""What goes wrong with a fleet's replicas while a simulation runs: reclaims and outages."""

from collections.abc import Generator
from typing import TYPE_CHECKING

import numpy as np
import simpy

from simulator.backends.online.replicas import Replica, Replicas
from simulator.backends.trouble.outage import Outage

if TYPE_CHECKING:
    from simulator.backends.fleet import Fleet


class Troubles:
    """Takes replicas away, and brings others back."""

    def __init__(self, fleet: "Fleet", replicas: Replicas, rng: np.random.Generator) -> None:
        self._fleet, self._replicas, self._rng = fleet, replicas, rng

    def begin(self) -> None:
        """Go on from now; replicas that serve later are watched too."""
        if self._fleet.reclaim is not None:
            self._replicas.lasting = self._fleet.reserved_replicas
            self._replicas.when_serving = self._watch
        for outage in self._fleet.outages:
            self._replicas.env.process(self._interrupt(outage))

    def _watch(self, replica: Replica) -> None:
        """Draw how long a replica lasts, one after the other as they begin to serve."""
        if replica.on_spot and self._fleet.reclaim is not None:
            lasts_s = self._fleet.reclaim.mean_s * float(self._rng.standard_exponential())
            self._replicas.env.process(self._reclaim(replica, lasts_s))

    def _reclaim(self, replica: Replica, lasts_s: float) -> Generator[simpy.Event, None, None]:
        yield self._replicas.env.timeout(lasts_s)
        assert self._fleet.reclaim is not None
        replaced = self._fleet.capacity.replaces_lost
        self._replicas.take_back(replica, self._fleet.reclaim.reprovision_s if replaced else None)

    def _interrupt(self, outage: Outage) -> Generator[simpy.Event, None, None]:
        yield self._replicas.env.timeout(outage.at_s - self._replicas.env.now)
        self._replicas.interrupt(outage.share_fraction, outage.duration_s)
