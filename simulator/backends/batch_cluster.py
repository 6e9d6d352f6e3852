"""A batch cluster: workers that start, compute shards of users, write them, and go."""

import math
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Annotated, Literal, Self

import numpy as np
import simpy
from pydantic import Field, model_validator
from typing_extensions import override

from simulator.backends.base import BatchBackend, BatchWork, FeaturePipeline, Machines, Metered, WorkerSpan
from simulator.core.units import HOUR_S, Count, Seconds

MOST_WORKERS = 100_000


class BatchCluster(Machines, BatchBackend):
    """Workers that compute shards of users; they begin when the feature pipeline is through."""

    kind: Literal["batch_cluster"] = "batch_cluster"
    workers: Annotated[Count, Field(le=MOST_WORKERS, examples=[12])]
    """How many work at the same time."""
    batch_size: Annotated[Count, Field(examples=[256])]
    """Predictions that a worker computes together."""
    shard: Annotated[Count, Field(examples=["100_000"])]
    """Users per shard: the unit of work, and of publication."""
    startup_s: Seconds = 0.0
    """Time from the order of a worker to its first shard."""
    feature_pipeline: FeaturePipeline = FeaturePipeline()
    """What prepares the features before a run."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.batch_size > self.service_time.largest_batch:
            largest = f"the largest measured ({self.service_time.largest_batch:g})"
            raise ValueError(f"'batch_size' ({self.batch_size}) is above {largest}")
        return self

    def shard_s(self, users: int) -> float:
        """Return the mean time to compute a shard of so many users. [s]"""
        return self.service_time.mean_s(self.batch_size) * users / self.batch_size

    @override
    def expected_makespan_s(self, users: int, writes_per_s: float) -> float:
        """Return about how long a run over ``users`` takes, from its start to its last publication. [s]"""
        shard_users = min(self.shard, users)
        shards = math.ceil(users / self.shard)
        compute_s, write_s = self.shard_s(shard_users), shard_users / writes_per_s
        by_workers_s = math.ceil(shards / self.workers) * (compute_s + write_s)
        by_store_s = compute_s + shards * write_s
        return self.feature_pipeline.duration_s + self.startup_s + max(by_workers_s, by_store_s)

    @override
    def run(
        self,
        env: simpy.Environment,
        shard_users: Sequence[int],
        rng: np.random.Generator,
        writes_per_s: float,
        written: Callable[[int], None],
        spans: list[WorkerSpan],
    ) -> Generator[simpy.Event, None, None]:
        yield env.timeout(self.feature_pipeline.duration_s)
        factors = self.service_time.noise.draw(rng, len(shard_users))
        todo = iter(range(len(shard_users)))
        store = simpy.Resource(env)

        def work() -> Generator[simpy.Event, None, None]:
            span = WorkerSpan(self.meter, env.now)
            spans.append(span)
            yield env.timeout(self.startup_s)
            for shard in todo:
                yield env.timeout(self.shard_s(shard_users[shard]) * float(factors[shard]))
                with store.request() as turn:
                    yield turn
                    yield env.timeout(shard_users[shard] / writes_per_s)
                    written(shard)
            span.end_s = env.now

        yield env.all_of([env.process(work()) for _ in range(min(self.workers, len(shard_users)))])

    @override
    def worked(self, work: BatchWork) -> Iterator[Metered]:
        yield Metered("compute", self.meter, work.worker_s.get(self.meter, 0.0) / HOUR_S, "h")
