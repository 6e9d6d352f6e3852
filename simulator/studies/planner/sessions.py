"""A login's requests as closed forms know them: a fixed sample of sessions."""

import functools
from dataclasses import dataclass, field

import numpy as np

from simulator.core.arrays import FloatArray, IntArray
from simulator.core.streams import stream
from simulator.demand.traffic import Session

SAMPLE = 20_000
"""Sessions; their means are put to those that the scenario states."""

RENEWING = 4_000
"""Of these, those that are followed from row to row."""


@dataclass(frozen=True)
class Sessions:
    """The requests of sessions, by how long after their login they come."""

    requests: float
    """Mean requests of a login."""
    lag_s: FloatArray
    """Of the follow-up requests of all sampled sessions: how long after the login, in order. [s]"""
    last_s: FloatArray
    """Of each sampled session: how long after the login its last request comes, in order. [s]"""
    gap_s: FloatArray
    """Of the follow-up requests, session by session: how long after the request before. [s]"""
    follow_s: FloatArray
    """Of the follow-up requests likewise: how long after their login. [s]"""
    session: IntArray
    """Of the follow-up requests likewise: the number of their session."""
    _renewed: dict[float, float] = field(default_factory=dict, repr=False, compare=False)
    """What `renewed_share` has returned: batch runs ask for it at every run. By lifetime. [s]"""

    @classmethod
    @functools.lru_cache(maxsize=16)
    def of(cls, session: Session) -> "Sessions":
        """Return those of a scenario; they are remembered, as they stay the same while other keys are moved."""
        rng = stream(0, 0, "sessions of the planner")
        follow_ups = session.requests.draw_follow_ups(rng, SAMPLE)
        gaps_s = np.asarray(session.think_time.draw_s(rng, int(follow_ups.sum())), dtype=np.float64)
        number = np.repeat(np.arange(SAMPLE, dtype=np.int64), follow_ups)
        so_far = np.cumsum(gaps_s)
        begins = np.cumsum(follow_ups) - follow_ups
        before = np.concatenate([[0.0], so_far])[begins]
        lags_s = so_far - before[number]
        last_s = np.zeros(SAMPLE)
        last_s[number] = lags_s  # the last one of each stays
        return cls(session.requests.mean_per_login, np.sort(lags_s), np.sort(last_s), gaps_s, lags_s, number)

    def share_by(self, lag_s: float | FloatArray) -> FloatArray:
        """Return the share of follow-up requests that come within some time of their login. [s]"""
        if not self.lag_s.size:
            return np.ones_like(np.asarray(lag_s, dtype=np.float64))
        return np.asarray(np.searchsorted(self.lag_s, lag_s) / self.lag_s.size)

    def goes_on_after(self, lag_s: float) -> float:
        """Return the share of sessions with a request later than some time after their login. [s]"""
        return 1.0 - float(np.searchsorted(self.last_s, lag_s, side="right")) / SAMPLE

    def renewed_share(self, ttl_s: float) -> float:
        """Return the share of rows, written in sessions that begin without one, that their session renews. [s]

        With W rows a session it is 1 - 1/W: as if each row were renewed with that probability.
        """
        if ttl_s not in self._renewed:
            self._renewed[ttl_s] = self._renewed_share(ttl_s)
        return self._renewed[ttl_s]

    def _renewed_share(self, ttl_s: float) -> float:
        rows, last, written_s = 0, -1, 0.0
        followed = int(np.searchsorted(self.session, RENEWING))
        for at_s, session in zip(self.follow_s[:followed].tolist(), self.session[:followed].tolist(), strict=True):
            if session != last:
                last, written_s = session, 0.0
            if at_s >= written_s + ttl_s:
                rows, written_s = rows + 1, at_s
        return rows / (rows + RENEWING)

    def next_after(self, lag_s: float) -> FloatArray:
        """Return, of the sessions that go on after some time, how much later their next request comes. [s]"""
        place = np.flatnonzero(self.follow_s > lag_s)
        _, first = np.unique(self.session[place], return_index=True)
        return np.asarray(self.follow_s[place[first]] - lag_s)

    @property
    def mean_length_s(self) -> float:
        """Mean time from a login to its last request. [s]"""
        return float(self.last_s.mean())

    @property
    def follow_ups(self) -> float:
        """Mean requests of a login after its first."""
        return self.requests - 1.0
