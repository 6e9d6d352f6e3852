"""How long batch runs take: makespans of parallel tasks, and work with checkpoints on machines that are taken away."""

import math
from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import digamma, exprel, zeta

from simulator.core.arrays import FloatArray
from simulator.theory.bounds import count, non_negative, positive, positive_or_infinite

_NEGLIGIBLE_EXPONENT: Final = 40.0  # exp(-40) is lost beside 1
_PANEL_NODES: Final = 24


def mean_makespan_s(tasks: npt.ArrayLike, task_s: npt.ArrayLike, workers: npt.ArrayLike) -> FloatArray:
    """Return the mean makespan of exponential tasks on parallel workers: s[(N - W)/W + H_W]. [s].

    Parameters
    ----------
    tasks
        Number of tasks N (shards), whole, from 1; all parameters broadcast.
    task_s
        Mean time of a task. [s]
    workers
        Number of workers W; more than there are tasks have nothing to do.

    Raises
    ------
    ValueError
        If a number is not whole or a time is not above 0.

    Notes
    -----
    While tasks wait, all workers are busy and one is done every s/W; then the last W finish one after the other. H_W is
    the W-th harmonic number.
    """
    number, busy = _tasks_and_workers(tasks, workers)
    mean: FloatArray = positive("task_s", task_s) * ((number - busy) / busy + digamma(busy + 1) + np.euler_gamma)
    return mean


def makespan_sd_s(tasks: npt.ArrayLike, task_s: npt.ArrayLike, workers: npt.ArrayLike) -> FloatArray:
    """Return the standard deviation of the makespan of exponential tasks on parallel workers. [s].

    Parameters
    ----------
    tasks
        Number of tasks N (shards), whole, from 1; all parameters broadcast.
    task_s
        Mean time of a task. [s]
    workers
        Number of workers W; more than there are tasks have nothing to do.

    Raises
    ------
    ValueError
        If a number is not whole or a time is not above 0.
    """
    number, busy = _tasks_and_workers(tasks, workers)
    last = zeta(2) - zeta(2, busy + 1)
    deviation: FloatArray = positive("task_s", task_s) * np.sqrt((number - busy) / busy**2 + last)
    return deviation


def makespan_exceedance(time_s: float, tasks: int, task_s: float, workers: int) -> float:
    """Return the probability that exponential tasks on parallel workers take longer than a given time.

    Parameters
    ----------
    time_s
        Time from the start, 0 or above. [s]
    tasks
        Number of tasks N (shards), from 1.
    task_s
        Mean time of a task. [s]
    workers
        Number of workers W; more than there are tasks have nothing to do.

    Raises
    ------
    ValueError
        If a number is not whole or a time is outside its bounds.

    Notes
    -----
    The makespan is Gamma(N - W, rate W/s) plus the largest of W exponentials; their convolution is integrated
    numerically, to an absolute error below 1e-11.
    """
    time = float(non_negative("time_s", time_s)) / float(positive("task_s", task_s))
    number, workers_busy = _tasks_and_workers(tasks, workers)
    queued, busy = float(number - workers_busy), float(workers_busy)
    if queued == 0:
        return float(_last_exceedance(np.asarray(time), busy))
    spread = math.sqrt(queued)
    low = max(0.0, queued - 12 * spread - _NEGLIGIBLE_EXPONENT)
    high = queued + 12 * spread + _NEGLIGIBLE_EXPONENT
    # x is when the queue is empty, in task times / W. Before `near` the run is over by `time`, after `end` it is not.
    end = min(max(time * busy, low), high)
    near = min(max(end - busy * (math.log(busy) + _NEGLIGIBLE_EXPONENT), low), high)
    step = min(spread, busy) / 2

    def both(x: FloatArray) -> FloatArray:
        return _queue_density(x, queued) * _last_exceedance(time - x / busy, busy)

    total = _integral(lambda x: _queue_density(x, queued), low, high, spread / 2)
    tail = _integral(lambda x: _queue_density(x, queued), end, high, spread / 2)
    return min(1.0, (_integral(both, near, end, step) + tail) / total)


def constant_makespan_s(tasks: npt.ArrayLike, task_s: npt.ArrayLike, workers: npt.ArrayLike) -> FloatArray:
    """Return the makespan of tasks of constant time on parallel workers: full rounds, ceil(N/W) s. [s].

    Parameters
    ----------
    tasks
        Number of tasks N (shards), whole, from 1; all parameters broadcast.
    task_s
        Time of a task. [s]
    workers
        Number of workers W.

    Raises
    ------
    ValueError
        If a number is not whole or a time is not above 0.
    """
    rounds = np.ceil(count("tasks", tasks) / count("workers", workers))
    makespan: FloatArray = rounds * positive("task_s", task_s)
    return makespan


