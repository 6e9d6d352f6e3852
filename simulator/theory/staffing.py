"""How many servers to have: exact minima for M/M/c, and the waits of day profiles."""

import math
from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from simulator.theory.bounds import non_negative, positive, quantile_level
from simulator.theory.queueing import mmc_mean_wait_s

_LARGEST_BETA: Final = 37.0  # P(wait) < 1e-300


def min_servers_for_wait_quantile(rate_per_s: float, service_s: float, wait_s: float, quantile: float = 0.99) -> int:
    """Return the fewest servers with which a quantile of the M/M/c wait is at most a given time.

    Parameters
    ----------
    rate_per_s
        Arrival rate, above 0. [1/s]
    service_s
        Mean service time. [s]
    wait_s
        Longest wait allowed at the quantile. [s]
    quantile
        Level from 0 to below 1.

    Raises
    ------
    ValueError
        If a parameter is outside its bounds.
    """
    service = float(positive("service_s", service_s))
    load = float(positive("rate_per_s", rate_per_s)) * service
    patience = float(non_negative("wait_s", wait_s)) / service
    tail = 1 - float(quantile_level("quantile", quantile))
    return _fewest_servers(load, lambda servers, waiting: waiting * math.exp(-(servers - load) * patience) <= tail)


def min_servers_for_response_quantile(
    rate_per_s: float, service_s: npt.ArrayLike, response_s: float, quantile: float = 0.99
) -> int:
    """Return the fewest servers with which a quantile of the M/G/c response time is at most a given time.

    Parameters
    ----------
    rate_per_s
        Arrival rate, above 0. [1/s]
    service_s
        Service times that are equally likely, shape (n,): one for constant service, a sample of any other. [s]
    response_s
        Longest sojourn time allowed at the quantile, wait and service together. [s]
    quantile
        Level from 0 to below 1.

    Raises
    ------
    ValueError
        If a parameter is outside its bounds, or if the service times alone exceed the time at the quantile.

    Notes
    -----
    The wait is taken to be that of M/M/c, (1 + cv^2)/2 times as long, with Erlang C's probability of waiting, and
    independent of the service time: P(W + S > t) is the mean over the service times s of P(W > t - s). It is exact for
    exponential service, and for constant service an approximation on the safe side.

    References
    ----------
    .. [1] A. M. Lee and P. A. Longton, "Queueing processes associated with airline passenger check-in", Operational
       Research Quarterly 10, 1959.
    """
    services = np.atleast_1d(positive("service_s", service_s))
    mean_s = float(services.mean())
    load = float(positive("rate_per_s", rate_per_s)) * mean_s
    tail = 1 - float(quantile_level("quantile", quantile))
    spare_s = float(positive("response_s", response_s)) - services
    late = float((spare_s < 0).mean())
    if late > tail:
        raise ValueError(f"response_s(={response_s}) must be at least the {quantile} quantile of the service times.")
    stretch = (1 + float(services.var()) / mean_s**2) / 2
    left = spare_s[spare_s >= 0] / (mean_s * stretch)

    def enough(servers: int, waiting: float) -> bool:
        beyond = float(np.exp(-(servers - load) * left).sum()) / services.size
        return late + waiting * beyond <= tail

    return _fewest_servers(load, enough)


def pointwise_stationary_mean_wait_s(
    rate_per_s: npt.ArrayLike, service_s: npt.ArrayLike, servers: npt.ArrayLike
) -> float:
    """Return the arrival-weighted mean M/M/c wait over a profile, each moment in the steady state of its own rate. [s].

    Parameters
    ----------
    rate_per_s
        Arrival rates at evenly spaced moments, shape (n,), each below ``servers / service_s``, not all 0. [1/s]
    service_s
        Mean service time, broadcast with the rates. [s]
    servers
        Number of servers, one or one per moment.

    Raises
    ------
    ValueError
        If a moment is unstable, or no moment has arrivals.

    Notes
    -----
    An approximation: good while rates change little within a service time and no moment is near saturation.

    References
    ----------
    .. [1] L. Green and P. Kolesar, "The pointwise stationary approximation for queues with nonstationary arrivals",
       Management Science 37, 1991.
    """
    rates = non_negative("rate_per_s", rate_per_s)
    arrivals = float(np.sum(rates))
    if arrivals == 0:
        raise ValueError("rate_per_s(all 0) must have a moment with arrivals.")
    waits = mmc_mean_wait_s(rates, service_s, servers)
    return float(np.sum(rates * waits)) / arrivals


def _fewest_servers(offered_load: float, enough: Callable[[int, float], bool]) -> int:
    """Return the first number of servers, stable at that load, whose number and P(wait) are enough."""
    blocked, servers = 1.0, 0
    while True:
        servers += 1
        blocked = offered_load * blocked / (servers + offered_load * blocked)
        if servers > offered_load:
            waiting = servers * blocked / (servers - offered_load * (1 - blocked))
            if enough(servers, waiting):
                return servers
