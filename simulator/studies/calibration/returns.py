"""Return visits, from how long after a login others of the same user come.

Of two logins of one user that lie a time s apart, as many are due to chance as the profile says, with a factor that the
users' rates make; all others are of one cluster, in which each login is followed by the next after a random gap. Pairs
are counted in bins of the logarithm of s, and the two parts are fitted to them [1]_, with gaps of each kind. Lognormal
ones have a parameter more; they are taken if BIC prefers them, with deviances over how much more pairs scatter between
groups of users than chance alone makes them (a quasi-likelihood [2]_), as users with many logins have many pairs.

References
----------
.. [1] U. Tanaka, Y. Ogata, D. Stoyan, Parameter estimation and model selection for Neyman-Scott point processes,
   Biometrical Journal 50(1), 2008 (Palm likelihood).
.. [2] K. P. Burnham, D. R. Anderson, Model selection and multimodel inference, 2nd ed., 2002, section 2.5 (QAIC).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from scipy.optimize import minimize

from simulator.core.arrays import FloatArray, IntArray
from simulator.demand.return_visits import LONGEST_S, ReturnVisits
from simulator.studies.calibration.gap_kinds import LEAST_CV, MOST_CV, Gap, cv_of, followed, gap_of

BINS = 48
LEAST_GAIN = 10.0
"""Of the deviance, what return visits must explain to be said to be there."""
MOST_PROBABILITY = 0.9
STARTS: Final = 5
"""From so many mean gaps exponential ones are looked for."""
SIGMAS: Final = (0.5, 1.0, 1.5)
"""Lognormal ones are looked for from the exponential ones, at these standard deviations of the logarithm."""
ROOM: Final = 1.01
"""What is this near to a bound is at it."""
STEP, LITTLE = 0.3, 0.05
"""What is varied moves by so much at first, and by so little from a fit to nearly the same pairs."""


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

    @property
    def scatter(self) -> float:
        """How much more than chance alone makes them the pairs of a bin scatter between groups; at least 1."""
        of_all = self.count.sum(axis=0)
        if len(self.count) < 2 or not of_all.any():  # noqa: PLR2004
            return 1.0
        share = self.logins / np.maximum(self.logins.sum(axis=0), 1e-300)
        expected = (of_all * share)[:, of_all > 0]
        apart = (self.count[:, of_all > 0] - expected) ** 2 / np.maximum(expected, 1e-9)
        return float(max(apart.sum() / (expected.shape[1] * (len(self.count) - 1)), 1.0))


@dataclass(frozen=True)
class Returns:
    """Return visits: their probability, and the gaps before them."""

    probability: float
    gap: Gap
    gain: float
    """By how much they lower the deviance."""

    @property
    def gap_s(self) -> float:
        """Mean gap. [s]"""
        return self.gap.mean_s

    @property
    def cv(self) -> float | None:
        """How gaps scatter, where they are lognormal."""
        return cv_of(self.gap)

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
    kept = np.arange(len(pairs.count)) != (-1 if without is None else without)
    count, logins = pairs.count[kept].sum(axis=0), pairs.logins[kept].sum(axis=0)
    if start is not None:
        return _likeliest(count, logins, pairs, [_varied(start)], LITTLE)
    gaps_s = np.geomspace(pairs.edge_s[0] * 3, pairs.edge_s[-1] / 3, STARTS)
    even = _likeliest(count, logins, pairs, [np.array([0.0, math.log(gap_s)]) for gap_s in gaps_s])
    odds, log_mean = _varied(even)
    starts = [np.array([odds, log_mean + math.log(math.log(2.0)), math.log(sigma)]) for sigma in SIGMAS]
    uneven = _likeliest(count, logins, pairs, starts)
    is_better = (uneven.gain - even.gain) / pairs.scatter > math.log(max(float(count.sum()), 1.0))
    found = uneven if is_better and _is_stated(uneven) else even
    return found if found.gain >= LEAST_GAIN else None


def _is_stated(found: Returns) -> bool:
    """Return whether a scenario takes such gaps, and their cv is not at its bound, where nothing fits."""
    stated = ReturnVisits.model_construct(probability_fraction=found.probability, gap=found.gap)
    is_inside = LEAST_CV * ROOM < (found.cv or 1.0) < MOST_CV / ROOM
    return is_inside and stated.longest_s <= LONGEST_S


def _likeliest(
    count: FloatArray, logins: FloatArray, pairs: Pairs, starts: Sequence[FloatArray], step: float = STEP
) -> Returns:
    """Return the return visits that explain the pairs best, of the kind that is begun from."""

    def loss(logs: FloatArray) -> float:
        return _loss(logs, count, logins, pairs)

    best: tuple[float, FloatArray] | None = None
    for start in starts:
        around = np.vstack([start, start + step * np.eye(start.size)])
        found = minimize(loss, start, method="Nelder-Mead", options={"initial_simplex": around}, tol=1e-5)
        if best is None or found.fun < best[0]:
            best = float(found.fun), np.asarray(found.x, dtype=np.float64)
    assert best is not None
    alone = _factor(count, pairs.by_chance) * pairs.by_chance
    probability, gap = _stated(best[1])
    return Returns(probability, gap, _deviance(count, alone) - best[0])


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
        cluster = logins * followed(pairs.edge_s, returns.probability, returns.gap)
        soon = float(followed(np.array([0.0, within_s]), returns.probability, returns.gap)[0])
    chance = _factor(np.maximum(count - cluster, 0.0), pairs.by_chance) * pairs.by_chance[0]
    width_s = float(pairs.edge_s[1] - pairs.edge_s[0])
    return float(soon + chance / width_s * within_s / max(float(logins[0]), 1.0))


def _varied(returns: Returns) -> FloatArray:
    """Return what is varied: log-odds and log mean, of lognormal gaps log median and log sigma, which is steadier."""
    share = min(max(returns.probability / MOST_PROBABILITY, 1e-6), 1 - 1e-6)
    odds, log_mean = math.log(share / (1 - share)), math.log(returns.gap_s)
    if returns.cv is None:
        return np.array([odds, log_mean])
    variance = math.log1p(returns.cv**2)
    return np.array([odds, log_mean - variance / 2, math.log(variance) / 2])


def _loss(logs: FloatArray, count: FloatArray, logins: FloatArray, pairs: Pairs) -> float:
    cluster = logins * followed(pairs.edge_s, *_stated(logs))
    left = np.maximum(count - cluster, 0.0)
    expected = cluster + _factor(left, pairs.by_chance) * pairs.by_chance
    return _deviance(count, expected)


def _stated(logs: FloatArray) -> tuple[float, Gap]:
    """Return probability and gap from what is varied, which may be any numbers."""
    odds, log_gap, *log_sigma = (float(each) for each in np.clip(logs, -20.0, 20.0))
    probability = MOST_PROBABILITY / (1.0 + math.exp(-odds))
    if not log_sigma:
        return probability, gap_of(math.exp(log_gap), None)
    variance = min(max(math.exp(2.0 * log_sigma[0]), math.log1p(LEAST_CV**2)), math.log1p(MOST_CV**2))
    return probability, gap_of(math.exp(log_gap + variance / 2), math.sqrt(math.expm1(variance)))


def _factor(count: FloatArray, by_chance: FloatArray) -> float:
    return float(count.sum() / by_chance.sum())


def _deviance(count: FloatArray, expected: FloatArray) -> float:
    safe = np.maximum(expected, 1e-9)
    logs = np.where(count > 0, count * np.log(np.maximum(count, 1e-300) / safe), 0.0)
    return float(2.0 * np.sum(logs - (count - safe)))
