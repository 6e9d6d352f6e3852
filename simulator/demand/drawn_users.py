"""Users drawn by their login rates, for requests of which nothing says whose they are."""

import numpy as np

from simulator.core.arrays import UserArray
from simulator.demand import kernels
from simulator.demand.demand import Demand
from simulator.demand.lorenz import position_table


class DrawnUsers:
    """Who is behind requests that name nobody: each user as often as he logs in."""

    def __init__(self, demand: Demand) -> None:
        cohorts = demand.cohorts()
        share = cohorts.logins_per_s / cohorts.logins_per_s.sum()
        position = np.stack([position_table(shape) for shape in cohorts.shape])
        scratch = np.stack([share, np.zeros(share.size)])
        self._cohorts = kernels.Cohorts(cohorts.first_user, cohorts.awake_users, position, scratch)

    def draw(self, rng: np.random.Generator, size: int) -> UserArray:
        """Return the numbers of ``size`` users."""
        user = np.empty(size, dtype=np.int32)
        kernels.draw_users(rng.random(size), self._cohorts, user)
        return user
