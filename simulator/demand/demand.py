"""Who comes and when, before anything is drawn."""

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

import numpy as np
import numpy.typing as npt

from simulator.core.units import DAY_S, HOUR_S
from simulator.demand.clusters import Clusters
from simulator.demand.intensity import Cohorts, Intensity, cohorts_of, phase_of_day
from simulator.demand.population import Population
from simulator.demand.profile.base import SLOT_S
from simulator.demand.traffic import Traffic

FloatArray = npt.NDArray[np.float64]

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

    @property
    def _home(self) -> tzinfo:
        zone = self.home_start.tzinfo
        assert zone is not None
        return zone

    def clusters(self) -> Clusters | None:
        """Return what follows from a primary login; none where nothing does."""
        returns = self.traffic.returns
        return Clusters(returns, phase_of_day(self.traffic, self.home_start, self._home)) if returns else None

    def cohorts(self) -> Cohorts:
        """Return the users by segment and time zone."""
        return cohorts_of(self.population, self.traffic, self._home, self.clusters())

    def intensity(self) -> Intensity:
        """Return the expected primary logins over time."""
        return Intensity(self.cohorts(), self.traffic, self.home_start)

    def expected_logins(self, begin_s: float, hours: int) -> FloatArray:
        """Return the logins that each of some hours expects, return visits included.

        A return visit comes some time after its primary login, so that it is expected from the hours before.
        """
        returns = self.traffic.returns
        after = returns.returns_after(HOUR_S) if returns else np.zeros(1)
        intensity, before = self.intensity(), after.size - 1
        starts_s = begin_s + np.arange(-before, hours) * HOUR_S
        primary = np.array([intensity.pieces(hour_s, hour_s + HOUR_S).logins.sum() for hour_s in starts_s])
        return primary[before:] + np.convolve(primary, after, mode="valid")

    def share_active_at(self, factor: float = 1.0, days: int = 1) -> float:
        """Return the share of users active within some days of mean weight, at ``factor`` times the logins."""
        return self.population.share_active_at(factor, days, self.clusters())

    @property
    def mean_logins_per_user_day(self) -> float:
        """Mean logins per user and day, dormant users and return visits included."""
        return self.population.mean_logins_per_user_day(self.clusters())

    @property
    def mean_requests_per_s(self) -> float:
        """Requests per second at weight 1, without growth and spikes. [1/s]"""
        logins_per_s = self.mean_logins_per_user_day * self.population.users / DAY_S
        return logins_per_s * self.traffic.session.requests.mean_per_login

    @property
    def interval_s(self) -> float:
        """The length of time that random numbers are drawn for at once. [s]"""
        fitting = [i for i in INTERVALS_S if i * self.mean_requests_per_s <= REQUESTS_PER_INTERVAL]
        return fitting[0] if fitting else INTERVALS_S[-1]
