"""The schedule of a plan that computes ahead: when runs start, what they publish, what they miss."""

import math
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import simpy

from simulator.backends.answers.runs import StoreWriter, WorkerSpan
from simulator.core.arrays import BitSet
from simulator.core.streams import stream
from simulator.scenario.schema import Scenario
from simulator.simulation.ahead.membership import Membership
from simulator.simulation.calendar.due_runs import timetables
from simulator.simulation.calendar.timetable import Due, Timetable
from simulator.simulation.flow.request_path import RequestPath
from simulator.simulation.state import bit_sets
from simulator.simulation.state.rows import Layout

A_MOMENT_S = 1e-6
"""What happens at the same time has happened after so long."""


@dataclass(frozen=True)
class BatchRun:
    """A run of the batch cluster. [s]"""

    due_s: float
    start_s: float
    """When it started, which is later where it is made up for. [s]"""
    end_s: float
    worker_s: Mapping[str, float]
    """Worker-seconds that it took, by the meter of the machines."""
    midnight_s: float
    """A midnight of the clock that it goes by. [s]"""
    shards: int
    lost_shards: int
    """Shards that were begun and lost to a reclaim, each time they were."""
    reclaims: int
    """Workers that were reclaimed."""

    @property
    def makespan_s(self) -> float:
        """From its start to its last publication. [s]"""
        return self.end_s - self.start_s


@dataclass
class BatchLog:
    """What the runs did."""

    runs: list[BatchRun] = field(default_factory=list)
    missed_s: list[float] = field(default_factory=list)
    """When runs of the schedule were due that did not start, as the one before was still going. [s]"""
    joined_s: list[float] = field(default_factory=list)
    """When runs were due that another, which was due later and started as soon, was in place of. [s]"""
    worker_spans: list[list[WorkerSpan]] = field(default_factory=list)
    """Run by run."""
    started_s: list[float] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    """How many each of the runs that started computes."""


class Precomputing:
    """The runs of one plan: for each timetable a process that starts them and publishes what they compute."""

    def __init__(
        self,
        env: simpy.Environment,
        scenario: Scenario,
        plan_name: str,
        replication: int,
        layout: Layout,
        path: RequestPath,
        membership: Membership | None,
    ) -> None:
        precompute, cluster = scenario.plans[plan_name].precompute, scenario.batch_backend(scenario.plans[plan_name])
        assert precompute is not None
        assert cluster is not None
        self._env, self._scenario, self._replication, self._layout, self._path = (
            env,
            scenario,
            replication,
            layout,
            path,
        )
        self._precompute, self._cluster, self._membership = precompute, cluster, membership
        self._writes_per_s = scenario.store_of(scenario.plans[plan_name]).writes_per_s
        self._timetables, self._writer = timetables(scenario, plan_name), StoreWriter()
        self.log = BatchLog()

    def start(self) -> None:
        """Have the runs start when they are due."""
        run_all = self._run_all_at_once if self._cluster.overlaps else self._run_all
        for number, timetable in enumerate(self._timetables):
            self._env.process(run_all(number, timetable))

    def _run_all_at_once(self, number: int, timetable: Timetable) -> Generator[simpy.Event, None, None]:
        """Start each run when it is due, whatever is still going; of two that write a row, the later write stays."""
        env, since_s = self._env, timetable.last_before(self._env.now)
        for due in timetable.dues(env.now):
            yield env.timeout(max(due.time_s - env.now, 0.0))
            if self._nobody_sees(due):
                return
            env.process(self._run(due, due.time_s, self._work(number, due, since_s)))
            since_s = due.time_s

    def _nobody_sees(self, due: Due) -> bool:
        """Whether a run's rows come after the horizon; whom they would be for is not known."""
        return self._membership is not None and due.time_s >= self._scenario.horizon_s

    def _run_all(self, number: int, timetable: Timetable) -> Generator[simpy.Event, None, None]:
        """Start the runs of a timetable.

        A run of the schedule that is due while another is going is missed. One that follows a retraining is made up for
        as soon as the other is through, for the users whom it would have computed for when it was due.
        """
        env, since_s, turns = self._env, timetable.last_before(self._env.now), _Turns()
        for due in timetable.dues(env.now):
            if turns.going is not None:
                yield turns.going | env.timeout(max(due.time_s - env.now, 0.0))
            if turns.going is not None and not due.triggered:
                yield turns.going | env.timeout(A_MOMENT_S)  # the one that is going may end right now
                if due.time_s < env.now:
                    (self.log.joined_s if due.time_s == turns.made_up_s else self.log.missed_s).append(due.time_s)
                    continue
            yield env.timeout(max(due.time_s - env.now, 0.0))
            if self._nobody_sees(due):
                return
            if turns.next is not None:
                self.log.joined_s.append(turns.next.due.time_s)
                since_s = turns.next.since_s
            turns.next = _Turn(due, since_s, self._work(number, due, since_s))
            since_s = due.time_s
            if turns.going is None:
                turns.going = env.process(self._run_in_turn(turns))

    def _run_in_turn(self, turns: "_Turns") -> Generator[simpy.Event, None, None]:
        """Run what is next, and then what has become next meanwhile."""
        made_up = False
        while turns.next is not None:
            turn, turns.next = turns.next, None
            start_s = turn.due.time_s
            if made_up:
                start_s = turns.made_up_s = self._env.now
            yield from self._run(turn.due, start_s, turn.work)
            made_up = True
        turns.going = None

    def _work(self, number: int, due: Due, previous_s: float) -> "_Work":
        if self._membership is None:
            return _Shards(self._path, self._layout)
        self._path.advance(due.time_s)
        if self._membership.activity is not None:
            self._membership.activity.see_until(due.time_s)
        return _Members(self._path, self._membership.members(number, due, previous_s), self._cluster.shard)

    def _run(self, due: Due, start_s: float, work: "_Work") -> Generator[simpy.Event, None, None]:
        env, log, written = self._env, self.log, list[int]()

        def publish(shard: int) -> None:
            self._path.advance(env.now)
            work.publish(shard, env.now, start_s)

        rolling = self._precompute.publish == "rolling"
        spans: list[WorkerSpan] = []
        log.started_s.append(start_s)
        log.worker_spans.append(spans)
        log.rows.append(sum(work.sizes))
        rng = stream(self._scenario.seed, self._replication, f"batch{due.kind}", *due.key)
        yield env.process(
            self._cluster.run(
                env, work.sizes, rng, self._writes_per_s, publish if rolling else written.append, spans, self._writer
            )
        )
        for shard in written:
            publish(shard)
        log.runs.append(_run_of(due, start_s, env.now, len(work.sizes), spans))


