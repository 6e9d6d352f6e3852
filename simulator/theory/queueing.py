"""Waiting in stationary queues: Erlang's loss and delay systems, M/M/c, M/M/c/K and M/G/1.

Everything is computed from Erlang's recursion for the blocking probability, whose terms are probabilities: nothing
overflows or cancels, for thousands of servers too. Constant service times are in `constant_service`, how many servers
to have in `staffing`.
"""

import math

import numpy as np
import numpy.typing as npt
from scipy.special import exprel

from simulator.core.arrays import FloatArray
from simulator.theory.bounds import count, non_negative, positive, quantile_level


def erlang_b(offered_load: npt.ArrayLike, servers: npt.ArrayLike) -> FloatArray:
    """Return the blocking probability of M/G/c/c (Erlang B).

    Parameters
    ----------
    offered_load
        Arrival rate x mean service time, 0 or above, any shape. [Erlang]
    servers
        Number of servers c, whole, from 1; broadcast with the loads.

    Raises
    ------
    ValueError
        If a load is negative or a number of servers is not whole.

    Notes
    -----
    B(n) = a B(n-1)/(n + a B(n-1)), B(0) = 1: as many steps as servers, each over the whole array.

    References
    ----------
    .. [1] A. K. Erlang, "Solution of some problems in the theory of probabilities of significance in automatic
       telephone exchanges", 1917.
    """
    load, number = np.broadcast_arrays(non_negative("offered_load", offered_load), count("servers", servers))
    wanted = set(np.unique(number))
    blocked, result = np.ones(load.shape)[()], np.ones(load.shape)
    for n in range(1, int(number.max(initial=0.0)) + 1):
        accepted = load * blocked
        blocked = accepted / (n + accepted)
        if n in wanted:
            result = np.where(number == n, blocked, result)
    probability: FloatArray = result[()]
    return probability


def erlang_c(offered_load: npt.ArrayLike, servers: npt.ArrayLike) -> FloatArray:
    """Return the probability that an arrival waits in M/M/c (Erlang C).

    Parameters
    ----------
    offered_load
        Arrival rate x mean service time, each below the number of servers. [Erlang]
    servers
        Number of servers c, whole, from 1; broadcast with the loads.

    Raises
    ------
    ValueError
        If a queue is unstable; the message names the first such load.

    References
    ----------
    .. [1] A. K. Erlang, 1917.
    """
    load, number = _stable(offered_load, servers)
    blocked = erlang_b(load, number)
    waiting: FloatArray = number * blocked / (number - load * (1 - blocked))
    return waiting


def mmc_mean_wait_s(rate_per_s: npt.ArrayLike, service_s: npt.ArrayLike, servers: npt.ArrayLike) -> FloatArray:
    """Return the stationary mean wait in an M/M/c queue. [s].

    Parameters
    ----------
    rate_per_s
        Arrival rates, any shape, each below ``servers / service_s``. [1/s]
    service_s
        Mean service time, broadcast with the rates. [s]
    servers
        Number of servers c, whole, from 1; broadcast with the rates.

    Raises
    ------
    ValueError
        If a queue is unstable; the message names the first such offered load.
    """
    service = positive("service_s", service_s)
    load, number = _stable(non_negative("rate_per_s", rate_per_s) * service, servers)
    wait: FloatArray = erlang_c(load, number) * service / (number - load)
    return wait


def mmc_wait_exceedance(
    wait_s: npt.ArrayLike, rate_per_s: npt.ArrayLike, service_s: npt.ArrayLike, servers: npt.ArrayLike
) -> FloatArray:
    """Return the probability of waiting longer than a given time in an M/M/c queue, first come first served.

    Parameters
    ----------
    wait_s
        Times, 0 or above; all parameters broadcast. [s]
    rate_per_s
        Arrival rates, each below ``servers / service_s``. [1/s]
    service_s
        Mean service time. [s]
    servers
        Number of servers c, whole, from 1.

    Raises
    ------
    ValueError
        If a queue is unstable; the message names the first such offered load.
    """
    service = positive("service_s", service_s)
    load, number = _stable(non_negative("rate_per_s", rate_per_s) * service, servers)
    longer: FloatArray = erlang_c(load, number) * np.exp(-(number - load) * non_negative("wait_s", wait_s) / service)
    return longer


