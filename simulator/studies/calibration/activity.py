"""How unlike users are: the gamma of their login rates, by maximum likelihood of how often each of them came.

A user whose primary logins have rate r comes in K clusters, Poisson of r times the days that the window is reached
from; each cluster has a geometric number of logins in the window, as return visits follow. Over gamma distributed rates
K is negative binomial. Users are either there all the time, or join when they are first seen: what they do afterwards
tells which, for of those who are there all the time whoever is first seen late comes seldom. Of them, whoever never
came is in no log: either their number is known, or the likelihood is that of those who came (zero-truncated).
"""

import math
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

import numpy as np
from scipy.optimize import minimize
from scipy.special import gammaln, logsumexp

from simulator.core.arrays import FloatArray, IntArray

LARGEST = 160
"""Counts above it are taken for so many clusters of the mean size: beside the gamma chance adds little to these."""
BOUNDS = ((math.log(1e-3), math.log(1e3)), (math.log(1e-7), math.log(1e4)))
"""Of the logarithms of shape and mean."""


@dataclass(frozen=True)
class Reach:
    """From how many days of primary logins a window is reached, and how large the clusters are that reach it."""

    days: float
    per_cluster: float = 1.0
    """Mean logins within the window of a cluster that has any there."""


@dataclass(frozen=True)
class Gamma:
    """Gamma distributed rates of primary logins."""

    shape: float
    mean_per_day: float
    log_likelihood: float
    unseen_fraction: float
    """Share of all users that never comes in the window."""


class Beginning(StrEnum):
    """Since when users are there to come."""

    LASTING = "lasting"
    """All of them all the time: whoever is first seen late is rather somebody who comes seldom."""
    JOINING = "joining"
    """Each from the first time on, which is when they join; how often they come does not depend on when that is."""


@dataclass(frozen=True)
class Seen:
    """Users by when they were first seen and how often they came, each of shape (kinds,)."""

    waited: FloatArray
    """Days of primary logins from the log's beginning to the first of a user. [day]"""
    again: IntArray
    """Logins after the first."""
    users: FloatArray
    """How many users are like that."""


