"""How long a batch run takes to be published, in closed form, and whether computing or writing decides that."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import simpy

from simulator.backends.base import BatchBackend
from simulator.core.arrays import FloatArray
from simulator.core.streams import stream
from simulator.scenario.schema import Scenario
from simulator.simulation.calendar.due_runs import timetables
from simulator.simulation.calendar.expectation import expected_rows
from simulator.simulation.calendar.timing import deadline_s

LEAST_WRITES_PER_S, MOST_WRITES_PER_S = 1e-3, 1e12
BISECTIONS = 100


@dataclass(frozen=True)
class Publication:
    """A run of a plan that precomputes, as it is expected."""

    scenario: Scenario
    plan: str
    backend_name: str
    backend: BatchBackend
    publish: str
    """Whether rows are visible shard by shard (``rolling``) or all at the end (``atomic``)."""
    rows: float
    """That the run computes."""
    writes_per_s: float
    """The store's write capacity; infinity without a limit. [1/s]"""

    @classmethod
    def of(cls, scenario: Scenario, plan_name: str) -> "Publication | None":
        """Return a plan's run; None where it precomputes nothing."""
        plan = scenario.plans[plan_name]
        backend = scenario.batch_backend(plan)
        if plan.precompute is None or backend is None:
            return None
        users = scenario.population.users / len(timetables(scenario, plan_name))
        precompute = plan.precompute
        rows = expected_rows(scenario, precompute, users)
        writes_per_s = scenario.store_of(plan).writes_per_s
        return cls(scenario, plan_name, precompute.backend, backend, precompute.publish, rows, writes_per_s)

    def makespan_at_s(self, writes_per_s: float) -> float:
        """Return about how long the run would take with another write capacity. [s]"""
        return self.backend.expected_makespan_s(round(self.rows), writes_per_s)

    @cached_property
    def makespan_s(self) -> float:
        """From the run's start to its last publication. [s]"""
        return self.makespan_at_s(self.writes_per_s)

    @cached_property
    def unlimited_s(self) -> float:
        """The makespan if writing took no time. [s]"""
        return self.makespan_at_s(math.inf)

    @property
    def compute_s(self) -> float:
        """What computing alone takes after the feature pipeline, the start of the workers included. [s]"""
        return self.unlimited_s - self.backend.feature_pipeline.duration_s

    @property
    def write_s(self) -> float:
        """What writing alone takes. [s]"""
        return self.rows / self.writes_per_s

    @property
    def is_limited_by_writes(self) -> bool:
        """Whether writing alone takes longer than computing alone."""
        return self.write_s > self.compute_s

    @property
    def waiting_fraction(self) -> float:
        """Share of the makespan that would be saved if writing took no time."""
        return 1 - self.unlimited_s / self.makespan_s if self.makespan_s else 0.0

    @cached_property
    def available_s(self) -> float | None:
        """Time from the run's start to the deadline; None without one. [s]"""
        clock_s = self.scenario.slo.batch_deadline_s
        if clock_s is None:
            return None
        due = next(timetables(self.scenario, self.plan)[0].dues(0.0))
        return deadline_s(due.time_s, clock_s, due.midnight_s) - due.time_s

    @property
    def writes_needed_per_s(self) -> float | None:
        """The least write capacity that publishes by the deadline; None without one, infinity where none does. [1/s]"""
        if self.available_s is None:
            return None
        if self.unlimited_s > self.available_s:
            return math.inf
        low, high = math.log(LEAST_WRITES_PER_S), math.log(MOST_WRITES_PER_S)
        for _ in range(BISECTIONS):
            middle = (low + high) / 2
            late = self.makespan_at_s(math.exp(middle)) > self.available_s
            low, high = (middle, high) if late else (low, middle)
        return math.exp(high)

    def visible_rows(self, writes_per_s: float) -> tuple[FloatArray, FloatArray]:
        """Return when rows become visible in one run, from its start, and how many then are. [s]

        Parameters
        ----------
        writes_per_s
            The write capacity; infinity for no limit. [1/s]
        """
        env, written = simpy.Environment(), list[tuple[float, int]]()
        sizes = list(self._shards())
        rng = stream(self.scenario.seed, 0, "publication")
        env.run(
            env.process(
                self.backend.run(
                    env, sizes, rng, writes_per_s, lambda shard: written.append((env.now, sizes[shard])), []
                )
            )
        )
        times_s = np.array([0.0, *(time_s for time_s, _ in written)])
        rows = np.cumsum([0.0, *(size for _, size in written)])
        if self.publish == "atomic":
            rows[:-1] = 0.0
        return times_s, rows

    def _shards(self) -> Iterator[int]:
        total, units = round(self.rows), math.ceil(round(self.rows) / self.backend.shard)
        for unit in range(units):
            yield (unit + 1) * total // units - unit * total // units
