"""At which activity another plan would be the cheaper one: looked for by closed forms, and said only as simulated.

Closed forms say where two plans may cost the same. There both are simulated, on either side; where the simulation
denies it, the closed form is corrected by what was seen, and the next value is tried. What cannot be simulated at a
small share of the run's own time is called not examined.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from simulator.core.units import HOUR_S
from simulator.studies.activity import Axis
from simulator.studies.comparison import Comparison
from simulator.studies.floor import floor_of
from simulator.studies.looking import Looks, Seen
from simulator.studies.outcome_store import OutcomeStore
from simulator.studies.turns import Side, Still, Turn, TurningPoints

LEAST_ADVANTAGE = 0.01
"""Of the cost: plans nearer to each other are practically the same, and neither wins."""
ERRORS = 3.0
"""So many standard deviations of a replication's difference are not left to chance."""
CLOSE_ENOUGH = 1.35
"""No value is looked at between two that are nearer, one over the other."""
MOST_TRIES = 4
MOST_NEARER = 3
FAR_TIMES = 10.0
"""How many times as often, and as seldom, a plan is looked at that no closed form says would win."""


def examined(
    comparison: Comparison,
    workers: int | None = None,
    on_look: Callable[[str], None] | None = None,
    kept: OutcomeStore | None = None,
) -> Comparison:
    """Return the comparison with what would change its recommendation, as far as that was simulated.

    Parameters
    ----------
    comparison
        What was simulated.
    workers
        Processes; by default one a core.
    on_look
        Called after every simulation with what it was, for a progress bar.
    kept
        Where outcomes are looked for, and stored.

    Raises
    ------
    KeyboardInterrupt
        If the user interrupts; the comparison is complete without.
    """
    best = comparison.recommended
    if best is None or not all(plan.outcomes for plan in comparison.plans.values()):
        return comparison
    looks = Looks(comparison, workers, on_look, kept)
    floor = floor_of(looks, best)
    axis = Axis.of(comparison.scenario)
    if axis is None:
        found = TurningPoints(best, "", why_not="how often people come is what the replayed file says")
    elif comparison.sizings:
        found = TurningPoints(best, axis.key, why_not="each activity would need fleets of its own size")
    else:
        found = _Search(comparison, axis, looks, best).run()
    return replace(comparison, turning_points=replace(found, floor=floor))


