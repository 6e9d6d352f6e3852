"""Predictions computed together: how many there are in a batch, and how long requests wait for it.

Two limits are known: servers without end, where a request only waits for its batch to fill or for the hold time
(`batcher_mean_size`, `batcher_mean_hold_s`), and one server without a hold time, where batches fill while it is busy
(`bulk_service`).
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import gammainc, gammaln, pdtr, pdtrik

from simulator.core.arrays import FloatArray
from simulator.theory.bounds import count, non_negative, positive
from simulator.theory.constant_service import md1_decay

_NEGLIGIBLE_EXPONENT: Final = 40.0  # exp(-40) is lost beside 1


def batcher_mean_size(rate_per_s: npt.ArrayLike, hold_s: npt.ArrayLike, largest: npt.ArrayLike) -> FloatArray:
    """Return the mean number of requests in a batch that leaves when it is full or its first one has waited enough.

    Parameters
    ----------
    rate_per_s
        Poisson arrivals, 0 or above; all parameters broadcast. [1/s]
    hold_s
        How long a batch's first request waits at most, T. [s]
    largest
        Requests in a full batch b, whole, from 1.

    Raises
    ------
    ValueError
        If a rate or a hold time is negative, or a size not whole.

    Notes
    -----
    1 + E[min(N, b - 1)], N Poisson with mean lam T: those who come in the hold time, as long as there is room. A server
    is always free, so that a batch starts when it leaves.
    """
    joining, room = _joining(rate_per_s, hold_s, largest)
    size: FloatArray = 1 + joining * _up_to(room - 2, joining) + room * _from(room, joining)
    return size


def batcher_mean_hold_s(rate_per_s: npt.ArrayLike, hold_s: npt.ArrayLike, largest: npt.ArrayLike) -> FloatArray:
    """Return the mean time that a request waits for its batch to leave. [s].

    Parameters
    ----------
    rate_per_s
        Poisson arrivals, above 0; all parameters broadcast. [1/s]
    hold_s
        How long a batch's first request waits at most, T. [s]
    largest
        Requests in a full batch b, whole, from 1.

    Raises
    ------
    ValueError
        If a rate is not above 0, a hold time is negative, or a size not whole.

    Notes
    -----
    While a batch fills it grows from n to n + 1 requests in 1/lam if the hold time lasts: the time waited by all of
    them is E[M (M + 1)]/(2 lam) on average, M = min(N, b - 1), written as a sum of positive terms.
    """
    joining, room = _joining(positive("rate_per_s", rate_per_s), hold_s, largest)
    partly = joining**2 * _up_to(room - 3, joining) + 2 * joining * _up_to(room - 2, joining)
    waited = (partly + room * (room + 1) * _from(room, joining)) / (2 * np.asarray(rate_per_s, dtype=np.float64))
    hold: FloatArray = waited / batcher_mean_size(rate_per_s, hold_s, largest)
    return hold


@dataclass(frozen=True)
class BulkService:
    """One server in its long-run state that takes all who wait, up to a largest batch."""

    mean_batch: float
    """Requests in a batch, over batches."""
    mean_sojourn_s: float
    """Arrival to completion, over requests. [s]"""
    utilisation: float
    """Share of time that the server is busy."""


def bulk_service(rate_per_s: float, fixed_s: float, per_item_s: float, largest: int) -> BulkService:
    """Return the long-run state of a server that computes n requests together in fixed + per_item x n.

    It takes all who wait when it becomes free, but not more than the largest batch; who finds it idle is served at
    once, alone: M/D[n]/1 with bulk service, first come first served.

    Parameters
    ----------
    rate_per_s
        Poisson arrivals, above 0. [1/s]
    fixed_s, per_item_s
        Time of a batch of n: ``fixed_s + per_item_s * n``, above 0. [s]
    largest
        Requests in a full batch, whole, from 1.

    Raises
    ------
    ValueError
        If full batches cannot keep up with the arrivals, or a parameter is outside its bounds.

    Notes
    -----
    The number waiting when a batch ends is a Markov chain; its balance is solved as a banded system, cut where the
    tail, which falls geometrically, is below 1e-17. Means over time are those over its cycles: from one batch's end to
    the next one's, the idle time between them included.

    References
    ----------
    .. [1] N. T. J. Bailey, "On queueing processes with bulk service", Journal of the Royal Statistical Society B 16,
       1954.
    """
    rate, most = float(positive("rate_per_s", rate_per_s)), int(count("largest", largest))
    sizes = np.arange(most + 1.0)
    times = non_negative("fixed_s", fixed_s) + non_negative("per_item_s", per_item_s) * sizes
    positive("fixed_s + per_item_s", times[1])
    if rate * times[-1] >= most:
        raise ValueError(f"rate_per_s(={rate}) must be < {most / times[-1]:.6g}, what full batches keep up with.")
    left = _left_waiting(rate * times, most)
    states = np.arange(left.size)
    batch = np.clip(states, 1, most)
    busy = times[batch]
    cycle = float(left @ busy) + float(left[0]) / rate
    present = left @ (np.maximum(states, 1) * busy + rate * busy**2 / 2)
    return BulkService(
        mean_batch=float(left @ batch),
        mean_sojourn_s=float(present) / cycle / rate,
        utilisation=float(left @ busy) / cycle,
    )


def _left_waiting(arrivals: FloatArray, most: int) -> FloatArray:
    """Return the probabilities of 0, 1, ... requests waiting when a batch ends.

    Parameters
    ----------
    arrivals
        Mean number of arrivals during the service of 0, 1, ..., ``most`` requests.
    """
    from scipy.linalg import solve_banded  # noqa: PLC0415  (imported where it is needed: start-up time)

    reach = math.ceil(float(pdtrik(1 - 1e-16, arrivals[-1])) + _NEGLIGIBLE_EXPONENT)
    states = most + reach + math.ceil(_NEGLIGIBLE_EXPONENT / md1_decay(float(arrivals[-1]) / most))
    came = np.arange(reach + 1.0)
    bands = np.zeros((most + reach + 1, states))  # of I - P^T for the states from 1: bands[most + j - i, i]
    from_none = np.zeros(states + 1)
    for state in range(states + 1):
        batch = min(max(state, 1), most)
        new = _poisson(came, arrivals[batch])
        first = max(state - batch, 0)
        if state == 0:
            from_none[: reach + 1] = new[: states + 1]
            continue
        to = np.arange(max(first, 1), min(first + reach, states) + 1)
        bands[most + to - state, state - 1] = -new[to - first]
    bands[most] += 1
    weights = solve_banded((reach, most), bands, from_none[1:], overwrite_ab=True, check_finite=False)
    total = 1 + float(weights.sum())
    return np.concatenate([[1.0], weights]) / total


def _poisson(number: FloatArray, mean: float) -> FloatArray:
    """Return the probabilities of some numbers of events."""
    probability: FloatArray = np.exp(number * math.log(mean) - mean - gammaln(number + 1))
    return probability


def _joining(rate_per_s: npt.ArrayLike, hold_s: npt.ArrayLike, largest: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return the mean number of arrivals in a hold time, and the room that a batch's first request leaves."""
    joining = non_negative("rate_per_s", rate_per_s) * non_negative("hold_s", hold_s)
    means, room = np.broadcast_arrays(joining, count("largest", largest) - 1)
    return means, room


def _up_to(number: FloatArray, mean: FloatArray) -> FloatArray:
    """Return P(N <= number), N Poisson; 0 for negative numbers."""
    share: FloatArray = np.where(number >= 0, pdtr(np.maximum(number, 0.0), mean), 0.0)
    return share


def _from(number: FloatArray, mean: FloatArray) -> FloatArray:
    """Return P(N >= number), N Poisson; 1 for 0."""
    share: FloatArray = np.where(number > 0, gammainc(np.maximum(number, 1.0), mean), 1.0)
    return share
