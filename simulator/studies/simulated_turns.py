"""At which values of the keys that take a simulation another plan would be recommended.

Closed forms choose the few nearest pairs of a key and a rival; short simulations confirm them, or deny them.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from simulator.core.key_kind import KeyKind
from simulator.core.units import HOUR_S
from simulator.scenario.schema import Scenario
from simulator.studies.axes import Axis, axes_of, turn_along
from simulator.studies.comparison import Comparison
from simulator.studies.first_crossing import Crossing, first_crossing
from simulator.studies.floor import minimums_of
from simulator.studies.foresight import Foresight, requests_over_here
from simulator.studies.looking import LEAST_WORK, Looks, Seen, Window
from simulator.studies.rivals import LEAST_ADVANTAGE, ends_of, gaps_now, gaps_of, is_near, loss_usd
from simulator.studies.turns import Proof, Side, Turn, TurningPoints

ERRORS = 3.0
"""So many standard deviations of a replication's difference are not left to chance."""
CLOSE_ENOUGH = 1.2
"""No value is looked at between two that are nearer, one over the other."""
MOST_LOOKS = 4
"""Values that are simulated of a key."""
MOST_TURNS = 3
"""Of the turns that closed forms expect, the nearest of each part of the scenario, how many are simulated."""
SHARE_OF_LOOKS = 0.75
"""Of what looks may cost, so much more may go into estimates that say where to look."""
ESTIMATE_WORK = 0.1e6
"""What estimating a plan costs."""
TOLERANCE = 0.005
"""Of the cost: as near to each other plans are the same to closed forms."""
FIRST = ("population", "plans", "backends", "traffic")
"""Families of keys that are looked at before all others, should there be too many."""
DEMAND = frozenset({"population", "traffic"})
"""Families of keys that say who comes, and when."""
FINE = 6
"""Digits of a value that closed forms are asked at."""
MARGIN = 0.05
"""Of a value: so far beyond where closed forms expect a turn it is simulated first."""


@dataclass(frozen=True)
class Foreseen:
    """A turn as closed forms expect it."""

    gaps: "Gaps"
    end: float
    crossing: Crossing

    @property
    def axis(self) -> Axis:
        """What is moved."""
        return self.gaps.axis


