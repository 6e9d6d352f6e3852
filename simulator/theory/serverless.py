"""Serverless instances in their long-run state: how many run and are kept alive, and how many requests start one.

A request takes the idle instance that was used last, so that the others can run out of their keep-alive. Then the
instances are levels: the k-th is in use whenever k requests or more are in progress, and it is alive as long as that
was so within the keep-alive. Nothing else is needed for the exact answer below.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

from simulator.core.arrays import ComplexArray, FloatArray
from simulator.theory.bounds import count, non_negative, positive
from simulator.theory.queueing import erlang_b

_NODES: Final = 24  # of Talbot's contour: some ten digits
_NEGLIGIBLE: Final = 1e-18
_NEGLIGIBLE_EXPONENT: Final = 60.0  # exp(-60) is lost beside 1, with millions of levels too
_FIXED_POINT_STEPS: Final = 200


def scaled_to_zero_fraction(
    rate_per_s: npt.ArrayLike, service_s: npt.ArrayLike, keep_alive_s: npt.ArrayLike
) -> FloatArray:
    """Return the share of time, and of requests, that finds no instance alive: e^(-lam (S + T)).

    Parameters
    ----------
    rate_per_s
        Poisson arrivals, 0 or above; all parameters broadcast. [1/s]
    service_s
        Mean time of a request, of any distribution. [s]
    keep_alive_s
        How long an idle instance is kept, T. [s]

    Raises
    ------
    ValueError
        If a parameter is negative.

    Notes
    -----
    Nothing is alive if T ago no request was in progress (the M/G/infinity queue is empty with probability e^(-lam S))
    and none has come since. It is the cold-start probability where requests hardly ever overlap.
    """
    away = non_negative("service_s", service_s) + non_negative("keep_alive_s", keep_alive_s)
    gone: FloatArray = np.exp(-non_negative("rate_per_s", rate_per_s) * away)
    return gone


@dataclass(frozen=True)
class Instances:
    """Serverless instances in their long-run state."""

    running_mean: float
    """Instances that work on a request."""
    live_mean: float
    """Instances that work or are kept alive."""
    cold_fraction: float
    """Share of all requests that start an instance."""
    refused_fraction: float
    """Share of all requests that find as many running as the limit allows."""


def live_instances(
    rate_per_s: float,
    service_s: float,
    keep_alive_s: float,
    *,
    limit: int | None = None,
    cold_service_s: float | None = None,
) -> Instances:
    """Return the long-run state of serverless instances that are reused newest first.

    Parameters
    ----------
    rate_per_s
        Poisson arrivals, 0 or above. [1/s]
    service_s
        Mean time of a request on an instance that is alive. [s]
    keep_alive_s
        How long an idle instance is kept, T. [s]
    limit
        How many may run at the same time; who comes beyond is refused and lost. None: no limit.
    cold_service_s
        Mean time of a request that starts an instance, the start included; by default the same. [s]

    Raises
    ------
    ValueError
        If a parameter is outside its bounds.

    Notes
    -----
    Exact for exponential times, if cold requests take as long as others: with pi the distribution of the number in
    progress (Poisson, or cut off at the limit), level k is started in vain of its keep-alive with probability
    P(more than T from k - 1 in progress to k), so that the cold fraction is sum_k pi(k-1) P(tau_k > T), and the k-th
    is alive for P(N >= k) + lam pi(k-1) E[min(tau_k, T)]. The Laplace transforms of the tau_k follow from one another
    (a continued fraction) and are inverted numerically. With cold requests that take longer, the mean over both is
    used: an approximation, good as long as cold starts are few. For other than exponential times the mean running and
    the refused are still exact, the rest is close.

    References
    ----------
    .. [1] N. Mahmoudi and H. Khazaei, "Performance modeling of serverless computing platforms", IEEE Transactions on
       Cloud Computing 10, 2022, and "SimFaaS", 2021: 0.9/s, 1.991 s warm, 2.244 s cold and 600 s of keep-alive give
       0.13 % cold, 7.7 alive and 1.79 running.
    .. [2] J. Abate and W. Whitt, "A unified framework for numerically inverting Laplace transforms", INFORMS Journal
       on Computing 18, 2006.
    """
    rate, warm_s = float(non_negative("rate_per_s", rate_per_s)), float(positive("service_s", service_s))
    keep_s = float(non_negative("keep_alive_s", keep_alive_s))
    most = None if limit is None else int(count("limit", limit))
    cold_s = warm_s if cold_service_s is None else float(positive("cold_service_s", cold_service_s))
    state, mean_s = _with_mean_service(rate, warm_s, keep_s, most), warm_s
    for _ in range(_FIXED_POINT_STEPS):
        started = state.cold_fraction / (1 - state.refused_fraction)
        next_s = warm_s + started * (cold_s - warm_s)
        if abs(next_s - mean_s) <= 1e-12 * mean_s:
            break
        mean_s = next_s
        state = _with_mean_service(rate, mean_s, keep_s, most)
    return state


def _with_mean_service(rate: float, service_s: float, keep_alive_s: float, limit: int | None) -> Instances:
    load = rate * service_s
    if load == 0:
        return Instances(0.0, 0.0, 1.0, 0.0)
    first, in_progress = _in_progress(load, rate * keep_alive_s, limit)
    below = in_progress[:-1]  # pi(k - 1) of the levels k = first + 1, ...; those before are always in use
    at_least = np.cumsum(in_progress[::-1])[::-1][1:]

    def returning(s: ComplexArray) -> ComplexArray:
        return _never_back(s, rate, service_s, first, below.size)

    late, kept_s = np.ones(below.size), np.zeros(below.size)
    if keep_alive_s > 0:
        late = _inverted(lambda s: returning(s) / s, keep_alive_s)
        kept_s = _inverted(lambda s: returning(s) / s**2, keep_alive_s)
    refused = 0.0 if limit is None else float(erlang_b(load, limit))
    return Instances(
        running_mean=load * (1 - refused),
        live_mean=first + float(np.sum(at_least + rate * below * kept_s)),
        cold_fraction=float(below @ late),
        refused_fraction=refused,
    )


def _in_progress(load: float, arrivals_per_keep_alive: float, limit: int | None) -> tuple[int, FloatArray]:
    """Return the least number in progress that ever is, and the probabilities of it and of those above.

    They end where a keep-alive hardly ever sees one more.
    """
    most = limit
    if most is None:
        spread = math.sqrt(-2 * math.log(_NEGLIGIBLE) + 2 * math.log1p(arrivals_per_keep_alive))
        most = math.ceil(load + spread * math.sqrt(load) + spread**2)  # Bernstein's bound of a Poisson tail
    number = np.arange(most + 1.0)
    logs = number * math.log(load) - gammaln(number + 1)
    logs -= logs.max()
    first = int(np.argmax(logs > -_NEGLIGIBLE_EXPONENT))
    weights: FloatArray = np.exp(logs[first:])
    return first, weights / weights.sum()


def _never_back(s: ComplexArray, rate: float, service_s: float, first: int, levels: int) -> ComplexArray:
    """Return 1 - E[e^(-s tau_k)], tau_k the time from k - 1 requests in progress to k, for k = first + 1, ...; (k, s).

    What is forgotten of the levels before is lost on the way up, as it is multiplied by the same factors as their
    probabilities.
    """
    result = np.empty((levels, s.size), dtype=np.complex128)
    previous = np.zeros_like(s)
    for level in range(levels):  # k requests end at k/S, and then the way up through the level below is to do again
        lost = s + (first + level) / service_s * previous
        previous = result[level] = lost / (rate + lost)
    return result


def _inverted(transform: Callable[[ComplexArray], ComplexArray], time_s: float) -> FloatArray:
    """Return functions of time from their Laplace transforms, by Talbot's contour, which suits sums of exponentials."""
    angle = np.arange(1, _NODES) * np.pi / _NODES
    cotangent = 1 / np.tan(angle)
    scale = 2 * _NODES / 5
    nodes = scale * np.concatenate([[1 + 0j], angle * (cotangent + 1j)]).astype(np.complex128)
    weights = np.exp(nodes)
    weights[0] /= 2
    weights[1:] *= 1 + 1j * (angle + (angle * cotangent - 1) * cotangent)
    values: FloatArray = np.real(transform(nodes / time_s) @ weights) * scale / _NODES / time_s
    return values
