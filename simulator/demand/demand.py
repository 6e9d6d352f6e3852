"""Who comes and when, before anything is drawn."""

from dataclasses import dataclass
from datetime import UTC, datetime

from simulator.core.units import DAY_S, HOUR_S
from simulator.demand.intensity import Cohorts, Intensity, cohorts_of
from simulator.demand.population import Population
from simulator.demand.profile.base import SLOT_S
from simulator.demand.traffic import Traffic

INTERVALS_S = (HOUR_S, HOUR_S / 2, HOUR_S / 4, SLOT_S)
REQUESTS_PER_INTERVAL = 2**19
"""Intervals are shortened until they hold about so many requests at most: their arrays then stay in fast memory."""


@dataclass(frozen=True)
class Demand:
    """Who comes and when, for a population and its traffic."""

    population: Population
    traffic: Traffic
    start: datetime

    @property
    def home_start(self) -> datetime:
        """The start with its time zone, UTC where it states none."""
        return self.start if self.start.tzinfo else self.start.replace(tzinfo=UTC)

    def cohorts(self) -> Cohorts:
        """Return the users by segment and time zone."""
        zone = self.home_start.tzinfo
        assert zone is not None
        return cohorts_of(self.population, self.traffic, zone)

    def intensity(self) -> Intensity:
        """Return the expected logins over time."""
        return Intensity(self.cohorts(), self.traffic, self.home_start)

    @property
    def mean_requests_per_s(self) -> float:
        """Requests per second at weight 1, without growth and spikes. [1/s]"""
        logins_per_s = self.population.mean_logins_per_user_day() * self.population.users / DAY_S
        return logins_per_s * self.traffic.session.requests.mean_per_login

    @property
    def interval_s(self) -> float:
        """The length of time that random numbers are drawn for at once. [s]"""
        fitting = [i for i in INTERVALS_S if i * self.mean_requests_per_s <= REQUESTS_PER_INTERVAL]
        return fitting[0] if fitting else INTERVALS_S[-1]
