"""Requests in order of time, block by block: one stream for every plan of a comparison.

Random numbers are drawn per interval, a stretch of time whose length follows from the scenario alone; blocks are
whatever the caller wants to work on at a time. So the requests do not depend on the blocks.
"""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from simulator.core import draws
from simulator.core.arrays import FloatArray, IntArray, UserArray
from simulator.core.streams import stream
from simulator.core.units import DAY_S
from simulator.demand import kernels
from simulator.demand.bursts import Bursts
from simulator.demand.demand import Demand
from simulator.demand.intensity import Pieces
from simulator.demand.lorenz import position_table
from simulator.demand.pending_returns import PendingReturns
from simulator.demand.request_pool import RequestPool

if TYPE_CHECKING:
    from simulator.demand.replayed import ReplayedLogins


SESSION_LENGTHS = 12
"""Requests are followed back so many mean sessions before the first block, so that sessions under way are in it."""


@dataclass(frozen=True)
class Logins:
    """The logins of one interval, in order of time."""

    time_s: FloatArray
    """[s] from the scenario's start."""
    user: UserArray
    row: IntArray | None = None
    """Which row of a replay's file, from 0, where that is asked for."""

    def between(self, begin_s: float, end_s: float) -> "Logins":
        """Return those from ``begin_s`` on and before ``end_s``. [s]"""
        first, last = np.searchsorted(self.time_s, (begin_s, end_s))
        if last - first == self.time_s.size:
            return self
        return Logins(
            self.time_s[first:last], self.user[first:last], None if self.row is None else self.row[first:last]
        )


@dataclass(frozen=True)
class RequestBlock:
    """The requests of a stretch of time, in order of time."""

    begin_s: float
    end_s: float
    time_s: FloatArray
    """[s] from the scenario's start."""
    user: UserArray
    """With the sign bit set in the last request of each login, where that was asked for."""
    logins: tuple[Logins, ...]
    """The logins of the same stretch, interval by interval."""
    row: IntArray | None = None
    """Which row of a replay's file each request is, from 0, where that is asked for and it is one."""


def request_blocks(
    demand: Demand,
    seed: int,
    replication: int,
    begin_s: float,
    end_s: float,
    block_s: float,
    sessions_from_s: float = math.inf,
    *,
    mark_last: bool = False,
) -> Iterator[RequestBlock]:
    """Yield the requests from ``begin_s`` to ``end_s`` in blocks.

    Parameters
    ----------
    demand
        Who comes and when.
    seed, replication
        Which random numbers.
    begin_s, end_s
        From when to when, from the scenario's start. [s]
    block_s
        How long a block is, rounded up to whole intervals; the last may be shorter. [s]
    sessions_from_s
        Sessions are followed from some mean lengths before this moment, or before ``begin_s`` where that is earlier.
        Plans that begin at different times see the same requests if this is the earliest of their beginnings. [s]
    mark_last
        Whether the last request of each login is marked by the sign bit of its user.

    Requests of a closed loop are none of these, as their times follow from the answers: its blocks are empty.
    """
    step = demand.interval_s
    per_block = max(1, math.ceil(block_s / step))
    first = math.floor(begin_s / step)
    if demand.traffic.closed_loop is not None:
        for index in range(first, math.ceil(end_s / step), per_block):
            yield _nobody(max(index * step, begin_s), min((index + per_block) * step, end_s))
        return
    source = _Source(demand, seed, replication, kernels.LAST if mark_last else 0)
    source.look_back(math.floor(min(begin_s, sessions_from_s) / step), first, begin_s)
    for index in range(first, math.ceil(end_s / step), per_block):
        until = min((index + per_block) * step, end_s)
        yield source.block(range(index, math.ceil(until / step)), max(index * step, begin_s), until)


def _nobody(begin_s: float, end_s: float) -> RequestBlock:
    return RequestBlock(begin_s, end_s, np.empty(0), np.empty(0, dtype=np.int32), ())


def logins(demand: Demand, seed: int, replication: int, begin_s: float, end_s: float) -> Iterator[Logins]:
    """Yield the logins from ``begin_s`` to ``end_s``, interval by interval: the same that bring the requests.

    Parameters
    ----------
    demand
        Who comes and when.
    seed, replication
        Which random numbers.
    begin_s, end_s
        From when to when, from the scenario's start; infinity for no end. [s]
    """
    source = _Source(demand, seed, replication)
    step = demand.interval_s
    first = math.floor(begin_s / step)
    source.look_back_for_logins(first)
    for index in itertools.count(first):
        if index * step >= end_s:
            return
        yield source.logins(index).between(begin_s, end_s)


def requests_following(
    demand: Demand, seed: int, replication: int, begin_s: float, end_s: float
) -> Iterator[RequestBlock]:
    """Yield, interval by interval, the requests that follow from primary logins from ``begin_s`` on, and no others.

    Parameters
    ----------
    demand
        Who comes and when.
    seed, replication
        Which random numbers.
    begin_s, end_s
        From when, a multiple of the demand's interval, to when; both from the scenario's start. [s]
    """
    source, step = _Source(demand, seed, replication), demand.interval_s
    first = round(begin_s / step)
    source.begin(first)
    for index in range(first, math.ceil(end_s / step)):
        yield source.block(range(index, index + 1), index * step, min((index + 1) * step, end_s))


