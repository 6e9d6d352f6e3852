"""The requests of a replication, drawn once for all variants, and what is counted of them whatever the plan."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from simulator.core.streams import stream
from simulator.core.units import DAY_S, DAYS_PER_WEEK, HOUR_S, MINUTE_S, MONTHLY_ACTIVE_DAYS
from simulator.demand.arrivals import RequestBlock, request_blocks
from simulator.demand.census import Census, Wider
from simulator.demand.demand import Demand
from simulator.demand.dispersion import Dispersion
from simulator.scenario.schema import Scenario
from simulator.simulation.calendar.timing import earliest_s
from simulator.simulation.workload.traffic import Traffic

Numbers: TypeAlias = npt.NDArray[Any]


@dataclass(frozen=True)
class Draw:
    """How numbers for requests are drawn; of two that are equal each request gets the same number."""

    name: str
    """Of the stream of random numbers."""
    parts: str
    """What the numbers follow from, written out."""
    draw: Callable[[np.random.Generator, int], Numbers]

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from others."""
        return self.name, self.parts


@dataclass(frozen=True)
class Source:
    """What tells one stream of requests from another, but for the replication."""

    demand: Demand
    seed: int
    horizon_s: float
    sessions_from_s: float
    """The earliest beginning of all plans; sessions are followed from some time before. [s]"""

    @classmethod
    def of(cls, scenario: Scenario) -> "Source":
        """Return that of a scenario; its plans all have the same requests."""
        return cls(scenario.demand, scenario.seed, scenario.horizon_s, earliest_s(scenario))


class Stretch:
    """A block of the stream, which leads to the next: it is there for as long as somebody is at it, or before it."""

    def __init__(
        self, block: RequestBlock, requests: "RequestStream", following: "Callable[[], Stretch | None]"
    ) -> None:
        self.block = block
        self._requests, self._following = requests, following
        self._drawn: dict[tuple[str, str], Numbers] = {}

    @cached_property
    def next(self) -> "Stretch | None":
        """The next one, drawn for who comes first; none after the last."""
        return self._following()

    def since(self, begin_s: float) -> "Stretch":
        """Return what is left of it from a moment on. [s]"""
        block = self.block
        if begin_s <= block.begin_s:
            return self
        first = int(np.searchsorted(block.time_s, begin_s))
        row = None if block.row is None else block.row[first:]
        rest = replace(block, begin_s=begin_s, time_s=block.time_s[first:], user=block.user[first:], row=row)
        return Stretch(rest, self._requests, lambda: self.next)

    def numbers(self, draw: Draw) -> Numbers:
        """Return a number for each request, drawn by interval, so that blocks of any length draw the same."""
        if draw.key not in self._drawn:
            self._drawn[draw.key] = self._requests.numbers(self.block, draw)
        return self._drawn[draw.key]


class RequestStream:
    """Draws the requests of a replication block by block, and counts them.

    Parameters
    ----------
    source, replication
        Which requests.
    begin_s
        From when on; what is counted begins at time 0 in any case. [s]
    block_s
        How much time is drawn at once. [s]
    mark_last
        Whether the last request of each login is marked, by the sign bit of its user: some plan refreshes after logins.
    """

    def __init__(
        self, source: Source, replication: int, begin_s: float, block_s: float, *, mark_last: bool = False
    ) -> None:
        demand, horizon_s = source.demand, source.horizon_s
        self._seed, self._replication, self._horizon_s = source.seed, replication, horizon_s
        self._interval_s = demand.interval_s
        self._blocks = request_blocks(
            demand,
            source.seed,
            replication,
            begin_s,
            horizon_s,
            block_s,
            sessions_from_s=source.sessions_from_s,
            mark_last=mark_last,
        )
        self._days = Census(demand.population.users, DAY_S, horizon_s)
        self._weeks = Wider(self._days, DAYS_PER_WEEK)
        self._months = Wider(self._days, MONTHLY_ACTIVE_DAYS)
        self._dispersion = Dispersion(horizon_s)
        self._logins = self._busiest_minute = 0
        self._arrivals = np.zeros(int(np.ceil(horizon_s / HOUR_S)), dtype=np.int64)

    def draw(self) -> Stretch | None:
        """Draw the next block; none after the last."""
        block = next(self._blocks, None)
        if block is None:
            return None
        self._count(block)
        return Stretch(block, self, self.draw)

    @cached_property
    def traffic(self) -> Traffic:
        """What was counted, once all blocks have been drawn."""
        return Traffic(
            logins=self._logins,
            busiest_minute=self._busiest_minute,
            daily_active_fraction=self._days.active_fraction,
            weekly_active_fraction=self._weeks.active_fraction,
            monthly_active_fraction=self._months.active_fraction,
            dispersion_1s=self._dispersion.of(1),
            dispersion_60s=self._dispersion.of(60),
            arrivals=tuple(self._arrivals.tolist()),
        )

    def numbers(self, block: RequestBlock, draw: Draw) -> Numbers:
        """Return a number for each request of a block, drawn by interval. See `Stretch.numbers`."""
        first = int(np.floor(block.begin_s / self._interval_s))
        edges = np.arange(first, np.ceil(block.end_s / self._interval_s) + 1) * self._interval_s
        edges[0], edges[-1] = -np.inf, np.inf
        sizes = np.diff(np.searchsorted(block.time_s, edges)).tolist()
        drawn = [
            draw.draw(stream(self._seed, self._replication, draw.name, first + k), size) for k, size in enumerate(sizes)
        ]
        return drawn[0] if len(drawn) == 1 else np.concatenate(drawn)

    def _count(self, block: RequestBlock) -> None:
        for logins in block.logins:
            first, last = np.searchsorted(logins.time_s, (0.0, self._horizon_s))
            self._logins += int(last - first)
            self._days.observe(logins)
        minutes = np.arange(np.floor(max(block.begin_s, 0.0) / MINUTE_S), np.ceil(block.end_s / MINUTE_S) + 1)
        if minutes.size > 1:
            counts = np.diff(np.searchsorted(block.time_s, minutes * MINUTE_S))
            self._busiest_minute = max(self._busiest_minute, int(counts.max()))
        self._count_hours(block)
        self._dispersion.take(block)

    def _count_hours(self, block: RequestBlock) -> None:
        first = int(max(np.floor(block.begin_s / HOUR_S), 0.0))
        end = min(int(np.ceil(block.end_s / HOUR_S)), self._arrivals.size)
        if first < end:
            edges_s = np.minimum(np.arange(first, end + 1) * HOUR_S, self._horizon_s)
            self._arrivals[first:end] += np.diff(np.searchsorted(block.time_s, edges_s))
