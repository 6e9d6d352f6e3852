"""When runs start, and how many there are in a day: the mean age of what is served, by closed forms."""

import math
from dataclasses import dataclass

import numpy as np

from simulator.core.arrays import FloatArray
from simulator.core.units import DAY_S, HOUR_S
from simulator.studies.comparison import COST, Comparison
from simulator.studies.planner.alone import is_silent, metrics_alone, plan_alone

RUNS = (1, 2, 3, 4, 6, 12)
"""A day."""
HOURS = tuple(range(0, 24, 2))


@dataclass(frozen=True)
class RunHours:
    """One plan whose first run of a day starts at each hour, with so many runs a day."""

    plan: str
    age_mean_s: FloatArray
    """Shape (runs, hours). [s]"""
    cost_usd: FloatArray
    """By number of runs. [USD per 30-day month]"""
    now_runs: float
    """How many runs a day the plan has."""
    now_hour: float
    """When its first run of a day starts. [hours since midnight]"""

    @property
    def best_hour(self) -> int:
        """When the runs of the day should start if there are as many as now, or one."""
        return HOURS[int(np.nanargmin(self.age_mean_s[self.row]))]

    @property
    def row(self) -> int:
        """The row of as many runs as now; else of one a day."""
        return RUNS.index(int(self.now_runs)) if self.now_runs in RUNS else 0


def run_hours(comparison: Comparison) -> RunHours | None:
    """Return them for the best ranked plan that computes ahead; None where closed forms have nothing to say."""
    plans = comparison.scenario.plans
    ahead = [name for name in comparison.ranking if plans[name].precompute is not None]
    if is_silent(comparison) or not ahead:
        return None
    ages = np.full((len(RUNS), len(HOURS)), math.nan)
    costs = np.full(len(RUNS), math.nan)
    for row, runs in enumerate(RUNS):
        for column, hour in enumerate(HOURS):
            period_h = 24 // runs
            if hour >= period_h:
                ages[row, column] = ages[row, HOURS.index(hour % period_h)]
                continue
            age_s, cost_usd = _at(comparison, ahead[0], runs, hour)
            ages[row, column] = age_s
            costs[row] = cost_usd if column == 0 else costs[row]
    if not np.isfinite(ages).any():
        return None
    now = plans[ahead[0]].precompute
    assert now is not None
    period_s = min(now.every_s, DAY_S)
    return RunHours(ahead[0], ages, costs, DAY_S / now.every_s, now.at_s % period_s / HOUR_S)


def _at(comparison: Comparison, name: str, runs: int, hour: int) -> tuple[float, float]:
    """Return mean age and cost of a plan with so many runs a day, the first at an hour. [s, USD per month]"""
    plan = comparison.scenario.plans[name]
    assert plan.precompute is not None
    changed = plan.precompute.model_copy(update={"every_s": DAY_S / runs, "at_s": hour * HOUR_S})
    scenario = plan_alone(comparison.scenario, name, plan.model_copy(update={"precompute": changed}))
    metrics = metrics_alone(scenario, name, comparison.book, waits=False)
    return metrics.get("age_mean_s", math.nan), metrics.get(COST, math.nan)
