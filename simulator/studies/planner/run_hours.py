"""When runs start, and how many there are in a day: the mean age of what is served, by closed forms."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simulator.core.arrays import FloatArray
from simulator.core.units import DAY_S, HOUR_S
from simulator.studies.comparison import COST, Comparison
from simulator.studies.planner.alone import is_silent, metrics_alone, plan_alone, stated_as

RUNS = (1, 2, 3, 4, 6, 12)
"""A day."""
MOST_RUNS = 96
"""A plan that has more a day is not in the picture itself."""
HOURS = tuple(range(0, 24, 2))


@dataclass(frozen=True)
class RunHours:
    """One plan whose first run of a day starts at each hour, with so many runs a day."""

    plan: str
    runs: tuple[int, ...]
    """A day, ascending."""
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
        return self.runs.index(int(self.now_runs)) if self.now_runs in self.runs else 0


def run_hours(comparison: Comparison) -> RunHours | None:
    """Return them for the best ranked plan that computes ahead; None where closed forms have nothing to say."""
    plans = {name: comparison.scenario.plans[stated_as(comparison, name)] for name in comparison.ranking}
    ahead = [name for name, plan in plans.items() if plan.precompute is not None]
    if is_silent(comparison) or not ahead:
        return None
    now = plans[ahead[0]].precompute
    assert now is not None
    now_runs = DAY_S / now.every_s
    runs = tuple(sorted({*RUNS, *([int(now_runs)] if now_runs in range(1, MOST_RUNS + 1) else [])}))
    ages, costs = _grid(comparison, ahead[0], runs)
    if not np.isfinite(ages).any():
        return None
    return RunHours(ahead[0], runs, ages, costs, now_runs, now.at_s % min(now.every_s, DAY_S) / HOUR_S)


def _grid(comparison: Comparison, name: str, runs: Sequence[int]) -> tuple[FloatArray, FloatArray]:
    """Return the mean age by runs a day and hour, and the cost by runs a day. [s, USD per month]"""
    ages, costs = np.full((len(runs), len(HOURS)), math.nan), np.full(len(runs), math.nan)
    for row, number in enumerate(runs):
        period_h = 24 / number
        for column, hour in enumerate(HOURS):
            same = next((each for each in range(column) if (hour - HOURS[each]) % period_h == 0), None)
            if same is not None:
                ages[row, column] = ages[row, same]
                continue
            ages[row, column], cost_usd = _at(comparison, name, number, hour)
            costs[row] = cost_usd if column == 0 else costs[row]
    return ages, costs


def _at(comparison: Comparison, name: str, runs: int, hour: int) -> tuple[float, float]:
    """Return mean age and cost of a plan with so many runs a day, the first at an hour. [s, USD per month]"""
    stated = stated_as(comparison, name)
    plan = comparison.scenario.plans[stated]
    assert plan.precompute is not None
    changed = plan.precompute.model_copy(update={"every_s": DAY_S / runs, "at_s": hour * HOUR_S})
    scenario = plan_alone(comparison.scenario, stated, plan.model_copy(update={"precompute": changed}))
    metrics = metrics_alone(scenario, stated, comparison.book, waits=False)
    return metrics.get("age_mean_s", math.nan), metrics.get(COST, math.nan)