@dataclass(frozen=True)
class Likelihood:
    """The likelihood of how often users came.

    Given when a user was first seen, later logins follow the gamma of all (those who join), or the gamma of those of
    all who had not come before and came then (those who were there all the time).
    """

    seen: Seen
    reach: Reach
    """Of the whole log."""
    beginning: Beginning
    unseen: float | None = None
    """How many users never came, where they are lasting and it is known."""

    @cached_property
    def left_days(self) -> FloatArray:
        """Days of primary logins from which what is left of the log after the first login is reached. [day]"""
        return np.asarray(np.maximum(self.reach.days - self.seen.waited, 1e-9))

    def log_likelihood(self, shape: float, mean_per_day: float) -> float:
        """Return the log-likelihood of a gamma, of shape and mean primary logins per day."""
        return self.summed(self.each(shape, mean_per_day), self.log_unseen(shape, mean_per_day))

    def each(self, shape: float, mean_per_day: float) -> FloatArray:
        """Return the log-probability of what each kind of users did, in the order that `summed` takes them in."""
        if self.beginning is Beginning.JOINING:
            return self._again(*(np.full(self.left_days.size, each) for each in (shape, shape / mean_per_day)))
        # of those who are there all the time, the numbers of logins say all: when they came says nothing of their rate
        return self._log_probabilities(shape, mean_per_day * self.reach.days)

    def log_unseen(self, shape: float, mean_per_day: float) -> float:
        """Return the log-probability of not coming at all, to those who are there all the time."""
        return -shape * math.log1p(mean_per_day * self.reach.days / shape)

    def summed(self, each: FloatArray, log_unseen: float) -> float:
        """Return the log-likelihood of all users from that of each kind, and of not coming at all."""
        if self.beginning is Beginning.JOINING:
            return float(self.seen.users @ each)
        found = float(self._users @ each)
        if self.unseen is None:
            return found - float(self._users.sum()) * math.log(-math.expm1(log_unseen))
        return found + self.unseen * log_unseen

    def log_likelihood_of_later(self, gamma: "Gamma") -> float:
        """Return the log-likelihood of what users did after they were first seen, to compare ways of beginning by."""
        shape, rate = gamma.shape, gamma.shape / gamma.mean_per_day
        if self.beginning is Beginning.LASTING:
            return float(
                self.seen.users @ self._again(np.full(self.left_days.size, shape + 1), rate + self.seen.waited)
            )
        return float(
            self.seen.users @ self._again(np.full(self.left_days.size, shape), np.full(self.left_days.size, rate))
        )

    def _again(self, shape: FloatArray, rate: FloatArray) -> FloatArray:
        """Return the log-probability of so many later logins; clusters are taken for their mean size."""
        count = self.seen.again / self.reach.per_cluster
        return np.asarray(
            gammaln(shape + count)
            - gammaln(shape)
            - gammaln(count + 1.0)
            + shape * (np.log(rate) - np.log(rate + self.left_days))
            + count * (np.log(self.left_days) - np.log(rate + self.left_days))
        )

    @cached_property
    def _by_number(self) -> tuple[IntArray, FloatArray]:
        numbers, where = np.unique(self.seen.again + 1, return_inverse=True)
        return numbers, np.asarray(np.bincount(where, self.seen.users), dtype=np.float64)

    @property
    def logins(self) -> IntArray:
        """Numbers of logins, ascending."""
        return self._by_number[0]

    @property
    def _users(self) -> FloatArray:
        return self._by_number[1]

    @cached_property
    def _clusters(self) -> tuple[FloatArray, FloatArray]:
        """Return numbers of clusters, and the logarithm of how likely so many have each number of logins.

        Shape (clusters,) and (numbers, clusters).
        """
        few = self.logins[self.logins <= LARGEST]
        clusters = np.arange(1, int(few.max(initial=1)) + 1, dtype=np.float64)
        n, k = few[:, None].astype(np.float64), clusters[None, :]
        follow = 1.0 - 1.0 / self.reach.per_cluster
        with np.errstate(divide="ignore", invalid="ignore"):
            ways = gammaln(n) - gammaln(k) - gammaln(n - k + 1.0)
            odds = k * math.log1p(-follow) + np.where(n > k, (n - k) * math.log(follow), 0.0)
        return clusters, np.where(k <= n, ways + odds, -np.inf)

    def _log_probabilities(self, shape: float, expected: float) -> FloatArray:
        is_few, size = self.logins <= LARGEST, self.reach.per_cluster
        if size == 1:
            return _negative_binomial(self.logins.astype(np.float64), shape, expected)
        clusters, ways = self._clusters
        of_few = logsumexp(ways + _negative_binomial(clusters, shape, expected)[None, :], axis=1)
        many = self.logins[~is_few] / size
        return np.concatenate([of_few, _negative_binomial(many, shape, expected) - math.log(size)])

    def fitted(self, start: tuple[float, float] | None = None) -> Gamma:
        """Return the gamma of the largest likelihood."""
        total = float(self.seen.users.sum())
        logins = float(self.seen.users @ (self.seen.again + 1)) / self.reach.per_cluster
        first = start or (0.5, logins / (total + (self.unseen or 0.0)) / self.reach.days)

        def loss(logs: FloatArray) -> float:
            shape, mean = np.exp(np.clip(logs, *np.transpose(BOUNDS)))
            return -self.log_likelihood(float(shape), float(mean)) / total

        found = minimize(loss, np.log(first), method="Nelder-Mead", bounds=BOUNDS, tol=1e-7)
        shape, mean = (float(value) for value in np.exp(found.x))
        unseen = math.exp(-shape * math.log1p(mean * self.reach.days / shape))
        return Gamma(shape, mean, -float(found.fun) * total, unseen if self.beginning is Beginning.LASTING else 0.0)


def _negative_binomial(count: FloatArray, shape: float, expected: float) -> FloatArray:
    """Return the logarithm of the probability of so many clusters."""
    return np.asarray(
        gammaln(shape + count)
        - gammaln(shape)
        - gammaln(count + 1.0)
        - shape * math.log1p(expected / shape)
        + count * (math.log(expected) - math.log(shape + expected))
    )
