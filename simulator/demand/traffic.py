"""When they come: profile, time zones, growth, spikes, return visits, bursts and sessions."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema, model_validator

from simulator.core.component import Part, key_of
from simulator.core.duration.base import AnyDuration
from simulator.core.duration.exponential import Exponential
from simulator.core.moment import Moment, from_start_s
from simulator.core.units import Fraction, Number, PositiveSeconds, read_fraction, write_share
from simulator.demand.burstiness import Burstiness
from simulator.demand.closed_loop import ClosedLoop
from simulator.demand.population import SHARES_TOLERANCE
from simulator.demand.profile.base import AnyProfile
from simulator.demand.profile.flat import Flat
from simulator.demand.replay import Replay
from simulator.demand.requests.base import AnyRequests
from simulator.demand.requests.fixed import FixedRequests
from simulator.demand.return_visits import ReturnVisits
from simulator.demand.zones import check_zone


def _of_one_zone(zones: object) -> object:
    """Let ``America/New_York`` stand for ``{America/New_York: 100 %}``."""
    return {zones: 1.0} if isinstance(zones, str) else zones


def _check_zones(zones: dict[str, float]) -> dict[str, float]:
    for zone, share in zones.items():
        check_zone(zone)
        if share == 0:
            raise ValueError(f"the share of {zone} is 0; leave the zone out")
    total = sum(zones.values())
    if zones and abs(total - 1) > SHARES_TOLERANCE:
        raise ValueError(f"the shares add up to {total:.6g}, and must add up to 1 (100 %)")
    return zones


class Spike(Part):
    """A stretch of time in which everybody comes more often, or less."""

    at: Moment
    """When it begins: a time from the scenario's start, or a date, on the clock of `start` where it states no zone."""
    duration_s: PositiveSeconds
    """How long it lasts."""
    multiplier: Annotated[Number, Field(ge=0, le=10_000, examples=[3])]
    """The factor on the login rate."""
    per_month: Annotated[Number, Field(gt=0, le=100_000, allow_inf_nan=False)] | None = None
    """How often it comes in a month of 30 days, for the bill; without it, as often as the horizon fits into a month.
    What the spike adds to the horizon's usage, found by simulating the horizon without it too, is billed so often."""

    def begins_s(self, start: datetime) -> float:
        """Return how long after the scenario's start it begins; below 0 before it. [s]"""
        return from_start_s(self.at, start)


class Session(Part):
    """What a login does: a number of requests, with pauses between them."""

    requests: AnyRequests = FixedRequests.model_validate({"count": 1})
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
    timezones: Annotated[
        dict[str, Fraction],
        BeforeValidator(_of_one_zone, json_schema_input_type=str | dict[str, Fraction]),
        AfterValidator(_check_zones),
        Field(max_length=200),
    ] = {}
    """Share of the users by IANA time zone, or one for all; without it all live in the time zone of `start`."""
    growth_per_week_fraction: Annotated[
        float,
        BeforeValidator(read_fraction),
        Field(gt=-1, le=10),
        WithJsonSchema({"type": ["string", "number"], "examples": ["1 %"]}),
        PlainSerializer(write_share, return_type=str, when_used="json"),
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
    replay: Replay | None = None
    """Requests or logins of a file, instead of all of the above; `session` still says what the file's logins do."""
    closed_loop: ClosedLoop | None = None
    """Clients who wait for each answer before they ask again, instead of all of the above. Whose prediction each
    request asks for is drawn from the population by its login rates. For plans that compute every request."""

    @property
    def returns(self) -> ReturnVisits | None:
        """The return visits, if there are any."""
        return self.return_visits if self.return_visits and self.return_visits.probability_fraction > 0 else None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.closed_loop is not None:
            self._check_nothing_beside("closed_loop")
        elif self.replay is not None:
            self._check_nothing_beside("replay", *(["session"] if self.replay.events == "logins" else []))
        if not self.profile.weekly_weights().any():
            raise ValueError("the profile is 0 at all times")
        return self

    def _check_nothing_beside(self, chosen: str, *allowed: str) -> None:
        fields = {name: each for name, each in type(self).model_fields.items() if name not in (chosen, *allowed)}
        given = [key_of(name) for name, each in fields.items() if getattr(self, name) != each.default]
        if given:
            logins = "; 'session' needs 'events: logins'" if chosen == "replay" and "session" in given else ""
            raise ValueError(f"has both {chosen} and {', '.join(given)}; leave out one or the other{logins}")
