"""What goes wrong with a fleet's replicas while a simulation runs: reclaims and outages."""

from collections.abc import Generator
from typing import TYPE_CHECKING

import numpy as np
import simpy

from simulator.backends.interruptions.outage import Outage
from simulator.backends.online.replicas import Replica, Replicas
from simulator.core.week_clock import WeekClock

if TYPE_CHECKING:
    from simulator.backends.fleet import Fleet


class Troubles:
    """Takes replicas away, and brings others back."""

    def __init__(self, fleet: "Fleet", replicas: Replicas, rng: np.random.Generator, clock: WeekClock) -> None:
        self._fleet, self._replicas, self._rng, self._clock = fleet, replicas, rng, clock

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
        env, begins_s = self._replicas.env, self._clock.time_s(outage.at)
        late_s = max(env.now - begins_s, 0.0)
        if late_s >= outage.duration_s:  # a date before the simulation begins
            return
        yield env.timeout(max(begins_s - env.now, 0.0))
        self._replicas.interrupt(outage.share_fraction, outage.duration_s - late_s)
