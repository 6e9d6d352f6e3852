"""How many instances a serverless backend keeps alive, and how often a request starts one."""

import math

import numpy as np
from scipy.special import gammaln, pdtr, xlogy

from simulator.theory.bounds import FloatArray, non_negative, positive

STANDARD_DEVIATIONS = 10
MORE_LEVELS = 15
"""So many instances beyond the mean busy ones that more are never busy."""


def mean_live_instances(rate_per_s: float, service_s: float, keep_alive_s: float) -> float:
    """Return about how many instances live on average: those busy and those kept.

    Parameters
    ----------
    rate_per_s
        Arrival rate of Poisson requests. [1/s]
    service_s
        Mean time that a request keeps an instance busy. [s]
    keep_alive_s
        How long an idle instance is kept. [s]

    Raises
    ------
    ValueError
        If the rate or the keep-alive is negative, or the service time not above 0.

    Notes
    -----
    With newest-first reuse as many instances live as have been busy at a time at some moment of the last keep-alive T.
    The number of busy ones N is Poisson with mean a = rate x service; it reaches level j from below every
    P(N < j)/(rate P(N = j - 1)) seconds of being below, which is taken to be exponential:
    L = sum over j of 1 - P(N < j) exp(-T rate P(N = j - 1)/P(N < j)). Up to 6 % above the exact value for exponential
    service times, most where T is some tens of service times.
    """
    _, below, missed = _levels(rate_per_s, service_s, keep_alive_s)
    return float(np.sum(1.0 - below * missed))


def cold_start_fraction(rate_per_s: float, service_s: float, keep_alive_s: float) -> float:
    """Return about the share of requests that start an instance.

    Parameters, errors and approximation are those of `mean_live_instances`. A request starts an instance if it makes
    more busy than there were in the last keep-alive T: sum over j of P(N = j - 1) exp(-T rate P(N = j - 1)/P(N < j)).
    Up to 10 % below the exact value for exponential service times.
    """
    at, _, missed = _levels(rate_per_s, service_s, keep_alive_s)
    return float(np.sum(at * missed))


def _levels(rate_per_s: float, service_s: float, keep_alive_s: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return P(N = j - 1), P(N < j) and the chance that level j is missed for the keep-alive, for all j that matter."""
    load = float(non_negative("rate_per_s", rate_per_s)) * float(positive("service_s", service_s))
    kept_s = float(non_negative("keep_alive_s", keep_alive_s))
    busy = np.arange(int(load + STANDARD_DEVIATIONS * math.sqrt(load)) + MORE_LEVELS, dtype=np.float64)
    at: FloatArray = np.exp(xlogy(busy, load) - load - gammaln(busy + 1.0))
    below: FloatArray = np.asarray(pdtr(busy, load), dtype=np.float64)
    unmissable = np.ones_like(at)  # levels so far below the load that they are always reached
    share: FloatArray = np.divide(at, below, out=unmissable, where=below > 0)
    missed: FloatArray = np.exp(-kept_s * rate_per_s * share)
    return at, below, missed