class _Source:
    """Draws intervals and keeps the requests of sessions that go on in a later block."""

    def __init__(self, demand: Demand, seed: int, replication: int, mark: int = 0) -> None:
        self._mark = mark
        self._seed = seed
        self._replication = replication
        self._replayed = self._replay(demand) if demand.traffic.replay is not None else None
        cohorts = demand.cohorts()
        position = np.stack([position_table(shape) for shape in cohorts.shape])
        scratch = np.empty((2, len(cohorts.shape)))
        self._cohorts = kernels.Cohorts(cohorts.first_user, cohorts.awake_users, position, scratch)
        self._intensity = demand.intensity()
        self._of_day: tuple[int, Pieces] | None = None
        self._session = demand.traffic.session
        self._single = self._session.requests.mean_per_login == 1
        self._step_s = demand.interval_s
        returns = demand.traffic.returns
        self._bursts = Bursts.of(demand, seed, replication)
        self._returns = PendingReturns(returns, self._step_s) if returns else None
        self._earliest = 0
        self._pool = RequestPool()
        self._scratch: dict[str, FloatArray] = {}

    def _replay(self, demand: Demand) -> "ReplayedLogins":
        from simulator.demand.replayed import ReplayedLogins  # noqa: PLC0415  (pyarrow, which only a replay needs)

        key = int(stream(self._seed, self._replication, "rounded times").integers(2**63))
        return ReplayedLogins(demand, lambda index: self._stream("replay", index), key)

    def look_back(self, earliest: int, first: int, begin_s: float) -> None:
        """Draw what logins before ``begin_s`` bring after it: return visits, and requests of sessions under way."""
        under_way = math.ceil(SESSION_LENGTHS * self._session.typical_s / self._step_s)
        self.look_back_for_logins(first if self._single else earliest - under_way)
        for index in range(self._earliest, first):
            self._put_requests(self.logins(index), index)
            self._pool.drop_before(begin_s)

    def begin(self, earliest: int) -> None:
        """Begin with an interval, as if nobody had come before."""
        self._earliest = earliest

    def look_back_for_logins(self, earliest: int) -> None:
        """Draw the return visits of earlier logins that come in the intervals from ``earliest`` on."""
        self.begin(earliest)
        if self._returns:
            for index in range(earliest - self._returns.reach, earliest):
                self._put_returns(self._primary_logins(index), index)

    def block(self, intervals: range, begin_s: float, end_s: float) -> RequestBlock:
        """Return the requests of some intervals, cut to ``begin_s`` .. ``end_s``."""
        drawn = tuple(self.logins(index) for index in intervals)
        if self._single:
            time_s = _joined([logins.time_s for logins in drawn])
            user = _joined([logins.user for logins in drawn])
            first, last = np.searchsorted(time_s, (begin_s, end_s))
            asking = user[first:last] | np.int32(self._mark) if self._mark else user[first:last]
            rows = [logins.row for logins in drawn if logins.row is not None]
            row = _joined(rows)[first:last] if rows else None
            return RequestBlock(begin_s, end_s, time_s[first:last], asking, drawn, row)
        for index, logins in zip(intervals, drawn, strict=True):
            self._put_requests(logins, index)
        return RequestBlock(begin_s, end_s, *self._pool.take(begin_s, end_s), drawn)

    def logins(self, index: int) -> Logins:
        """Return the logins of the interval that follows the last one drawn."""
        if self._replayed is not None:
            return Logins(*self._replayed.interval(index))
        primary = self._primary_logins(index)
        if self._returns is None:
            return primary
        self._put_returns(primary, index)
        return Logins(*self._returns.join(primary.time_s, primary.user, index))

    def _put_returns(self, primary: Logins, index: int) -> None:
        assert self._returns is not None
        self._returns.put(self._stream("returns", index), primary.time_s, primary.user, index, self._earliest)

    def _primary_logins(self, index: int) -> Logins:
        pieces = self._pieces(index)
        rng = self._stream("logins", index)
        count = int(rng.poisson(pieces.logins.sum()))
        spacing, draw = self._room("spacing", count + 1), self._room("draw", count)
        draws.exponential(rng, spacing)
        draws.uniform(rng, draw)
        time_s, user = np.empty(count), np.empty(count, dtype=np.int32)
        if count:
            kernels.place_logins(spacing, draw, pieces.edges_s, pieces.logins, self._cohorts, time_s, user)
        return Logins(time_s, user)

    def _pieces(self, index: int) -> Pieces:
        """Return the expected primary logins of an interval; those of a whole day are worked out at once."""
        begin_s = index * self._step_s
        day = math.floor(begin_s / DAY_S)
        if self._of_day is None or self._of_day[0] != day:
            self._of_day = day, self._intensity.pieces(day * DAY_S, (day + 1) * DAY_S)
        pieces = self._of_day[1].between(begin_s, begin_s + self._step_s)
        return self._bursts.on(pieces) if self._bursts else pieces

    def _put_requests(self, logins: Logins, index: int) -> None:
        rng = self._stream("sessions", index)
        follow_ups = self._session.requests.draw_follow_ups(rng, logins.time_s.size)
        more = int(follow_ups.sum())
        think_s = self._session.think_time.draw_s(rng, more)
        room = self._pool.room_for(logins.time_s.size + more)
        kernels.append_follow_ups(logins.time_s, logins.user, follow_ups, think_s, self._mark, *room)

    def _room(self, name: str, size: int) -> FloatArray:
        """Return an array to be filled and forgotten: the same memory every time, as fresh memory is slow."""
        held = self._scratch.get(name)
        if held is None or held.size < size:
            held = self._scratch[name] = np.empty(size + size // 4)
        return held[:size]

    def _stream(self, name: str, index: int) -> np.random.Generator:
        return stream(self._seed, self._replication, name, index)


def _joined(parts: list[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)
