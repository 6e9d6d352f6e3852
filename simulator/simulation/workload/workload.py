"""The requests that a plan is given, and what is counted of them whatever the plan."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from simulator.backends.base import OnlineBackend
from simulator.core.arrays import FloatArray, IntArray, UserArray
from simulator.core.streams import stream
from simulator.core.units import DAY_S, DAYS_PER_WEEK, HOUR_S, MINUTE_S, MONTHLY_ACTIVE_DAYS
from simulator.demand.arrivals import RequestBlock, request_blocks
from simulator.demand.census import Census, Wider
from simulator.demand.dispersion import Dispersion
from simulator.scenario.schema import Scenario
from simulator.simulation.calendar import timing
from simulator.simulation.workload.activity import Activity

Drawn = TypeVar("Drawn", FloatArray, IntArray)
Draw = Callable[[np.random.Generator, int], Drawn]


def _no_numbers() -> FloatArray:
    return np.empty(0)


def _no_tokens() -> IntArray:
    return np.empty(0, dtype=np.int64)


@dataclass(frozen=True)
class WorkloadBlock:
    """A stretch of requests in order of time."""

    end_s: float
    time_s: FloatArray
    user: UserArray
    """With the sign bit set in the last request of each login, where the plan refreshes after logins."""
    factor: FloatArray = field(default_factory=_no_numbers)
    """Each request's factor on its service time; empty where service times do not vary."""
    late_factor: FloatArray = field(default_factory=_no_numbers)
    """The same for the computation that follows a request where the plan refreshes."""
    tokens: IntArray = field(default_factory=_no_tokens)
    """Each request's tokens, of its prompt x 2^24 and of its answer; empty where nobody counts them."""
    late_tokens: IntArray = field(default_factory=_no_tokens)
    """The same for the computation that follows a request where the plan refreshes."""


class Workload:
    """Hands out the requests block by block: the same ones to every plan, with the same factors on service times."""

    def __init__(
        self, scenario: Scenario, plan_name: str, replication: int, begin_s: float, end_s: float, block_s: float
    ) -> None:
        plan = scenario.plans[plan_name]
        earliest_s = timing.earliest_s(scenario)
        demand = scenario.demand
        self._online, self._refreshing = scenario.online_backend(plan), scenario.refreshing_backend(plan)
        self._takes_rows = scenario.takes_rows
        self._seed, self._replication = scenario.seed, replication
        self._blocks = request_blocks(
            demand,
            scenario.seed,
            replication,
            begin_s,
            end_s,
            block_s,
            sessions_from_s=earliest_s,
            mark_last=plan.refresh is not None and plan.refresh.on == "login",
        )
        self._interval_s = demand.interval_s
        self._horizon_s = scenario.horizon_s
        self.days = Census(scenario.population.users, DAY_S, scenario.horizon_s)
        self.weeks = Wider(self.days, DAYS_PER_WEEK)
        self.months = Wider(self.days, MONTHLY_ACTIVE_DAYS)
        self.dispersion = Dispersion(scenario.horizon_s)
        self.logins = 0
        """Logins in the horizon."""
        self.busiest_minute = 0
        """Requests in the horizon's busiest minute."""
        self.arrivals = np.zeros(int(np.ceil(scenario.horizon_s / HOUR_S)), dtype=np.int64)
        """Requests of each hour of the horizon, when they come."""
        self.activity: Activity | None = None
        """Who wants to see the logins too."""

    def next(self) -> WorkloadBlock | None:
        """Return the next block; none after the last."""
        block = next(self._blocks, None)
        if block is None:
            return None
        if self.activity is not None:
            self.activity.take(block)
        for logins in block.logins:
            first, last = np.searchsorted(logins.time_s, (0.0, self._horizon_s))
            self.logins += int(last - first)
            self.days.observe(logins)
        minutes = np.arange(np.floor(max(block.begin_s, 0.0) / MINUTE_S), np.ceil(block.end_s / MINUTE_S) + 1)
        if minutes.size > 1:
            counts = np.diff(np.searchsorted(block.time_s, minutes * MINUTE_S))
            self.busiest_minute = max(self.busiest_minute, int(counts.max()))
        self._count_hours(block)
        self.dispersion.take(block)
        factor = self._drawn(block, _noise_of(self._online), "service", _no_numbers())
        late_factor = self._drawn(block, _noise_of(self._refreshing), "refresh service", _no_numbers())
        tokens = self._tokens(block, self._online, "tokens")
        late_tokens = self._tokens(block, self._refreshing, "refresh tokens")
        return WorkloadBlock(block.end_s, block.time_s, block.user, factor, late_factor, tokens, late_tokens)

    def _count_hours(self, block: RequestBlock) -> None:
        first = int(max(np.floor(block.begin_s / HOUR_S), 0.0))
        end = min(int(np.ceil(block.end_s / HOUR_S)), self.arrivals.size)
        if first < end:
            edges_s = np.minimum(np.arange(first, end + 1) * HOUR_S, self._horizon_s)
            self.arrivals[first:end] += np.diff(np.searchsorted(block.time_s, edges_s))

    def _tokens(self, block: RequestBlock, backend: OnlineBackend | None, name: str) -> IntArray:
        """Return each request's tokens: those of its row where it is one, else drawn; empty where none are counted."""
        if backend is None or not backend.counts_tokens:
            return _no_tokens()
        if block.row is None or not self._takes_rows(backend):
            return self._drawn(block, backend.draw_tokens, name, _no_tokens())
        return backend.tokens_of_rows(block.row)

    def _drawn(self, block: RequestBlock, draw: Draw[Drawn] | None, name: str, nothing: Drawn) -> Drawn:
        """Return a number for each request, drawn by interval, so that blocks of any length draw the same."""
        if draw is None:
            return nothing
        first = int(np.floor(block.begin_s / self._interval_s))
        edges = np.arange(first, np.ceil(block.end_s / self._interval_s) + 1) * self._interval_s
        edges[0], edges[-1] = -np.inf, np.inf
        sizes = np.diff(np.searchsorted(block.time_s, edges))
        return np.concatenate(
            [draw(stream(self._seed, self._replication, name, first + k), int(size)) for k, size in enumerate(sizes)]
        )


def _noise_of(backend: OnlineBackend | None) -> Draw[FloatArray] | None:
    """Return what draws the factors on a backend's service times, if they vary."""
    return backend.noise.draw if backend and backend.noise.cv_squared > 0 else None
