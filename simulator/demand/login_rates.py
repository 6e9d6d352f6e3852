"""The login rate of every user, as runs of neighbours who have the same one.

Arrivals draw a login's position on a cohort's Lorenz curve, which is straight inside a cell of the table
(``lorenz.position_table``). So all users inside a cell have one rate, and a user who spans several cells has a part of
each. These are the rates that the logins really have, not those of the gamma distribution that the table stands for.
"""

import math
from dataclasses import dataclass

import numpy as np

from simulator.core.arrays import FloatArray, IntArray
from simulator.demand.intensity import Cohorts
from simulator.demand.lorenz import KNOTS, position_table

ALIKE_BITS = 40
"""Rates that agree in so many leading bits are the same: users of one habit in cohorts of other sizes are alike."""


@dataclass(frozen=True)
class LoginRates:
    """Runs of users in order of their number, as parallel arrays; together they hold every user once."""

    first_user: IntArray
    """Number of a run's first user."""
    end_user: IntArray
    """Number after that of its last."""
    cohort: IntArray
    """Where its users belong."""
    logins_per_s: FloatArray
    """Primary logins of one of its users at weight 1; 0 for the dormant. [1/s]"""

    @classmethod
    def of(cls, cohorts: Cohorts, users: int) -> "LoginRates":
        """Return the rates of all ``users``, who make up the cohorts."""
        ends = [*cohorts.first_user[1:].tolist(), users]
        parts = [_of_cohort(cohorts, number, int(end)) for number, end in enumerate(ends)]
        first, end, per_s = (np.concatenate(column) for column in zip(*parts, strict=True))
        sizes = [part[0].size for part in parts]
        return cls(first, end, np.repeat(np.arange(len(parts)), sizes), per_s)

    def most_active(self, count: int) -> list[tuple[int, int]]:
        """Return the ``count`` users of the highest rates as ranges of numbers; of users alike, the last numbers."""
        mantissa, exponent = np.frexp(self.logins_per_s)
        rate = np.ldexp(np.round(np.ldexp(mantissa, ALIKE_BITS)), exponent - ALIKE_BITS)
        order = np.lexsort((self.first_user, rate))[::-1]
        sizes = (self.end_user - self.first_user)[order]
        before = np.cumsum(sizes) - sizes
        taken = np.clip(count - before, 0, sizes)
        chosen = order[taken > 0]
        end = self.end_user[chosen]
        return _joined(np.stack([end - taken[taken > 0], end], axis=1))


def _joined(ranges: IntArray) -> list[tuple[int, int]]:
    """Return ranges in order of number, those that touch as one."""
    joined: list[tuple[int, int]] = []
    for first, end in ranges[np.argsort(ranges[:, 0])].tolist():
        if joined and joined[-1][1] == first:
            joined[-1] = joined[-1][0], end
        else:
            joined.append((first, end))
    return joined


def _of_cohort(cohorts: Cohorts, number: int, end_user: int) -> tuple[IntArray, IntArray, FloatArray]:
    """Return the first users, ends and rates of a cohort's runs."""
    first_user, awake = int(cohorts.first_user[number]), int(cohorts.awake_users[number])
    edges, share = np.zeros(1, dtype=np.int64), np.empty(0)
    if awake:
        edges, share = _runs(position_table(cohorts.shape[number]), awake)
    per_s = share * float(cohorts.logins_per_s[number])
    if first_user + awake < end_user:
        edges, per_s = np.append(edges, end_user - first_user), np.append(per_s, 0.0)
    return edges[:-1] + first_user, edges[1:] + first_user, per_s


def _runs(position: FloatArray, awake: int) -> tuple[IntArray, FloatArray]:
    """Return where the runs of a cohort's awake users begin and end, and the share of its logins of one user of each.

    A run is the users inside one cell, or a single user who spans an edge between cells.
    """
    knots = position * awake
    edges = np.unique(np.clip(np.concatenate([np.floor(knots), np.ceil(knots)]), 0, awake)).astype(np.int64)
    below = np.floor(knots[1:-1]).astype(np.int64)
    spanned = np.zeros(edges.size - 1, dtype=np.bool_)
    across = np.searchsorted(edges, np.minimum(below[below < knots[1:-1]], awake - 1))
    spanned[across] = True
    first, end = edges[:-1] / awake, edges[1:] / awake
    share = _share_below(position, end) - _share_below(position, first)
    inside = np.searchsorted(position, (first + end) / 2, side="right") - 1
    inside = np.clip(inside, 0, KNOTS - 1)
    width = position[inside + 1] - position[inside]
    with np.errstate(divide="ignore"):
        of_cell = np.where(width > 0.0, 1.0 / (KNOTS * width * awake), math.inf)
    return edges, np.where(spanned | ~np.isfinite(of_cell), share / np.diff(edges), of_cell)


def _share_below(position: FloatArray, place: FloatArray) -> FloatArray:
    """Return the share of logins at positions below some, none of them where several knots are at 0, all at 1."""
    k = np.clip(np.searchsorted(position, place, side="left"), 1, KNOTS)
    width = position[k] - position[k - 1]
    part = np.where(width > 0.0, (place - position[k - 1]) / np.where(width > 0.0, width, 1.0), 0.0)
    return np.where(place >= 1.0, 1.0, np.where(place <= 0.0, 0.0, (k - 1 + part) / KNOTS))
