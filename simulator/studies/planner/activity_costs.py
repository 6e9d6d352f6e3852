"""What every plan would cost if people came more or less often: by closed forms."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from simulator.core.arrays import FloatArray
from simulator.studies.activity import Axis
from simulator.studies.comparison import COST, Comparison
from simulator.studies.planner.alone import is_silent, metrics_alone, stated_as

FARTHEST = 10.0
"""So many times as often and as seldom plans are looked at."""
MOST = 15
"""Values; between them costs lie on lines in logarithms."""
ALIKE = 0.01
"""Costs that differ by less, relative to the larger, are practically the same."""


@dataclass(frozen=True)
class Crossing:
    """Where closed forms expect another plan to become cheaper, by more than what is practically the same."""

    value: float
    plan: str
    """The one that is cheaper beyond."""
    instead: str
    """The one that is cheaper on the side of today."""


@dataclass(frozen=True)
class ActivityCosts:
    """Plans' costs along the activity. [USD per 30-day month]"""

    axis: Axis
    values: FloatArray
    """Ascending; today's is among them."""
    costs_usd: Mapping[str, FloatArray]
    """By plan; those that no closed form knows are absent."""
    eligible: tuple[str, ...]
    """Those that meet every bound and keep up as things are, the best first; all where none does."""

    @property
    def above(self) -> tuple[Crossing, ...]:
        """Where the cheapest of the eligible plans changes above today, the nearest first."""
        return tuple(self._crossings(range(self._now, self.values.size)))

    @property
    def below(self) -> tuple[Crossing, ...]:
        """The same below today, the nearest first."""
        return tuple(self._crossings(range(self._now, -1, -1)))

    @property
    def _now(self) -> int:
        return int(np.argmin(np.abs(self.values - self.axis.now)))

    def _crossings(self, places: Sequence[int]) -> Iterator[Crossing]:
        leader = self.eligible[0]
        for number, place in enumerate(places):
            least = min(self.eligible, key=lambda name: float(self.costs_usd[name][place]))
            if self.costs_usd[least][place] >= (1 - ALIKE) * self.costs_usd[leader][place]:
                continue
            if number:
                yield Crossing(self._where(leader, least, places[: number + 1]), least, leader)
            leader = least

    def _where(self, leader: str, other: str, places: Sequence[int]) -> float:
        """Return where two lines cross last on the way, or the beginning of its last step."""
        gaps = {place: float(self.costs_usd[other][place] - self.costs_usd[leader][place]) for place in places}
        for near, far in reversed(list(pairwise(places))):
            if gaps[near] >= 0 > gaps[far]:
                logs = np.log(self.values[[near, far]])
                return float(np.exp(logs[0] + gaps[near] / (gaps[near] - gaps[far]) * (logs[1] - logs[0])))
        return float(self.values[places[-2]])


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
    best_first = [name for name in comparison.ranking if name in known]
    chosen_from = {comparison.recommended, *comparison.rivals}
    eligible = tuple(name for name in best_first if name in chosen_from) or tuple(best_first)
    return ActivityCosts(axis, np.array(values), known, eligible) if known else None


def _cost_usd(comparison: Comparison, axis: Axis, value: float, name: str) -> float:
    """Return a plan's cost at an activity; NaN where no closed form knows it. [USD per month]"""
    return metrics_alone(axis.at(value), stated_as(comparison, name), comparison.book, waits=False).get(COST, math.nan)


def _spread(axis: Axis) -> list[float]:
    """Return values around today's, about evenly apart in logarithms."""
    near = [value for value in axis.values if 1 / FARTHEST <= value / axis.now <= FARTHEST]
    step = max(1, math.ceil(len(near) / MOST))
    return sorted({*near[::step], axis.now})
