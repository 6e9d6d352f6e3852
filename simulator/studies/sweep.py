"""All plans at many values of one key or two, on common random numbers: which is best where."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

from simulator.core.errors import UserError
from simulator.core.selection import Standing
from simulator.scenario.schema import Scenario
from simulator.studies.borders import Place, followed
from simulator.studies.comparison import Comparison
from simulator.studies.factors import Factor, Level
from simulator.studies.variants import Variants, scenarios_at

MOST_KEYS = 2
MOST_POINTS = 2_500


@dataclass(frozen=True)
class Point:
    """A scenario with one value for each key, and what its plans do there."""

    place: Place
    """Which value each key has."""
    levels: tuple[Level, ...]
    """The values, key by key."""
    comparison: Comparison

    @property
    def recommended(self) -> str | None:
        """The best plan that meets every bound there, or none."""
        return self.comparison.recommended

    @property
    def is_decided(self) -> bool:
        """Whether every other plan that might be chosen is surely worse, as far as chance goes."""
        others = self.comparison.selection.against.values()
        return self.recommended is not None and all(each.standing is Standing.WORSE for each in others)


@dataclass(frozen=True)
class Sweep:
    """What was found at the points."""

    scenario: Scenario
    """Before any key was changed."""
    factors: tuple[Factor, ...]
    points: tuple[Point, ...]
    """Those that were simulated, in the order of the grid, the last key fastest."""
    simulations: int
    """How many were done; points that share one count it once."""
    complete: bool = True
    """Whether every replication of all points that were asked for is in it."""
    adaptive: bool = False
    """Whether points were spent at the borders between winners."""

    @property
    def grid_points(self) -> int:
        """How many points the grid has."""
        return _size(self.factors)

    @property
    def plans(self) -> tuple[str, ...]:
        """The plans, in the scenario's order."""
        return tuple(self.scenario.plans)

    @property
    def judged_by(self) -> str:
        """The metric that decides."""
        return self.points[0].comparison.judged_by

    @cached_property
    def winners(self) -> dict[str | None, int]:
        """At how many points each plan is recommended, the most frequent first; None where none meets every bound."""
        counts: dict[str | None, int] = {}
        for point in self.points:
            counts[point.recommended] = counts.get(point.recommended, 0) + 1
        return dict(sorted(counts.items(), key=lambda item: -item[1]))

    @property
    def undecided(self) -> int:
        """At how many points chance may decide which plan is recommended."""
        return sum(point.recommended is not None and not point.is_decided for point in self.points)

    @property
    def winner_at(self) -> dict[Place, str | None]:
        """The recommended plan at each place of the grid; where nothing was simulated, that of the nearest point."""
        known = {point.place: point.recommended for point in self.points}
        return {place: known[_nearest(place, known)] for place in _places(self.factors)}


def check_keys(factors: Sequence[Factor]) -> None:
    """Check that there are keys to sweep over, and not too many points.

    Raises
    ------
    UserError
        If not; the message says what would be right.
    """
    if not 1 <= len(factors) <= MOST_KEYS:
        raise UserError(f"a sweep is over one key or two, and not {len(factors)}: give --over KEY=VALUES once or twice")
    size = _size(factors)
    if size > MOST_POINTS:
        raise UserError(f"these values make {size:,} points; at most {MOST_POINTS:,} can be, so give fewer")


class SweepStudy:
    """A sweep in the making: what is complete of it is there at any moment.

    Parameters
    ----------
    scenario, factors
        What is varied; see `simulator.studies.factors.read_factors`.
    variants
        Simulates.
    by
        What the values are called in messages.
    adaptive
        Whether points are spent at the borders between winners; else on the whole grid.

    Raises
    ------
    UserError
        If a point makes no valid scenario, before anything is simulated.
    """

    def __init__(
        self,
        scenario: Scenario,
        factors: Sequence[Factor],
        variants: Variants,
        by: str,
        *,
        adaptive: bool = False,
    ) -> None:
        check_keys(factors)
        self.scenario, self.factors, self.adaptive = scenario, tuple(factors), adaptive
        self._variants = variants
        places = _places(factors)
        points = [self._point(place) for place in places]
        self._there = dict(zip(places, scenarios_at(scenario, points, by, variants.books), strict=True))
        self._asked: list[Place] = []
        self._is_done = False
        self._done: dict[Place, Comparison] = {}

    def run(self) -> None:
        """Simulate the points, those of the whole grid all at once."""
        if self.adaptive:
            followed([len(factor.levels) for factor in self.factors], self._winners)
        else:
            self._simulate(list(self._there))
        self._is_done = True

    @property
    def sweep(self) -> Sweep | None:
        """The sweep as far as it is; None as long as no point has a whole replication."""
        points = [
            Point(place, self._levels(place), comparison)
            for place in sorted(self._asked)
            if (comparison := self._comparison(place)) is not None
        ]
        if not points:
            return None
        complete = self._is_done and all(point.comparison.complete for point in points)
        simulations = self._variants.simulated
        return Sweep(self.scenario, self.factors, tuple(points), simulations, complete, self.adaptive)

    def _levels(self, place: Place) -> tuple[Level, ...]:
        return tuple(factor.levels[number] for factor, number in zip(self.factors, place, strict=True))

    def _point(self, place: Place) -> dict[str, Level]:
        return {factor.key: level for factor, level in zip(self.factors, self._levels(place), strict=True)}

    def _winners(self, places: Sequence[Place]) -> list[str | None]:
        self._simulate(places)
        return [comparison.recommended for place in places if (comparison := self._comparison(place)) is not None]

    def _simulate(self, places: Sequence[Place]) -> None:
        self._asked += places
        self._variants.simulate([self._there[place] for place in places], [self._point(place) for place in places])

    def _comparison(self, place: Place) -> Comparison | None:
        """Return what was found at a place; what is whole is not looked at again."""
        if place not in self._done:
            found = self._variants.comparison(self._there[place])
            if found is None or not found.complete:
                return found
            self._done[place] = found
        return self._done[place]


def _size(factors: Sequence[Factor]) -> int:
    size = 1
    for factor in factors:
        size *= len(factor.levels)
    return size


def _places(factors: Sequence[Factor]) -> list[Place]:
    return list(product(*(range(len(factor.levels)) for factor in factors)))


def _nearest(place: Place, known: dict[Place, str | None]) -> Place:
    if place in known:
        return place
    return min(known, key=lambda other: sum(abs(one - two) for one, two in zip(place, other, strict=True)))


def with_plans(scenario: Scenario, names: Sequence[str]) -> Scenario:
    """Return a scenario with some of its plans."""
    return scenario.model_copy(update={"plans": {name: plan for name, plan in scenario.plans.items() if name in names}})
