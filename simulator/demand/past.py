"""The weights of a stretch of past time, summed up from its end backwards.

A user's primary logins are Poisson of a rate r w(t). Looking back from a moment, the weight passed from one login to
the one before is exponential with mean 1/r. So exponentials, and the way from a sum of weights to the time at which it
is reached and back, give a user's logins of the past, as exactly as drawing all logins would.
"""

import math
from dataclasses import dataclass

import numpy as np

from simulator.core.arrays import FloatArray, IntArray
from simulator.core.jit import inlined
from simulator.core.units import DAY_S
from simulator.demand.bursts import Bursts
from simulator.demand.demand import Demand
from simulator.demand.intensity import Cohorts
from simulator.demand.profile.base import SLOT_S

GUIDES = 2**13
"""Steps of a table that says where in the past a sum of weights is reached, or nearly."""
ALIKE = 1e-9
"""Weights that differ by less than this share of them are the same."""


@dataclass(frozen=True)
class Past:
    """The weights of a stretch of time in each time zone, summed up from its end backwards."""

    zone_of_cohort: IntArray
    edges_s: FloatArray
    """Of pieces of constant weight, the latest first, shape (pieces + 1,). [s]"""
    passed: FloatArray
    """Weight x time from the end back to each edge, shape (zones, pieces + 1). [s]"""
    guide: IntArray
    """For equal steps of that sum, the last edge at which it is not reached yet, shape (zones, GUIDES + 1)."""

    @classmethod
    def of(cls, demand: Demand, cohorts: Cohorts, bursts: Bursts | None, before_s: float, oldest_s: float) -> "Past":
        """Return the past of a demand from one moment back to another; bursts count with their sums over slots. [s]"""
        zones = list(dict.fromkeys(cohorts.zones))
        zone_of_cohort = np.array([zones.index(zone) for zone in cohorts.zones])
        most = [int(np.argmax(np.where(zone_of_cohort == k, cohorts.logins_per_s, -1.0))) for k in range(len(zones))]
        per_s = np.maximum(cohorts.logins_per_s[most], math.ulp(0.0))
        intensity = demand.intensity()
        edges, weights = [np.array([before_s])], [np.empty((0, len(zones)))]
        until_s = before_s
        while until_s > oldest_s:
            from_s = max(oldest_s, math.ceil(until_s / DAY_S - 1) * DAY_S)
            pieces = intensity.pieces(from_s, until_s)
            logins = pieces.logins if bursts is None else bursts.sums_on(pieces)
            edges.append(pieces.edges_s[-2::-1])
            weights.append(logins[::-1, most] / per_s)
            until_s = from_s
        passed = np.concatenate([np.zeros((1, len(zones))), np.cumsum(np.concatenate(weights), axis=0)]).T.copy()
        steps = np.linspace(0.0, 1.0, GUIDES + 1)
        guide = np.stack([np.searchsorted(row, steps * row[-1], side="right") - 1 for row in passed])
        return cls(zone_of_cohort, np.concatenate(edges), passed, np.minimum(guide, max(passed.shape[1] - 2, 0)))

    @property
    def is_flat(self) -> bool:
        """Whether the weight is the same all the time."""
        per_s = np.diff(self.passed, axis=1) / -np.diff(self.edges_s)
        return bool(np.all(np.ptp(per_s, axis=1) <= ALIKE * per_s.mean(axis=1)))

    def within(self, span_s: float) -> FloatArray:
        """Return the weight x time of the last ``span_s`` in each time zone, as far back as is known. [s]"""
        back_s = self.edges_s[0] - self.edges_s
        return np.array([np.interp(span_s, back_s, row) for row in self.passed])


@inlined
def time_at(
    reached: float, edges_s: FloatArray, passed: FloatArray, guide: IntArray, guides_per_s: float, flat: float
) -> float:
    """Return when a sum of weights is reached, looking back; -infinity where it lies beyond the past. [s]

    Parameters
    ----------
    passed, guide
        Those of one time zone.
    guides_per_s
        Steps of the guide to a unit of the sum.
    flat
        Weight where it is the same all the time; 0 where it is not.
    """
    pieces = edges_s.size - 1
    if reached >= passed[pieces]:
        return -math.inf
    if flat > 0.0:
        return float(edges_s[0] - reached / flat)
    piece = guide[min(int(reached * guides_per_s), guide.size - 1)]
    while piece > 0 and passed[piece] > reached:
        piece -= 1
    while piece < pieces - 1 and passed[piece + 1] <= reached:
        piece += 1
    part = (reached - passed[piece]) / (passed[piece + 1] - passed[piece])
    return float(edges_s[piece] - min(part, 1.0) * (edges_s[piece] - edges_s[piece + 1]))


@inlined
def weight_at(time_s: float, edges_s: FloatArray, passed: FloatArray, flat: float) -> float:
    """Return the sum of weights from the end of the past back to a moment; that of all of it for earlier ones. [s]"""
    pieces = edges_s.size - 1
    if time_s >= edges_s[0]:
        return 0.0
    if time_s <= edges_s[pieces]:
        return float(passed[pieces])
    if flat > 0.0:
        return float((edges_s[0] - time_s) * flat)
    piece = min(int((edges_s[0] - time_s) / SLOT_S), pieces - 1)  # pieces are a slot long, or shorter
    while piece > 0 and edges_s[piece] < time_s:
        piece -= 1
    while piece < pieces - 1 and edges_s[piece + 1] >= time_s:
        piece += 1
    part = (edges_s[piece] - time_s) / (edges_s[piece] - edges_s[piece + 1])
    return float(passed[piece] + part * (passed[piece + 1] - passed[piece]))
