"""When each user was last there, without simulating the time before.

A user's primary logins are Poisson of a rate r w(t). Looking back from a moment, the weight passed up to the last login
is exponential with mean 1/r: so one exponential a user, and the inverse of the weight's sum, give the time of the last
login, as exactly as drawing all logins would. Return visits and files are not like that; their logins must be drawn
(``arrivals.logins``).
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from simulator.core import draws
from simulator.core.arrays import FloatArray, IntArray
from simulator.core.jit import kernel
from simulator.core.streams import stream
from simulator.demand.bursts import Bursts
from simulator.demand.demand import Demand
from simulator.demand.login_rates import LoginRates
from simulator.demand.past import Past, time_at

USERS_PER_CHUNK = 2**20
"""Each chunk has random numbers of its own; its arrays stay in fast memory."""


def follows_from_rates(demand: Demand) -> bool:
    """Whether ``last_logins`` knows these logins: those that are independent of one another."""
    return demand.traffic.replay is None and demand.traffic.returns is None


def last_logins(
    demand: Demand, seed: int, replication: int, before_s: float, oldest_s: float
) -> Iterator[tuple[int, FloatArray]]:
    """Yield when each user logged in last before a moment, chunk by chunk in order of the users' numbers.

    Bursts count with their sums over the slots of the profile (five minutes), inside which a login is anywhere.

    Parameters
    ----------
    demand
        Who comes and when, without return visits and replay.
    seed, replication
        Which random numbers; they are of their own, other than those of the logins.
    before_s
        The moment, from the scenario's start. [s]
    oldest_s
        How far back to look. [s]

    Yields
    ------
    tuple
        The number of the chunk's first user, and a time for each of its users; -infinity where there was no login
        since ``oldest_s``. [s]

    Raises
    ------
    ValueError
        If logins follow from one another, or come from a file.
    """
    if not follows_from_rates(demand):
        raise ValueError("last logins follow from the users' rates only without return visits and replay")
    users, cohorts = demand.population.users, demand.cohorts()
    past = Past.of(demand, cohorts, Bursts.of(demand, seed, replication), before_s, oldest_s)
    rates = LoginRates.of(cohorts, users)
    zone = past.zone_of_cohort[rates.cohort]
    draw = np.empty(min(users, USERS_PER_CHUNK))
    for chunk in range(math.ceil(users / USERS_PER_CHUNK)):
        first = chunk * USERS_PER_CHUNK
        size = min(USERS_PER_CHUNK, users - first)
        draws.exponential(stream(seed, replication, "last logins", chunk), draw[:size])
        time_s = np.empty(size)
        run = int(np.searchsorted(rates.end_user, first, side="right"))
        runs = _Runs(run, rates.end_user, rates.logins_per_s, zone)
        _look_back(first, draw[:size], runs, past.edges_s, past.passed, past.guide, time_s)
        yield first, time_s


class _Runs(NamedTuple):
    """Runs of users of equal rates."""

    run: int
    """The one that holds the first user."""
    end_user: IntArray
    logins_per_s: FloatArray
    zone: IntArray


@kernel
def _look_back(
    first: int,
    draw: FloatArray,
    runs: _Runs,
    edges_s: FloatArray,
    passed: FloatArray,
    guide: IntArray,
    time_s: FloatArray,
) -> None:
    """Turn exponentials of mean 1, one for each user from ``first`` on, into times of last logins.

    Parameters
    ----------
    edges_s, passed, guide
        The past, see ``Past``.
    time_s
        Filled with the result.
    """
    size = draw.size
    pieces = edges_s.size - 1
    guides = guide.shape[1] - 1
    i = 0
    run = runs.run
    while i < size:
        until = min(size, runs.end_user[run] - first)
        rate = runs.logins_per_s[run]
        row = passed[runs.zone[run]]
        guided = guide[runs.zone[run]]
        weight = row[pieces]
        most = rate * weight
        if most <= 0.0:
            time_s[i:until] = -math.inf
            i = until
        s_per_draw = 1.0 / rate if rate > 0.0 else 0.0
        guides_per_s = guides / weight if weight > 0.0 else 0.0
        while i < until:
            time_s[i] = -math.inf
            if draw[i] < most:
                time_s[i] = time_at(draw[i] * s_per_draw, edges_s, row, guided, guides_per_s, 0.0)
            i += 1
        run += 1
