"""The rate of primary logins over time, by cohort: the users of one segment in one time zone."""

import functools
import math
import zoneinfo
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

import numpy as np

from simulator.core.arrays import FloatArray, IntArray
from simulator.core.units import DAY_S, DAYS_PER_WEEK, WEEK_S
from simulator.demand.clusters import Clusters
from simulator.demand.population import Population
from simulator.demand.profile.base import SLOT_S, SLOTS_PER_WEEK
from simulator.demand.traffic import Traffic


@dataclass(frozen=True)
class Cohorts:
    """The users of each segment in each time zone, as parallel arrays over cohorts.

    Users are numbered cohort by cohort, and within a cohort by login rate from the lowest; the dormant come after.
    """

    zones: tuple[tzinfo, ...]
    """Where they live."""
    first_user: IntArray
    """Number of the cohort's first user."""
    awake_users: IntArray
    """Users who are not dormant."""
    logins_per_s: FloatArray
    """Primary logins of all the cohort's users at weight 1. [1/s]"""
    shape: tuple[float, ...]
    """Gamma shape of their login rates."""


def zone_shares(traffic: Traffic, home: tzinfo) -> dict[tzinfo, float]:
    """Return where the users live, and how many of them."""
    return {zoneinfo.ZoneInfo(name): share for name, share in traffic.timezones.items()} or {home: 1.0}


def cohorts_of(population: Population, traffic: Traffic, home: tzinfo, clusters: Clusters | None) -> Cohorts:
    """Return the cohorts of a population, each segment living in all time zones by their shares."""
    shares = zone_shares(traffic, home)
    cells = [(group, zone, share) for group in population.groups for zone, share in shares.items()]
    bounds = np.cumsum([0.0, *(group.share_fraction * share for group, _, share in cells)])
    edges = np.rint(bounds / bounds[-1] * population.users).astype(np.int64)
    awake = np.array(
        [
            round(int(size) * (1 - group.dormant_fraction))
            for size, (group, _, _) in zip(np.diff(edges), cells, strict=True)
        ]
    )
    per_s = np.array([group.mean_rate_per_day(clusters) / DAY_S for group, _, _ in cells])
    return Cohorts(
        zones=tuple(zone for _, zone, _ in cells),
        first_user=edges[:-1],
        awake_users=awake,
        logins_per_s=awake * per_s,
        shape=tuple(group.shape_for(clusters) for group, _, _ in cells),
    )


@dataclass(frozen=True)
class Pieces:
    """A stretch of time cut into pieces of constant rate."""

    edges_s: FloatArray
    """Shape (pieces + 1,). [s]"""
    logins: FloatArray
    """Expected primary logins of each cohort, shape (pieces, cohorts)."""

    def between(self, begin_s: float, end_s: float) -> "Pieces":
        """Return those from one of the edges to another. [s]"""
        first, last = np.searchsorted(self.edges_s, (begin_s, end_s))
        return Pieces(self.edges_s[first : last + 1], self.logins[first:last])


class LocalProfile:
    """The profile as each time zone lives it, or by the clock that it states itself, by simulated time."""

    def __init__(self, traffic: Traffic, start: datetime) -> None:
        self._weights, self._clock = traffic.profile.weekly_weights(), traffic.profile.clock
        self._start = start

    def weights(self, zone: tzinfo, time_s: FloatArray) -> FloatArray:
        """Return the weights in a zone at times from the scenario's start."""
        zone = self._clock or zone
        steps, which = np.unique(np.floor(time_s / _OFFSET_STEP_S), return_inverse=True)
        offset_s = np.array([_week_offset_s(self._start, zone, step) for step in steps.tolist()])[which]
        return np.asarray(self._weights[((time_s + offset_s) // SLOT_S).astype(np.int64) % SLOTS_PER_WEEK])


@functools.lru_cache(maxsize=2**16)
def _week_offset_s(start: datetime, zone: tzinfo, step: float) -> float:
    """Return what to add to simulated time to get local time since some Monday 00:00, for a step of time. [s]

    It is remembered, as whoever looks at one scenario after another asks for the same hours again.
    """
    at_s = step * _OFFSET_STEP_S
    local = (start + timedelta(seconds=at_s)).astimezone(zone)
    return (local.replace(tzinfo=None) - _SOME_MONDAY).total_seconds() % WEEK_S - at_s


def phase_of_day(traffic: Traffic, start: datetime, home: tzinfo) -> tuple[float, ...]:
    """Return the share of logins in each slot of a day from the scenario's start, over its first week."""
    profile, middle_s = LocalProfile(traffic, start), np.asarray((np.arange(SLOTS_PER_WEEK) + 0.5) * SLOT_S)
    by_slot = np.zeros(SLOTS_PER_WEEK // DAYS_PER_WEEK)
    for zone, share in zone_shares(traffic, home).items():
        by_slot += share * profile.weights(zone, middle_s).reshape(DAYS_PER_WEEK, -1).sum(axis=0)
    return tuple((by_slot / by_slot.sum()).tolist())


class Intensity:
    """Expected primary logins over time: profile in local time x spikes x growth, for every cohort."""

    def __init__(self, cohorts: Cohorts, traffic: Traffic, start: datetime) -> None:
        self._cohorts = cohorts
        self._profile = LocalProfile(traffic, start)
        begins_s = [spike.begins_s(start) for spike in traffic.spikes]
        self._spikes = [
            (begin_s, begin_s + spike.duration_s, spike.multiplier)
            for begin_s, spike in zip(begins_s, traffic.spikes, strict=True)
        ]
        self._growth_per_s = math.log1p(traffic.growth_per_week_fraction) / WEEK_S

    def pieces(self, begin_s: float, end_s: float) -> Pieces:
        """Return the expected primary logins from ``begin_s`` to ``end_s``, both from the scenario's start. [s]"""
        first, last = math.ceil(begin_s / SLOT_S), math.floor(end_s / SLOT_S)
        inside = [slot * SLOT_S for slot in range(first, last + 1)]
        turns = [edge for begins_s, ends_s, _ in self._spikes for edge in (begins_s, ends_s)]
        edges = np.unique([begin_s, end_s, *inside, *(edge for edge in turns if begin_s < edge < end_s)])
        middle = (edges[1:] + edges[:-1]) / 2
        common = np.diff(edges) * np.exp(self._growth_per_s * middle)
        for begins_s, ends_s, multiplier in self._spikes:
            common[(middle >= begins_s) & (middle < ends_s)] *= multiplier
        weights = {zone: self._profile.weights(zone, middle) for zone in set(self._cohorts.zones)}
        by_cohort = np.stack([weights[zone] for zone in self._cohorts.zones], axis=1)
        return Pieces(edges, common[:, None] * by_cohort * self._cohorts.logins_per_s)


_OFFSET_STEP_S = 3 * SLOT_S
"""Clocks change on a quarter of an hour, and scenarios start on one."""
_SOME_MONDAY = datetime(1, 1, 1)  # noqa: DTZ001  (on whatever clock it is compared with)
