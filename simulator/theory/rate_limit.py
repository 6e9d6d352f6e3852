"""Requests against a rate limit: what share a token bucket refuses."""

import math
from decimal import Decimal, localcontext
from typing import Final

import numpy as np
from scipy.special import gammainc

from simulator.theory.bounds import at_least_one, positive

_MOST_SUMMED: Final = 50.0
_DIGITS: Final = 40
_LOG10_E: Final = 0.4343


def token_bucket_refused_fraction(rate_per_s: float, tokens_per_s: float, bucket: float) -> float:
    """Return the share of Poisson requests that find less than one token in a bucket; they are lost.

    Parameters
    ----------
    rate_per_s
        Poisson requests, above 0, each of which takes a token. [1/s]
    tokens_per_s
        How fast the bucket fills, evenly, above 0. [1/s]
    bucket
        Tokens that it holds at most, from 1; what a limit lets in within a short window need not be whole.

    Raises
    ------
    ValueError
        If a parameter is outside its bounds.

    Notes
    -----
    What the bucket lacks is the work in an M/D/1 queue that refuses whoever would take it beyond what the bucket holds,
    b. Below that, the work is distributed as in the queue that refuses nobody but for a factor, so that with Erlang's
    F(x) = sum over k up to x of e^(a (x - k)) (-a (x - k))^k / k! at load a the share let in is 1 / (1 / F(b - 1) + a).
    Of whole b it is the blocking probability of M/D/1/K; of large ones that are not whole, 1 / F is taken between its
    neighbours' as if it fell exponentially to its limit, max(1 - a, 0).

    References
    ----------
    .. [1] H. C. Tijms, "A First Course in Stochastic Models", 2003, section 9.8 (M/G/1/N by the embedded chain).
    .. [2] A. K. Erlang, "The Theory of Probabilities and Telephone Conversations", 1909 (waiting times of M/D/1).
    """
    load = float(positive("rate_per_s", rate_per_s)) / float(positive("tokens_per_s", tokens_per_s))
    return 1 - 1 / (_empty(load, float(at_least_one("bucket", bucket))) + load)


def _empty(load: float, bucket: float) -> float:
    """Return 1 / F(bucket - 1)."""
    whole = math.floor(bucket)
    if whole == bucket:
        return _empty_after_service(load, whole)
    if bucket <= _MOST_SUMMED:
        return _empty_by_sum(load, bucket - 1.0)
    settled = max(1.0 - load, 0.0)
    below, above = (_empty_after_service(load, number) - settled for number in (whole, whole + 1))
    return settled + (below * (above / below) ** (bucket - whole) if min(below, above) > 0.0 else 0.0)


def _empty_by_sum(load: float, room: float) -> float:
    """Return 1 / F(room) with as many digits as its alternating sum takes."""
    with localcontext() as context:
        context.prec = _DIGITS + math.ceil(3.0 * _LOG10_E * load * room)
        total = Decimal(0)
        for k in range(math.floor(room) + 1):
            left = Decimal(load) * (Decimal(room) - k)
            total += left.exp() * (-left) ** k / math.factorial(k) if k else left.exp()
        return float(1 / total)


def _empty_after_service(load: float, places: int) -> float:
    """Return the probability that a service leaves nobody behind in M/D/1/K.

    The recursion cuts between states up to j and above, so that every term is positive.
    """
    arrivals_above = gammainc(np.arange(1.0, places + 1), np.float64(load))
    none_came = np.exp(-load)
    state = np.zeros(places)
    state[0] = 1.0
    for j in range(places - 1):
        inflow = state[0] * arrivals_above[j] + state[1 : j + 1] @ arrivals_above[j:0:-1]
        state[j + 1] = inflow / none_came
        if state[j + 1] > 1e200:  # an overload's weights grow without end
            state /= state[j + 1]
    return float(state[0] / state.sum())
