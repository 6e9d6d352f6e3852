"""All requests that follow from a primary login: those of its session, its return visits, and their sessions.

A fixed sample of them stands for all, where the past of millions of users is drawn.
"""

import functools
from dataclasses import dataclass

import numpy as np

from simulator.core.arrays import FloatArray, IntArray
from simulator.core.streams import stream
from simulator.demand.return_visits import ReturnVisits
from simulator.demand.traffic import Session

MOST_CLUSTERS, FEWEST_CLUSTERS = 2**16, 2**12
MOST_REQUESTS = 2**19
"""There are as many clusters as have about so many requests."""
SESSION_LENGTHS = 12
"""Requests are followed for so many mean sessions after their login."""


@dataclass(frozen=True)
class RequestClusters:
    """A sample of clusters."""

    first: IntArray
    """Where the requests of each cluster begin, and where those of the last end, shape (clusters + 1,)."""
    offset_s: FloatArray
    """When they come after the primary login, which is left out, cluster by cluster in order of time. [s]"""
    longest_s: float
    """How long clusters are followed; 0 where a primary login is the only request. [s]"""

    @classmethod
    def of(cls, session: Session, returns: ReturnVisits | None) -> "RequestClusters":
        """Return those of what a login does."""
        return _sample(session, returns)

    @property
    def count(self) -> int:
        """How many there are."""
        return self.first.size - 1

    def reach_s(self, limit_s: float) -> float:
        """Return the mean of the gaps between a cluster's requests, each cut at a limit, summed over the cluster. [s].

        A user with primary logins of rate r makes no request within the limit T with probability e^(-r (T + reach)).
        """
        if not self.offset_s.size:
            return 0.0
        gaps_s = np.diff(self.offset_s, prepend=0.0)
        firsts = self.first[:-1][np.diff(self.first) > 0]
        gaps_s[firsts] = self.offset_s[firsts]
        return float(np.minimum(gaps_s, limit_s).sum()) / self.count


@functools.lru_cache(maxsize=16)
def _sample(session: Session, returns: ReturnVisits | None) -> RequestClusters:
    per_cluster = session.requests.mean_per_login * (returns.logins_per_primary if returns else 1.0)
    clusters = round(min(max(MOST_REQUESTS / per_cluster, FEWEST_CLUSTERS), MOST_CLUSTERS))
    if per_cluster == 1:
        return RequestClusters(np.zeros(clusters + 1, dtype=np.int64), np.empty(0), 0.0)
    rng = stream(0, 0, "clusters of requests")
    cluster, login_s, longest_s = np.arange(clusters), np.zeros(clusters), SESSION_LENGTHS * session.typical_s
    if returns:
        longest_s += returns.longest_s
        visits = rng.geometric(1.0 - returns.probability_fraction, clusters) - 1
        visit_s = _running(returns.gap.draw_s(rng, int(visits.sum())), visits)
        cluster = np.concatenate([cluster, np.repeat(cluster, visits)])
        login_s = np.concatenate([login_s, visit_s])
    more = session.requests.draw_follow_ups(rng, login_s.size)
    follow_s = np.repeat(login_s, more) + _running(session.think_time.draw_s(rng, int(more.sum())), more)
    offset_s = np.concatenate([login_s[clusters:], follow_s])
    cluster = np.concatenate([cluster[clusters:], np.repeat(cluster, more)])
    near = offset_s <= longest_s
    offset_s, cluster = offset_s[near], cluster[near]
    order = np.lexsort((offset_s, cluster))
    first = np.searchsorted(cluster[order], np.arange(clusters + 1))
    return RequestClusters(first, offset_s[order], longest_s)


def _running(step_s: FloatArray, steps: IntArray) -> FloatArray:
    """Return the sums of so many steps in each of some rows, up to each step. [s]"""
    total = np.cumsum(step_s)
    before = np.concatenate([[0.0], total])[np.cumsum(steps) - steps]
    return np.asarray(total - np.repeat(before, steps))
