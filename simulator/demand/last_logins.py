"""When each user was last there, without simulating the time before.

A user's primary logins are Poisson of a rate r w(t). Looking back from a moment, the weight passed up to the last login
is exponential with mean 1/r: so one exponential a user, and the inverse of the weight's sum, give the time of the last
login, as exactly as drawing all logins would. Return visits and files are not like that; their logins must be drawn
(``arrivals.logins``).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulator.core.jit import kernel
from simulator.core.streams import stream
from simulator.core.units import DAY_S
from simulator.demand.bursts import Bursts
from simulator.demand.demand import Demand
from simulator.demand.intensity import Cohorts
from simulator.demand.login_rates import LoginRates

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

USERS_PER_CHUNK = 2**20
"""Each chunk has random numbers of its own; its arrays stay in fast memory."""
GUIDES = 2**13
"""Steps of a table that says where in the past a sum of weights is reached, or nearly."""


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
    past = _Past.of(demand, cohorts, Bursts.of(demand, seed, replication), before_s, oldest_s)
    rates = LoginRates.of(cohorts, users)
    zone = past.zone_of_cohort[rates.cohort]
    draw = np.empty(min(users, USERS_PER_CHUNK))
    for chunk in range(math.ceil(users / USERS_PER_CHUNK)):
        first = chunk * USERS_PER_CHUNK
        size = min(USERS_PER_CHUNK, users - first)
        stream(seed, replication, "last logins", chunk).standard_exponential(out=draw[:size])
        time_s = np.empty(size)
        run = int(np.searchsorted(rates.end_user, first, side="right"))
        _look_back(
            first, draw[:size], run, rates.end_user, rates.logins_per_s, zone, past.edges_s, past.passed, past.guide,
            time_s,
        )  # fmt: skip
        yield first, time_s


@dataclass(frozen=True)
class _Past:
    """The weights of a stretch of time in each time zone, summed up from its end backwards."""

    zone_of_cohort: IntArray
    edges_s: FloatArray
    """Of pieces of constant weight, the latest first, shape (pieces + 1,). [s]"""
    passed: FloatArray
    """Weight x time from the end back to each edge, shape (zones, pieces + 1). [s]"""
    guide: IntArray
    """For equal steps of that sum, the last edge at which it is not reached yet, shape (zones, GUIDES + 1)."""

    @classmethod
    def of(cls, demand: Demand, cohorts: Cohorts, bursts: Bursts | None, before_s: float, oldest_s: float) -> "_Past":
        zones = list(dict.fromkeys(cohorts.zones))
        zone_of_cohort = np.array([zones.index(zone) for zone in cohorts.zones])
        most = [int(np.argmax(np.where(zone_of_cohort == k, cohorts.logins_per_s, -1.0))) for k in range(len(zones))]
        per_s = np.maximum(cohorts.logins_per_s[most], math.ulp(0.0))
        intensity = demand.intensity()
        edges, weights = [np.array([before_s])], [np.empty((0, len(zones)))]
        until_s = before_s
        while until_s > oldest_s:
            from_s = max(oldest_s, math.ceil(until_s / DAY_S - 1) * DAY_S)
            pieces = intensity.pieces(from_s, until_s)
            logins = pieces.logins if bursts is None else bursts.sums_on(pieces)
            edges.append(pieces.edges_s[-2::-1])
            weights.append(logins[::-1, most] / per_s)
            until_s = from_s
        passed = np.concatenate([np.zeros((1, len(zones))), np.cumsum(np.concatenate(weights), axis=0)]).T.copy()
        steps = np.linspace(0.0, 1.0, GUIDES + 1)
        guide = np.stack([np.searchsorted(row, steps * row[-1], side="right") - 1 for row in passed])
        return cls(zone_of_cohort, np.concatenate(edges), passed, np.minimum(guide, max(passed.shape[1] - 2, 0)))


@kernel
def _look_back(
    first: int,
    draw: FloatArray,
    run: int,
    end_user: IntArray,
    logins_per_s: FloatArray,
    zone: IntArray,
    edges_s: FloatArray,
    passed: FloatArray,
    guide: IntArray,
    time_s: FloatArray,
) -> None:
    """Turn exponentials of mean 1, one for each user from ``first`` on, into times of last logins.

    Parameters
    ----------
    run
        The run of equal rates that holds the first user.
    end_user, logins_per_s, zone
        The runs.
    edges_s, passed, guide
        The past, see ``_Past``.
    time_s
        Filled with the result.
    """
    size = draw.size
    pieces = edges_s.size - 1
    guides = guide.shape[1] - 1
    i = 0
    while i < size:
        until = min(size, end_user[run] - first)
        rate = logins_per_s[run]
        row = passed[zone[run]]
        guided = guide[zone[run]]
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
                reached = draw[i] * s_per_draw
                piece = guided[min(int(reached * guides_per_s), guides)]
                while piece > 0 and row[piece] > reached:
                    piece -= 1
                while piece < pieces - 1 and row[piece + 1] <= reached:
                    piece += 1
                part = (reached - row[piece]) / (row[piece + 1] - row[piece])
                time_s[i] = edges_s[piece] - min(part, 1.0) * (edges_s[piece] - edges_s[piece + 1])
            i += 1
        run += 1
