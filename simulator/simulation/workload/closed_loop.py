"""The requests that a plan is given by clients who wait for each answer: their times follow from the answers.

Everything else about them is drawn by their number, so that it is the same for every plan and whatever the blocks.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from simulator.core.arrays import FloatArray, UserArray
from simulator.core.streams import stream
from simulator.core.units import MINUTE_S
from simulator.demand.arrivals import Logins, RequestBlock
from simulator.demand.closed_loop import ClosedLoop
from simulator.demand.drawn_users import DrawnUsers
from simulator.scenario.schema import Scenario
from simulator.simulation.state.bundles import Clients
from simulator.simulation.state.records import CLIENT_CURSOR, record
from simulator.simulation.workload.asked import Asked, WorkloadBlock
from simulator.simulation.workload.request_stream import Draw, Numbers
from simulator.simulation.workload.traffic import Traffic, TrafficCount

AT_A_TIME = 2**14
"""Requests, and pauses, that are drawn at once."""
NO_CLIENTS = Clients(np.zeros(1), np.zeros(1), record(CLIENT_CURSOR))


@dataclass(frozen=True)
class _Requests:
    """So many requests of one number after another."""

    seed: int
    replication: int
    part: int
    """How many such parts come before."""
    row: None = None

    def numbers(self, draw: Draw) -> Numbers:
        return draw.draw(self.stream(draw.name), AT_A_TIME)

    def stream(self, name: str) -> np.random.Generator:
        return stream(self.seed, self.replication, name, self.part)


class ClosedLoopWorkload:
    """Hands out requests block by block, without their times, and has the clients of a closed loop.

    Parameters
    ----------
    scenario, plan_name, replication
        Whose; the traffic is a closed loop.
    begin_s
        When all clients begin, by thinking. [s]
    """

    def __init__(self, scenario: Scenario, plan_name: str, replication: int, begin_s: float) -> None:
        closed_loop = scenario.traffic.closed_loop
        assert closed_loop is not None
        self._closed_loop: ClosedLoop = closed_loop
        self._seed, self._replication, self._horizon_s = scenario.seed, replication, scenario.horizon_s
        self._asked, self._users = Asked(scenario, plan_name), DrawnUsers(scenario.demand)
        self._parts = self._pauses = 0
        self._block: WorkloadBlock | None = None
        self._begin_s = begin_s
        self._counted = TrafficCount(scenario.population.users, scenario.horizon_s)
        self._time_s, self._user = np.empty(0), np.empty(0, dtype=np.int32)
        self.carried = 0
        """Requests of all blocks before the present one."""
        self.clients = self._begin()

    def _begin(self) -> Clients:
        clients = self._closed_loop.clients
        pauses_s = self._more_pauses(np.empty(0), 2 * clients)
        next_s = np.sort(self._begin_s + pauses_s[:clients])
        cursor = record(CLIENT_CURSOR)
        cursor["thinking"] = int(np.searchsorted(next_s, self._horizon_s))
        cursor["thoughts"] = clients
        return Clients(next_s, pauses_s, cursor)

    def _more_pauses(self, left_s: FloatArray, least: int) -> FloatArray:
        """Return pauses that are left and at least so many in all, drawn by their number. [s]"""
        drawn_s = [left_s]
        while sum(each.size for each in drawn_s) < least or len(drawn_s) == 1:
            rng = stream(self._seed, self._replication, "thinking", self._pauses)
            drawn_s.append(self._closed_loop.think_time.draw_s(rng, AT_A_TIME))
            self._pauses += 1
        return np.concatenate(drawn_s)

    def next(self) -> WorkloadBlock:
        """Return the next block; all requests of the one before have come."""
        if self._block is not None:
            self._take(self._block, AT_A_TIME)
            self.carried += AT_A_TIME
        requests = _Requests(self._seed, self._replication, self._parts)
        self._parts += 1
        user = self._users.draw(requests.stream("callers"), AT_A_TIME)
        self._block = self._asked.block(math.inf, np.empty(AT_A_TIME), user, requests)
        return self._block

    def think(self) -> None:
        """Have pauses for all clients."""
        cursor, pauses_s, clients = self.clients.cursor, self.clients.think_s, self._closed_loop.clients
        used = int(cursor["thoughts"][0])
        if pauses_s.size - used < 2 * clients:
            self.clients = self.clients._replace(think_s=self._more_pauses(pauses_s[used:], 2 * clients))
            cursor["thoughts"] = 0

    def _take(self, block: WorkloadBlock, size: int) -> None:
        """Count what has come, minute by minute: up to the last minute that is over."""
        self._time_s = np.concatenate([self._time_s, block.time_s[:size]])
        self._user = np.concatenate([self._user, block.user[:size]])
        if self._time_s.size:
            self._count(math.floor(self._time_s[-1] / MINUTE_S) * MINUTE_S)

    def _count(self, end_s: float) -> None:
        if end_s <= self._begin_s:
            return
        over = int(np.searchsorted(self._time_s, end_s))
        self._counted.take(_block_of(self._begin_s, end_s, self._time_s[:over], self._user[:over]))
        self._begin_s, self._time_s, self._user = end_s, self._time_s[over:], self._user[over:]

    def finish(self, size: int) -> None:
        """Take the first requests of the last block too, of which so many have come by the horizon."""
        if self._block is not None:
            self._take(self._block, size)
            self._block = None
        self._count(self._horizon_s)

    @cached_property
    def traffic(self) -> Traffic:
        """What came, once it is finished."""
        return self._counted.traffic()


def _block_of(begin_s: float, end_s: float, time_s: FloatArray, user: UserArray) -> RequestBlock:
    return RequestBlock(begin_s, end_s, time_s, user, (Logins(time_s, user),))
