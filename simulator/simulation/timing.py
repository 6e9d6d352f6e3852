"""When a plan's runs are due, and how long before time 0 its simulation begins."""

import math
from dataclasses import dataclass

from simulator.backends.batch_cluster import BatchCluster
from simulator.core.units import DAY_S
from simulator.plans.plan import Precompute
from simulator.scenario.schema import Scenario

MARGIN = 1.5
"""A run is taken to be published after so many expected makespans, when the first run of a simulation is chosen."""
CACHE_LIFETIMES = 2
"""A plan with a cache begins so many lifetimes before time 0, so that it does not start empty."""


@dataclass(frozen=True)
class Schedule:
    """Runs at fixed distances from a time of day."""

    first_s: float
    """A start, from the scenario's start. [s]"""
    every_s: float

    @classmethod
    def of(cls, scenario: Scenario, precompute: Precompute) -> "Schedule":
        """Return the schedule; later runs follow at equal distances, over changes of the clock too."""
        start = scenario.demand.home_start
        midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
        return cls(precompute.at_s - (start - midnight).total_seconds(), precompute.every_s)

    def start_s(self, run: int) -> float:
        """Return when a run is due to start. [s]"""
        return self.first_s + run * self.every_s

    def last_before(self, time_s: float) -> int:
        """Return the last run that is due by ``time_s``."""
        return math.floor((time_s - self.first_s) / self.every_s)


def begin_s(scenario: Scenario, plan_name: str) -> float:
    """Return when the simulation of a plan begins, so that it is in its long-run state at time 0. [s]"""
    plan, cluster = scenario.plans[plan_name], scenario.batch_cluster(scenario.plans[plan_name])
    leads_s = [scenario.warmup_s]
    if plan.precompute and cluster:
        leads_s.append(lead_s(scenario, plan.precompute, cluster))
    if plan.cache:
        leads_s.append(CACHE_LIFETIMES * plan.cache.fresh_for_s)
    return -max(leads_s)


def lead_s(scenario: Scenario, precompute: Precompute, cluster: BatchCluster) -> float:
    """Return how long before time 0 the last run must start whose rows are all in the store at time 0. [s]"""
    writes_per_s = scenario.store.write_capacity_per_s or math.inf
    makespan_s = MARGIN * cluster.expected_makespan_s(scenario.population.users, writes_per_s)
    schedule = Schedule.of(scenario, precompute)
    return -schedule.start_s(schedule.last_before(-makespan_s))


def deadline_s(due_s: float, clock_s: float, midnight_s: float) -> float:
    """Return the first time after ``due_s`` at which the clock shows ``clock_s``. [s]

    Parameters
    ----------
    midnight_s
        Some midnight, from the scenario's start. [s]
    """
    return due_s + (clock_s - (due_s - midnight_s)) % DAY_S