def mmc_wait_quantile_s(
    quantile: npt.ArrayLike, rate_per_s: npt.ArrayLike, service_s: npt.ArrayLike, servers: npt.ArrayLike
) -> FloatArray:
    """Return a quantile of the wait in an M/M/c queue, first come first served. [s].

    Parameters
    ----------
    quantile
        Levels from 0 to below 1, such as 0.99; all parameters broadcast.
    rate_per_s
        Arrival rates, each below ``servers / service_s``. [1/s]
    service_s
        Mean service time. [s]
    servers
        Number of servers c, whole, from 1.

    Raises
    ------
    ValueError
        If a queue is unstable or a level is outside [0, 1).
    """
    service = positive("service_s", service_s)
    load, number = _stable(non_negative("rate_per_s", rate_per_s) * service, servers)
    ratio = erlang_c(load, number) / (1 - quantile_level("quantile", quantile))
    wait: FloatArray = np.log(np.maximum(ratio, 1.0)) * service / (number - load)
    return wait


def mmc_response_exceedance(
    response_s: npt.ArrayLike, rate_per_s: npt.ArrayLike, service_s: npt.ArrayLike, servers: npt.ArrayLike
) -> FloatArray:
    """Return the probability that wait and service together take longer than a given time in M/M/c.

    Parameters
    ----------
    response_s
        Times, 0 or above; all parameters broadcast. [s]
    rate_per_s
        Arrival rates, each below ``servers / service_s``. [1/s]
    service_s
        Mean service time. [s]
    servers
        Number of servers c, whole, from 1.

    Raises
    ------
    ValueError
        If a queue is unstable; the message names the first such offered load.

    Notes
    -----
    e^-t + C (e^-t - e^-(c-a)t)/(c-a-1), t in service times; the second term is written so that c - a = 1 is no
    exception.
    """
    service = positive("service_s", service_s)
    load, number = _stable(non_negative("rate_per_s", rate_per_s) * service, servers)
    time = non_negative("response_s", response_s) / service
    return _response_exceedance(time, number - load, erlang_c(load, number))


def mmc_response_quantile_s(quantile: float, rate_per_s: float, service_s: float, servers: int) -> float:
    """Return a quantile of the sojourn (response) time in an M/M/c queue. [s].

    Parameters
    ----------
    quantile
        Level from 0 to below 1, such as 0.99.
    rate_per_s
        Arrival rate, below ``servers / service_s``. [1/s]
    service_s
        Mean service time. [s]
    servers
        Number of servers c.

    Raises
    ------
    ValueError
        If the queue is unstable or the level is outside [0, 1).
    """
    from scipy.optimize import brentq  # noqa: PLC0415  (imported where it is needed: start-up time)

    tail = 1 - float(quantile_level("quantile", quantile))
    service = float(positive("service_s", service_s))
    load, number = _stable(float(non_negative("rate_per_s", rate_per_s)) * service, servers)
    waiting, drain = erlang_c(load, number), number - load

    def excess(time: float) -> float:
        return math.log(float(_response_exceedance(np.float64(time), drain, waiting)) / tail)

    # The service alone bounds the quantile below; half the tail for the wait and half for the service bound it above.
    low = abs(math.log(tail))
    high = math.log(max(2 * float(waiting) / tail, 1.0)) / float(drain) + low + math.log(2)
    return service * (low if excess(low) <= 0 else float(brentq(excess, low, high, xtol=1e-14 * high, rtol=1e-14)))


def mmck_blocking(offered_load: float, servers: int, capacity: int) -> float:
    """Return the probability that an arrival is refused in M/M/c/K.

    Parameters
    ----------
    offered_load
        Arrival rate x mean service time; at or above the number of servers also. [Erlang]
    servers
        Number of servers c.
    capacity
        Most requests in the system K, those in service included; at least ``servers``.

    Raises
    ------
    ValueError
        If the load is negative or the capacity is below the number of servers.
    """
    waiting, weights = _mmck_states(offered_load, servers, capacity)
    return float(weights[-1]) if waiting else float(erlang_b(offered_load, servers))


