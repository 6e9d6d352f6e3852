"""Replicas that follow the load, as the Kubernetes HorizontalPodAutoscaler makes them."""

import math
from collections import deque
from collections.abc import Generator
from typing import TYPE_CHECKING, Annotated, Literal, Self

import simpy
from pydantic import Field, model_validator
from typing_extensions import override

from simulator.backends.capacity.base import Capacity
from simulator.backends.capacity.fixed import MOST_REPLICAS
from simulator.core.units import Count, Fraction, PositiveSeconds, Seconds
from simulator.core.week_clock import WeekClock

if TYPE_CHECKING:
    from simulator.backends.online.replicas import Replicas

TOLERANCE = 0.1
"""No change while utilisation is within 10 % of its target."""
TICKS_PER_S = 1024
"""Whole multiples of a power of two of seconds add up exactly."""
NEAR_WHOLE = 1e-9
"""A fully busy fleet's utilisation is 1 but for rounding, which must not order a replica more."""


class Autoscaled(Capacity):
    """Kubernetes' rule: at every tick, desired = ceil(ready x utilisation / target).

    Within 10 % of the target nothing changes. Scaling up is at once; scaling down goes to the largest number desired
    within the stabilisation window. A new replica serves after its start-up time.
    """

    kind: Literal["autoscaled"] = "autoscaled"
    min: Annotated[Count, Field(le=MOST_REPLICAS)] = 1
    """Fewest replicas."""
    max: Annotated[Count, Field(le=MOST_REPLICAS, examples=[40])]
    """Most replicas."""
    target_fraction: Annotated[Fraction, Field(gt=0, examples=["60 %"])]
    """Utilisation that it aims at."""
    tick_s: PositiveSeconds = 15.0
    """Time between two decisions."""
    startup_s: Seconds = 0.0
    """Time from the order of a replica to its first request."""
    stabilisation_s: Seconds = 300.0
    """How far back the largest desire still keeps replicas."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.min > self.max:
            raise ValueError(f"'min' ({self.min}) must be at most 'max' ({self.max})")
        return self

    @property
    @override
    def replica_startup_s(self) -> float:
        return self.startup_s

    @property
    @override
    def replaces_lost(self) -> bool:
        return False

    @property
    @override
    def most_replicas(self) -> int:
        return self.max

    @override
    def replicas_for(self, offered_replicas: float, hour: int = 0) -> int:
        return self._bounded(math.ceil(offered_replicas / self.target_fraction))

    @override
    def control(
        self, env: simpy.Environment, replicas: "Replicas", clock: WeekClock
    ) -> Generator[simpy.Event, None, None]:
        requests = replicas.requests
        requests.advance(env.now)
        tick_end_s = env.now
        worked_s, ready_s = requests.work_done_s(), replicas.ready_slot_s()
        desires: deque[tuple[float, int]] = deque([(env.now, replicas.total)])
        while True:
            if self._may_skip(replicas, tick_end_s):
                most_work_s = self.target_fraction * replicas.ready * replicas.slots_per_replica * self.tick_s
                ticks, worked_s = requests.advance_ticks(tick_end_s, self.tick_s, most_work_s, env.peek())
                tick_end_s += ticks * self.tick_s
                ready_s += ticks * self.tick_s * replicas.ready * replicas.slots_per_replica
            tick_end_s += self.tick_s
            yield env.timeout(tick_end_s - env.now)
            requests.advance(env.now)
            worked_before_s, worked_s = worked_s, requests.work_done_s()
            ready_before_s, ready_s = ready_s, replicas.ready_slot_s()
            offered_s = ready_s - ready_before_s
            utilisation = (worked_s - worked_before_s) / offered_s if offered_s > 0 else 0.0
            total = replicas.total
            desired = self.desired_replicas(replicas.ready, total, utilisation)
            while desires and desires[0][0] <= env.now - self.stabilisation_s:
                desires.popleft()
            while desires and desires[-1][1] <= desired:  # an older, smaller desire can never be the largest again
                desires.pop()
            desires.append((env.now, desired))
            if desired > total:
                replicas.order(desired - total)
            elif desires[0][1] < total:
                replicas.remove(total - desires[0][1])

    def _may_skip(self, replicas: "Replicas", now_s: float) -> bool:
        """Return whether ticks change nothing until one brings more work than the target.

        At the minimum nothing can be removed, and all desires of the window are the minimum. Times must add up
        exactly, so that it makes no difference which ticks are skipped.
        """
        exact = all(float(time_s * TICKS_PER_S).is_integer() for time_s in (self.tick_s, now_s))
        return exact and replicas.total == self.min and replicas.is_settled

    def desired_replicas(self, ready: int, total: int, utilisation: float) -> int:
        """Return the replicas wanted for the utilisation of those that are ready."""
        ratio = utilisation / self.target_fraction
        if abs(ratio - 1.0) <= TOLERANCE:
            return self._bounded(total)
        return self._bounded(math.ceil(ready * ratio - NEAR_WHOLE))

    def _bounded(self, count: int) -> int:
        return min(max(count, self.min), self.max)
