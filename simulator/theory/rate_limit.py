"""Requests against a rate limit: what share a token bucket refuses."""

import numpy as np
from scipy.special import gammainc

from simulator.theory.bounds import count, positive


def token_bucket_refused_fraction(rate_per_s: float, tokens_per_s: float, bucket: int) -> float:
    """Return the share of Poisson requests that find less than one token in a bucket; they are lost.

    Parameters
    ----------
    rate_per_s
        Poisson requests, above 0, each of which takes a token. [1/s]
    tokens_per_s
        How fast the bucket fills, evenly, above 0. [1/s]
    bucket
        Tokens that it holds at most, whole, from 1.

    Raises
    ------
    ValueError
        If a parameter is outside its bounds.

    Notes
    -----
    What the bucket lacks is the work in an M/D/1 queue with room for as many as it holds tokens: a request that would
    take the work beyond it is refused. So it is the blocking probability of M/D/1/K.

    References
    ----------
    .. [1] H. C. Tijms, "A First Course in Stochastic Models", 2003, section 9.8 (M/G/1/N by the embedded chain).
    """
    load = float(positive("rate_per_s", rate_per_s)) / float(positive("tokens_per_s", tokens_per_s))
    none_left = _empty_after_service(load, int(count("bucket", bucket)))
    return 1 - 1 / (none_left + load)


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
