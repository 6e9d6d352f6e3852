"""When they come: profile, time zones, growth, spikes, return visits, bursts and sessions."""

import zoneinfo
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from simulator.core.component import Part
from simulator.core.errors import did_you_mean
from simulator.core.units import Fraction, Number, PositiveSeconds, Seconds, read_fraction
from simulator.demand.burstiness import Burstiness
from simulator.demand.duration.base import AnyDuration
from simulator.demand.duration.exponential import Exponential
from simulator.demand.population import SHARES_TOLERANCE
from simulator.demand.profile.base import AnyProfile
from simulator.demand.profile.flat import Flat
from simulator.demand.requests.base import AnyRequests
from simulator.demand.requests.fixed import Fixed
from simulator.demand.return_visits import ReturnVisits


def _check_zones(zones: dict[str, float]) -> dict[str, float]:
    known = zoneinfo.available_timezones()
    for zone, share in zones.items():
        if zone not in known:
            raise ValueError(f"there is no time zone '{zone[:80]}'; {_nearest_zone(zone, known)}")
        if share == 0:
            raise ValueError(f"the share of {zone} is 0; leave the zone out")
    total = sum(zones.values())
    if zones and abs(total - 1) > SHARES_TOLERANCE:
        raise ValueError(f"the shares add up to {total:.6g}, and must add up to 1 (100 %)")
    return zones


def _nearest_zone(zone: str, known: set[str]) -> str:
    hint = did_you_mean(zone, known)
    return hint if hint.startswith("did") else "write an IANA name such as America/New_York"


class Spike(Part):
    """A stretch of time in which everybody comes more often, or less."""

    at_s: Seconds
    """When it begins, from the scenario's start."""
    duration_s: PositiveSeconds
    """How long it lasts."""
    multiplier: Annotated[Number, Field(ge=0, le=10_000)]
    """The factor on the login rate."""


class Session(Part):
    """What a login does: a number of requests, with pauses between them."""

    requests: AnyRequests = Fixed.model_validate({"count": 1})
    """How many requests a login makes."""
    think_time: AnyDuration = Exponential.model_validate({"mean": "30 s"})
    """The pause between two requests of a login."""

    @property
    def typical_s(self) -> float:
        """The mean length of a session, from its login to its last request. [s]"""
        return (self.requests.mean_per_login - 1) * self.think_time.typical_s


class Traffic(Part):
    """How logins are spread over time, and what each of them does."""

    profile: AnyProfile = Flat()
    """How the rate varies over the week, in local time."""
    timezones: Annotated[dict[str, Fraction], AfterValidator(_check_zones), Field(max_length=200)] = {}
    """Share of the users by IANA time zone; without it all live in the time zone of `start`."""
    growth_per_week_fraction: Annotated[
        float,
        BeforeValidator(read_fraction),
        Field(gt=-1, le=10),
        WithJsonSchema({"type": ["string", "number"], "examples": ["1 %"]}),
    ] = 0.0
    """Growth of the login rate per week, compounded continuously from the start."""
    spikes: Annotated[list[Spike], Field(max_length=1000)] = []
    """Stretches of unusual traffic; where two overlap their multipliers multiply."""
    return_visits: ReturnVisits | None = None
    """Logins that follow from logins; without it a user's logins are independent of one another."""
    burstiness: Burstiness | None = None
    """Bursts within the hour; without it logins are Poisson at the rate of the profile."""
    session: Session = Session()
    """What a login does."""

    @property
    def returns(self) -> ReturnVisits | None:
        """The return visits, if there are any."""
        return self.return_visits if self.return_visits and self.return_visits.probability_fraction > 0 else None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.profile.weekly_weights().any():
            raise ValueError("the profile is 0 at all times")
        return self
