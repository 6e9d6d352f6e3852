"""Return visits, from how long after a login others of the same user come.

Of two logins of one user that lie a time s apart, as many are due to chance as the profile says, with a factor that the
users' rates make; all others are of one cluster. A login is followed, a time s later, by later ones of its cluster at a
rate c(s), which for exponential gaps of mean g is q/g e^(-(1-q)s/g). Pairs are counted in bins of the logarithm of s,
and the two parts are fitted to them [1]_.

References
----------
.. [1] U. Tanaka, Y. Ogata, D. Stoyan, Parameter estimation and model selection for Neyman-Scott point processes,
   Biometrical Journal 50(1), 2008 (Palm likelihood).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize

from simulator.core.arrays import FloatArray, IntArray

BINS = 48
LEAST_GAIN = 10.0
"""Of the deviance, what return visits must explain to be said to be there."""
MOST_PROBABILITY = 0.9


@dataclass(frozen=True)
class Pairs:
    """Pairs of logins of one user, by how far apart they are."""

    edge_s: FloatArray
    """Where bins begin and end, shape (bins + 1,). [s]"""
    count: FloatArray
    """Pairs in each, by group, shape (groups, bins)."""
    logins: FloatArray
    """Logins that have as much of the log after them, by group and bin, likewise."""
    by_chance: FloatArray
    """How many pairs chance makes in each bin, up to a factor, shape (bins,)."""

    def unmerged(self, merged: float) -> "Pairs":
        """Return about the pairs that there would be if a share of the logins were not taken for others' requests."""
        return replace(self, count=self.count / (1.0 - merged) ** 2, logins=self.logins / (1.0 - merged))


@dataclass(frozen=True)
class Returns:
    """Return visits: their probability, and the mean of an exponential gap."""

    probability: float
    gap_s: float
    gain: float
    """By how much they lower the deviance."""

    @property
    def lag_s(self) -> float:
        """Mean time from a login to a return visit of its cluster. [s]"""
        return self.gap_s / (1.0 - self.probability)


def pairs_of(
    time_s: FloatArray,
    user: IntArray,
    group: IntArray,
    edge_s: FloatArray,
    length_s: float,
    by_chance: FloatArray,
    groups: int,
) -> Pairs:
    """Count pairs of logins.

    Parameters
    ----------
    time_s, user, group
        Logins in order of user and time.
    edge_s
        Where bins begin and end. [s]
    length_s
        Length of the log; times are counted from its beginning. [s]
    by_chance
        See `Pairs`.
    groups
        How many groups there are.
    """
    count = np.zeros((groups, edge_s.size - 1))
    step = 1
    while True:
        same = user[step:] == user[:-step]
        if not same.any():
            break
        apart = time_s[step:] - time_s[:-step]
        near = same & (apart < edge_s[-1])
        if not near.any():
            break
        place = np.searchsorted(edge_s, apart[near], side="right") - 1
        inside = place >= 0
        np.add.at(count, (group[:-step][near][inside], place[inside]), 1.0)
        step += 1
    left = length_s - time_s
    middle = np.sqrt(edge_s[:-1] * edge_s[1:])
    after = np.stack([np.bincount(group[left > lag], minlength=groups) for lag in middle], axis=1).astype(np.float64)
    return Pairs(edge_s, count, after, by_chance)


def fitted_returns(pairs: Pairs, without: int | None = None, start: Returns | None = None) -> Returns | None:
    """Return the return visits that the pairs show; None where chance explains them as well.

    Parameters
    ----------
    pairs
        What was counted.
    without
        A group that is left out.
    start
        What to begin from.
    """
    kept = np.ones(len(pairs.count), dtype=bool)
    if without is not None:
        kept[without] = False
    count, logins = pairs.count[kept].sum(axis=0), pairs.logins[kept].sum(axis=0)
    alone = _factor(count, pairs.by_chance) * pairs.by_chance
    best: tuple[float, float, float] | None = None

    def loss(logs: FloatArray) -> float:
        return _loss(logs, count, logins, pairs)

    for gap_s in (start.gap_s,) if start else np.geomspace(pairs.edge_s[0] * 3, pairs.edge_s[-1] / 3, 5):
        found = minimize(
            loss,
            np.array([0.0 if start is None else _logit(start.probability), math.log(gap_s)]),
            method="Nelder-Mead",
            tol=1e-5,
        )
        if best is None or found.fun < best[0]:
            best = (float(found.fun), *found.x)
    assert best is not None
    gain = _deviance(count, alone) - best[0]
    probability, gap_s = _stated(best[1:])
    if start is None and gain < LEAST_GAIN:
        return None
    return Returns(probability, gap_s, gain)


def shortly_after(pairs: Pairs, returns: Returns | None, within_s: float, without: int | None = None) -> float:
    """Return how many other logins of its user a login has within a short time after it, on average.

    It follows from pairs that are farther apart, as those so near are not told apart from requests of one login. What
    chance makes of them is taken to be as dense as in the first bin.
    """
    kept = np.arange(len(pairs.count)) != (-1 if without is None else without)
    count, logins = pairs.count[kept].sum(axis=0), pairs.logins[kept].sum(axis=0)
    cluster = np.zeros(count.size)
    soon = 0.0
    if returns is not None:
        cluster = logins * _followed(pairs.edge_s, returns.probability, returns.gap_s)
        soon = float(_followed(np.array([0.0, within_s]), returns.probability, returns.gap_s)[0])
    chance = _factor(np.maximum(count - cluster, 0.0), pairs.by_chance) * pairs.by_chance[0]
    width_s = float(pairs.edge_s[1] - pairs.edge_s[0])
    return float(soon + chance / width_s * within_s / max(float(logins[0]), 1.0))


def _logit(probability: float) -> float:
    share = min(max(probability / MOST_PROBABILITY, 1e-6), 1 - 1e-6)
    return math.log(share / (1 - share))


def _loss(logs: FloatArray, count: FloatArray, logins: FloatArray, pairs: Pairs) -> float:
    probability, gap_s = _stated(logs)
    cluster = logins * _followed(pairs.edge_s, probability, gap_s)
    left = np.maximum(count - cluster, 0.0)
    expected = cluster + _factor(left, pairs.by_chance) * pairs.by_chance
    return _deviance(count, expected)


def _stated(logs: Sequence[float] | FloatArray) -> tuple[float, float]:
    """Return probability and mean gap from what is varied, which may be any numbers. [s]"""
    odds, log_gap = (float(each) for each in np.clip(logs, -20.0, 20.0))
    return MOST_PROBABILITY / (1.0 + math.exp(-odds)), math.exp(log_gap)


def _followed(edge_s: FloatArray, probability: float, gap_s: float) -> FloatArray:
    """Return how many later logins of its cluster a login has in each bin, on average."""
    rate = (1.0 - probability) / gap_s
    return np.asarray(probability / (1.0 - probability) * -np.diff(np.exp(-rate * edge_s)))


def _factor(count: FloatArray, by_chance: FloatArray) -> float:
    return float(count.sum() / by_chance.sum())


def _deviance(count: FloatArray, expected: FloatArray) -> float:
    safe = np.maximum(expected, 1e-9)
    logs = np.where(count > 0, count * np.log(np.maximum(count, 1e-300) / safe), 0.0)
    return float(2.0 * np.sum(logs - (count - safe)))
