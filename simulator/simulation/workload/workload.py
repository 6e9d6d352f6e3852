"""The requests that a plan is given, with what its backends add to them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

import numpy as np

from simulator.backends.base import OnlineBackend
from simulator.core.arrays import FloatArray, IntArray, UserArray
from simulator.scenario.schema import Scenario
from simulator.simulation.state.bundles import Block
from simulator.simulation.workload.activity import Activity
from simulator.simulation.workload.request_stream import Draw, Stretch

Drawn = TypeVar("Drawn", FloatArray, IntArray)


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


class Workload:
    """Hands out the requests block by block: the same ones to every plan, with the same factors on service times.

    Parameters
    ----------
    scenario, plan_name
        Whose.
    first
        Where the plan's requests begin.
    activity
        Who is to see the logins too.
    """

    def __init__(
        self, scenario: Scenario, plan_name: str, first: Stretch | None, activity: Activity | None = None
    ) -> None:
        plan = scenario.plans[plan_name]
        online, refreshing = scenario.online_backend(plan), scenario.refreshing_backend(plan)
        self._factors, self._refresh_factors = _factors(online, "service"), _factors(refreshing, "refresh service")
        self._tokens = _tokens(online, "tokens", takes_rows=scenario.takes_rows(online))
        self._refresh_tokens = _tokens(refreshing, "refresh tokens", takes_rows=scenario.takes_rows(refreshing))
        self._stretches = _from(first)
        self._activity = activity

    def next(self) -> WorkloadBlock | None:
        """Return the next block; none after the last."""
        at = next(self._stretches, None)
        if at is None:
            return None
        if self._activity is not None:
            self._activity.take(at.block)
        return WorkloadBlock(
            at.block.end_s,
            at.block.time_s,
            at.block.user,
            self._factors(at),
            self._refresh_factors(at),
            self._tokens(at),
            self._refresh_tokens(at),
        )


def _from(at: Stretch | None) -> Iterator[Stretch]:
    """Yield a stretch and all that follow, without holding those that are past."""
    while at is not None:
        yield at
        at = at.next


Numbers = Callable[[Stretch], Drawn]


def _factors(backend: OnlineBackend | None, name: str) -> Numbers[FloatArray]:
    """Return what draws the factors on a backend's service times, if they vary."""
    if backend is None or backend.noise.cv_squared == 0:
        return lambda _: _no_numbers()
    draw = Draw(name, backend.noise.model_dump_json(), backend.noise.draw)
    return lambda at: at.numbers(draw)


def _tokens(backend: OnlineBackend | None, name: str, *, takes_rows: bool) -> Numbers[IntArray]:
    """Return what gives each request's tokens: those of its row where it is one, else drawn; none are counted else."""
    if backend is None or not backend.counts_tokens:
        return lambda _: _no_tokens()
    draw = Draw(name, backend.model_dump_json(), backend.draw_tokens)

    def tokens(at: Stretch) -> IntArray:
        row = at.block.row if takes_rows else None
        return at.numbers(draw) if row is None else backend.tokens_of_rows(row)

    return tokens
