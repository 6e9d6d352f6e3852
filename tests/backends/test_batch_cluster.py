import math
from typing import Any

import numpy as np
import pytest
import simpy
from pydantic import ValidationError

from simulator.backends.answers.runs import WorkerSpan
from simulator.backends.batch_cluster import BatchCluster

Written = list[tuple[float, int]]


def a_cluster(**changes: Any) -> BatchCluster:
    """Return workers that take 2 seconds a user."""
    base: dict[str, Any] = {
        "instance": "b",
        "workers": 2,
        "batch_size": 5,
        "shard": 10,
        "service_time": {"kind": "affine", "fixed": "5 s", "per_item": "1 s"},
    }
    return BatchCluster.model_validate(base | changes)


def run(cluster: BatchCluster, shard_users: list[int], writes_per_s: float = math.inf) -> tuple[Written, list[Any]]:
    """Return when each shard is written, and from when to when each worker is there."""
    env, written, spans = simpy.Environment(100.0), [], list[WorkerSpan]()
    env.process(
        cluster.run(
            env,
            shard_users,
            np.random.default_rng(1),
            writes_per_s,
            lambda shard: written.append((env.now, shard)),
            spans,
        )
    )
    env.run()
    return written, [(span.begin_s, span.end_s) for span in spans]


def test_a_shard_takes_its_batches() -> None:
    assert a_cluster().shard_s(10) == 20.0
    assert a_cluster(batch_size=1).shard_s(10) == 60.0


def test_workers_take_the_next_shard_when_they_are_free() -> None:
    written, spans = run(a_cluster(), [10, 10, 5, 10])
    assert written == [(120, 0), (120, 1), (130, 2), (140, 3)]
    assert spans == [(100, 130), (100, 140)]


def test_the_pipeline_comes_first_and_then_the_workers_start() -> None:
    cluster = a_cluster(startup="7 s", feature_pipeline={"duration": "30 s"})
    written, spans = run(cluster, [10, 10])
    assert written == [(157, 0), (157, 1)]
    assert spans == [(130, 157), (130, 157)]


def test_all_share_the_write_capacity_in_order_and_wait_for_it() -> None:
    """Ten rows at 2/s take 5 s; the second worker waits for the first, and both begin their next shards later."""
    written, spans = run(a_cluster(), [10, 10, 10], writes_per_s=2)
    assert written == [(125, 0), (130, 1), (150, 2)]
    assert spans == [(100, 150), (100, 130)]


def test_slow_writes_hold_the_computation_back() -> None:
    written, _ = run(a_cluster(workers=1), [10, 10], writes_per_s=0.5)
    assert written == [(140, 0), (180, 1)]


def test_no_more_workers_are_ordered_than_there_are_shards() -> None:
    _, spans = run(a_cluster(workers=50), [10, 10, 10])
    assert len(spans) == 3


def test_noise_stretches_each_shard_by_its_own_factor() -> None:
    cluster = a_cluster(workers=3, service_time={"kind": "affine", "per_item": "2 s", "noise": "exponential"})
    factors = np.random.default_rng(1).standard_exponential(3)
    written, _ = run(cluster, [10, 10, 10])
    assert sorted(written, key=lambda entry: entry[1]) == [
        (pytest.approx(100 + 20 * factor), shard) for shard, factor in enumerate(factors)
    ]


@pytest.mark.parametrize("writes_per_s", [math.inf, 40.0, 0.3])
@pytest.mark.parametrize("workers", [1, 3, 40])
def test_the_expected_makespan_is_that_of_a_run_without_noise_or_at_most_a_shard_more(
    workers: int, writes_per_s: float
) -> None:
    cluster = a_cluster(workers=workers, startup="9 s", feature_pipeline={"duration": "4 s"})
    written, _ = run(cluster, [10] * 30, writes_per_s)
    makespan_s, shard_s = written[-1][0] - 100, 20 + 10 / writes_per_s
    assert makespan_s * 0.95 <= cluster.expected_makespan_s(300, writes_per_s) <= makespan_s + shard_s


def test_a_batch_above_the_largest_measured_is_refused() -> None:
    table = {"kind": "table", "points": [{"batch": 1, "time": "1 s"}, {"batch": 4, "time": "2 s"}]}
    with pytest.raises(ValidationError, match=r"'batch_size' \(5\) is above the largest measured \(4\)"):
        a_cluster(service_time=table)
