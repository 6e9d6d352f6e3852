"""Waiting in queues with constant service times: M/D/1 and M/D/c, exactly, by sums without subtractions."""

import math
from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import gammainc, gammaln

from simulator.core.arrays import FloatArray
from simulator.theory.bounds import count, non_negative, positive, quantile_level
from simulator.theory.exponential import exponential_remainder

_STATES: Final = 128  # from there on the tail is geometric to all digits
_SUMMED_TERMS: Final = 2_000  # of Crommelin's series, one by one; the rest by an integral
_LARGEST_EXPONENT: Final = 745.0  # exp(-745) is 0
_PANEL_NODES: Final = 24
_WALK_NODES: Final = 80
_NEGLIGIBLE_EXPONENT: Final = 40.0  # exp(-40) is lost beside 1
_STIRLING_FROM: Final = 16.0


def md1_wait_exceedance(wait_s: npt.ArrayLike, rate_per_s: float, service_s: float) -> FloatArray:
    """Return the probability of waiting longer than a given time in M/D/1, first come first served.

    Parameters
    ----------
    wait_s
        Times, 0 or above, any shape. [s]
    rate_per_s
        Arrival rate, above 0 and below ``1 / service_s``. [1/s]
    service_s
        Service time, constant. [s]

    Raises
    ------
    ValueError
        If the queue is unstable or a parameter is outside its bounds.

    Notes
    -----
    For (k - 1) <= x < k services: P(N >= k) + sum_j P(N = j) P(more than k - 1 - j waiting), N Poisson with mean
    a (k - x). The sum over alternating signs of Erlang's formula is useless beyond some ten services; this one has no
    subtraction. Beyond 127 services the tail is its exponential asymptote, the same to all digits.

    References
    ----------
    .. [1] G. J. Franx, "A simple solution for the M/D/c waiting time distribution", Operations Research Letters 29,
       2001.
    """
    service, load = _stable_load(rate_per_s, service_s, 1)
    times = non_negative("wait_s", wait_s) / service
    return _md1_exceedance(times, load, _md1_queue_tails(load))[()]


def md1_wait_quantile_s(quantile: float, rate_per_s: float, service_s: float) -> float:
    """Return a quantile of the wait in M/D/1, first come first served. [s].

    Parameters
    ----------
    quantile
        Level from 0 to below 1, such as 0.99.
    rate_per_s
        Arrival rate, above 0 and below ``1 / service_s``. [1/s]
    service_s
        Service time, constant. [s]

    Raises
    ------
    ValueError
        If the queue is unstable or a parameter is outside its bounds.
    """
    from scipy.optimize import brentq  # noqa: PLC0415  (imported where it is needed: start-up time)

    tail = 1 - float(quantile_level("quantile", quantile))
    service, load = _stable_load(rate_per_s, service_s, 1)
    if tail >= load:
        return 0.0
    queue_tails = _md1_queue_tails(load)

    def excess(time: float) -> float:
        return math.log(float(_md1_exceedance(np.asarray(time), load, queue_tails)) / tail)

    # The tail falls at least as fast as exp(-decay x): Lundberg's inequality gives the upper end.
    return service * float(brentq(excess, 0.0, -math.log(tail) / md1_decay(load), xtol=1e-15, rtol=1e-14))


def mdc_wait_probability(rate_per_s: float, service_s: float, servers: int) -> float:
    """Return the probability that an arrival waits in M/D/c, exactly.

    Parameters
    ----------
    rate_per_s
        Arrival rate, above 0 and below ``servers / service_s``. [1/s]
    service_s
        Service time, constant. [s]
    servers
        Number of servers c; thousands are fine.

    Raises
    ------
    ValueError
        If the queue is unstable or a parameter is outside its bounds.

    Notes
    -----
    1 - exp(-sum over l of P(N(l a) >= l c)/l), N(m) Poisson with mean m.

    References
    ----------
    .. [1] C. D. Crommelin, "Delay probability formulae when the holding times are constant", Post Office Electrical
       Engineers Journal 25, 1932.
    """
    _, load = _stable_load(rate_per_s, service_s, servers)
    return -math.expm1(-_spitzer_sum(lambda steps: _walk(steps, load, servers)[0], load, servers))


def mdc_mean_wait_s(rate_per_s: float, service_s: float, servers: int) -> float:
    """Return the stationary mean wait in M/D/c, exactly. [s].

    Parameters
    ----------
    rate_per_s
        Arrival rate, above 0 and below ``servers / service_s``. [1/s]
    service_s
        Service time, constant. [s]
    servers
        Number of servers c; thousands are fine.

    Raises
    ------
    ValueError
        If the queue is unstable or a parameter is outside its bounds.

    Notes
    -----
    The mean queue is the sum over l of E[(N(l a) - l c)^+]/l, N(m) Poisson with mean m (Spitzer's identity for the
    queue seen every service time); Little's law makes it a wait.

    References
    ----------
    .. [1] C. D. Crommelin, 1932; J. W. Cohen, "The single server queue", 1982.
    """
    service, load = _stable_load(rate_per_s, service_s, servers)
    return service * _spitzer_sum(lambda steps: _walk(steps, load, servers)[1], load, servers) / load


def md1_decay(load: float) -> float:
    """Return the positive root x of a (e^x - 1) = x: the tails of the queue and of the wait in M/D/1 fall as e^(-x n).

    Parameters
    ----------
    load
        Arrivals per service time, a, above 0 and below 1.
    """
    root = -2 * math.log(load)  # above the root, so Newton's method comes down to it
    while True:
        step = (load * math.expm1(root) - root) / (load * math.exp(root) - 1)
        root -= step
        if step <= 1e-15 * root:
            return root


