"""A plain model of one run of a batch cluster: a SimPy process per worker, interrupted by another when it is reclaimed.

It works a run out from its start on, on a clock of its own, and shares with the engine the random numbers: the factors
on shards, and how long the instances in each worker's place live.
"""

import math
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
import simpy

from simulator.backends.batch_cluster import BatchCluster

Steps = Generator[simpy.Event, object, None]


@dataclass
class Instance:
    """A machine, from its order to its end."""

    on_demand: bool
    ordered_s: float
    gone_s: float = math.inf


class ClusterModel:
    """One run."""

    def __init__(
        self,
        cluster: BatchCluster,
        start_s: float,
        sizes: list[int],
        rng: np.random.Generator,
        writes_per_s: float,
        until_s: float = math.inf,
    ) -> None:
        self.cluster, self.start_s, self.sizes, self.writes_per_s = cluster, start_s, sizes, writes_per_s
        self.written: list[tuple[float, int]] = []
        """When each shard's last row is written, in that order, and which shard it is."""
        self.instances: list[Instance] = []
        self.reclaims = self.lost = 0
        self.factors = cluster.service_time.noise.draw(rng, len(sizes))
        workers = min(cluster.workers, len(sizes))
        self.lives = rng.spawn(workers) if cluster.reclaim and cluster.on_demand_workers < cluster.workers else []
        self.env = simpy.Environment(start_s)
        self.writer = simpy.Resource(self.env)
        self.begun: set[int] = set()
        self.all_written = self.env.event()
        self.env.process(self._order(workers))
        if sizes:
            self.env.run(until=self.all_written | self.env.timeout(min(until_s, 1e12) - start_s))
        for instance in self.instances:
            instance.gone_s = min(instance.gone_s, self.through_s)

    @property
    def through_s(self) -> float:
        """When all is written; infinity where it is not."""
        if len(self.written) < len(self.sizes):
            return math.inf
        return self.written[-1][0] if self.sizes else self.start_s + self.cluster.feature_pipeline.duration_s

    def _order(self, workers: int) -> Steps:
        yield self.env.timeout(self.cluster.feature_pipeline.duration_s)
        for place in range(workers):
            self.env.process(self._keep_filled(place))

    def _keep_filled(self, place: int) -> Steps:
        """Replace the instance in a worker's place while there is work that nobody has begun."""
        ready_after_s, on_demand = self.cluster.startup_s, place < self.cluster.on_demand_workers
        while True:
            instance = Instance(on_demand, self.env.now)
            self.instances.append(instance)
            process = self.env.process(self._work(ready_after_s))
            if self.cluster.reclaim and not on_demand:
                life_s = self.cluster.reclaim.mean_s * self.lives[place].standard_exponential()
                yield process | self.env.timeout(life_s)
                if process.is_alive:
                    process.interrupt()
                    self.reclaims += 1
                    yield process
                    instance.gone_s = self.env.now
                    if len(self.begun) == len(self.sizes):
                        return
                    ready_after_s = self.cluster.reclaim.reprovision_s
                    continue
            else:
                yield process
            instance.gone_s = self.env.now
            return

    def _work(self, ready_after_s: float) -> Steps:
        shard, turn = None, None
        try:
            yield self.env.timeout(ready_after_s)
            while len(self.begun) < len(self.sizes):
                shard = min(set(range(len(self.sizes))) - self.begun)
                self.begun.add(shard)
                yield self.env.timeout(self.cluster.shard_s(self.sizes[shard]) * float(self.factors[shard]))
                turn = self.writer.request()
                yield turn
                yield self.env.timeout(self.sizes[shard] / self.writes_per_s)
                self.written.append((self.env.now, shard))
                self.writer.release(turn)
                shard, turn = None, None
                if len(self.written) == len(self.sizes):
                    self.all_written.succeed()
        except simpy.Interrupt:
            if turn is not None:
                turn.cancel()
                self.writer.release(turn)
            if shard is not None:
                self.begun.remove(shard)
                self.lost += 1
