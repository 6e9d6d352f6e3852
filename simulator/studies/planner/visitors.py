"""The users as closed forms know them: classes of one login rate each, and when the logins of each come."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import gammaincinv

from simulator.core.arrays import FloatArray, IntArray
from simulator.core.units import HOUR_S
from simulator.demand.profile.base import SLOT_S
from simulator.scenario.schema import Scenario

CLASSES = 24
"""Classes of users that stand for all of a cohort: nodes of a Gauss-Legendre rule over its logins."""
STEP_S = HOUR_S / 4
"""Logins are known to so much time, inside which they are taken as evenly spread; where there are spikes, to a slot of
the profile. [s]"""


@dataclass(frozen=True)
class Visitors:
    """Classes of users, and how many logins each user of a class has had up to any moment."""

    step_s: float
    edges_s: FloatArray
    """From before the horizon to its end and a little beyond, a step apart. [s]"""
    logins_up_to: FloatArray
    """Logins of a mean user of each cohort up to each edge, shape (edges, cohorts)."""
    cohort: IntArray
    """Which cohort each class belongs to, shape (classes,)."""
    relative_rate: FloatArray
    """How many times as often as its cohort's mean user a user of a class logs in, shape (classes,)."""
    users: FloatArray
    """Users of each class, shape (classes,); those who never log in are in none."""

    @classmethod
    def of(cls, scenario: Scenario, back_s: float) -> "Visitors":
        """Return those of a scenario, their logins known from some time before the horizon on. [s]"""
        demand = scenario.demand
        cohorts = demand.cohorts()
        step_s = SLOT_S if demand.traffic.spikes or demand.traffic.replay else STEP_S
        first = -math.ceil(back_s / step_s) - 1
        steps = math.ceil(scenario.horizon_s / step_s) + 2 - first
        edges_s = (first + np.arange(steps + 1, dtype=np.float64)) * step_s
        logins = _logins(scenario, edges_s, step_s)
        awake = cohorts.awake_users.astype(np.float64)
        per_user = np.divide(logins, awake, out=np.zeros_like(logins), where=awake > 0)
        levels, weights = np.polynomial.legendre.leggauss(CLASSES)
        levels, weights = (levels + 1) / 2, weights / 2
        biased = [np.ones(CLASSES) if math.isinf(a) else gammaincinv(a + 1, levels) / a for a in cohorts.shape]
        relative = np.concatenate(biased)
        there = np.repeat(awake, CLASSES) > 0
        return cls(
            step_s=step_s,
            edges_s=edges_s,
            logins_up_to=np.concatenate([np.zeros((1, awake.size)), np.cumsum(per_user, axis=0)]),
            cohort=np.repeat(np.arange(awake.size), CLASSES)[there],
            relative_rate=relative[there],
            users=(np.repeat(awake, CLASSES) * np.tile(weights, awake.size) / relative)[there],
        )

    def up_to(self, time_s: FloatArray) -> FloatArray:
        """Return the expected logins of a user of each class up to some times, shape (*times, classes)."""
        times = np.asarray(time_s, dtype=np.float64)
        place = np.clip((times - self.edges_s[0]) / self.step_s, 0.0, self.edges_s.size - 1.0)
        below = np.minimum(place.astype(np.int64), self.edges_s.size - 2)
        part = (place - below)[..., None]
        by_cohort = self.logins_up_to[below] * (1 - part) + self.logins_up_to[below + 1] * part
        of_classes = np.take(by_cohort, self.cohort, axis=-1)
        of_classes *= self.relative_rate
        return of_classes

    @cached_property
    def mean_rate_per_s(self) -> FloatArray:
        """Mean logins of a user of each class per second, shape (classes,). [1/s]"""
        both = self.up_to(np.array([self.edges_s[0], self.edges_s[-1]]))
        return np.asarray((both[1] - both[0]) / (self.edges_s[-1] - self.edges_s[0]))


def _logins(scenario: Scenario, edges_s: FloatArray, step_s: float) -> FloatArray:
    """Return the expected logins of each cohort from each edge to the next, return visits included."""
    demand = scenario.demand
    cohorts, traffic = demand.cohorts(), demand.traffic
    share = cohorts.logins_per_s / (cohorts.logins_per_s.sum() or 1.0)
    if traffic.replay is not None:
        recorded = demand.recorded_requests(edges_s) / traffic.session.requests.mean_per_login
        return np.asarray(recorded[:, None] * share)
    after = traffic.returns.returns_after(step_s) if traffic.returns else np.zeros(1)
    early_s = edges_s[0] - (after.size - 1) * step_s
    pieces = demand.intensity().pieces(early_s, float(edges_s[-1]))
    so_far = np.concatenate([np.zeros((1, share.size)), np.cumsum(pieces.logins, axis=0)])
    all_edges_s = np.concatenate([early_s + np.arange(after.size - 1) * step_s, edges_s])
    at = np.searchsorted(pieces.edges_s, all_edges_s - 1e-6)
    primary = np.diff(so_far[at], axis=0)
    if after.size == 1:
        return np.asarray(primary * (1 + after[0]))
    before = after.size - 1
    returning = [np.convolve(of, after, mode="valid") for of in primary.T]
    return np.asarray(primary[before:] + np.stack(returning, axis=1))
