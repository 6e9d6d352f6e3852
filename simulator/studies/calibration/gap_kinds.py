"""Kinds of gaps between return visits, and how many later logins of its cluster follow a login within a time.

A login is followed by another with probability q after a random gap, that one too, and so on: within a time s by
H(s) = q F(s) + q^2 (F * F)(s) + ... of them on average, the renewal function of a process that ends [1]_. For
exponential gaps of mean g that is q/(1-q) (1 - e^(-(1-q)s/g)). For lognormal ones the first term is exact, and the
others are summed on a grid by their Fourier transform: f^2/(1-f), where f is that of q times the gap.

References
----------
.. [1] W. Feller, An Introduction to Probability Theory and Its Applications, vol. II, 2nd ed., 1971, XI.1 and XI.6.
"""

import math
from typing import Final

import numpy as np
from scipy.special import ndtr

from simulator.core.arrays import FloatArray
from simulator.core.duration.base import Duration
from simulator.core.duration.exponential import Exponential
from simulator.core.duration.lognormal import Lognormal

Gap = Exponential | Lognormal
STEPS: Final = 1_024
"""Of the grid: as many as the longest time has."""
DAMPING: Final = 16.0
"""What goes around the Fourier transform's end comes back e to the minus so much as large."""
LEAST_CV, MOST_CV = 0.1, 10.0


def gap_of(mean_s: float, cv: float | None) -> Gap:
    """Return lognormal gaps of a coefficient of variation, and exponential ones without one. [s]"""
    if cv is None:
        return Exponential.model_construct(mean_s=mean_s)
    return Lognormal.model_construct(mean_s=mean_s, cv=cv)


def cv_of(gap: Duration) -> float | None:
    """Return how lognormal gaps scatter; None of others."""
    return gap.cv if isinstance(gap, Lognormal) else None


def followed(edge_s: FloatArray, probability: float, gap: Gap) -> FloatArray:
    """Return how many later logins of its cluster follow a login in each bin of time, on average.

    Parameters
    ----------
    edge_s
        Where bins begin and end, ascending, shape (bins + 1,). [s]
    probability
        How likely a login is followed by another.
    gap
        After what time.
    """
    if isinstance(gap, Exponential):
        rate = (1.0 - probability) / gap.mean_s
        return np.asarray(probability / (1.0 - probability) * -np.diff(np.exp(-rate * edge_s)))
    later = np.interp(edge_s, *_later(float(edge_s[-1]), probability, gap))
    return np.diff(probability * _within(edge_s, gap) + later)


def _within(time_s: FloatArray, gap: Lognormal) -> FloatArray:
    """Return the share of gaps that are shorter than a time."""
    variance = math.log1p(gap.cv**2)
    with np.errstate(divide="ignore"):
        return np.asarray(ndtr((np.log(time_s / gap.mean_s) + variance / 2) / math.sqrt(variance)))


def _later(longest_s: float, probability: float, gap: Lognormal) -> tuple[FloatArray, FloatArray]:
    """Return a grid of times, and how many logins but the next one follow within each of them. [s]"""
    grid = np.arange(STEPS + 1, dtype=np.float64)
    step_s = longest_s / STEPS
    edge = _within(np.asarray((grid + 0.5) * step_s), gap)
    mass = probability * np.diff(edge, prepend=0.0)  # of gaps that are nearest to each time of the grid
    damped = np.exp(-DAMPING / STEPS * grid)
    transform = np.fft.rfft(mass * damped, 2 * STEPS)
    more = np.fft.irfft(transform**2 / (1.0 - transform), 2 * STEPS)[: STEPS + 1] / damped
    # up to a time of the grid comes half of what is nearest to it
    return np.asarray(grid * step_s), np.asarray(np.cumsum(more) - more / 2)
