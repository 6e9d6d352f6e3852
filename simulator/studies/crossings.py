"""Where a paired difference crosses 0, each crossing with a confidence set.

What is known of the difference is a number for every replication at some values of a key. Between neighbouring values
each replication is taken to go straight, so that the mean is a line there and its squared standard error a parabola.
The confidence set of a crossing holds the values at which a paired t-test does not reject that the difference is 0
(Fieller's set, for lines): all that is connected with the crossing. It is looked at anew where it seems to begin, to
cross and to end, until these no longer move.

Replications have random numbers in common at all values, so that a difference hardly jitters from value to value; where
it crosses more than once within one confidence set, that is one crossing.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.special import stdtrit

from simulator.core.arrays import FloatArray
from simulator.core.estimate import CONFIDENCE

SETTLED = 0.1
"""A crossing and its set are known well enough when they move by no more of the set's width, ..."""
FINEST = 1e-4
"""... or of the range that is searched."""
JUMP = 1e-3
"""Of the range: where the difference changes its sign within so little, it may be a jump."""
STAYS = 0.5
"""Of the change in a bracket WIDER times as wide, what is left of it if it is a jump; of a slope, 1/WIDER is."""
WIDER = 8.0
MOST_ROUNDS = 40
ROUNDING = 1e-9
JITTER = 0.5
"""Of a set's width: what is so near to it and not rejected belongs to it."""

Samples = Mapping[float, FloatArray]
"""By value of the key: the difference in each replication."""
See = Callable[[Sequence[float]], Samples]
"""Returns the difference at values, all of a call at once."""


@dataclass(frozen=True)
class Crossing:
    """Where a difference changes its sign."""

    value: float
    low: float
    """Of the confidence set; NaN where one replication has none."""
    high: float
    falls: bool
    """Whether the difference is above 0 below it."""
    is_step: bool = False
    """Whether the difference jumps there; the set then is what the jump is known to lie in."""


@dataclass(frozen=True)
class Precision:
    """How finely values are told apart."""

    range_: float
    """What is searched."""
    finest: float = FINEST
    """Of the range: crossings need not be known better."""
    is_whole: bool = False
    """Whether values are whole numbers."""

    @property
    def step(self) -> float:
        """Values that are nearer to each other are not looked at."""
        return 1.0 if self.is_whole else self.finest * self.range_

    @property
    def jump(self) -> float:
        """The widest bracket in which a jump is one."""
        return 1.0 if self.is_whole else max(JUMP * self.range_, 2 * self.step)

    def rounded(self, value: float) -> float:
        """Return a value that can be looked at."""
        return float(round(value)) if self.is_whole else value