def _stable_load(rate_per_s: float, service_s: float, servers: int) -> tuple[float, float]:
    """Return the service time and the offered load, above 0 and below the number of servers."""
    service = float(positive("service_s", service_s))
    load = float(positive("rate_per_s", rate_per_s)) * service
    if load >= float(count("servers", servers)):
        raise ValueError(f"offered_load(={load}, rate x service time) must be < servers(={servers}).")
    return service, load


def _md1_queue_tails(load: float) -> FloatArray:
    """Return P(more than i waiting), shape (_STATES,), from the chain embedded at departures.

    The recursion cuts between states up to j and above, so that every term is positive.
    """
    arrivals_above = gammainc(np.arange(1.0, _STATES + 1), load)
    state = np.zeros(_STATES + 2)
    state[0] = 1 - load
    state[1] = state[0] * arrivals_above[0] * math.exp(load)
    for j in range(1, _STATES):
        inflow = state[0] * arrivals_above[j] + state[1 : j + 1] @ arrivals_above[j:0:-1]
        state[j + 1] = inflow * math.exp(load)
    ratio = math.exp(-md1_decay(load))
    state[-1] = state[-2] * ratio / (1 - ratio)  # all the states above
    tails: FloatArray = np.cumsum(state[::-1])[::-1]
    return tails[2:]


def _md1_exceedance(times: FloatArray, load: float, queue_tails: FloatArray) -> FloatArray:
    """Return P(wait > t), t in services."""
    last = queue_tails.size - 1.0
    within = np.minimum(times, last)
    upper = np.floor(within) + 1
    mean = load * (upper - within)[..., None]
    arrivals = np.arange(queue_tails.size)
    probability = np.exp(arrivals * np.log(mean) - mean - gammaln(arrivals + 1.0))
    left = upper[..., None] - 1 - arrivals
    waiting = np.where(left >= 0, queue_tails[np.maximum(left, 0).astype(np.intp)], 0.0)
    beyond: FloatArray = gammainc(upper, mean[..., 0]) + np.sum(probability * waiting, axis=-1)
    return beyond * np.exp(-md1_decay(load) * (times - within))


def _walk(steps: FloatArray, load: float, servers: int) -> tuple[FloatArray, FloatArray]:
    """Return P(N >= n) and E[(N - n)^+], N Poisson with mean m = a l and n = c l, for real l from 1, shape (l,).

    P(N >= n) = n P(N = n) integral of e^-((n - m) s + m (e^-s - 1 + s)) over s from 0, and the mean surplus has another
    factor m (1 - e^-s): positive smooth integrands. The incomplete gamma function of SciPy 1.17 is off by 1e-5 beyond
    4.5 standard deviations when n is large, which both sums reach.
    """
    reached, mean = (steps * servers)[:, None], (steps * load)[:, None]
    gap = steps[:, None] * (servers - load)
    curve = _NEGLIGIBLE_EXPONENT / mean
    end = np.minimum(_NEGLIGIBLE_EXPONENT / gap, (curve + np.sqrt(curve**2 + 8 * curve)) / 2)
    nodes, weights = np.polynomial.legendre.leggauss(_WALK_NODES)
    s = end * (1 + nodes) / 2
    density = np.exp(-gap * s - mean * s**2 * exponential_remainder(2, -s)) * weights * end / 2
    first = reached[:, 0]
    at_n = np.exp(-steps * _per_step_exponent(load, servers) - _stirling_remainder(first)) * np.sqrt(
        first / (2 * np.pi)
    )
    return at_n * density.sum(axis=1), at_n * (density * -np.expm1(-s) * mean).sum(axis=1)


def _per_step_exponent(load: float, servers: int) -> float:
    """Return c ln(c/a) - (c - a), by its series where a is near c."""
    u = (servers - load) / load
    if u > 0.05:
        return load * ((1 + u) * math.log1p(u) - u)
    return load * math.fsum((-u) ** k / (k * (k - 1)) for k in range(2, 16))


def _stirling_remainder(n: FloatArray) -> FloatArray:
    """Return ln Gamma(n + 1) minus Stirling's (n + 1/2) ln n - n + ln(2 pi)/2, for real n from 1."""
    small = np.minimum(n, _STIRLING_FROM)
    direct = gammaln(small + 1) - ((small + 0.5) * np.log(small) - small + 0.5 * math.log(2 * math.pi))
    square = 1 / n**2
    series = (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680))) / n
    remainder: FloatArray = np.where(n < _STIRLING_FROM, direct, series)
    return remainder


def _spitzer_sum(term: Callable[[FloatArray], FloatArray], load: float, servers: int) -> float:
    """Return the sum over l >= 1 of term(l)/l, terms falling as e^(-decay l); the far part by the midpoint integral."""
    last = _LARGEST_EXPONENT / _per_step_exponent(load, servers)
    steps = np.arange(1.0, min(math.ceil(last), _SUMMED_TERMS) + 1)
    terms = term(steps) / steps
    total = float(np.sum(terms))
    start = _SUMMED_TERMS + 0.5
    if last <= start:
        return total
    nodes, weights = np.polynomial.legendre.leggauss(_PANEL_NODES)
    panels = np.linspace(math.log(start), math.log(last), max(2, 2 * math.ceil(math.log(last / start))))
    half = np.diff(panels)[:, None] / 2
    logs = panels[:-1, None] + half * (1 + nodes)
    integral = float((half * weights).ravel() @ term(np.exp(logs).ravel()))
    slope = float((term(steps[-1:] + 1) / (steps[-1] + 1) - terms[-1])[0])  # Euler and Maclaurin's next correction
    return total + integral + slope / 24
