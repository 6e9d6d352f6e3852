"""At which values of a key another plan becomes the better one: all crossings in a range, each with a confidence set.

Between two plans it is where their paired difference in what decides (cost, or net value) changes its sign, whatever
bounds they keep. Among all plans it is where, of those that keep every bound and keep up, another one becomes the best;
where the best plan changes as one begins to break a bound, that is told apart from crossings.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from simulator.core.arrays import FloatArray
from simulator.core.estimate import Estimate
from simulator.scenario.schema import Scenario
from simulator.studies.breakeven_planner import foreseen_crossings, is_worth_planning, planned_looks
from simulator.studies.breakeven_range import Range
from simulator.studies.comparison import NET_VALUE, Comparison
from simulator.studies.crossings import FINEST, Crossing, Curve, Precision, Samples, crossings
from simulator.studies.factors import Level, Scale, is_wide, spaced
from simulator.studies.variants import Variants, scenarios_at

FIRST_LOOKS = 9
"""Values at which plans are looked at first: two crossings between neighbours may be missed."""
EXACT = 1e-9
"""Of the range: how finely values are told apart where nothing is simulated anew."""
MOST_PASSES = 5
BOUND_FINEST = 0.01
"""Of the range: how well it is known from where on a plan breaks a bound."""


@dataclass(frozen=True)
class PlansAt:
    """What decides between plans at a value."""

    losses_usd: Mapping[str, FloatArray]
    """Cost, less value where it is given, by plan and replication. [USD per month]"""
    troubles: Mapping[str, str]
    """Why a plan cannot be chosen, by plan; only those that cannot."""

    @classmethod
    def of(cls, comparison: Comparison) -> "PlansAt":
        """Return that of a comparison."""
        sign = -1.0 if comparison.judged_by == NET_VALUE else 1.0
        losses = {
            name: sign * np.array([values[comparison.judged_by] for values in plan.values])
            for name, plan in comparison.plans.items()
        }
        broken = {name: "; ".join(each.text for each in plan.violations) for name, plan in comparison.plans.items()}
        overloaded = {name: "it is overloaded" for name, plan in comparison.plans.items() if plan.is_overloaded}
        return cls(losses, overloaded | {name: said for name, said in broken.items() if said})

    @cached_property
    def best(self) -> str | None:
        """The plan of the least mean loss among those that can be chosen."""
        fit = [name for name in self.losses_usd if name not in self.troubles]
        return min(fit, key=self.mean_usd, default=None)

    def mean_usd(self, plan: str) -> float:
        """Return a plan's mean loss. [USD per month]"""
        return float(np.mean(self.losses_usd[plan]))

    def difference(self, plan: str, other: str) -> Estimate:
        """Return by how much more a plan loses than another, paired by replication. [USD per month]"""
        return Estimate.of((self.losses_usd[plan] - self.losses_usd[other]).tolist())


Look = Callable[[Sequence[float]], Sequence[PlansAt]]
"""Returns how plans do at values of the key, those of a call all at once."""
Bracket = Callable[[float, float], Sequence[float]]
"""Returns where in a range to look first."""


@dataclass(frozen=True)
class Turn:
    """A crossing, and which plan is better on which side."""

    crossing: Crossing
    below: str
    above: str


@dataclass(frozen=True)
class Bound:
    """Between which values a plan begins or ceases to break a bound or to be overloaded."""

    plan: str
    low: float
    high: float
    trouble: str
    is_above: bool
    """Whether it fails above."""


