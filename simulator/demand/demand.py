"""Who comes and when, before anything is drawn."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING

import numpy as np

from simulator.core.arrays import FloatArray
from simulator.core.errors import UserError
from simulator.core.units import DAY_S, HOUR_S, NS_PER_S, WEEK_S
from simulator.core.week_clock import WeekClock
from simulator.demand.clusters import Clusters
from simulator.demand.intensity import Cohorts, Intensity, cohorts_of, phase_of_day
from simulator.demand.population import Population
from simulator.demand.profile.base import SLOT_S
from simulator.demand.traffic import Traffic

if TYPE_CHECKING:
    from simulator.demand.replay_summary import Summary


LARGEST_LOG = 700.0
"""Of what a float holds."""
INTERVALS_S = (HOUR_S, HOUR_S / 2, HOUR_S / 4, SLOT_S)
REQUESTS_PER_INTERVAL = 2**19
"""Intervals are shortened until they hold about so many requests at most: their arrays then stay in fast memory."""
REQUESTS_PER_BLOCK = 2**15
"""Of intervals with fewer requests several are worked on at once, up to a day: each step costs some time of its own."""


@dataclass(frozen=True)
class Rates:
    """Expected requests per second from each time to the next."""

    edges_s: FloatArray
    """Shape (n + 1,), from 0. [s]"""
    per_s: FloatArray
    """Shape (n,). [1/s]"""

    @property
    def mean_per_s(self) -> float:
        """Over the whole time. [1/s]"""
        return float(np.average(self.per_s, weights=np.diff(self.edges_s)))

    @property
    def peak_per_s(self) -> float:
        """Of the busiest hour. [1/s]"""
        return float(self.per_s.max())

    @property
    def busiest_s(self) -> float:
        """When that begins. [s]"""
        return float(self.edges_s[self.per_s.argmax()])


@dataclass(frozen=True)
class Demand:
    """Who comes and when, for a population and its traffic."""

    population: Population
    traffic: Traffic
    start: datetime
    horizon_s: float = 0.0
    """How long is counted, which tells whether the dates of a replay's file lie in it. [s]"""
    tells_rows: bool = False
    """Whether each request of a replay tells which row of the file it is."""
    answer_s: float = 0.0
    """How long the fastest answer takes on average where nobody waits, which the clients of a closed loop go by. [s]"""

    @property
    def home_start(self) -> datetime:
        """The start with its time zone, UTC where it states none."""
        return self.start if self.start.tzinfo else self.start.replace(tzinfo=UTC)

    @property
    def clock(self) -> WeekClock:
        """The hours of the week on the clock of the start."""
        return WeekClock.of(self.home_start)

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
        """Return the drawn logins that each of some hours expects, return visits included.

        A return visit comes some time after its primary login, so that it is expected from the hours before.
        """
        returns = self.traffic.returns
        after = returns.returns_after(HOUR_S) if returns else np.zeros(1)
        intensity, before = self.intensity(), after.size - 1
        starts_s = begin_s + np.arange(-before, hours) * HOUR_S
        primary = np.array([intensity.pieces(hour_s, hour_s + HOUR_S).logins.sum() for hour_s in starts_s])
        return primary[before:] + np.convolve(primary, after, mode="valid")

    def expected_requests(self, begin_s: float, hours: int) -> FloatArray:
        """Return how many requests each of some hours expects; those of a login count at its time."""
        if self.traffic.closed_loop is not None:
            return np.full(hours, self.mean_requests_per_s * HOUR_S)
        if self.traffic.replay is not None:
            return self.recorded_requests(begin_s + HOUR_S * np.arange(hours + 1, dtype=np.float64))
        return self.expected_logins(begin_s, hours) * self.traffic.session.requests.mean_per_login

    def expected_rates(self, horizon_s: float) -> "Rates":
        """Return the expected requests per second of each hour from time 0; the last may be cut off by the horizon. [s]

        In an hour that is cut, return visits are taken to be spread as primary logins are.
        """
        hours = math.ceil(horizon_s / HOUR_S)
        edges_s = np.append(np.arange(hours) * HOUR_S, horizon_s)
        if self.traffic.closed_loop is not None:
            return Rates(edges_s, np.full(hours, self.mean_requests_per_s))
        if self.traffic.replay is not None:
            return Rates(edges_s, self.recorded_requests(edges_s) / np.diff(edges_s))
        requests = self.expected_requests(0.0, hours)
        last_s = float(edges_s[-2])
        if horizon_s < last_s + HOUR_S:
            intensity = self.intensity()
            whole, part = (intensity.pieces(last_s, end_s).logins.sum() for end_s in (last_s + HOUR_S, horizon_s))
            requests[-1] *= part / whole if whole else 0.0
        return Rates(edges_s, requests / np.diff(edges_s))

    def recorded_requests(self, edges_s: FloatArray) -> FloatArray:
        """Return how many requests a replay makes from each time to the next, known to spans of five minutes."""
        replay, found = self.traffic.replay, self.recorded
        assert replay is not None
        assert found is not None
        file_s, per_login = (
            (edges_s - self.recorded_from_s) * replay.speed,
            self.traffic.session.requests.mean_per_login,
        )
        if not replay.loop:
            return np.diff(found.expected(np.clip(file_s, 0.0, found.length_s))) * per_login
        rounds, within_s = np.divmod(file_s, found.length_s)
        return np.diff(rounds * found.events + found.expected(within_s)) * per_login

    @property
    def recorded(self) -> "Summary | None":
        """What the file of a replay holds; None where demand is drawn.

        Raises
        ------
        UserError
            If the file is not what the replay says, or names more users than there are.
        """
        replay = self.traffic.replay
        if replay is None:
            return None
        from simulator.demand.replay_summary import summary  # noqa: PLC0415  (pyarrow, which only a replay needs)

        found = summary(replay)
        if found.users is not None and found.users > self.population.users:
            raise UserError(
                f"{replay.path}: column '{replay.user}' names {found.users:,} users, more than population.users "
                f"({self.population.users:,})"
            )
        return found

    @property
    def recorded_from_s(self) -> float:
        """When a replay's first row comes: at its own time where the file's dates lie in the horizon, else at 0. [s]"""
        replay, first_s = self.traffic.replay, self.recorded_at_s
        found = self.recorded
        if replay is None or found is None or first_s is None or replay.clock == "start" or replay.speed != 1:
            return 0.0
        return first_s if first_s < self.horizon_s and first_s + found.span_s > 0 else 0.0

    @property
    def recorded_at_s(self) -> float | None:
        """When a replay's first row would come on the file's own clock, from the scenario's start; None if drawn. [s]

        A clock whose zone nobody states is that of the start.
        """
        found = self.recorded
        if found is None:
            return None
        home = self.home_start
        start = home.astimezone(UTC) if found.are_moments else home.replace(tzinfo=UTC)
        since = start - datetime(1970, 1, 1, tzinfo=UTC)
        start_ns = (since.days * round(DAY_S) + since.seconds) * NS_PER_S
        return (found.first_ns - start_ns) / NS_PER_S

    def share_active_at(self, factor: float = 1.0, days: float = 1) -> float:
        """Return the share of users active within some days of mean weight, at ``factor`` times the logins."""
        return self.population.share_active_at(factor, days, self.clusters())

    def share_active_within(self, window_s: float) -> float:
        """Return about which share of the users logs in within so much time; of a replay, while its file lasts.

        Growth and spikes are left out. The users of a file are taken to be as unlike as those of the population. [s]
        """
        found = self.recorded
        factor = self.mean_logins_per_user_day / self.population.mean_logins_per_user_day(self.clusters())
        share = self.share_active_at(factor, window_s / DAY_S)
        return share if found is None or found.users is None else min(share, found.users / self.population.users)

    @property
    def mean_logins_per_user_day(self) -> float:
        """Mean logins per user and day, dormant users and return visits included; of a replay while its file lasts.

        Each request of a closed loop is a login; as many are told as there are where nobody waits, which is the most.
        """
        if self.traffic.closed_loop is not None:
            return self.traffic.closed_loop.per_s(self.answer_s) * DAY_S / self.population.users
        found, replay = self.recorded, self.traffic.replay
        if found is None or replay is None:
            return self.population.mean_logins_per_user_day(self.clusters())
        return found.events * replay.speed / found.length_s * DAY_S / self.population.users

    @property
    def mean_requests_per_s(self) -> float:
        """Requests per second at weight 1, without growth and spikes; of a replay while its file lasts. [1/s]"""
        logins_per_s = self.mean_logins_per_user_day * self.population.users / DAY_S
        return logins_per_s * self.traffic.session.requests.mean_per_login

    def busiest_per_s_at_most(self, horizon_s: float) -> float:
        """Return a rate of drawn requests that no moment up to the horizon is above on average, infinity too. [1/s]

        It is the profile's largest weight at once in all time zones, in all spikes, and after all growth.
        """
        traffic, weeks = self.traffic, horizon_s / WEEK_S
        if traffic.closed_loop is not None:
            return self.mean_requests_per_s
        growth = max(math.log1p(traffic.growth_per_week_fraction) * weeks, 0.0)
        factors = [float(traffic.profile.weekly_weights().max()), traffic.session.requests.mean_per_login]
        factors += [spike.multiplier for spike in traffic.spikes if spike.multiplier > 1]
        factors += [traffic.returns.logins_per_primary] if traffic.returns else []
        per_s = self.population.mean_logins_per_user_day() * self.population.users / DAY_S
        log_per_s = math.log(per_s) + math.fsum(math.log(factor) for factor in factors) + growth
        return math.exp(log_per_s) if log_per_s < LARGEST_LOG else math.inf

    @property
    def interval_s(self) -> float:
        """The length of time that random numbers are drawn for at once. [s]"""
        fitting = [i for i in INTERVALS_S if i * self._busy_per_s <= REQUESTS_PER_INTERVAL]
        return fitting[0] if fitting else INTERVALS_S[-1]

    @property
    def block_s(self) -> float:
        """The length of time that is worked on at once unless something else is asked for, whole intervals. [s]"""
        fitting_s = REQUESTS_PER_BLOCK / max(self._busy_per_s, REQUESTS_PER_BLOCK / DAY_S)
        return self.interval_s * max(1, math.floor(fitting_s / self.interval_s))

    @property
    def _busy_per_s(self) -> float:
        """Requests per second that memory is made for: the mean, or of a replay those of its busiest time. [1/s]"""
        found, replay = self.recorded, self.traffic.replay
        if found is None or replay is None:
            return self.mean_requests_per_s
        return found.busiest_per_s * replay.speed * self.traffic.session.requests.mean_per_login
