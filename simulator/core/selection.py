"""Which of several alternatives is the best, and how sure that is, from replications on common random numbers.

Everything is said of paired differences, each with a t-interval of its own and Bonferroni's correction: that holds
whatever the covariances are. Pooling them, as Nelson and Matejcik do, is for variances that are alike; here one pair
may differ by cents and another by hundreds of dollars.

Two quantiles are enough. *That nothing is better than the best by more than an indifference* needs only the
comparisons with whichever is truly the best: k - 1 one-sided ones (multiple comparisons with the best). *That one is
worse than the best found*, which the data themselves have chosen, needs all k (k - 1), or some of six equals would be
called worse in one run of ten.

References
----------
.. [1] J. C. Hsu, "Constrained simultaneous confidence intervals for multiple comparisons with the best", Annals of
   Statistics 12 (1984).
.. [2] B. L. Nelson and F. J. Matejcik, "Using common random numbers for indifference-zone selection and multiple
   comparisons in simulation", Management Science 41 (1995).
.. [3] J. Branke, S. E. Chick and C. Schmidt, "Selecting a selection procedure", Management Science 53 (2007), PGS_Bonf.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

import numpy as np
from scipy.special import stdtr, stdtrit

from simulator.core.arrays import FloatArray
from simulator.core.estimate import CONFIDENCE, Estimate

INDIFFERENCE_FRACTION = 0.01
"""Of the best's cost: so much less would not change a choice."""
MOST_FORESEEN = 10_000
"""Further ahead nobody is told how many replications it takes."""
_GRID = np.unique(np.geomspace(2, MOST_FORESEEN, 600).astype(np.int64))


class Standing(StrEnum):
    """How an alternative stands against the best."""

    WORSE = "worse"
    """Surely."""
    AS_GOOD = "as good"
    """Surely worse by no more than the indifference."""
    NO_BETTER = "no better"
    """It may be as good or worse, and is surely not better by more than the indifference."""
    UNDECIDED = "undecided"
    """It may be better, by more than the indifference."""


@dataclass(frozen=True)
class Rule:
    """What is asked of a choice."""

    alternatives: int
    confidence: float = CONFIDENCE
    """Of all that is said of all alternatives at once."""
    looks: int = 1
    """How often it may be looked at with more replications each time; the error is divided among them."""

    @property
    def choice_quantile(self) -> float:
        """The level of the one-sided intervals that decide a choice."""
        return 1 - self._error / max(self.alternatives - 1, 1)

    @property
    def worse_quantile(self) -> float:
        """The level at which one is called worse: every ordered pair may be the one that is looked at."""
        return 1 - self._error / max(self.alternatives * (self.alternatives - 1), 1)

    @property
    def _error(self) -> float:
        return (1 - self.confidence) / self.looks


@dataclass(frozen=True)
class Against:
    """An alternative against the best one found."""

    estimate: Estimate
    """How much worse it is, with an interval that holds for all pairs at once."""
    standing: Standing
    more: int | None
    """About how many more replications decide whether it is better; none where it is decided or not foreseen."""
    doubt: float
    """The posterior probability that it is better by more than the indifference; NaN with one replication."""


def against_best(gaps: Sequence[float], rule: Rule, indifference: float) -> Against:
    """Return how an alternative stands against the best.

    Parameters
    ----------
    gaps
        How much worse it was, replication by replication.
    rule
        What is asked of the choice.
    indifference
        How much better is no better.
    """
    sample = np.asarray(gaps, dtype=np.float64)
    size, mean = sample.size, float(sample.mean())
    if size == 1:
        return Against(Estimate(mean, math.nan, math.nan), Standing.UNDECIDED, None, math.nan)
    error = float(sample.std(ddof=1)) / math.sqrt(size)
    half, half_choice = (float(stdtrit(size - 1, each)) * error for each in (rule.worse_quantile, rule.choice_quantile))
    if mean + half <= indifference and mean >= -indifference:
        standing = Standing.AS_GOOD
    elif mean - half > 0:
        standing = Standing.WORSE
    else:
        standing = Standing.NO_BETTER if mean - half_choice >= -indifference else Standing.UNDECIDED
    more = None
    if standing is Standing.UNDECIDED:
        more = _more(size, error * math.sqrt(size), mean + indifference, rule.choice_quantile)
    return Against(Estimate(mean, mean - half, mean + half), standing, more, _doubt(size, error, mean + indifference))


def _more(size: int, deviation: float, margin: float, quantile: float) -> int | None:
    """Return about how many more replications make half an interval no wider than a margin."""
    enough = _GRID[(size < _GRID) & (_half_widths(quantile) * deviation <= margin)]
    return int(enough[0]) - size if enough.size else None


@cache
def _half_widths(quantile: float) -> FloatArray:
    """Return half an interval over the standard deviation, by the grid's numbers of replications."""
    found: FloatArray = stdtrit(_GRID - 1, quantile) / np.sqrt(_GRID)
    return found


def _doubt(size: int, error: float, margin: float) -> float:
    if error == 0:
        return float(margin < 0)
    return float(stdtr(size - 1, -margin / error))


def paired_mean(sample: Sequence[float], others: Sequence[float]) -> float:
    """Return the mean of one with fewer replications than another, as it would be with all: by their difference."""
    gaps = np.asarray(sample, dtype=np.float64) - np.asarray(others[: len(sample)], dtype=np.float64)
    return float(np.mean(others)) + float(gaps.mean())


def probability_right(doubts: Sequence[float]) -> float:
    """Return the least probability that nothing is better than the choice by more than the indifference."""
    return max(1.0 - math.fsum(doubts), 0.0)


def looks(first: int, most: int, growth: float = 1.5) -> Iterator[int]:
    """Yield after how many replications to look: few looks, or each costs too much of the error.

    Parameters
    ----------
    first, most
        The first look and the last.
    growth
        By what each has more than the one before.
    """
    size = first
    while size < most:
        yield size
        size = math.ceil(size * growth)
    yield most


def replications_for(sample: Sequence[float], precision_fraction: float) -> int:
    """Return about how many replications make a mean's interval as narrow as asked for, judged by those at hand.

    Parameters
    ----------
    sample
        One value per replication, two at least.
    precision_fraction
        Half the interval over the mean.
    """
    values = np.asarray(sample, dtype=np.float64)
    deviation, margin = float(values.std(ddof=1)), precision_fraction * abs(float(values.mean()))
    more = _more(1, deviation, margin, (1 + CONFIDENCE) / 2)
    return MOST_FORESEEN if more is None else 1 + more


def is_precise(sample: Sequence[float], precision_fraction: float, ahead: int) -> bool:
    """Return whether a mean's interval is as narrow as asked for, and was so for some replications.

    Whoever stops as soon as it is narrow stops where the variance happens to look small: looking on for a few more
    replications takes most of that bias away.

    Parameters
    ----------
    sample
        One value per replication.
    precision_fraction
        Half the interval over the mean.
    ahead
        For how many replications it must have been so.

    References
    ----------
    .. [1] K. Hoad, S. Robinson and R. Davies, "Automated selection of the number of replications for a discrete-event
       simulation", Journal of the Operational Research Society 61 (2010).
    """
    sizes = range(max(len(sample) - ahead, 2), len(sample) + 1)
    estimates = (Estimate.of(sample[:size]) for size in sizes)
    return all(each.half_width <= precision_fraction * abs(each.mean) for each in estimates)
