"""Requests with what a plan's backends add to them: factors on service times, and tokens."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol, TypeAlias

import numpy as np

from simulator.backends.base import OnlineBackend
from simulator.core.arrays import FloatArray, IntArray, UserArray
from simulator.scenario.schema import Scenario
from simulator.simulation.state.bundles import Block
from simulator.simulation.workload.request_stream import Draw, Numbers


class Numbered(Protocol):
    """Some requests that numbers are drawn for."""

    def numbers(self, draw: Draw) -> Numbers:
        """Return a number for each of them."""

    @property
    def row(self) -> IntArray | None:
        """Which row of a replay's file each is, from 0, where that is asked for and it is one."""


Drawn: TypeAlias = Callable[[Numbered], Numbers]


def _no_numbers() -> FloatArray:
    return np.empty(0)


def _no_tokens() -> IntArray:
    return np.empty(0, dtype=np.int64)


@dataclass(frozen=True)
class WorkloadBlock:
    """A stretch of requests in order of time."""

    end_s: float
    time_s: FloatArray
    """Those of a closed loop are written as they come."""
    user: UserArray
    """With the sign bit set in the last request of each login, where some plan refreshes after logins."""
    factor: FloatArray = field(default_factory=_no_numbers)
    """Each request's factor on its service time; empty where service times do not vary."""
    refresh_factor: FloatArray = field(default_factory=_no_numbers)
    """The same for the computation that follows a request where the plan refreshes."""
    tokens: IntArray = field(default_factory=_no_tokens)
    """Each request's tokens, of its prompt x 2^24 and of its answer; empty where nobody counts them."""
    refresh_tokens: IntArray = field(default_factory=_no_tokens)
    """The same for the computation that follows a request where the plan refreshes."""

    @cached_property
    def bundle(self) -> Block:
        """What kernels work on."""
        return Block(self.time_s, self.user, self.factor, self.refresh_factor, self.tokens, self.refresh_tokens)


class Asked:
    """What the requests of a plan ask of its backends."""

    def __init__(self, scenario: Scenario, plan_name: str) -> None:
        plan = scenario.plans[plan_name]
        online, refreshing = scenario.online_backend(plan), scenario.refreshing_backend(plan)
        self._factors, self._refresh_factors = _factors(online, "service"), _factors(refreshing, "refresh service")
        self._tokens = _tokens(online, "tokens", takes_rows=scenario.takes_rows(online))
        self._refresh_tokens = _tokens(refreshing, "refresh tokens", takes_rows=scenario.takes_rows(refreshing))

    def block(self, end_s: float, time_s: FloatArray, user: UserArray, requests: Numbered) -> WorkloadBlock:
        """Return requests with what they ask for."""
        drawn = (self._factors, self._refresh_factors, self._tokens, self._refresh_tokens)
        return WorkloadBlock(end_s, time_s, user, *(each(requests) for each in drawn))


def _factors(backend: OnlineBackend | None, name: str) -> Drawn:
    """Return what draws the factors on a backend's service times, if they vary."""
    if backend is None or backend.noise.cv_squared == 0:
        return lambda _: _no_numbers()
    draw = Draw(name, backend.noise.model_dump_json(), backend.noise.draw)
    return lambda requests: requests.numbers(draw)


def _tokens(backend: OnlineBackend | None, name: str, *, takes_rows: bool) -> Drawn:
    """Return what gives each request's tokens: those of its row where it is one, else drawn; none are counted else."""
    if backend is None or not backend.counts_tokens:
        return lambda _: _no_tokens()
    draw = Draw(name, backend.model_dump_json(), backend.draw_tokens)

    def tokens(requests: Numbered) -> IntArray:
        row = requests.row if takes_rows else None
        return requests.numbers(draw) if row is None else backend.tokens_of_rows(row)

    return tokens