class Curve:
    """A difference between the values at which it is known."""

    def __init__(self, samples: Samples) -> None:
        self.values = sorted(samples)
        self._samples = samples
        count = len(next(iter(samples.values())))
        self._quantile = float(stdtrit(count - 1, (1 + CONFIDENCE) / 2)) if count > 1 else math.nan

    def mean(self, value: float) -> float:
        """Return the mean at a value that is known."""
        return float(np.mean(self._samples[value]))

    @property
    def brackets(self) -> Iterator[tuple[float, float]]:
        """Neighbouring values between which the mean changes its sign; 0 counts as above it."""
        for low, high in pairwise(self.values):
            if (self.mean(low) >= 0) != (self.mean(high) >= 0):
                yield low, high

    @property
    def dips(self) -> Iterator[float]:
        """Values at which the mean may come to 0 and back between those that are known: vertices of parabolas."""
        for low, middle, high in zip(self.values, self.values[1:], self.values[2:], strict=False):
            means = np.array([self.mean(each) for each in (low, middle, high)])
            if (np.sign(means) == np.sign(means[1])).all() and abs(means[1]) < min(abs(means[0]), abs(means[2])):
                a, b, _ = np.polyfit([low, middle, high], means, 2)
                yield float(np.clip(-b / (2 * a), low, high)) if a else middle

    def root(self, bracket: tuple[float, float]) -> float:
        """Return where the mean crosses 0 in a bracket."""
        low, high = bracket
        below, above = self.mean(low), self.mean(high)
        return float(low + (high - low) * below / (below - above))

    def set_around(self, root: float) -> tuple[float, float]:
        """Return the values around a crossing at which a difference of 0 is not rejected; NaN with one replication.

        What is not rejected just beyond an end belongs to it: jitter alone had ended it.
        """
        if math.isnan(self._quantile):
            return math.nan, math.nan
        found, last = (self._end(root, -1), self._end(root, +1)), (root, root)
        while found != last:
            (low, high), last = found, found
            reach = JITTER * (high - low)
            near = [each for each in self.values if low - reach <= each <= high + reach and not self._is_rejected(each)]
            found = (
                min([low, *(self._end(each, -1) for each in near)]),
                max([high, *(self._end(each, 1) for each in near)]),
            )
        return found

    def _is_rejected(self, value: float) -> bool:
        sample = np.asarray(self._samples[value], dtype=np.float64)
        return bool(abs(sample.mean()) > self._quantile * sample.std(ddof=1) / math.sqrt(sample.size))

    def _end(self, root: float, direction: int) -> float:
        """Return how far the set reaches down or up; to the end of what is known, if it is not left before."""
        ordered = [value for value in self.values[::direction] if (value - root) * direction >= 0]
        inner = [value for value in self.values[::-direction] if (value - root) * direction <= 0][:1]
        begin, slack = root, ROUNDING * (self.values[-1] - self.values[0])
        for one, other in pairwise([*inner, *ordered]):
            leaves = [each for each in self._edges(one, other) if (each - begin) * direction >= -slack]
            if leaves:
                return min(leaves, key=lambda each: abs(each - begin))
            begin = other
        return float(self.values[::direction][-1])

    def _edges(self, one: float, other: float) -> list[float]:
        """Return where, between two neighbours, the mean is just so far from 0 as is rejected."""
        at, to = (np.asarray(self._samples[each], dtype=np.float64) for each in (one, other))
        slope = to - at
        scale = self._quantile**2 / len(at)

        def form(x: FloatArray, y: FloatArray) -> float:
            return float(x.mean() * y.mean() - scale * np.cov(x, y, ddof=1)[0, 1])

        a, b, c = form(slope, slope), 2 * form(at, slope), form(at, at)
        shares = _roots(a, b, c)
        return [float(one + share * (other - one)) for share in shares if -ROUNDING <= share <= 1 + ROUNDING]


def _roots(a: float, b: float, c: float) -> list[float]:
    """Return the real roots of a x^2 + b x + c, without the loss of digits of the school's formula.

    Two that are one but for rounding are one: without chance the set is the crossing alone.
    """
    inside = b * b - 4 * a * c
    if inside < -ROUNDING * b * b:
        return []
    inside = max(inside, 0.0)
    q = -(b + math.copysign(math.sqrt(inside), b)) / 2
    return [*([q / a] if a else []), *([c / q] if q else [])]


def crossings(
    see: See, values: Sequence[float], precision: Precision, only: tuple[float, float] | None = None
) -> list[Crossing]:
    """Return all crossings of a difference, ascending.

    Parameters
    ----------
    see
        Returns the difference at values; what it has returned it remembers.
    values
        Where to look first, ascending, the ends of the range among them. Two crossings between neighbouring ones are
        found only where the difference bends towards 0 there.
    precision
        How finely values are told apart.
    only
        Where crossings are asked for; by default everywhere.
    """
    known = dict(see(values))
    if only is None:
        dips = [precision.rounded(each) for each in Curve(known).dips]
        known |= see([each for each in dict.fromkeys(dips) if each not in known])
    first, last = only or (-math.inf, math.inf)
    brackets = [each for each in Curve(known).brackets if first <= each[0] and each[1] <= last]
    return _merged([_settled(see, known, bracket, precision) for bracket in brackets])


def _settled(see: See, known: dict[float, FloatArray], bracket: tuple[float, float], precision: Precision) -> Crossing:
    """Return the crossing in a bracket, when looking on would not move it; add what is seen to what is known.

    Straight lines lead to a smooth crossing in a few rounds. A jump they miss again and again, so that the bracket is
    halved when a round has not made it much smaller.
    """
    low, high = bracket
    seen_brackets = [bracket]
    last: tuple[float, float, float] | None = None
    for _ in range(MOST_ROUNDS):
        curve = Curve(known)
        root = curve.root((low, high))
        from_, to = curve.set_around(root)
        is_within = from_ < low and high < to  # where in the set it crosses, chance decides
        found = (from_, to, math.nan if is_within else root)
        if last is not None and _is_near(found, last, precision):
            break
        last = found
        middle = [] if is_within else _halved(seen_brackets)
        asked = _not_known([*found, *middle], known, (low, high), precision)
        if not asked:
            break
        known |= see(asked)
        low, high = _bracket_in(Curve(known), bracket, (low, high))
        seen_brackets.append((low, high))
    return _crossing(Curve(known), seen_brackets, precision)


