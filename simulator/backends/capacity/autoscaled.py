"""Replicas that follow the load, as the Kubernetes HorizontalPodAutoscaler makes them."""

import math
from collections.abc import Generator
from typing import TYPE_CHECKING, Annotated, Literal, Self

import numpy as np
import simpy
from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator
from typing_extensions import override

from simulator.backends.capacity.base import Capacity, SteadyLoad
from simulator.backends.capacity.fixed import MOST_REPLICAS
from simulator.backends.scaling.behavior import Behavior, Pace
from simulator.core.arrays import FloatArray
from simulator.core.units import Count, Fraction, PositiveSeconds, Seconds, read_count
from simulator.core.week_clock import WeekClock

if TYPE_CHECKING:
    from simulator.backends.online.replicas import Replicas

KEEPS_S = 300.0
"""How far back the largest desire keeps replicas where nothing is stated, as Kubernetes has it."""
TICKS_PER_S = 1024
"""Whole multiples of a power of two of seconds add up exactly."""
HALF = 0.5
"""What rounding up adds to a load that varies, on average."""
NEAR_WHOLE = 1e-9
"""A fully busy fleet's utilisation is 1 but for rounding, which must not order a replica more."""


class Autoscaled(Capacity):
    """Kubernetes' rule: at every tick, desired = ceil(ready x utilisation / target).

    Within the tolerance of the target nothing changes, nor where no replica has been ready since the last tick, so that
    nothing was measured. Replicas are added at once, and removed down to the largest number desired within the
    stabilisation window, both no faster than `behavior` allows; by default at most 4 replicas or 100 % are added every
    15 s, as Kubernetes does. A new replica serves after its start-up time.

    With a minimum of 0 the last replica goes as the others do, when nothing was worked on within the stabilisation
    window. If then a request comes, one is ordered at the next tick, as KEDA does at its next poll, whatever `behavior`
    says, and the request waits for it as long as it waits for anything.
    """

    kind: Literal["autoscaled"] = "autoscaled"
    min: Annotated[
        int,
        BeforeValidator(read_count),
        Field(ge=0, le=MOST_REPLICAS),
        WithJsonSchema({"type": ["string", "integer"], "minimum": 0, "maximum": MOST_REPLICAS, "examples": [1, 0]}),
    ] = 1
    """Fewest replicas; 0 = none while nobody comes (scale to zero)."""
    max: Annotated[Count, Field(le=MOST_REPLICAS, examples=[40])]
    """Most replicas."""
    target_fraction: Annotated[Fraction, Field(gt=0, examples=["60 %"])]
    """Utilisation that it aims at."""
    tick_s: PositiveSeconds = 15.0
    """Time between two decisions."""
    startup_s: Seconds = 0.0
    """Time from the order of a replica to its first request."""
    stabilisation_s: Annotated[Seconds | None, Field(examples=["5 min"])] = None
    """How far back the largest desire still keeps replicas; 5 min where neither it nor `behavior` states it."""
    behavior: Behavior = Behavior()
    """How fast replicas may be added and removed."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.min > self.max:
            raise ValueError(f"'min' ({self.min}) must be at most 'max' ({self.max})")
        if self.stabilisation_s is not None and self.behavior.scale_down.stabilisation_s is not None:
            raise ValueError(
                "has both 'stabilisation' and 'behavior.scale_down.stabilisation', which are the same; leave out one"
            )
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
    def scales_to_zero(self) -> bool:
        return self.min == 0

    @property
    @override
    def most_replicas(self) -> int:
        return self.max

    @property
    @override
    def least_replicas(self) -> int:
        return self.min

    @override
    def with_least(self, replicas: int) -> Self:
        return self.model_copy(update={"min": replicas})

    @property
    def keeps_s(self) -> float:
        """How far back the largest desire still keeps replicas. [s]"""
        stated = (self.behavior.scale_down.stabilisation_s, self.stabilisation_s)
        return next((window_s for window_s in stated if window_s is not None), KEEPS_S)

    @override
    def replicas_for(self, offered_replicas: float, hour: int = 0) -> int:
        return self._bounded(math.ceil(offered_replicas / self.target_fraction))

    @override
    def mean_replicas_for(self, offered_replicas: float, requests_per_s: float, hour: int = 0) -> float:
        """Return it; one that goes when nobody comes is there as long as a request came within its start and window."""
        count = self.replicas_for(offered_replicas, hour)
        if self.min > 0 or count > 1:
            return float(count)
        return -count * math.expm1(-requests_per_s * (self.keeps_s + self.startup_s + self.tick_s))

    @property
    @override
    def follows_load(self) -> bool:
        return self.min < self.max

    @override
    def steady_replicas(self, load: SteadyLoad) -> tuple[FloatArray, FloatArray]:
        """Return them as its rule goes from hour to hour, where the highest of the loads measured decides.

        They stay as they are while the load is within the tolerance; what is too many goes after the stabilisation
        window, and what is ordered is billed while it starts.
        """
        chance = _expected_highest(self.keeps_s / self.tick_s) * load.noise / math.sqrt(self.tick_s)
        highest = load.offered * (1 + chance)
        up, down = self.behavior.scale_up.tolerance_fraction, self.behavior.scale_down.tolerance_fraction
        serving, billed_s, count = np.empty(load.offered.size), np.empty(load.offered.size), -1.0
        hours = zip(load.offered.tolist(), highest.tolist(), load.length_s.tolist(), load.per_s.tolist(), strict=True)
        for number, (offered, most, length_s, per_s) in enumerate(hours):
            wanted = float(self._bounded(math.ceil(most / self.target_fraction - NEAR_WHOLE)))
            before = wanted if count < 0 else count
            ratio = (offered if wanted < before else most) / self.target_fraction / before if before else math.inf
            count = wanted if not -down <= ratio - 1.0 <= up else min(max(before, self.min), self.max)
            if (
                chance[number] > up
            ):  # it goes up and down by chance alone, through numbers that are not whole on average
                count = min(max(most / self.target_fraction + HALF, self.min), self.max)
            starting = self.startup_s + self.tick_s > length_s / 2
            serving[number] = min(before, count) if starting else count
            leaving_s = min(self.keeps_s, length_s) * max(before - count, 0)
            billed_s[number] = count * length_s + leaving_s
            if self.min == 0 and count <= 1:
                billed_s[number] = self.mean_replicas_for(offered, per_s) * length_s
        return serving, billed_s

    @override
    def control(
        self, env: simpy.Environment, replicas: "Replicas", clock: WeekClock
    ) -> Generator[simpy.Event, None, None]:
        requests = replicas.requests
        requests.advance(env.now)
        tick_end_s = env.now
        worked_s, ready_s = requests.work_done_s(), replicas.ready_slot_s()
        pace = Pace.of(self.behavior, self.keeps_s, env.now, replicas.total)
        while True:
            if self._may_skip(replicas, tick_end_s):
                most_work_s = self.target_fraction * replicas.ready * replicas.slots_per_replica * self.tick_s
                ticks, worked_s = requests.advance_ticks(tick_end_s, self.tick_s, most_work_s, env.peek())
                tick_end_s += ticks * self.tick_s
                ready_s += ticks * self.tick_s * replicas.ready * replicas.slots_per_replica
                if ticks:
                    pace.idle(tick_end_s, self.min)
            tick_end_s += self.tick_s
            yield env.timeout(tick_end_s - env.now)
            requests.advance(env.now)
            worked_before_s, worked_s = worked_s, requests.work_done_s()
            ready_before_s, ready_s = ready_s, replicas.ready_slot_s()
            offered_s = ready_s - ready_before_s
            utilisation = (worked_s - worked_before_s) / offered_s if offered_s > 0 else None
            self._decide(env.now, replicas, pace, utilisation)

    def _decide(self, now_s: float, replicas: "Replicas", pace: Pace, utilisation: float | None) -> None:
        """Order or remove replicas at a tick."""
        total, asked = replicas.total, replicas.requests.asked()
        if total == 0 and asked:
            replicas.order(1)
            pace.wake(now_s)
            return
        desired = max(self.desired_replicas(replicas.ready, total, utilisation), int(asked))
        change = pace.next(now_s, total, desired, self.min) - total
        if change > 0:
            replicas.order(change)
        elif change < 0:
            replicas.remove(-change)

    def _may_skip(self, replicas: "Replicas", now_s: float) -> bool:
        """Return whether ticks change nothing until one brings more work than the target, or the first request.

        At the minimum nothing can be removed, and more is wanted only by a tick above the target. Times must add up
        exactly, so that it makes no difference which ticks are skipped.
        """
        exact = all(float(time_s * TICKS_PER_S).is_integer() for time_s in (self.tick_s, now_s))
        return exact and replicas.total == self.min and replicas.is_settled

    def desired_replicas(self, ready: int, total: int, utilisation: float | None) -> int:
        """Return the replicas wanted for the utilisation of those that are ready; None where none was measured."""
        if utilisation is None or ready == 0:
            return self._bounded(total)
        ratio = utilisation / self.target_fraction
        up, down = self.behavior.scale_up.tolerance_fraction, self.behavior.scale_down.tolerance_fraction
        if -down <= ratio - 1.0 <= up:
            return self._bounded(total)
        return self._bounded(math.ceil(ready * ratio - NEAR_WHOLE))

    def _bounded(self, count: int) -> int:
        return min(max(count, self.min), self.max)


def _expected_highest(ticks: float) -> float:
    """Return about the mean of the largest of so many standard normal numbers."""
    if ticks <= 2:  # noqa: PLR2004  (the form below is for more)
        return HALF
    root = math.sqrt(2 * math.log(ticks))
    return root - (math.log(math.log(ticks)) + math.log(4 * math.pi)) / (2 * root)