@dataclass
class Search:
    """Looks for the turns of all keys."""

    comparison: Comparison
    looks: Looks
    best: str
    turns: list[Turn] = field(default_factory=list)
    unexamined: list[str] = field(default_factory=list)
    troubles: dict[tuple[str, str], str] = field(default_factory=dict)
    denied: dict[tuple[str, str], list[tuple[float, float]]] = field(default_factory=dict)
    """By key and plan: where it was simulated, and by how much more it then cost than foreseen. [USD per month]"""
    examined: int = 0

    @property
    def foresight(self) -> Foresight:
        """What closed forms say."""
        return self.looks.foresight

    def run(self, found: TurningPoints) -> TurningPoints:
        """Return what was found, with what was known before."""
        nearest: dict[str, Foreseen] = {}
        for each in sorted(self._foreseen(), key=lambda each: each.axis.distance(each.crossing.value)):
            nearest.setdefault(each.axis.part, each)
        for each in list(nearest.values())[:MOST_TURNS]:
            self._follow(each)
        return replace(
            found,
            turns=tuple(self.turns),
            troubles=tuple((plan, text, what) for (plan, text), what in self.troubles.items()),
            unexamined=tuple(dict.fromkeys(self.unexamined)),
            examined=self.examined,
            off_fraction=self.foresight.off_fraction(),
        )

    def _foreseen(self) -> Iterator[Foreseen]:
        """Yield the first turn each way of each key, as closed forms expect them."""
        order = {family: place for place, family in enumerate(FIRST)}
        axes = sorted(
            axes_of(self.comparison.scenario), key=lambda axis: order.get(str(axis.number.keys[0]), len(FIRST))
        )
        for axis in axes:
            gaps = Gaps(self, axis, self._contenders(axis))
            if axis.kind is not KeyKind.PHYSICAL or not gaps.rivals or self.foresight.estimates > self._most_estimates:
                continue
            self.examined += 1
            if self.looks.on_look is not None:
                self.looks.on_look(axis.key)
            for end in _promising(axis, gaps):
                crossing = first_crossing(gaps, axis.now, end, TOLERANCE, is_whole=axis.is_whole)
                if crossing is not None:
                    yield Foreseen(gaps, end, crossing)

    def _contenders(self, axis: Axis) -> tuple[str, ...]:
        """Return the rivals that a key may have overtake.

        Of a small run, of those that it moves as it does the recommended plan, that is the best one; where it is about
        who comes, the best of those that are as good already, and of those that compute ahead and that do not. A plan
        whose fleets' minimum alone costs as much as the recommended one is overtaken by no key of its own.
        """
        rivals, plans = self.comparison.rivals, self.comparison.scenario.plans
        if self.best not in axis.plans:
            return tuple(name for name in rivals if name in axis.plans and not self._is_held_up(axis, name))
        if self.looks.allowed > LEAST_WORK:
            return rivals
        near = tuple(name for name in rivals if name in axis.plans and is_near(self.comparison, name))
        farther = tuple(name for name in rivals if name in axis.plans and name not in near)
        if axis.number.keys[0] in DEMAND:
            unlike = {plans[name].precompute is None: name for name in reversed(farther)}
            return (*near[:1], *unlike.values())
        still = tuple(name for name in rivals if name not in axis.plans)
        return still or farther[:1] or near[:1]

    @property
    def _most_estimates(self) -> float:
        return self.looks.allowed * SHARE_OF_LOOKS / ESTIMATE_WORK

    def _is_held_up(self, axis: Axis, name: str) -> bool:
        if self.comparison.weighs_value:
            return False
        standing = (
            usd
            for backend, _, usd in minimums_of(self.comparison, name)
            if axis.number.keys[:2] != ("backends", backend)
        )
        return sum(standing) > (1 - LEAST_ADVANTAGE) * loss_usd(self.comparison, self.best)

    def off_usd(self, axis: Axis, name: str, value: float) -> float:
        """Return by how much more a rival costs than closed forms say, where that was seen nearest to a value."""
        seen = self.denied.get((axis.key, name), [])
        return min(seen, key=lambda each: abs(math.log(each[0] / value)), default=(value, 0.0))[1]

    def _follow(self, foreseen: Foreseen) -> None:
        """Simulate where a plan may win; farther off as long as it does not, and then nearer to the turn."""
        axis, rival = foreseen.axis, foreseen.crossing.rival
        near, far, margin = self._side_now(axis, rival), None, MARGIN
        for _ in range(MOST_LOOKS):
            value = self._next(foreseen, near, far, margin)
            if value is None:
                break
            looked = self._look(axis, rival, value)
            if looked is None:
                if far is None:
                    self.unexamined.append(axis.assignment(value))
                break
            side, verdict = looked
            near, far = side if verdict > 0 else near, side if verdict < 0 else far
            if verdict == 0 and far is not None:
                break
            margin = margin if verdict else 2 * margin
        if far is not None:
            self.turns.append(self._turn(foreseen, near, far))

    def _turn(self, foreseen: Foreseen, near: Side, far: Side) -> Turn:
        axis, expected = foreseen.axis, foreseen.crossing.value
        before, there = ((side.value, side.more_usd_per_month) for side in (near, far))
        found = turn_along(axis, foreseen.crossing.rival, before, there, Proof.SIMULATED)
        text = axis.text(axis.rounded(expected, up=True, digits=3))
        return replace(found, closed_form=expected, closed_form_text=text)

    def _next(self, foreseen: Foreseen, near: Side, far: Side | None, margin: float) -> float | None:
        """Return the next value to look at: beyond the turn until a plan has won, then on this side of it."""
        axis, up = foreseen.axis, foreseen.end > foreseen.axis.now
        gaps, end = foreseen.gaps.of(foreseen.crossing.rival), foreseen.end if far is None else far.value
        crossing = first_crossing(gaps, near.value, end, TOLERANCE, is_whole=axis.is_whole)
        outward = (1 + margin) if up else 1 / (1 + margin)
        if far is None:
            beyond = crossing and axis.rounded(crossing.value * (1.0 if axis.is_whole else outward), up=up)
            return beyond if beyond and (beyond - near.value) * (1 if up else -1) > 0 else None
        if max(near.value / far.value, far.value / near.value) < CLOSE_ENOUGH:
            return None
        expected = crossing.value / outward if crossing else near.value
        tries = (axis.rounded(value, up=not up) for value in (expected, math.sqrt(near.value * far.value)))
        low, high = sorted((near.value, far.value))
        return next((value for value in tries if low < value < high and value != far.value), None)

    def _side_now(self, axis: Axis, name: str) -> Side:
        gap_usd = loss_usd(self.comparison, name) - loss_usd(self.comparison, self.best)
        return Side(axis.now, axis.text(axis.now), gap_usd)

    def _look(self, axis: Axis, name: str, value: float) -> tuple[Side, int] | None:
        """Simulate a plan and the recommended one; return how far apart, and 1 if surely worse, -1 if surely better.

        A plan that breaks a bound there or does not keep up is not better, and beside one that does nothing is said.
        """
        there = axis.at(value)
        moved = [plan for plan in (self.best, name) if plan in axis.plans]
        if there is None:
            return None
        seen = self.looks.at((axis.key, value), there, moved)
        if seen is None:
            return None
        best, plan = (seen.get(each) or self.looks.here(each) for each in (self.best, name))
        gap_usd = plan.loss_usd_per_month - best.loss_usd_per_month
        expected_usd = self.expected_gap_usd(axis, there, name)
        self.denied.setdefault((axis.key, name), []).append((value, gap_usd - expected_usd))
        side = Side(value, axis.text(value), gap_usd)
        return side, self._verdict(axis, side, there, (best, plan), name)

    def expected_gap_usd(self, axis: Axis, there: Scenario, name: str) -> float:
        """Return how much more a plan costs than the recommended one, by closed forms. [USD per month]"""
        return self.expected_loss_usd(axis, there, name) - self.expected_loss_usd(axis, there, self.best)

    def expected_loss_usd(self, axis: Axis, there: Scenario, name: str) -> float:
        """Return what decides against a plan, by closed forms where a key has to do with it. [USD per month]"""
        return self.foresight.loss_usd(there, name) if name in axis.plans else loss_usd(self.comparison, name)

    def _verdict(self, axis: Axis, side: Side, there: Scenario, seen: tuple[Seen, Seen], name: str) -> int:
        best, plan = seen
        if best.trouble and best.window.of_all:  # some hours alone do not show a bound that is for all
            self.troubles[self.best, axis.assignment(side.value)] = best.trouble
        if best.trouble or plan.trouble or best.is_doubtful or plan.is_doubtful:
            return 0
        scale_usd = max(best.cost_usd_per_month, plan.cost_usd_per_month)
        window = max((best.window, plan.window), key=lambda each: each.unsure_fraction)
        unsure_usd = window.unsure_fraction * scale_usd + self._chance_usd(there, name, window)
        if side.more_usd_per_month > unsure_usd:
            return 1
        return -1 if side.more_usd_per_month < -max(unsure_usd, LEAST_ADVANTAGE * scale_usd) else 0

    def _chance_usd(self, there: Scenario, name: str, window: Window) -> float:
        """Return by how much chance may have moved the difference of two plans. [USD per month]"""
        pairs = zip(self.comparison.plans[name].values, self.comparison.plans[self.best].values, strict=False)
        gaps = [one[self.comparison.judged_by] - other[self.comparison.judged_by] for one, other in pairs]
        if len(gaps) == 1:
            return 0.0
        hours = self.comparison.scenario.horizon_s / HOUR_S / (window.hours.stop - window.hours.start)
        times = requests_over_here(self.comparison, there)
        return ERRORS * float(np.std(gaps, ddof=1)) * math.sqrt(max(hours, 1.0) * max(times, 1.0))


