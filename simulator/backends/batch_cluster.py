"""A batch cluster: workers that start, compute shards of users, write them, and go."""

import heapq
import itertools
import math
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from typing import Annotated, Literal, Self

import numpy as np
import simpy
from pydantic import Field, model_validator
from typing_extensions import override

from simulator.backends.answers.batches import Batches
from simulator.backends.answers.runs import ExpectedRun, Purchase, StoreWriter, WorkerSpan
from simulator.backends.answers.usage import BatchWork, Metered
from simulator.backends.base import BatchBackend, FeaturePipeline, Machines
from simulator.backends.interruptions.reclaim import Reclaim
from simulator.core.arrays import FloatArray
from simulator.core.units import HOUR_S, Count, Seconds, about_duration

MOST_WORKERS = 100_000
MOST_LIVES_PER_SHARD = 5.0
"""A shard may take so many mean times to a reclaim at most: even then it is begun e^5 = 148 times on average."""

RUNS_DRAWN = 20
"""Runs whose mean says how one goes."""
SHARDS_DRAWN = 5_000
"""Shards of all these together, at about a microsecond each."""

Steps = Generator[simpy.Event, object, None]
Try = Generator[simpy.Event, object, bool]


class BatchCluster(Machines, BatchBackend):
    """Workers that compute shards of users; they begin when the feature pipeline is through."""

    kind: Literal["batch_cluster"] = "batch_cluster"
    workers: Annotated[Count, Field(le=MOST_WORKERS, examples=[12])]
    """How many work at the same time."""
    on_demand_workers: Annotated[int, Field(ge=0, le=MOST_WORKERS, examples=[2])] = 0
    """How many of the workers of a spot cluster are bought on demand and never reclaimed; these are the last to be left
    out where there are fewer shards than workers."""
    reclaim: Reclaim | None = None
    """How spot workers are taken back; without it they never are. An instance can be reclaimed, and is paid, from its
    order on, while it starts too. Its shard, whether being computed, waiting to be written or half written, goes back
    to its place in the queue and is done again from its beginning, in the same time. Another instance is ordered at
    once if there are shards left to begin; it works after the re-provision time, in place of the start-up time, or
    goes if by then there is nothing left to begin or all is written."""
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
        if self.purchase != "spot" and self.reclaim is not None:
            raise ValueError(
                f"'reclaim' is what happens to spot instances, and these are bought {self.purchase}; "
                "write purchase: spot, or leave out 'reclaim'"
            )
        if self.purchase != "spot" and self.on_demand_workers:
            raise ValueError(
                f"'on_demand_workers' ({self.on_demand_workers}) are part of a spot cluster, and here all are bought "
                "on demand; write purchase: spot, or leave it out"
            )
        if self.on_demand_workers > self.workers:
            raise ValueError(
                f"'on_demand_workers' ({self.on_demand_workers}) are more than all 'workers' ({self.workers}), "
                "of which they are a part"
            )
        return self

    @model_validator(mode="after")
    def _check_lives(self) -> Self:
        takes_s = self.shard_s(self.shard)
        if self.reclaim is not None and takes_s > MOST_LIVES_PER_SHARD * self.reclaim.mean_s:
            raise ValueError(
                f"a shard takes {about_duration(takes_s)}, more than {MOST_LIVES_PER_SHARD:g} times the mean time to "
                f"a reclaim ({about_duration(self.reclaim.mean_s)}), and would be begun again and again; "
                "make 'shard' smaller"
            )
        return self

    @property
    @override
    def hours_are_alike(self) -> bool:
        return True

    @override
    def batches(self) -> Batches | None:
        if self.batch_size == 1 and not self.service_time.bends:
            return None
        return Batches(self.batch_size, "worker", self.service_time)

    @property
    @override
    def workforce(self) -> tuple[int, int]:
        return self.workers, self.on_demand_workers if self.purchase == "spot" else self.workers

    @override
    def purchases(self) -> Mapping[Purchase, BatchBackend]:
        """Return all on demand and all spot too, where reclaims are stated and where that is not the same."""
        found: dict[Purchase, BatchBackend] = {Purchase.CONFIGURED: self}
        if self.is_reclaimed:
            safe = {"purchase": "on_demand", "reclaim": None, "on_demand_workers": 0}
            found[Purchase.ON_DEMAND] = self.model_copy(update=safe)
        if self.reclaim is not None and self.on_demand_workers:
            found[Purchase.SPOT] = self.model_copy(update={"on_demand_workers": 0})
        return found

    @property
    @override
    def is_reclaimed(self) -> bool:
        return self.reclaim is not None and self.on_demand_workers < self.workers

    @property
    @override
    def varies(self) -> bool:
        return self.is_reclaimed or self.service_time.noise.cv_squared > 0

    @property
    def on_demand_meter(self) -> str:
        """The meter of the workers that are bought on demand."""
        return f"instance/{self.instance}/on_demand"

    @override
    def metered_as(self, meter: str) -> str:
        on_demand = self.on_demand_workers and meter.endswith("/on_demand")
        return self.on_demand_meter if on_demand else self.meter

    def shard_s(self, users: int) -> float:
        """Return the mean time to compute a shard of so many users, if no reclaim comes in between. [s]"""
        return self.service_time.mean_s(self.batch_size) * users / self.batch_size

    @override
    def expected_makespan_s(self, users: int, writes_per_s: float) -> float:
        """Return about how long a run over ``users`` takes, from its start to its last publication. [s]

        Reclaims stretch it as they stretch the time of a worker that is never idle, and the wait for the one that
        finishes last is left out: with few shards a worker it is too short.
        """
        shard_users = min(self.shard, users)
        shards = math.ceil(users / self.shard)
        compute_s, write_s = self.shard_s(shard_users), shard_users / writes_per_s
        by_workers_s = math.ceil(shards / self.workers) * self._stretched_s(compute_s + write_s, shards)
        by_store_s = compute_s + shards * self._stretched_s(write_s, shards)
        return self.feature_pipeline.duration_s + self.startup_s + max(by_workers_s, by_store_s)

    @override
    def expected_run(self, users: int, writes_per_s: float) -> ExpectedRun:
        """Return it as the mean over a few drawn runs, whose shards wait for a worker and then for the store's writer.

        Reclaims stretch the time of a shard, as `expected_makespan_s` has it.
        """
        begin_s = self.feature_pipeline.duration_s
        if users == 0:
            return ExpectedRun(begin_s, begin_s, np.zeros(0), {})
        shards = math.ceil(users / self.shard)
        stretch = self._stretched_s(1.0, shards) if self.is_reclaimed else 1.0
        sizes = np.full(shards, users / shards)
        rng, draws = np.random.default_rng(0), min(RUNS_DRAWN, max(1, SHARDS_DRAWN // shards)) if self.varies else 1
        workers = min(self.workers, shards)
        written_s, on_demand_s, other_s = np.zeros((draws, shards)), 0.0, 0.0
        for number in range(draws):
            factors = self.service_time.noise.draw(rng, shards)
            compute_s = self.shard_s(1) * sizes * factors * stretch
            written_s[number], ends_s = _worked_off(compute_s, sizes / writes_per_s * stretch, workers, self.startup_s)
            on_demand_s += float(ends_s[: self.on_demand_workers].sum()) / draws
            other_s += float(ends_s[self.on_demand_workers :].sum()) / draws
        worker_s = {self.meter: other_s}
        if self.on_demand_workers:
            worker_s[self.on_demand_meter] = worker_s.get(self.on_demand_meter, 0.0) + on_demand_s
        last_s = begin_s + written_s.max(axis=1)
        return ExpectedRun(
            makespan_s=float(last_s.mean()),
            makespan_p95_s=float(np.quantile(last_s, 0.95)),
            written_s=begin_s + np.sort(written_s, axis=1).mean(axis=0),
            worker_s=worker_s,
            leaves_out=self._left_out(),
        )

    def _left_out(self) -> tuple[str, ...]:
        if self.is_reclaimed:
            return ("reclaims stretch each shard by their mean effect",)
        return (f"runs vary: the mean over {RUNS_DRAWN} drawn ones",) if self.varies else ()

    @override
    def expected_reclaims(self, users: int, writes_per_s: float) -> float:
        if self.reclaim is None:
            return 0.0
        spot = max(min(self.workers, math.ceil(users / self.shard)) - self.on_demand_workers, 0)
        there_s = self.expected_makespan_s(users, writes_per_s) - self.feature_pipeline.duration_s
        return spot * there_s / self.reclaim.mean_s

    def _stretched_s(self, takes_s: float, shards: int) -> float:
        """Return the mean time of what has to be done in one piece, over the workers that so many shards have. [s]

        Of a spot worker it is Daly's M e^(R/M) (e^(t/M) - 1), cut off where a shard would take too many lives; workers
        bought on demand do as much more meanwhile.
        """
        if not self.is_reclaimed or self.reclaim is None or takes_s == 0:
            return takes_s
        workers, lives = min(self.workers, shards), min(takes_s / self.reclaim.mean_s, MOST_LIVES_PER_SHARD)
        on_demand = min(self.on_demand_workers, workers)
        stretch = math.exp(self.reclaim.reprovision_s / self.reclaim.mean_s) * math.expm1(lives) / lives
        return takes_s * workers / (on_demand + (workers - on_demand) / stretch)

    @override
    def run(
        self,
        env: simpy.Environment,
        shard_users: Sequence[int],
        rng: np.random.Generator,
        writes_per_s: float,
        written: Callable[[int], None],
        spans: list[WorkerSpan],
        writer: StoreWriter | None = None,
    ) -> Steps:
        del writer  # no run overlaps another
        yield env.timeout(self.feature_pipeline.duration_s)
        if shard_users:
            yield from _Run(self, env, shard_users, rng, writes_per_s, written, spans).to_its_end()

    @override
    def worked(self, work: BatchWork) -> Iterator[Metered]:
        yield Metered("compute", self.meter, work.worker_s.get(self.meter, 0.0) / HOUR_S, "h")
        if self.on_demand_workers:
            hours = work.worker_s.get(self.on_demand_meter, 0.0) / HOUR_S
            yield Metered("on-demand compute", self.on_demand_meter, hours, "h")


def _worked_off(
    compute_s: FloatArray, write_s: FloatArray, workers: int, startup_s: float
) -> tuple[FloatArray, FloatArray]:
    """Return when each shard is written and when each worker goes, from when the workers are ordered. [s]

    A worker takes the next shard once its last one is written, and the store writes for one worker at a time.
    """
    written_s, ends_s = np.zeros(compute_s.size), np.full(workers, startup_s)
    computed, writer_free_s, todo = list[tuple[float, int, int]](), 0.0, 0
    for worker in range(workers):
        heapq.heappush(computed, (startup_s + float(compute_s[todo]), todo, worker))
        todo += 1
    while computed:
        ready_s, shard, worker = heapq.heappop(computed)
        writer_free_s = max(writer_free_s, ready_s) + float(write_s[shard])
        written_s[shard] = ends_s[worker] = writer_free_s
        if todo < compute_s.size:
            heapq.heappush(computed, (writer_free_s + float(compute_s[todo]), todo, worker))
            todo += 1
    return written_s, ends_s


class _Run:
    """A run: shards that are still to be begun, the store's one writer, and what workers do."""

    def __init__(
        self,
        cluster: BatchCluster,
        env: simpy.Environment,
        shard_users: Sequence[int],
        rng: np.random.Generator,
        writes_per_s: float,
        written: Callable[[int], None],
        spans: list[WorkerSpan],
    ) -> None:
        self._cluster, self._env, self._users, self._writes_per_s = cluster, env, shard_users, writes_per_s
        self._written, self._spans = written, spans
        mean_s = {users: cluster.shard_s(users) for users in set(shard_users)}
        factors = cluster.service_time.noise.draw(rng, len(shard_users)).tolist()
        self._compute_s = [mean_s[users] * factor for users, factor in zip(shard_users, factors, strict=True)]
        self._todo, self._unwritten = list(range(len(shard_users))), len(shard_users)
        self._writer, self._all_written = _Writer(env), env.event()
        # Each worker has its own stream, so that how long its instances live depends on nothing that happens.
        self._streams = rng.spawn(min(cluster.workers, len(shard_users))) if cluster.is_reclaimed else []

    def to_its_end(self) -> Steps:
        """Have the workers work until everything is written; whatever is then on its way is sent back."""
        for worker in range(min(self._cluster.workers, len(self._users))):
            self._env.process(self._work(worker))
        yield self._all_written
        for span in self._spans:
            span.end_s = min(span.end_s, self._env.now)

    def _work(self, worker: int) -> Steps:
        """Have one instance after the other work in a worker's place, as long as there are shards to begin."""
        cluster, env, ready_after_s = self._cluster, self._env, self._cluster.startup_s
        meter = cluster.on_demand_meter if worker < cluster.on_demand_workers else cluster.meter
        for life_s in self._lives_s(worker):
            span = WorkerSpan(meter, env.now)
            self._spans.append(span)
            yield from self._instance(span, ready_after_s, env.now + life_s)
            if not self._unwritten:
                return
            span.end_s = env.now
            if not span.reclaimed or not self._todo:
                return
            assert cluster.reclaim is not None
            ready_after_s = cluster.reclaim.reprovision_s

    def _lives_s(self, worker: int) -> Iterator[float]:
        reclaim = self._cluster.reclaim
        if reclaim is None or worker < self._cluster.on_demand_workers:
            return itertools.repeat(math.inf)
        rng = self._streams[worker]
        return (reclaim.mean_s * float(rng.standard_exponential()) for _ in itertools.count())

    def _instance(self, span: WorkerSpan, ready_after_s: float, reclaim_s: float) -> Steps:
        if not (yield from self._spend(ready_after_s, reclaim_s)):
            span.reclaimed = self._unwritten > 0
            return
        while self._todo:
            shard = heapq.heappop(self._todo)
            if not (yield from self._finish(shard, reclaim_s)):
                heapq.heappush(self._todo, shard)
                span.reclaimed, span.lost_shards = True, 1
                return

    def _finish(self, shard: int, reclaim_s: float) -> Try:
        """Compute and write a shard; return whether that was done before the reclaim."""
        if not (yield from self._spend(self._compute_s[shard], reclaim_s)):
            return False
        turn = self._writer.ask(reclaim_s)
        if turn is not None and not (yield turn):
            return False
        in_time = yield from self._spend(self._users[shard] / self._writes_per_s, reclaim_s)
        if in_time:
            self._note(shard)
        self._writer.pass_on()
        return in_time

    def _note(self, shard: int) -> None:
        """Take down that a shard is written."""
        self._written(shard)
        self._unwritten -= 1
        if not self._unwritten:
            self._all_written.succeed()

    def _spend(self, time_s: float, reclaim_s: float) -> Try:
        """Let time pass until something is done, or until the reclaim; return whether it is done."""
        left_s = max(reclaim_s - self._env.now, 0.0)
        yield self._env.timeout(min(time_s, left_s))
        return time_s <= left_s


class _Writer:
    """The store, which writes for one worker at a time: simpy.Resource does the same with three times the events."""

    def __init__(self, env: simpy.Environment) -> None:
        self._env, self._busy = env, False
        self._turns = deque[simpy.Event]()

    def ask(self, until_s: float) -> simpy.Event | None:
        """Queue up until some time, and return the event that says whether it is one's turn; None if it is at once."""
        if not self._busy:
            self._busy = True
            return None
        turn = self._env.event()
        self._turns.append(turn)
        if math.isfinite(until_s):
            given_up = self._env.timeout(max(until_s - self._env.now, 0.0), turn)
            given_up.callbacks.append(self._give_up)
        return turn

    def pass_on(self) -> None:
        """Have it write for the next in the queue."""
        if self._turns:
            self._turns.popleft().succeed(value=True)
        else:
            self._busy = False

    def _give_up(self, given_up: simpy.Event) -> None:
        turn = given_up.value
        assert isinstance(turn, simpy.Event)
        if not turn.triggered:
            self._turns.remove(turn)
            turn.succeed(value=False)