def _run_of(due: Due, start_s: float, end_s: float, shards: int, spans: Sequence[WorkerSpan]) -> BatchRun:
    worker_s: dict[str, float] = {}
    for span in spans:
        worker_s[span.meter] = worker_s.get(span.meter, 0.0) + span.end_s - span.begin_s
    lost_shards, reclaims = sum(span.lost_shards for span in spans), sum(span.reclaimed for span in spans)
    return BatchRun(due.time_s, start_s, end_s, worker_s, due.midnight_s, shards, lost_shards, reclaims)


@dataclass(frozen=True)
class _Turn:
    """A run that is to start."""

    due: Due
    since_s: float
    """When the run before it was due. [s]"""
    work: "_Work"


@dataclass
class _Turns:
    """The runs of a timetable, one after the other."""

    going: simpy.Event | None = None
    next: _Turn | None = None
    """The one that starts now, or when the one that is going is through."""
    made_up_s: float = -math.inf
    """When the last run started, if it had been due while another was going. [s]"""


class _Work(Protocol):
    """What a run computes, in units of work."""

    @property
    def sizes(self) -> Sequence[int]:
        """Users of each unit."""

    def publish(self, unit: int, now_s: float, snapshot_s: float) -> None:
        """Make the rows of a unit visible. [s]"""


class _Shards:
    """All users, in shards that are slices of the table."""

    def __init__(self, path: RequestPath, layout: Layout) -> None:
        self._path = path
        self.sizes = [layout.shard_users(shard) for shard in range(layout.shards)]

    def publish(self, unit: int, now_s: float, snapshot_s: float) -> None:
        self._path.publish(unit, now_s, snapshot_s)


class _Members:
    """Some users, in units of about the size of a shard, in the order of the table."""

    def __init__(self, path: RequestPath, members: BitSet, unit_users: int) -> None:
        self._path, self._members = path, members
        self._edges = bit_sets.parts(members, unit_users)
        units, total = self._edges.size - 1, bit_sets.count(members)
        self.sizes = [(unit + 1) * total // units - unit * total // units for unit in range(units)]

    def publish(self, unit: int, now_s: float, snapshot_s: float) -> None:
        first, end = int(self._edges[unit]), int(self._edges[unit + 1])
        self._path.publish_members(first, end, self._members, now_s, snapshot_s)