@dataclass(frozen=True)
class BreakEven:
    """What was found in a range of a key."""

    asked: Range
    """Which plans and which range."""
    turns: tuple[Turn, ...]
    bounds: tuple[Bound, ...]
    seen: Mapping[float, PlansAt]
    """At all values that were looked at, ascending."""
    simulations: int
    """How many were done."""
    prices: str
    """Name of the price book."""
    foreseen: Sequence[float] | None = None
    """Where closed forms expected crossings; None where they were not asked, as simulating took less."""

    @property
    def scenario(self) -> Scenario:
        """What was varied, with the plans that were compared."""
        return self.asked.scenario

    @property
    def scale(self) -> Scale:
        """How values of the key are written."""
        return self.asked.scale

    @property
    def key(self) -> str:
        """The key that is varied."""
        return self.asked.scale.key

    @property
    def low(self) -> Level:
        """The lower end of the range."""
        return self.asked.ends[0]

    @property
    def high(self) -> Level:
        """The upper end of the range."""
        return self.asked.ends[1]

    @property
    def pair(self) -> tuple[str, str] | None:
        """The plans that were compared, where there are two; None where the best of all was followed."""
        return self.asked.pair

    @property
    def weighs_value(self) -> bool:
        """Whether plans are judged by net value."""
        return self.scenario.value is not None

    @property
    def replications(self) -> int:
        """How often everything was repeated."""
        return self.scenario.replications

    @property
    def plans(self) -> tuple[str, ...]:
        """The plans that were compared, in the scenario's order."""
        return tuple(self.scenario.plans)

    def better_at(self, value: float) -> str | None:
        """Return which plan is the better one at a value that was looked at, of two whatever bounds they keep."""
        standing = self.seen[value]
        return standing.best if self.pair is None else min(self.pair, key=standing.mean_usd)

    @property
    def throughout(self) -> str | None:
        """The plan that was the better one wherever plans were looked at; None where there is not one such."""
        better = {self.better_at(value) for value in self.seen}
        return better.pop() if len(better) == 1 and not self.turns else None

    @cached_property
    def undecided(self) -> tuple[tuple[float, float], ...]:
        """Ranges outside of the crossings' sets in which chance may decide, between values that were looked at."""
        if self.replications == 1:
            return ()
        doubtful = {value: self._is_doubtful(value) for value in self.seen}
        runs: list[list[float]] = [[]]
        for value, is_doubtful in doubtful.items():
            if is_doubtful:
                runs[-1].append(value)
            elif runs[-1]:
                runs.append([])
        return tuple((run[0], run[-1]) for run in runs if run)

    def _is_doubtful(self, value: float) -> bool:
        best = self.better_at(value)
        if best is None or any(turn.crossing.low <= value <= turn.crossing.high for turn in self.turns):
            return False
        standing = self.seen[value]
        fit = [name for name in standing.losses_usd if name not in standing.troubles]
        others = fit if self.pair is None else self.pair
        return any(standing.difference(name, best).includes_zero for name in others if name != best)


def break_even(asked: Range, variants: Variants, by: str, bracket: Bracket | None = None) -> BreakEven:
    """Return at which values of a key another plan becomes the better one.

    Parameters
    ----------
    asked
        Which plans and which range; see `simulator.studies.breakeven_range.read_range`.
    variants
        Simulates.
    by
        What values are called in messages.
    bracket
        Says where to look first, the ends included; by default over the whole range, and where simulating takes long,
        at fewer values of it and around where closed forms expect crossings.

    Raises
    ------
    UserError
        If the scenario is not valid at a value between the ends, or its book lacks a price.
    """
    scenario, scale, ends, pair = asked.scenario, asked.scale, asked.ends, asked.pair

    def look(values: Sequence[float]) -> list[PlansAt]:
        points = [{scale.key: scale.level(value)} for value in values]
        there = scenarios_at(scenario, points, by, variants.books)
        variants.simulate(there, points)
        found = [variants.comparison(each) for each in there]
        return [PlansAt.of(comparison) for comparison in found if comparison is not None]

    low, high = (level.number for level in ends)
    only_priced = variants.is_simulated_once(
        scenarios_at(scenario, [{scale.key: level} for level in ends], by, variants.books)
    )
    precision = Precision(high - low, EXACT if only_priced else FINEST, scale.is_whole)
    foreseen: list[float] | None = None
    if bracket is None and not only_priced and is_worth_planning(asked):
        foreseen = foreseen_crossings(asked, variants.books.of(scenario))
        first = planned_looks(asked, foreseen)
    else:
        first = list((bracket or evenly)(low, high))
    search = Search(look, precision, first)
    turns = search.between(*pair) if pair else search.among_all()
    bounds = tuple(search.bounds(scenario.plans if pair is None else pair))
    prices = variants.books.of(scenario).name
    seen = dict(sorted(search.seen.items()))
    return BreakEven(asked, tuple(turns), bounds, seen, variants.simulated, prices, foreseen)


def evenly(low: float, high: float) -> list[float]:
    """Return where to look first in a range, its ends included."""
    return spaced(low, high, FIRST_LOOKS, in_ratios=is_wide(low, high))


