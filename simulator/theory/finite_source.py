"""Clients who wait for their answers: a closed loop of thinking and being served, M/M/c with a finite source.

Product-form theory makes the throughput exact whatever the law of the thinking times; service times are exponential.
"""

import math
from dataclasses import dataclass

import numpy as np

from simulator.theory.bounds import count, non_negative, positive


@dataclass(frozen=True)
class FiniteSource:
    """What a closed loop does in the long run."""

    throughput_per_s: float
    """Requests answered per second. [1/s]"""
    response_s: float
    """Mean time from a request to its answer. [s]"""
    utilisation: float
    """Share of the servers that are busy."""


def finite_source(clients: int, servers: int, service_s: float, think_s: float) -> FiniteSource:
    """Return what a number of clients get of a number of servers with one queue.

    Parameters
    ----------
    clients, servers
        How many there are, from 1.
    service_s
        Mean service time, above 0. [s]
    think_s
        Mean pause between an answer and the next request of the same client, from 0. [s]

    Raises
    ------
    ValueError
        If a number is not whole or a time is out of bounds.

    Notes
    -----
    With k requests at the servers, p(k) is proportional to (N choose k) think^-k of the thinking times the servers'
    product of service^k / (1..c, c, c, ...), reckoned in logarithms; response = N / throughput - think (Little).

    References
    ----------
    .. [1] L. Kleinrock, Queueing Systems, volume 1, 1975, section 3.8 (M/M/c//M).
    """
    number, most = int(count("clients", clients)), int(count("servers", servers))
    service, think = float(positive("service_s", service_s)), float(non_negative("think_s", think_s))
    if think == 0.0:
        busy = float(min(number, most))
    else:
        k = np.arange(1, number + 1)
        steps = np.log(number - k + 1.0) - np.log(np.minimum(k, most)) + math.log(service / think)
        log_p = np.concatenate([[0.0], np.cumsum(steps)])
        share = np.exp(log_p - log_p.max())
        busy = float(share @ np.minimum(np.arange(number + 1), most) / share.sum())
    throughput = busy / service
    return FiniteSource(throughput, number / throughput - think, busy / most)
