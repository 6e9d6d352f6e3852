"""What goes wrong with a fleet's replicas while a simulation runs: reclaims and outages."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np
import simpy

from simulator.backends.interruptions.outage import Outage
from simulator.backends.interruptions.reclaim import Reclaim
from simulator.backends.online.replicas import Replica, Replicas
from simulator.core.week_clock import WeekClock


@dataclass(frozen=True)
class Interruptions:
    """Takes replicas away, and brings others back."""

    reclaim: Reclaim | None
    """How those on spot are taken back, if they are."""
    outages: Sequence[Outage]
    lasting: int
    """How many replicas are not on spot."""
    replaces_lost: bool
    """Whether another takes the place of one that is reclaimed."""

    def begin(self, replicas: Replicas, rng: np.random.Generator, clock: WeekClock) -> None:
        """Go on from now; replicas that serve later are watched too."""
        if self.reclaim is not None:
            reclaim = self.reclaim

            def watch(replica: Replica) -> None:
                """Draw how long a replica lasts, one after the other as they begin to serve."""
                if replica.on_spot:
                    lasts_s = reclaim.mean_s * float(rng.standard_exponential())
                    replicas.env.process(self._take_back(replicas, replica, lasts_s, reclaim))

            replicas.lasting = self.lasting
            replicas.when_serving = watch
        for outage in self.outages:
            replicas.env.process(_interrupt(replicas, outage, clock))

    def _take_back(
        self, replicas: Replicas, replica: Replica, lasts_s: float, reclaim: Reclaim
    ) -> Generator[simpy.Event, None, None]:
        yield replicas.env.timeout(lasts_s)
        replicas.take_back(replica, reclaim.reprovision_s if self.replaces_lost else None)


def _interrupt(replicas: Replicas, outage: Outage, clock: WeekClock) -> Generator[simpy.Event, None, None]:
    env, begins_s = replicas.env, clock.time_s(outage.at)
    late_s = max(env.now - begins_s, 0.0)
    if late_s >= outage.duration_s:  # a date before the simulation begins
        return
    yield env.timeout(max(begins_s - env.now, 0.0))
    replicas.interrupt(outage.share_fraction, outage.duration_s - late_s)
