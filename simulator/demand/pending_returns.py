"""Return visits that are still to come, in a list for each interval."""

import math

import numpy as np

from simulator.core.arrays import FloatArray, UserArray
from simulator.demand import kernels
from simulator.demand.request_pool import RequestPool
from simulator.demand.return_visits import ReturnVisits

SPARE = 1.5
"""Places are made so many times what is needed when there are too few."""


class PendingReturns:
    """Holds the return visits of primary logins until their time has come.

    A cluster is drawn whole with its primary login, and followed for ``reach`` intervals: the logins of an interval
    follow from the primary logins of so many intervals before it and nothing else.
    """

    def __init__(self, returns: ReturnVisits, step_s: float) -> None:
        self._returns = returns
        self._step_s = step_s
        self.reach = math.ceil(returns.longest_s / step_s)
        """Intervals that a cluster is followed for, after that of its primary login."""
        self._slots = kernels.Slots(
            time_s=np.empty(0),
            user=np.empty(0, dtype=np.int32),
            next=np.empty(0, dtype=np.int32),
            first=np.full(self.reach + 1, _NONE, dtype=np.int32),
            waiting=np.zeros(self.reach + 1, dtype=np.int64),
        )
        self._free = _NONE
        self._held = 0
        self._visits = RequestPool()

    def put(self, rng: np.random.Generator, time_s: FloatArray, user: UserArray, interval: int, earliest: int) -> None:
        """Draw what follows from the primary logins of an interval; intervals come one by one.

        Parameters
        ----------
        rng
            The interval's random numbers.
        time_s, user
            Its primary logins.
        interval
            Its number.
        earliest
            The first interval whose logins are asked for; visits before it are left out.
        """
        probability = self._returns.probability_fraction
        followed = np.flatnonzero(rng.random(time_s.size) < probability)
        returns = rng.geometric(1.0 - probability, followed.size)
        gap_s = self._returns.gap.draw_s(rng, int(returns.sum()))
        self._make_room(gap_s.size)
        self._free = kernels.put_return_visits(
            time_s[followed],
            user[followed],
            returns,
            gap_s,
            self._step_s,
            earliest,
            interval + self.reach,
            self._slots,
            self._free,
        )
        self._held = int(self._slots.waiting.sum())

    def join(self, time_s: FloatArray, user: UserArray, interval: int) -> tuple[FloatArray, UserArray]:
        """Return an interval's primary logins and the return visits in it, in order of time; the latter are gone."""
        slots, entry = self._slots, interval % self._slots.first.size
        size = int(slots.waiting[entry])
        if not size:
            return time_s, user
        self._free = kernels.take_return_visits(
            int(slots.first[entry]),
            slots,
            self._free,
            *self._visits.room_for(size),
        )
        slots.first[entry], slots.waiting[entry] = _NONE, 0
        begin_s = interval * self._step_s
        visit_s, visitor = self._visits.take(begin_s, begin_s + self._step_s)
        all_s, all_user = np.empty(time_s.size + size), np.empty(time_s.size + size, dtype=np.int32)
        kernels.merge(time_s, user, visit_s, visitor, all_s, all_user)
        return all_s, all_user

    def _make_room(self, more: int) -> None:
        slots, had, needed = self._slots, self._slots.time_s.size, self._held + more
        if needed <= had:
            return
        size = math.ceil(SPARE * needed)
        fresh = np.arange(had + 1, size + 1, dtype=np.int32)
        fresh[-1] = self._free
        self._slots = slots._replace(
            time_s=np.concatenate([slots.time_s, np.empty(size - had)]),
            user=np.concatenate([slots.user, np.empty(size - had, dtype=np.int32)]),
            next=np.concatenate([slots.next, fresh]),
        )
        self._free = had


_NONE = -1