@dataclass
class _Search:
    """Looks for turns of all rivals."""

    comparison: Comparison
    axis: Axis
    looks: Looks
    best: str
    turns: list[Turn] = field(default_factory=list)
    unexamined: list[str] = field(default_factory=list)
    troubles: dict[tuple[str, str], str] = field(default_factory=dict)
    denied: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    """By plan: where it was simulated, and by how much more it then cost than the closed forms say. [USD per month]"""
    expected_usd: dict[tuple[str, float], float] = field(default_factory=dict)
    """By plan and activity, by the closed forms. [USD per month]"""

    def run(self) -> TurningPoints:
        comparison = self.comparison
        rivals = [name for name in comparison.rivals if name not in comparison.selection.near]
        starts = [(name, value) for name in rivals for value in self._first_wins(name)]
        for name, value in sorted(starts, key=lambda start: abs(math.log(self.axis.times(start[1])))):
            self._follow(name, value)
        still = tuple(self._still(rivals)) if rivals else ()
        return TurningPoints(
            self.best,
            self.axis.key,
            tuple(sorted(self.turns, key=lambda turn: abs(math.log(self.axis.times(turn.far.value))))),
            still,
            tuple((plan, text, what) for (plan, text), what in self.troubles.items()),
            tuple(dict.fromkeys(self.unexamined)),
        )

    @cached_property
    def _directions(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """The values below today's and those above, the nearest first."""
        values, now = self.axis.values, self.axis.now
        return tuple(v for v in reversed(values) if v < now), tuple(v for v in values if v > now)

    def _first_wins(self, name: str) -> Iterator[float]:
        for values in self._directions:
            found = self._next_win(name, values)
            if found is not None:
                yield found

    def _next_win(self, name: str, values: Sequence[float]) -> float | None:
        return next((value for value in values if self._predicted(name, value) < -LEAST_ADVANTAGE), None)

    def _predicted(self, name: str, value: float) -> float:
        """Return about how much worse a plan is, over the cost of the recommended one."""
        own, of_best = (self._expected_usd(each, value) for each in (name, self.best))
        nearest = min(self.denied.get(name, []), key=lambda seen: abs(math.log(seen[0] / value)), default=(value, 0.0))
        return (own - of_best + nearest[1]) / self._scale(of_best)

    def _expected_usd(self, name: str, value: float) -> float:
        if (name, value) not in self.expected_usd:
            self.expected_usd[name, value] = self.looks.predicted_loss_usd(self.axis.at(value), name)
        return self.expected_usd[name, value]

    def _scale(self, loss_usd: float) -> float:
        return max(abs(loss_usd), self.comparison.plans[self.best].cost_usd_per_month, 1e-9)

    def _follow(self, name: str, value: float) -> None:
        """Simulate where a plan may win; on to the next such value as long as it does not."""
        values = next(each for each in self._directions if value in each)
        near = self._side_now(name)
        for _ in range(MOST_TRIES):
            gap = self._gap(name, value)
            if gap is None:
                self.unexamined.append(name)
                return
            side, verdict = gap
            if verdict < 0:
                self.turns.append(self._narrowed(name, values, near, side))
                return
            near = side if verdict > 0 else near
            on = self._next_win(name, values[values.index(value) + 1 :])
            if on is None:
                return
            value = on

    def _narrowed(self, name: str, values: Sequence[float], near: Side, far: Side) -> Turn:
        """Return the turn with its two sides as near to each other as a few more looks make them."""
        for _ in range(MOST_NEARER):
            between = [v for v in values if min(near.value, far.value) < v < max(near.value, far.value)]
            if not between or max(near.value / far.value, far.value / near.value) < CLOSE_ENOUGH:
                break
            worse = [v for v in between if self._predicted(name, v) > 2 * LEAST_ADVANTAGE]
            value = worse[-1] if worse else between[0]
            gap = self._gap(name, value)
            if gap is None or gap[1] == 0:
                break
            near, far = (gap[0], far) if gap[1] > 0 else (near, gap[0])
        return Turn(name, near, far, from_now=near.value == self.axis.now)

    def _side_now(self, name: str) -> Side:
        gap = -self._loss_now(self.best) + self._loss_now(name)
        return Side(self.axis.now, self.axis.text(self.axis.now), gap)

    def _loss_now(self, name: str) -> float:
        metric = self.comparison.plans[name].metrics[self.comparison.judged_by].mean
        return -metric if self.comparison.weighs_value else metric

    def _gap(self, name: str, value: float) -> tuple[Side, int] | None:
        """Simulate a plan and the recommended one; return how far apart, and 1 if surely worse, -1 if surely better.

        A plan that breaks a bound there or does not keep up is not better, and beside one that does nothing is said.
        """
        there = self.axis.at(value)
        seen = self.looks.at(value, there, (self.best, name))
        if seen is None:
            return None
        best, plan = seen[self.best], seen[name]
        gap = plan.loss_usd_per_month - best.loss_usd_per_month
        predicted = self._expected_usd(name, value) - self._expected_usd(self.best, value)
        self.denied.setdefault(name, []).append((value, gap - predicted))
        return Side(value, self.axis.text(value), gap), self._verdict(name, value, best, plan)

    def _verdict(self, name: str, value: float, best: Seen, plan: Seen) -> int:
        if best.trouble and best.window.of_all:  # some hours alone do not show a bound that is for all
            self.troubles[self.best, self.axis.text(value)] = best.trouble
        if best.trouble or plan.trouble or best.is_doubtful or plan.is_doubtful:
            return 0
        gap, unsure, least = self._apart(name, value, best, plan)
        if gap > unsure:
            return 1
        return -1 if gap < -max(unsure, least) else 0

    def _apart(self, name: str, value: float, best: Seen, plan: Seen) -> tuple[float, float, float]:
        """Return by how much a plan is worse, how far that may be wrong, and what is not worth a word. [USD/month]"""
        scale = max(best.cost_usd_per_month, plan.cost_usd_per_month)
        unsure = plan.window.unsure_fraction * scale + self._chance_usd(name, value, plan)
        return plan.loss_usd_per_month - best.loss_usd_per_month, unsure, LEAST_ADVANTAGE * scale

    def _surely_no_better(self, name: str, value: float, best: Seen, plan: Seen) -> bool:
        gap, unsure, least = self._apart(name, value, best, plan)
        doubt = best.trouble or plan.trouble or best.is_doubtful or plan.is_doubtful
        return not doubt and gap - unsure > -least

    def _chance_usd(self, name: str, value: float, seen: Seen) -> float:
        """Return by how much chance may have moved the difference of two plans. [USD per month]"""
        pairs = zip(self.comparison.plans[name].values, self.comparison.plans[self.best].values, strict=False)
        gaps = [one[self.comparison.judged_by] - other[self.comparison.judged_by] for one, other in pairs]
        if len(gaps) == 1:
            return 0.0
        hours = self.comparison.scenario.horizon_s / HOUR_S / (seen.window.hours.stop - seen.window.hours.start)
        return ERRORS * float(np.std(gaps, ddof=1)) * math.sqrt(max(hours, 1.0) * max(self.axis.times(value), 1.0))

    def _still(self, rivals: Sequence[str]) -> Iterator[Still]:
        """Yield where those that never turn were simulated, one seldom and one frequent activity."""
        turned = {turn.plan for turn in self.turns}
        never = [name for name in rivals if name not in turned and name not in self.unexamined]
        for values in self._directions:
            still = [name for name in never if not any(turn.plan == name for turn in self.turns)]
            if values and still:
                yield from self._at_the_end(values, still)

    def _at_the_end(self, values: Sequence[float], never: Sequence[str]) -> Iterator[Still]:
        far = [value for value in values if 1 / FAR_TIMES <= self.axis.times(value) <= FAR_TIMES]
        for value in list(reversed(far))[:: max(len(far) // 3, 1)]:
            seen = self.looks.at(value, self.axis.at(value), (self.best, *never))
            if seen is None:
                continue
            verdicts = {name: self._verdict(name, value, seen[self.best], seen[name]) for name in never}
            for name in (each for each, verdict in verdicts.items() if verdict < 0):
                gap = seen[name].loss_usd_per_month - seen[self.best].loss_usd_per_month
                side = Side(value, self.axis.text(value), gap)
                self.turns.append(self._narrowed(name, values, self._side_now(name), side))
            sure = (name for name in never if self._surely_no_better(name, value, seen[self.best], seen[name]))
            yield Still(self.axis.text(value), tuple(sure))
            return