def _halved(brackets: Sequence[tuple[float, float]]) -> list[float]:
    """Return the middle of a bracket that the last round has not made much smaller."""
    if len(brackets) < 2 or _width(brackets[-1]) < _width(brackets[-2]) / 4:  # noqa: PLR2004  (a last and one before)
        return []
    return [sum(brackets[-1]) / 2]


def _width(bracket: tuple[float, float]) -> float:
    return bracket[1] - bracket[0]


def _is_near(found: Sequence[float], last: Sequence[float], precision: Precision) -> bool:
    low, high, _ = found
    least = precision.step / 2 if math.isnan(low) else max(precision.step / 2, SETTLED * (high - low))
    return all(math.isnan(one) or abs(one - other) <= least for one, other in zip(found, last, strict=True))


def _not_known(
    wanted: Sequence[float], known: Mapping[float, object], bracket: tuple[float, float], precision: Precision
) -> list[float]:
    """Return the values to look at next: none that is known already, or nearly."""
    asked: list[float] = []
    for value in (precision.rounded(each) for each in wanted if not math.isnan(each)):
        inside = bracket[0] < value < bracket[1]
        apart = precision.step / 2 if inside else precision.step
        if all(abs(value - other) >= apart for other in (*known, *asked)):
            asked.append(value)
    return asked


def _bracket_in(curve: Curve, outer: tuple[float, float], last: tuple[float, float]) -> tuple[float, float]:
    """Return the bracket of the crossing that is followed: of several in the last one the middle one."""
    inside = [each for each in curve.brackets if last[0] <= each[0] and each[1] <= last[1]]
    inside = inside or [each for each in curve.brackets if outer[0] <= each[0] and each[1] <= outer[1]]
    return inside[len(inside) // 2]


def _crossing(curve: Curve, brackets: Sequence[tuple[float, float]], precision: Precision) -> Crossing:
    low, high = brackets[-1]
    falls = curve.mean(low) >= 0
    root = curve.root((low, high))
    from_, to = curve.set_around(root)
    if _is_step(curve, brackets, precision):
        middle = high if precision.is_whole else (low + high) / 2
        return Crossing(middle, float(np.fmin(low, from_)), float(np.fmax(high, to)), falls, is_step=True)
    return Crossing(precision.rounded(root), from_, to, falls)


def _is_step(curve: Curve, brackets: Sequence[tuple[float, float]], precision: Precision) -> bool:
    """Return whether the change of sign stays as large, however narrow the bracket."""
    last = brackets[-1]
    if _width(last) > precision.jump:
        return False
    wider = [each for each in brackets if _width(each) >= WIDER * _width(last)]
    if precision.is_whole:
        return not wider or _change(curve, last) >= STAYS * _change(curve, wider[-1])
    return bool(wider) and _change(curve, last) >= STAYS * _change(curve, wider[-1])


def _change(curve: Curve, bracket: tuple[float, float]) -> float:
    return abs(curve.mean(bracket[1]) - curve.mean(bracket[0]))


def _merged(found: Sequence[Crossing]) -> list[Crossing]:
    """Return crossings whose sets do not overlap: of several within one set an odd number is one, an even one none."""
    groups: list[list[Crossing]] = []
    for crossing in sorted(found, key=lambda each: each.value):
        reach = max((each.high for each in groups[-1]), default=-math.inf) if groups else -math.inf
        if crossing.low < reach:
            groups[-1].append(crossing)
        else:
            groups.append([crossing])
    merged = []
    for group in groups:
        if len(group) % 2:
            middle = group[len(group) // 2]
            low, high = min(each.low for each in group), max(each.high for each in group)
            merged.append(Crossing(middle.value, low, high, group[0].falls, middle.is_step))
    return merged