@dataclass
class Gaps:
    """How far rivals are behind along a key, as closed forms and what was seen say; closed forms are asked once."""

    search: Search
    axis: Axis
    rivals: tuple[str, ...]
    losses_usd: dict[float, Mapping[str, float] | None] = field(default_factory=dict)
    """By value and plan, by closed forms; None where a value is not valid. [USD per month]"""

    def __call__(self, value: float) -> Mapping[str, float] | None:
        """Return it, over the cost; None where the value is not valid."""
        search = self.search
        if value == self.axis.now:
            here = gaps_now(search.comparison)
            return {name: here[name] for name in self.rivals}
        losses_usd = self._losses_usd(self.axis.rounded(value, up=True, digits=FINE))
        if losses_usd is None:
            return None
        corrected = {name: usd + search.off_usd(self.axis, name, value) for name, usd in losses_usd.items()}
        return gaps_of(search.comparison, corrected)

    def of(self, rival: str) -> Callable[[float], Mapping[str, float] | None]:
        """Return the same for one rival alone."""

        def alone(value: float) -> Mapping[str, float] | None:
            found = self(value)
            return None if found is None else {rival: found[rival]}

        return alone

    def _losses_usd(self, value: float) -> Mapping[str, float] | None:
        if value not in self.losses_usd:
            there, plans = self.axis.at(value), (self.search.best, *self.rivals)
            expected = self.search.expected_loss_usd
            found = {} if there is None else {name: expected(self.axis, there, name) for name in plans}
            self.losses_usd[value] = found or None
        return self.losses_usd[value]


def _promising(axis: Axis, gaps: Gaps) -> Iterator[float]:
    """Yield the ends on the way to which a turn may lie; none below today's where what is above says that."""
    here = gaps_now(gaps.search.comparison)
    for end in ends_of(axis, gaps):
        there = gaps(end) or {}
        moves = [gap - here[name] for name, gap in there.items() if math.isfinite(gap)]
        if moves and min(moves) < -TOLERANCE:
            yield end
        if end > axis.now and moves and max(moves) < TOLERANCE:
            return  # all rivals are nearer above, or do not move; so they are not nearer below