def mmck_mean_wait_s(rate_per_s: float, service_s: float, servers: int, capacity: int) -> float:
    """Return the mean wait of the accepted requests in M/M/c/K. [s].

    Parameters
    ----------
    rate_per_s
        Arrival rate, above 0. [1/s]
    service_s
        Mean service time. [s]
    servers
        Number of servers c.
    capacity
        Most requests in the system K, those in service included; at least ``servers``.

    Raises
    ------
    ValueError
        If a parameter is not above 0 or the capacity is below the number of servers.
    """
    rate = float(positive("rate_per_s", rate_per_s))
    waiting, weights = _mmck_states(rate * float(positive("service_s", service_s)), servers, capacity)
    queued = float(np.arange(1, waiting + 1) @ weights)
    accepted = 1 - (float(weights[-1]) if waiting else 0.0)
    return queued / (rate * accepted)


def mm1_timeout_fraction(rate_per_s: float, service_s: float, patience_s: float) -> float:
    """Return the share of requests that give up waiting in an M/M/1 queue, all after the same time.

    Parameters
    ----------
    rate_per_s
        Arrival rate, above 0, overload included. [1/s]
    service_s
        Mean service time. [s]
    patience_s
        How long a request waits at most. [s]

    Raises
    ------
    ValueError
        If a rate or service time is not above 0, or the patience is negative.

    Notes
    -----
    Those give up who find more work than their patience. Work has the density (1 - a) e^(-(mu - lam) x) up to there,
    up to a factor, and e^(-mu x) beyond, where nobody joins.

    References
    ----------
    .. [1] D. Y. Barrer, "Queuing with impatient customers and ordered service", Operations Research 5, 1957.
    """
    rate, service = float(positive("rate_per_s", rate_per_s)), float(positive("service_s", service_s))
    patience = float(non_negative("patience_s", patience_s))
    drain = patience * (1 / service - rate)
    beyond = rate * service * math.exp(-drain)
    return beyond / (1 + rate * patience * float(exprel(-drain)) + beyond)


def mg1_mean_wait_s(rate_per_s: npt.ArrayLike, service_s: npt.ArrayLike, squared_cv: npt.ArrayLike) -> FloatArray:
    """Return the stationary mean wait in an M/G/1 queue (Pollaczek-Khinchine). [s].

    Parameters
    ----------
    rate_per_s
        Arrival rates, each below ``1 / service_s``; all parameters broadcast. [1/s]
    service_s
        Mean service time. [s]
    squared_cv
        Variance of the service time over its squared mean: 0 constant, 1 exponential.

    Raises
    ------
    ValueError
        If a queue is unstable; the message names the first such offered load.

    References
    ----------
    .. [1] L. Kleinrock, "Queueing Systems" I, 1975, chapter 5.
    """
    service = positive("service_s", service_s)
    load, _ = _stable(non_negative("rate_per_s", rate_per_s) * service, 1)
    wait: FloatArray = load * service * (1 + non_negative("squared_cv", squared_cv)) / (2 * (1 - load))
    return wait


def _stable(offered_load: npt.ArrayLike, servers: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return the loads and numbers of servers, broadcast, each load below its servers."""
    load, number = np.broadcast_arrays(non_negative("offered_load", offered_load), count("servers", servers))
    over = load >= number
    if np.any(over):
        first, has = float(load[over].flat[0]), int(number[over].flat[0])
        raise ValueError(f"offered_load(={first}, rate x mean service time) must be < servers(={has}).")
    return load, number


def _mmck_states(offered_load: float, servers: int, capacity: int) -> tuple[int, FloatArray]:
    """Return the places to wait and the probabilities of 1, 2, ... of them taken."""
    load = float(non_negative("offered_load", offered_load))
    places = int(count("capacity", capacity)) - int(count("servers", servers))
    if places < 0:
        raise ValueError(f"capacity(={capacity}) must be >= servers(={servers}).")
    blocked = float(erlang_b(load, servers))
    ratio = load / servers
    powers = np.arange(places + 1.0)
    if ratio > 1:  # scaled by the largest power, lest it overflow
        weights = ratio ** (powers - places) * blocked
        none = ratio**-places * (1 - blocked)
    else:
        weights = ratio**powers * blocked
        none = 1 - blocked
    states: FloatArray = weights[1:] / (none + weights.sum())
    return places, states


def _response_exceedance(time: npt.ArrayLike, drain: FloatArray, waiting: FloatArray) -> FloatArray:
    """Return P(response > time), in service times, from the spare servers c - a and the probability of waiting."""
    times = np.asarray(time, dtype=np.float64)
    both = times * np.exp(-np.minimum(drain, 1.0) * times) * exprel(-np.abs(drain - 1) * times)
    longer: FloatArray = np.exp(-times) + waiting * both
    return longer
