"""As many replicas as a timetable says, hour by hour."""

import itertools
from collections.abc import Generator
from typing import TYPE_CHECKING, Annotated, Literal

import simpy
from pydantic import AfterValidator, Field
from typing_extensions import override

from simulator.backends.capacity.base import Capacity
from simulator.backends.capacity.fixed import MOST_REPLICAS
from simulator.core.units import HOURS_PER_DAY, HOURS_PER_WEEK, Seconds
from simulator.core.week_clock import WeekClock

if TYPE_CHECKING:
    from simulator.backends.online.replicas import Replicas


def _check_hours(replicas: list[int]) -> list[int]:
    if len(replicas) not in {HOURS_PER_DAY, HOURS_PER_WEEK}:
        raise ValueError(f"has {len(replicas)} numbers; give 24 (hours of a day) or 168 (hours of a week from Monday)")
    if not any(replicas):
        raise ValueError("are all 0; at least one hour must have a replica")
    return replicas


HourlyReplicas = Annotated[
    list[Annotated[int, Field(ge=0, le=MOST_REPLICAS)]], AfterValidator(_check_hours), Field(examples=[[2] * 24])
]


class HourlyCapacity(Capacity):
    """A number of replicas for each hour of the day or of the week, by the clock that the scenario's `start` states.

    More replicas are ordered so early that they serve when their hour begins; those too many are removed when it
    begins, first those that are away (reclaimed, or in an outage), then the newest. Where an hour has none, requests
    wait. A simulation that begins within the start-up time before an hour orders that hour's replicas at once.
    """

    kind: Literal["hourly"] = "hourly"
    replicas: HourlyReplicas
    """24 numbers from midnight on, or 168 from Monday midnight on."""
    startup_s: Seconds = 0.0
    """Time from the order of a replica to its first request."""

    @property
    @override
    def replica_startup_s(self) -> float:
        return self.startup_s

    @property
    @override
    def most_replicas(self) -> int:
        return max(self.replicas)

    @override
    def replicas_for(self, offered_replicas: float, hour: int = 0) -> int:
        return self.replicas[hour % len(self.replicas)]

    @override
    def control(
        self, env: simpy.Environment, replicas: "Replicas", clock: WeekClock
    ) -> Generator[simpy.Event, None, None]:
        for hour in itertools.count(clock.hour(env.now) + 1):
            begins_s = clock.begins_s(hour)
            yield env.timeout(max(begins_s - self.startup_s - env.now, 0.0))
            more = self.replicas_for(0.0, hour) - self.replicas_for(0.0, hour - 1)
            if more > 0:
                replicas.order(more, begins_s - env.now)
            elif more < 0:
                env.process(_remove(env, replicas, -more, begins_s))


def _remove(
    env: simpy.Environment, replicas: "Replicas", count: int, at_s: float
) -> Generator[simpy.Event, None, None]:
    yield env.timeout(max(at_s - env.now, 0.0))
    replicas.do_without(count)
