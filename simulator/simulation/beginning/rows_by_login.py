"""The rows that a simulation begins with where rows follow from what users do: nearline refresh, revalidating caches.

Whoever has been there has a row of that visit, however long ago: a simulation that began without them would take their
next visit for their first. A row is taken to be of the time of its user's last login (and of the typical length of a
session, of debounce and lag after it, under nearline refresh). Under revalidation it may be older by up to the time for
which a row is fresh, and it is taken to have been read: unread ones are counted as wasted from those on that are made
after the beginning.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from simulator.core.arrays import FloatArray, UserArray, WordArray
from simulator.core.jit import kernel
from simulator.demand.arrivals import logins
from simulator.demand.last_logins import follows_from_rates, last_logins
from simulator.scenario.schema import Scenario
from simulator.simulation.calendar.timing import begin_s, earliest_s, refresh_delay_s, rows_by_login_kept_s
from simulator.simulation.state.rows import NEARLINE, ONLINE, SERVED, TICK_SHIFT, Layout, word_of


@dataclass(frozen=True)
class RowsByLogin:
    """The rows of one plan before its simulation begins."""

    scenario: Scenario
    plan: str
    replication: int

    @property
    def exist(self) -> bool:
        """Whether there are any."""
        return rows_by_login_kept_s(self.scenario, self.plan) > 0

    def put(self, layout: Layout, table: WordArray) -> None:
        """Write them into a table; of two rows of a user, the newer one stays."""
        begin, plan = begin_s(self.scenario, self.plan), self.scenario.plans[self.plan]
        maker, delay_s = ONLINE | SERVED, 0.0
        if plan.refresh:
            maker, delay_s = NEARLINE, refresh_delay_s(self.scenario, plan.refresh)
        for user, time_s in self._last_seen(begin):
            _put(
                user,
                time_s,
                delay_s,
                maker,
                layout.shards,
                layout.shard_size,
                layout.origin_s,
                layout.tick_s,
                table,
            )

    def _last_seen(self, begin: float) -> Iterator[tuple[UserArray, FloatArray]]:
        """Yield users and times of logins, of which each user's last is among them; -infinity for none. [s]"""
        scenario, seed = self.scenario, self.scenario.seed
        from_s = begin - rows_by_login_kept_s(scenario, self.plan)
        drawn_from_s = from_s
        if follows_from_rates(scenario.demand):
            drawn_from_s = min(begin, earliest_s(scenario))
            for first, time_s in last_logins(
                scenario.demand, seed, self.replication, drawn_from_s, min(from_s, drawn_from_s)
            ):
                yield np.arange(first, first + time_s.size, dtype=np.int32), time_s
        if drawn_from_s < begin:
            for one in logins(scenario.demand, seed, self.replication, drawn_from_s, begin):
                yield one.user, one.time_s


@kernel
def _put(
    user: UserArray,
    time_s: FloatArray,
    delay_s: float,
    maker: int,
    shards: int,
    shard_size: int,
    origin_s: float,
    tick_s: float,
    table: WordArray,
) -> None:
    for i in range(user.size):
        if time_s[i] >= origin_s:
            word = np.uint32(word_of(min(time_s[i] + delay_s, 0.0), maker, origin_s, tick_s))
            row = (user[i] % shards) * shard_size + user[i] // shards
            if word >> TICK_SHIFT >= table[row] >> TICK_SHIFT:
                table[row] = word
