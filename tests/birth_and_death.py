"""The exact number of a serverless backend's instances: exponential service times, starts that take no time."""

import math

import numpy as np
from scipy.linalg import expm
from scipy.stats import poisson


def exact_instances(
    rate_per_s: float, service_s: float, keep_alive_s: float, limit: int | None = None
) -> tuple[float, float]:
    """Return the mean of live instances, and the share of requests that start one.

    With newest-first reuse as many live as have been busy at a time within the last keep-alive. The time to reach a
    level follows from the birth-and-death process below it. Beyond a limit requests are lost.
    """
    load = rate_per_s * service_s
    most = int(load + 10 * math.sqrt(load) + 15) if limit is None else limit
    share = poisson.pmf(np.arange(most + 1), load)
    share /= share.sum()
    live = cold_per_s = 0.0
    for level in range(1, most + 1):
        below = np.arange(level)
        rates = np.diag(np.full(level - 1, rate_per_s), 1) + np.diag(below[1:] / service_s, -1)
        not_reached = expm((rates - np.diag(rate_per_s + below / service_s)) * keep_alive_s).sum(axis=1)
        live += 1 - share[:level] @ not_reached
        cold_per_s += rate_per_s * share[level - 1] * not_reached[-1]
    return live, cold_per_s / rate_per_s
