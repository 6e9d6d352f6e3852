"""Estimates along one key: thousands of points from a few, where what lies between is known to be near a line.

A point of the headline takes some tens of milliseconds, so that ten thousand are not computed one by one. Plans are
estimated at a few of the values; between two of them a metric is a line in the logarithms of both. Where the middle of
two is farther from that line than the tolerance, it is estimated too, and so on; how far the worst middle was off is
told. What jumps, such as whole servers, is smoothed over: whoever wants the place of a jump asks for points one by one.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from simulator.core.arrays import FloatArray
from simulator.prices.book import PriceBook
from simulator.scenario.changing import with_values
from simulator.scenario.schema import Scenario
from simulator.studies.consumption import COST
from simulator.studies.planner.estimating import World

FIRST = 5
"""Values that plans are estimated at before any are added."""
MOST = 24
TOLERANCE = 0.01
TINY = 1e-12
WATCHED = (COST, "coverage", "cache_hit_ratio", "age_mean_s")
"""Metrics whose distance from a line tells whether it is near enough."""

Point = Mapping[str, Mapping[str, float]]
"""Metrics by plan and name."""


@dataclass(frozen=True)
class Along:
    """Every plan's metrics at many values of a key."""

    key: str
    values: FloatArray
    """In rising order, in the key's SI unit."""
    metrics: Mapping[str, Mapping[str, FloatArray]]
    """By plan and name, each of the shape of the values; NaN where no closed form knows one of two neighbours."""
    estimated: int
    """At how many values plans were estimated; all others lie on lines between."""
    off_fraction: float
    """How far any of `WATCHED` is from its line at most, as far as middles tell."""


def estimates_along(
    scenario: Scenario,
    key: str,
    values: Sequence[float],
    book: PriceBook,
    *,
    written: Callable[[float], object] = float,
    waits: bool = True,
    most: int = MOST,
) -> Along:
    """Return every plan's estimates at many values of a number of a scenario.

    Parameters
    ----------
    scenario, book
        What is estimated, and its prices.
    key
        A key path, as ``--set`` takes it.
    values
        In the key's SI unit, above 0 where lines are to be in logarithms.
    written
        Returns how the scenario has a value written, such as ``f"{value} s"``.
    waits
        Whether waits and latencies are estimated too, which takes most of the time.
    most
        At how many values plans are estimated at most, however far lines are from them then.

    Raises
    ------
    UserError
        If the key is none, or a value is not valid there.
    """
    wanted = np.unique(np.asarray(values, dtype=np.float64))
    source = _Source(scenario, key, book, written, waits=waits)
    found: dict[int, Point] = {place: source.at(float(wanted[place])) for place in _first(wanted.size)}
    worst = _refine(found, lambda place: source.at(float(wanted[place])), wanted, most)
    places = np.array(sorted(found))
    plans = {
        plan: {metric: _line(wanted, places, [found[p][plan].get(metric, math.nan) for p in places]) for metric in told}
        for plan, told in found[int(places[0])].items()
    }
    return Along(key, wanted, plans, len(found), worst)


def _first(size: int) -> list[int]:
    return sorted({round(place) for place in np.linspace(0, size - 1, min(FIRST, size))})


def _refine(found: dict[int, Point], at: Callable[[int], Point], values: FloatArray, most: int) -> float:
    """Estimate at middles until lines are near them; return how far off the last of them was."""
    off = {pair: math.inf for pair in pairwise(sorted(found)) if pair[1] - pair[0] > 1}
    while off and len(found) < most:
        low, high = max(off, key=lambda pair: (off[pair], pair[1] - pair[0]))
        if off[low, high] <= TOLERANCE:
            break
        middle = _middle(values, low, high)
        found[middle] = at(middle)
        apart = _off(found, low, middle, high, values)
        del off[low, high]
        # halves of a line that is bent are four times as near
        off |= {pair: apart / 4 for pair in ((low, middle), (middle, high)) if pair[1] - pair[0] > 1}
    return max(off.values(), default=0.0)


def _middle(values: FloatArray, low: int, high: int) -> int:
    """Return the place of the value in the middle of two, in logarithms where these are positive."""
    both = values[low], values[high]
    middle = math.sqrt(both[0] * both[1]) if both[0] > 0 else sum(both) / 2
    return int(np.clip(np.searchsorted(values, middle), low + 1, high - 1))


def _off(found: Mapping[int, Point], low: int, middle: int, high: int, values: FloatArray) -> float:
    """Return how far what is watched at a middle is from the line between its neighbours, at most."""
    worst, here = 0.0, values[[low, middle, high]]
    for plan, told in found[middle].items():
        for metric in (metric for metric in WATCHED if metric in told):
            ends = [found[place][plan].get(metric, math.nan) for place in (low, high)]
            line = float(_line(here, np.array([0, 2]), ends)[1])
            if math.isfinite(line):
                worst = max(worst, abs(line - told[metric]) / max(abs(told[metric]), TINY))
    return worst


def _line(values: FloatArray, places: FloatArray, at_places: Sequence[float]) -> FloatArray:
    """Return a metric at all values from those at some."""
    known, x = np.asarray(at_places, dtype=np.float64), values
    if values[0] > 0:
        x = np.log(values)
    if np.all(known > 0):
        return np.asarray(np.exp(np.interp(x, x[places], np.log(known))))
    return np.asarray(np.interp(x, x[places], known))


class _Source:
    """Estimates at single values; plans that a key has nothing to do with are estimated once."""

    def __init__(
        self, scenario: Scenario, key: str, book: PriceBook, written: Callable[[float], object], *, waits: bool
    ) -> None:
        self._scenario, self._key, self._book, self._waits = scenario, key, book, waits
        self._written = written
        touched = [name for name in scenario.plans if key.startswith(f"plans.{name}.")]
        self._touched = touched or list(scenario.plans)
        self._others: dict[str, Mapping[str, float]] = {}

    def at(self, value: float) -> Point:
        """Return all plans at a value of the key."""
        if not self._others and len(self._touched) < len(self._scenario.plans):
            world = World.of(self._scenario)
            self._others = {n: self._plan(world, n) for n in self._scenario.plans if n not in self._touched}
        changed = with_values(self._scenario, {self._key: self._written(value)}, "along")
        kept = {name: changed.plans[name] for name in self._touched}
        world = World.of(changed.model_copy(update={"plans": kept}))
        mine = {name: self._plan(world, name) for name in self._touched}
        return {name: mine[name] if name in mine else self._others[name] for name in self._scenario.plans}

    def _plan(self, world: World, name: str) -> dict[str, float]:
        plan = world.estimate(name, self._book, waits=self._waits)
        return {metric: value.value for metric, value in plan.metrics.items()}