def checkpointed_time_s(
    work_s: npt.ArrayLike,
    interval_s: npt.ArrayLike,
    checkpoint_s: npt.ArrayLike,
    restart_s: npt.ArrayLike,
    mean_life_s: npt.ArrayLike,
) -> FloatArray:
    """Return the mean time to finish work on a preemptible machine that checkpoints at intervals. [s].

    Parameters
    ----------
    work_s
        Work without interruptions, Ts; all parameters broadcast. [s]
    interval_s
        Work time between checkpoints, tau: equal to the work, with ``checkpoint_s`` 0, for no checkpoints at all. [s]
    checkpoint_s
        Time to write a checkpoint, delta, 0 or above. [s]
    restart_s
        Time from a preemption to work again, R, which can itself be interrupted. [s]
    mean_life_s
        Mean of the exponential time to a preemption, M; infinity: no preemption. [s]

    Raises
    ------
    ValueError
        If a time is outside its bounds.

    Notes
    -----
    M e^(R/M) (e^((tau + delta)/M) - 1) Ts/tau; work that is no multiple of the interval counts in proportion. Infinite
    where it is too long for a float.

    References
    ----------
    .. [1] J. T. Daly, 2006 (the complete model).
    """
    interval, life = positive("interval_s", interval_s), positive_or_infinite("mean_life_s", mean_life_s)
    segment = interval + non_negative("checkpoint_s", checkpoint_s)
    pieces = positive("work_s", work_s) / interval
    with np.errstate(over="ignore"):
        time: FloatArray = (
            np.exp(non_negative("restart_s", restart_s) / life) * segment * exprel(segment / life) * pieces
        )
    return time


def checkpointed_sd_s(
    work_s: npt.ArrayLike,
    interval_s: npt.ArrayLike,
    checkpoint_s: npt.ArrayLike,
    restart_s: npt.ArrayLike,
    mean_life_s: npt.ArrayLike,
) -> FloatArray:
    """Return the standard deviation of the time that `checkpointed_time_s` is the mean of. [s].

    Parameters
    ----------
    work_s
        Work without interruptions, Ts; all parameters broadcast. [s]
    interval_s
        Work time between checkpoints, tau. [s]
    checkpoint_s
        Time to write a checkpoint, delta, 0 or above. [s]
    restart_s
        Time from a preemption to work again, R, which can itself be interrupted. [s]
    mean_life_s
        Mean of the exponential time to a preemption, M; infinity: no preemption. [s]

    Raises
    ------
    ValueError
        If a time is outside its bounds.

    Notes
    -----
    Segments are independent, as the time to a preemption has no memory, and their variances add up. In units of M, with
    u = (tau + delta)/M and a = R/M + u, a segment takes min(L, u), L being exponential, and where L < u another time Y
    of mean e^a - 1 and variance 2 e^a (sinh a - a): until a life is longer than a. Its variance is

        2 e^-u (sinh u - u) + 2 e^-u (1 - u - e^-u)(e^a - 1) + (1 - e^-u)[e^-u (e^a - 1)^2 + 2 e^a (sinh a - a)],

    of which 16 + log10(u) digits are right where u is small. Infinite where it is too large for a float.
    """
    interval, life = positive("interval_s", interval_s), positive_or_infinite("mean_life_s", mean_life_s)
    u = (interval + non_negative("checkpoint_s", checkpoint_s)) / life
    a = u + non_negative("restart_s", restart_s) / life
    pieces = positive("work_s", work_s) / interval
    with np.errstate(over="ignore", invalid="ignore"):
        lost, again = -np.expm1(-u), np.expm1(a)
        variance = 2 * np.exp(-u) * (_sinh_beyond(u) + (lost - u) * again)
        variance += lost * (np.exp(-u) * again**2 + 2 * np.exp(a) * _sinh_beyond(a))
        deviation = life * np.sqrt(pieces * variance)
    finite: FloatArray = np.where(np.isnan(deviation), np.inf, deviation)
    never: FloatArray = np.where(np.isinf(life), 0.0, finite)[()]
    return never


def _sinh_beyond(x: FloatArray) -> FloatArray:
    """Return sinh x - x, precise where x is small too."""
    series = x**3 / 6 * (1 + x**2 / 20 * (1 + x**2 / 42 * (1 + x**2 / 72)))
    beyond: FloatArray = np.where(x < 0.1, series, np.sinh(x) - x)
    return beyond


def _tasks_and_workers(tasks: npt.ArrayLike, workers: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return the number of tasks and of workers that have something to do."""
    number = count("tasks", tasks)
    return number, np.minimum(number, count("workers", workers))


def _last_exceedance(time: FloatArray, workers: float) -> FloatArray:
    """Return P(the largest of W unit exponentials > time)."""
    with np.errstate(divide="ignore"):  # at time 0: certain
        longer: FloatArray = -np.expm1(workers * np.log1p(-np.exp(-np.maximum(time, 0.0))))
    return longer


def _queue_density(x: FloatArray, shape: float) -> FloatArray:
    """Return the density of Gamma(shape, 1) times a constant, precise for huge shapes."""
    u = (x - shape) / shape
    density: FloatArray = np.exp((shape - 1) * (np.log1p(u) - u) - u)
    return density


def _integral(density: Callable[[FloatArray], FloatArray], low: float, high: float, step: float) -> float:
    """Return the integral of a smooth function by Gauss-Legendre panels no wider than a step."""
    if high <= low:
        return 0.0
    nodes, weights = np.polynomial.legendre.leggauss(_PANEL_NODES)
    edges = np.linspace(low, high, math.ceil((high - low) / step) + 1)
    half = np.diff(edges)[:, None] / 2
    return float(np.sum(half * weights * density(edges[:-1, None] + half * (1 + nodes))))
