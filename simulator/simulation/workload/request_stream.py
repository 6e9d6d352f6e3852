"""The requests of a replication, drawn once for all variants, and what is counted of them whatever the plan."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from simulator.core.arrays import IntArray
from simulator.core.streams import stream
from simulator.demand.arrivals import RequestBlock, request_blocks
from simulator.demand.demand import Demand
from simulator.scenario.schema import Scenario
from simulator.simulation.calendar.timing import earliest_s
from simulator.simulation.workload.traffic import Traffic, TrafficCount

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

    @property
    def row(self) -> IntArray | None:
        """Which row of a replay's file each request is, from 0, where that is asked for and it is one."""
        return self.block.row

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
        self._seed, self._replication = source.seed, replication
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
        self._counted = TrafficCount(demand.population.users, horizon_s)

    def draw(self) -> Stretch | None:
        """Draw the next block; none after the last."""
        block = next(self._blocks, None)
        if block is None:
            return None
        self._counted.take(block)
        return Stretch(block, self, self.draw)

    @cached_property
    def traffic(self) -> Traffic:
        """What was counted, once all blocks have been drawn."""
        return self._counted.traffic()

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
