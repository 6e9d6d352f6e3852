"""How long batch runs take, from many of them, and how often they are late: run alone, without requests.

The ways to buy workers are compared on the same random numbers: the same factors on the shards' times, and the same
lives of the instances in each worker's place.
"""

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import simpy

from simulator.backends.answers.runs import Purchase, WorkerSpan
from simulator.backends.base import BatchBackend
from simulator.core.arrays import FloatArray
from simulator.core.errors import UserError
from simulator.core.streams import stream
from simulator.scenario.schema import Scenario
from simulator.simulation.calendar.due_runs import timetables
from simulator.simulation.calendar.expectation import expected_rows
from simulator.simulation.calendar.timing import deadline_s

RUNS = 2000
LEAST_RUNS = 20
"""So many runs there are at least, however much work each is."""
GIVEN_UP = 100.0
"""A run that takes so many times the expected makespan is given up, and its makespan is infinite."""


@dataclass(frozen=True)
class Completion:
    """A sample of a plan's batch runs, with the workers bought in one way."""

    purchase: Purchase
    workers: int
    on_demand_workers: int
    makespans_s: FloatArray
    """From each run's start to its last publication. [s]"""
    allowed_s: FloatArray
    """From each run's start to its deadline; infinity where the scenario has none. [s]"""
    reclaims_mean: float
    """Workers reclaimed in a run."""

    @property
    def runs(self) -> int:
        """How many runs there are."""
        return int(self.makespans_s.size)

    @property
    def late_fraction(self) -> float:
        """The share of the runs that are published after the deadline."""
        return float((self.makespans_s > self.allowed_s).mean())

    @property
    def late_error_fraction(self) -> float:
        """The standard error of `late_fraction`.

        It is 0 where no run or every run is late; of runs that vary, fewer than 3 in as many as there are may then
        still be otherwise (95 %).
        """
        return math.sqrt(self.late_fraction * (1 - self.late_fraction) / self.runs)

    @property
    def bought(self) -> str:
        """How the workers are bought, in words."""
        if self.on_demand_workers == self.workers:
            return "on demand"
        if self.on_demand_workers:
            return f"{self.on_demand_workers:,} of {self.workers:,} on demand, the rest spot"
        return "spot"


def completion_times(
    scenario: Scenario, plan: str, runs: int = RUNS, most_shards: float = math.inf
) -> Mapping[Purchase, Completion]:
    """Run a plan's batch runs many times, without requests.

    A run is over as many users as its scope has on average. The runs that are due within the horizon, of all time
    zones, take turns, each with its own deadline. Where nothing in a run is random, each of them is run once.

    Parameters
    ----------
    scenario, plan
        What to run: the name of a plan of the scenario.
    runs
        How many runs, for each way to buy the workers.
    most_shards
        About how many shards may be run for each way; there are fewer runs then, though at least LEAST_RUNS.

    Returns
    -------
    Mapping
        As configured first; all on demand and all spot where reclaims are stated and where that is not the same.

    Raises
    ------
    UserError
        If the plan computes nothing ahead.
    """
    backend = scenario.batch_backend(scenario.plans[plan])
    if backend is None:
        raise UserError(f"plan '{plan}' computes nothing ahead; it has no batch runs")
    dues = _dues(scenario, plan)
    shards = sum(len(due.shard_users) for due in dues) / len(dues)
    count = int(min(runs, max(LEAST_RUNS, most_shards / max(shards, 1.0))))
    found = {}
    for purchase, cluster in backend.purchases().items():
        found[purchase] = _completion(scenario, purchase, cluster, list(itertools.islice(itertools.cycle(dues), count)))
    return found


@dataclass(frozen=True)
class _DueRun:
    """What a run that is due has to do."""

    shard_users: tuple[int, ...]
    writes_per_s: float
    allowed_s: float


def _dues(scenario: Scenario, plan: str) -> list[_DueRun]:
    """Return the runs that are due within the horizon, at least one of each timetable, in order of time."""
    precompute, clock_s = scenario.plans[plan].precompute, scenario.slo.batch_deadline_s
    backend = scenario.batch_backend(scenario.plans[plan])
    assert precompute is not None
    assert backend is not None
    writes_per_s = scenario.store_of(scenario.plans[plan]).writes_per_s
    found = list[tuple[float, _DueRun]]()
    for timetable in timetables(scenario, plan):
        rows = round(expected_rows(scenario, precompute, timetable.size))
        shards = math.ceil(rows / backend.shard)
        users = tuple((shard + 1) * rows // shards - shard * rows // shards for shard in range(shards))
        for due in timetable.between(0.0, scenario.horizon_s) or [next(timetable.dues(0.0))]:
            allowed_s = math.inf
            if clock_s is not None:
                allowed_s = deadline_s(due.time_s, clock_s, due.midnight_s) - due.time_s
            found.append((due.time_s, _DueRun(users, writes_per_s, allowed_s)))
    return [run for _, run in sorted(found, key=lambda pair: pair[0])]


def _completion(scenario: Scenario, purchase: Purchase, backend: BatchBackend, dues: list[_DueRun]) -> Completion:
    makespans_s, reclaims = np.empty(len(dues)), 0
    known: dict[tuple[int, ...], float] = {}
    for number, due in enumerate(dues):
        if backend.varies or due.shard_users not in known:
            known[due.shard_users], reclaimed = _one_run(scenario, backend, due, number)
            reclaims += reclaimed
        makespans_s[number] = known[due.shard_users]
    allowed_s = np.array([due.allowed_s for due in dues])
    return Completion(purchase, *backend.workforce, makespans_s, allowed_s, reclaims / len(dues))


def _one_run(scenario: Scenario, backend: BatchBackend, due: _DueRun, number: int) -> tuple[float, int]:
    """Return how long a run takes and how many workers are reclaimed in it. [s]"""
    env, spans = simpy.Environment(), list[WorkerSpan]()
    rng = stream(scenario.seed, 0, "completion", number)
    run = env.process(backend.run(env, due.shard_users, rng, due.writes_per_s, _nobody_reads, spans))
    longest_s = GIVEN_UP * backend.expected_makespan_s(max(sum(due.shard_users), 1), due.writes_per_s)
    env.run(until=run | env.timeout(longest_s))
    return (math.inf if run.is_alive else env.now), sum(span.reclaimed for span in spans)


def _nobody_reads(shard: int) -> None:
    """Publish a shard to nobody."""
