"""The schedule of a plan that computes ahead: when runs start, what they publish, what they miss."""

import math
from collections.abc import Generator
from dataclasses import dataclass, field

import simpy

from simulator.backends.batch_cluster import BatchCluster, WorkerSpan
from simulator.core.streams import stream
from simulator.plans.plan import Precompute
from simulator.scenario.schema import Scenario
from simulator.simulation.request_path import RequestPath
from simulator.simulation.rows import Layout
from simulator.simulation.timing import Schedule


@dataclass(frozen=True)
class BatchRun:
    """A run of the batch cluster. [s]"""

    due_s: float
    end_s: float
    worker_s: float
    """Worker-seconds that it took."""

    @property
    def makespan_s(self) -> float:
        """From its start to its last publication. [s]"""
        return self.end_s - self.due_s


@dataclass
class BatchLog:
    """What the runs did."""

    runs: list[BatchRun] = field(default_factory=list)
    missed_s: list[float] = field(default_factory=list)
    """When runs were due that did not start, as the one before was still going. [s]"""
    worker_spans: list[list[WorkerSpan]] = field(default_factory=list)
    """Run by run."""
    started_s: list[float] = field(default_factory=list)


def run_schedule(
    env: simpy.Environment,
    scenario: Scenario,
    replication: int,
    precompute: Precompute,
    cluster: BatchCluster,
    layout: Layout,
    path: RequestPath,
    log: BatchLog,
) -> Generator[simpy.Event, None, None]:
    """Start the runs when they are due, and publish what they compute."""
    schedule = Schedule.of(scenario, precompute)
    shard_users = [layout.shard_users(shard) for shard in range(layout.shards)]
    writes_per_s = scenario.store.write_capacity_per_s or math.inf
    run = schedule.last_before(env.now)
    while True:
        due_s = schedule.start_s(run)
        run += 1
        if due_s < env.now:
            if log.started_s:
                log.missed_s.append(due_s)
            continue
        yield env.timeout(due_s - env.now)
        log.started_s.append(due_s)
        written: list[int] = []

        def publish(shard: int, snapshot_s: float = due_s) -> None:
            path.advance(env.now)
            path.publish(shard, env.now, snapshot_s)

        rolling = precompute.publish == "rolling"
        spans: list[WorkerSpan] = []
        log.worker_spans.append(spans)
        rng = stream(scenario.seed, replication, "batch", run)
        yield env.process(
            cluster.run(env, shard_users, rng, writes_per_s, publish if rolling else written.append, spans)
        )
        for shard in written:
            publish(shard)
        log.runs.append(BatchRun(due_s, env.now, sum(span.end_s - span.begin_s for span in spans)))