class Search:
    """Looks for crossings; what it has seen of one pair of plans it knows of all.

    Parameters
    ----------
    look
        Says how plans stand at values.
    precision
        How finely values are told apart.
    first
        Where to look first, ascending, the ends of the range among them.
    """

    def __init__(self, look: Look, precision: Precision, first: Sequence[float]) -> None:
        self._look, self._precision = look, precision
        self.seen: dict[float, PlansAt] = {}
        self._see(dict.fromkeys(precision.rounded(value) for value in first))

    def between(self, plan: str, other: str) -> list[Turn]:
        """Return all crossings of two plans."""
        found = crossings(self._seeing(plan, other), sorted(self.seen), self._precision)
        return [_turn(crossing, plan, other) for crossing in found]

    def among_all(self) -> list[Turn]:
        """Return all crossings at which another plan becomes the best of those that can be chosen."""
        self._see(self._dips())
        turns: dict[tuple[str, str, float, float], list[Turn]] = {}
        for _ in range(MOST_PASSES):
            new = [change for change in self._changes() if not self._is_found(change, turns)]
            if not new:
                break
            for low, high, below, above in new:
                turns[below, above, low, high] = self._turns_in((low, high), below, above)
        found = sorted((turn for each in turns.values() for turn in each), key=lambda turn: turn.crossing.value)
        return [turn for turn in found if self._is_of_the_best(turn)]

    def bounds(self, plans: Sequence[str] | Mapping[str, object]) -> Iterator[Bound]:
        """Yield where plans begin or cease to fail: closely where that changes the best plan."""
        for plan in plans:
            for low, high in list(pairwise(sorted(self.seen))):
                if self._fails(plan, low) != self._fails(plan, high):
                    if self._best(low) != self._best(high) and plan in (self._best(low), self._best(high)):
                        low, high = self._halved(plan, low, high)  # noqa: PLW2901  (the same, more closely)
                    is_above = self._fails(plan, high)
                    yield Bound(plan, low, high, self.seen[high if is_above else low].troubles[plan], is_above)

    def _see(self, values: Sequence[float] | Mapping[float, object]) -> None:
        new = [value for value in values if value not in self.seen]
        if new:
            self.seen.update(zip(new, self._look(new), strict=True))

    def _seeing(self, plan: str, other: str) -> Callable[[Sequence[float]], Samples]:
        def see(values: Sequence[float]) -> Samples:
            self._see(values)
            found = {value: self.seen[value].losses_usd for value in values}
            return {value: losses[plan] - losses[other] for value, losses in found.items()}

        return see

    def _turns_in(self, bracket: tuple[float, float], below: str, above: str) -> list[Turn]:
        found = crossings(self._seeing(below, above), sorted(self.seen), self._precision, bracket)
        return [_turn(crossing, below, above) for crossing in found]

    def _changes(self) -> Iterator[tuple[float, float, str, str]]:
        """Yield neighbouring values at which other plans are the best, though each could be chosen at both."""
        for low, high in pairwise(sorted(self.seen)):
            below, above = self._best(low), self._best(high)
            if below is None or above is None or below == above:
                continue
            if not self._fails(below, high) and not self._fails(above, low):
                yield low, high, below, above

    def _is_found(
        self, change: tuple[float, float, str, str], turns: Mapping[tuple[str, str, float, float], Sequence[Turn]]
    ) -> bool:
        """Return whether two plans' change lies where they have been looked at closely already."""
        low, high, *plans = change
        within = (key for key in turns if {*key[:2]} == {*plans} and key[2] <= low and high <= key[3])
        near = any(
            turn.crossing.low <= high and low <= turn.crossing.high
            for key, found in turns.items()
            if {*key[:2]} == {*plans}
            for turn in found
        )
        return near or any(True for _ in within)

    def _dips(self) -> dict[float, None]:
        """Return where a plan that is never the best may be it between the values that are known."""
        plans = list(next(iter(self.seen.values())).losses_usd)
        curves = [
            Curve(self._seeing(one, other)(sorted(self.seen)))
            for one in plans
            for other in plans
            if one < other and {one, other} & {self._best(value) for value in self.seen}
        ]
        return dict.fromkeys(self._precision.rounded(value) for curve in curves for value in curve.dips)

    def _is_of_the_best(self, turn: Turn) -> bool:
        """Return whether no third plan is better where two cross."""
        values = sorted(self.seen)
        low = max((value for value in values if value <= turn.crossing.value), default=values[0])
        high = min((value for value in values if value > turn.crossing.value), default=values[-1])
        share = (turn.crossing.value - low) / (high - low) if high > low else 0.0

        def at_crossing(plan: str) -> float:
            below, above = (self.seen[value].mean_usd(plan) for value in (low, high))
            return below + share * (above - below)

        fit = [plan for plan in self.seen[low].losses_usd if not self._fails(plan, low) and not self._fails(plan, high)]
        level = max(at_crossing(turn.below), at_crossing(turn.above))
        return all(at_crossing(plan) >= level for plan in fit if plan not in (turn.below, turn.above))

    def _halved(self, plan: str, low: float, high: float) -> tuple[float, float]:
        least = max(BOUND_FINEST * self._precision.range_, self._precision.step)
        while high - low > least:
            middle = self._precision.rounded((low + high) / 2)
            self._see([middle])
            low, high = (middle, high) if self._fails(plan, middle) == self._fails(plan, low) else (low, middle)
        return low, high

    def _fails(self, plan: str, value: float) -> bool:
        return plan in self.seen[value].troubles

    def _best(self, value: float) -> str | None:
        return self.seen[value].best


def _turn(crossing: Crossing, plan: str, other: str) -> Turn:
    """Return a crossing of how much more a plan loses than another."""
    return Turn(crossing, other, plan) if crossing.falls else Turn(crossing, plan, other)
