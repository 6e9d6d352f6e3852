"""What every plan would cost if people came more or less often: by closed forms."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from simulator.core.arrays import FloatArray
from simulator.studies.activity import Axis
from simulator.studies.comparison import COST, Comparison
from simulator.studies.planner.alone import is_silent, metrics_alone

FARTHEST = 10.0
"""So many times as often and as seldom plans are looked at."""
MOST = 15
"""Values; between them costs lie on lines in logarithms."""


@dataclass(frozen=True)
class Crossing:
    """Where closed forms expect another plan to become the cheapest."""

    value: float
    below: str
    above: str


@dataclass(frozen=True)
class ActivityCosts:
    """Plans' costs along the activity. [USD per 30-day month]"""

    axis: Axis
    values: FloatArray
    """Ascending; today's is among them."""
    costs_usd: Mapping[str, FloatArray]
    """By plan; those that no closed form knows are absent."""

    @property
    def crossings(self) -> tuple[Crossing, ...]:
        """Where the cheapest plan changes, in ascending order."""
        return tuple(self._crossings())

    def _crossings(self) -> Iterator[Crossing]:
        names, costs = list(self.costs_usd), np.array(list(self.costs_usd.values()))
        best = costs.argmin(axis=0)
        for place, after in pairwise(range(self.values.size)):
            one, other = best[place], best[after]
            if one != other:
                gaps = costs[one, [place, after]] - costs[other, [place, after]]
                share = gaps[0] / (gaps[0] - gaps[1]) if gaps[0] != gaps[1] else 0.5
                logs = np.log(self.values[[place, after]])
                yield Crossing(float(np.exp(logs[0] + share * (logs[1] - logs[0]))), names[one], names[other])

    def cheapest_at(self, value: float) -> str:
        """Return the cheapest plan at one of the values."""
        place = int(np.argmin(np.abs(self.values - value)))
        return min(self.costs_usd, key=lambda name: float(self.costs_usd[name][place]))


def activity_costs(comparison: Comparison) -> ActivityCosts | None:
    """Return them; None where closed forms have nothing to say."""
    axis = None if is_silent(comparison) else Axis.of(comparison.scenario)
    if axis is None:
        return None
    values = _spread(axis)
    found = {
        name: np.array([_cost_usd(comparison, axis, value, name) for value in values]) for name in comparison.plans
    }
    known = {name: costs for name, costs in found.items() if np.isfinite(costs).all()}
    return ActivityCosts(axis, np.array(values), known) if known else None


def _cost_usd(comparison: Comparison, axis: Axis, value: float, name: str) -> float:
    """Return a plan's cost at an activity; NaN where no closed form knows it. [USD per month]"""
    return metrics_alone(axis.at(value), name, comparison.book, waits=False).get(COST, math.nan)


def _spread(axis: Axis) -> list[float]:
    """Return values around today's, about evenly apart in logarithms."""
    near = [value for value in axis.values if 1 / FARTHEST <= value / axis.now <= FARTHEST]
    step = max(1, math.ceil(len(near) / MOST))
    return sorted({*near[::step], axis.now})
