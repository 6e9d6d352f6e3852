"""Spot workers that are taken back: what is lost, what is done again, what is paid, and how long runs then take."""

import heapq
import json
import math
from collections import deque
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import simpy
from pydantic import ValidationError

from simulator.backends.answers.runs import WorkerSpan
from simulator.backends.answers.usage import BatchWork
from simulator.backends.batch_cluster import BatchCluster
from simulator.core.units import HOUR_S
from simulator.theory import batch

ORACLES = Path(__file__).resolve().parents[2].parent / "shared" / "oracles.json"
STANDARD_ERRORS = 4


def a_spot_cluster(**changes: Any) -> BatchCluster:
    """Return workers that take 2 seconds a user."""
    base: dict[str, Any] = {
        "instance": "b",
        "purchase": "spot",
        "workers": 2,
        "batch_size": 5,
        "shard": 10,
        "service_time": {"kind": "affine", "per_item": "2 s"},
        "reclaim": {"mean": "100 s", "reprovision": "8 s"},
    }
    return BatchCluster.model_validate(base | changes)


class GivenLives:
    """Random numbers that are none: how long the instances in each worker's place live, in mean lives."""

    def __init__(self, *lives: list[float]) -> None:
        self.lives = lives

    def spawn(self, workers: int) -> list[Any]:
        return [OneAfterTheOther(self.lives[worker]) for worker in range(workers)]


class OneAfterTheOther:
    def __init__(self, lives: list[float]) -> None:
        self.lives = deque([*lives, math.inf])

    def standard_exponential(self) -> float:
        return self.lives.popleft()


Written = list[tuple[float, int]]


def run(cluster: BatchCluster, shard_users: list[int], rng: Any, writes_per_s: float) -> tuple[Written, list[Any], Any]:
    """Return when each shard is written, the instances, and when the run ends; it starts at 100 s."""
    env, written, spans = simpy.Environment(100.0), [], list[WorkerSpan]()
    process = env.process(
        cluster.run(env, shard_users, rng, writes_per_s, lambda shard: written.append((env.now, shard)), spans)
    )
    env.run(until=process)
    return written, spans, env.now


def instances(spans: list[WorkerSpan]) -> list[tuple[float, float, bool, int]]:
    return [(span.begin_s, span.end_s, span.reclaimed, span.lost_shards) for span in spans]


def test_a_shard_that_is_half_written_is_done_again_and_the_next_in_the_queue_is_written() -> None:
    """Shards take 20 s and then 5 s of the store; the first worker is taken back 2 s into its writing.

    The second takes over its shard; the replacement comes at 130 s and finds nothing to do.
    """
    written, spans, end_s = run(a_spot_cluster(), [10, 10], GivenLives([0.22], []), 2.0)
    assert written == [(127, 1), (152, 0)]
    assert instances(spans) == [(100, 122, True, 1), (100, 152, False, 0), (122, 130, False, 0)]
    assert end_s == 152


def test_who_is_taken_back_while_waiting_for_the_store_leaves_the_queue() -> None:
    """The second of three is taken back as it waits; the third is written right after the first."""
    cluster = a_spot_cluster(workers=3)
    written, spans, _ = run(cluster, [10, 10, 10], GivenLives([], [0.23], []), 2.0)
    assert written == [(125, 0), (130, 2), (150, 1)]
    assert instances(spans)[1] == (100, 123, True, 1)
    assert len(spans) == 4, "one was free at 125 and began the lost shard; the replacement came to nothing"
    assert spans[3].begin_s == 123
    assert spans[3].end_s == 131


def test_a_lost_shard_comes_before_those_that_nobody_has_begun() -> None:
    written, _, _ = run(a_spot_cluster(workers=1), [10, 10, 10], GivenLives([0.3]), math.inf)
    assert written == [(120, 0), (158, 1), (178, 2)]


def test_instances_are_taken_back_while_they_start_too_and_lose_nothing() -> None:
    cluster = a_spot_cluster(workers=1, startup="30 s", feature_pipeline={"duration": "4 s"})
    written, spans, _ = run(cluster, [10], GivenLives([0.1, 0.05]), math.inf)
    assert written == [(104 + 10 + 5 + 8 + 20, 0)]
    assert instances(spans) == [(104, 114, True, 0), (114, 119, True, 0), (119, 147, False, 0)]


def test_a_run_ends_with_its_last_row_and_sends_back_who_is_on_the_way() -> None:
    """The second worker's shard is taken over by the first; its replacement would come 8 hours later."""
    cluster = a_spot_cluster(reclaim={"mean": "100 s", "reprovision": "8 h"})
    written, spans, end_s = run(cluster, [10, 10], GivenLives([], [0.15]), math.inf)
    assert written == [(120, 0), (140, 1)]
    assert end_s == 140
    assert instances(spans) == [(100, 140, False, 0), (100, 115, True, 1), (115, 140, False, 0)]


def test_no_replacement_is_ordered_when_everything_has_been_begun() -> None:
    """The second worker's first replacement is taken back on its way, when the first worker has the lost shard."""
    cluster = a_spot_cluster(reclaim={"mean": "100 s", "reprovision": "60 s"})
    _, spans, _ = run(cluster, [10, 10], GivenLives([], [0.15, 0.1]), math.inf)
    assert instances(spans) == [(100, 140, False, 0), (100, 115, True, 1), (115, 125, True, 0)]


def test_workers_on_demand_are_never_taken_back_and_are_on_a_meter_of_their_own() -> None:
    cluster = a_spot_cluster(workers=3, on_demand_workers=2)
    _, spans, _ = run(cluster, [10] * 9, GivenLives([0.05], [0.05], [0.05]), math.inf)
    assert [(span.meter, span.reclaimed) for span in spans[:3]] == [
        ("instance/b/on_demand", False),
        ("instance/b/on_demand", False),
        ("instance/b/spot", True),
    ]
    work = BatchWork(1, 90, {"instance/b/spot": 2 * HOUR_S, "instance/b/on_demand": 5 * HOUR_S})
    assert [(used.what, used.meter, used.quantity, used.unit) for used in cluster.worked(work)] == [
        ("compute", "instance/b/spot", 2.0, "h"),
        ("on-demand compute", "instance/b/on_demand", 5.0, "h"),
    ]


def test_how_long_instances_live_depends_on_the_worker_alone() -> None:
    """With more on demand the others live as long as before."""
    ends = []
    for on_demand in (0, 1, 2):
        cluster = a_spot_cluster(workers=3, on_demand_workers=on_demand)
        _, spans, _ = run(cluster, [10] * 60, np.random.default_rng(3), math.inf)
        ends.append(spans[2].end_s)
    assert len(set(ends)) == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"purchase": "on_demand"}, r"'reclaim' is what happens to spot instances, .*; write purchase: spot, or leave"),
        ({"purchase": "on_demand", "reclaim": None, "on_demand_workers": 1}, r"'on_demand_workers' \(1\) are part of"),
        ({"on_demand_workers": 3}, r"'on_demand_workers' \(3\) are more than all 'workers' \(2\)"),
        ({"shard": 1000}, r"a shard takes 33\.3 min, more than 5 times the mean time to a reclaim \(1\.67 min\)"),
    ],
)
def test_what_cannot_be_is_refused_with_what_would_be_right(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        a_spot_cluster(**changes)


def test_spot_without_reclaims_is_never_taken_back() -> None:
    cluster = a_spot_cluster(reclaim=None)
    assert not cluster.is_reclaimed
    assert not cluster.varies
    assert cluster.expected_reclaims(10_000, math.inf) == 0
    assert not a_spot_cluster(on_demand_workers=2).is_reclaimed


def makespans_h(cluster: BatchCluster, shard_users: list[int], writes_per_s: float, runs: int) -> np.ndarray:
    found = np.empty(runs)
    for number in range(runs):
        written, _, end_s = run(cluster, shard_users, np.random.default_rng([number, 78]), writes_per_s)
        assert sorted(shard for _, shard in written) == list(range(len(shard_users))), "none is lost or written twice"
        found[number] = (end_s - 100) / HOUR_S
    return found


def errors_of_moments(sample: np.ndarray, mean: float, sd: float) -> tuple[float, float]:
    """Return how many standard errors a sample's mean and standard deviation are off."""
    fourth = float(((sample - sample.mean()) ** 4).mean())
    sd_error = math.sqrt((fourth - sd**4) / sample.size) / (2 * sd)
    return (float(sample.mean()) - mean) / (sd / math.sqrt(sample.size)), (float(sample.std(ddof=1)) - sd) / sd_error


@pytest.fixture(scope="module")
def one_worker_h() -> np.ndarray:
    """Twelve shards of half an hour, written in a minute each, by one worker reclaimed every 2 h; 5 min for another."""
    each = {"batch_size": 1, "shard": 30, "service_time": {"kind": "affine", "per_item": "60 s"}}
    cluster = a_spot_cluster(workers=1, reclaim={"mean": "2 h", "reprovision": "5 min"}, **each)
    assert cluster.expected_makespan_s(360, 0.5) == pytest.approx(7.375485657264285 * HOUR_S, rel=1e-12)
    return makespans_h(cluster, [30] * 12, 0.5, 6000)


def test_one_worker_takes_the_time_of_the_closed_form(one_worker_h: np.ndarray) -> None:
    times = (6.0, 0.5, 1 / 60, 5 / 60, 2.0)
    mean, sd = float(batch.checkpointed_time_s(*times)), float(batch.checkpointed_sd_s(*times))
    assert max(map(abs, errors_of_moments(one_worker_h, mean, sd))) < STANDARD_ERRORS


@pytest.mark.parametrize("time_h", [7.5, 8.0, 9.0])
def test_one_worker_is_late_as_often_as_the_reference_says(one_worker_h: np.ndarray, time_h: float) -> None:
    if not ORACLES.exists():
        pytest.skip(f"no reference values at {ORACLES}")
    wanted = json.loads(ORACLES.read_text(encoding="utf-8"))["ref2"][f"d.spot P(T>{time_h})"]
    error = math.sqrt(wanted * (1 - wanted) / one_worker_h.size)
    assert abs(float((one_worker_h > time_h).mean()) - wanted) < STANDARD_ERRORS * error


@pytest.mark.parametrize(("tasks", "workers", "time"), [(100, 10, 14.0), (40, 40, 5.0), (30, 1, 33.0)])
def test_many_workers_without_reclaims_take_the_time_of_exponential_tasks(
    tasks: int, workers: int, time: float
) -> None:
    exponential = {"kind": "affine", "per_item": "6 min", "noise": "exponential"}
    cluster = a_spot_cluster(workers=workers, reclaim=None, service_time=exponential)
    sample = makespans_h(cluster, [10] * tasks, math.inf, 1500)
    mean, sd = (float(form(tasks, 1.0, workers)) for form in (batch.mean_makespan_s, batch.makespan_sd_s))
    assert max(map(abs, errors_of_moments(sample, mean, sd))) < STANDARD_ERRORS
    wanted = batch.makespan_exceedance(time, tasks, 1.0, workers)
    error = math.sqrt(wanted * (1 - wanted) / sample.size)
    assert abs(float((sample > time).mean()) - wanted) < STANDARD_ERRORS * error


def drawn_h(rng: np.random.Generator, shards: int, workers: int, on_demand: int) -> float:
    """Return how long a run takes: of 1 h a shard, reclaims after 4 h, 15 min for another; a list of who is free when.

    Reclaims while nothing is lost need not be looked at but for the time: the time to the next has no memory.
    """
    free = [(0.0, worker, 4 * rng.exponential() if worker >= on_demand else math.inf) for worker in range(workers)]
    heapq.heapify(free)
    doing, todo, through = list[tuple[float, int, float, int]](), list(range(shards)), 0.0
    while free or doing:
        if doing and (not free or doing[0][0] <= free[0][0]):
            at, worker, end, shard = heapq.heappop(doing)
            if at < end:
                through = max(through, at)
                heapq.heappush(free, (at, worker, end))
                continue
            heapq.heappush(todo, shard)
            end, ready = at + 4 * rng.exponential(), at + 0.25
            while end < ready:
                end, ready = end + 4 * rng.exponential(), end + 0.25
            heapq.heappush(free, (ready, worker, end))
        else:
            at, worker, end = heapq.heappop(free)
            if todo:
                heapq.heappush(doing, (min(at + 1, end), worker, end, heapq.heappop(todo)))
    return through


@pytest.mark.parametrize(("shards", "workers", "on_demand"), [(20, 4, 0), (21, 5, 2), (6, 6, 0), (15, 2, 1)])
def test_several_workers_take_as_long_as_a_list_of_who_is_free_when(shards: int, workers: int, on_demand: int) -> None:
    hour = {"kind": "affine", "per_item": "6 min"}
    reclaim = {"mean": "4 h", "reprovision": "15 min"}
    cluster = a_spot_cluster(workers=workers, on_demand_workers=on_demand, service_time=hour, reclaim=reclaim)
    sample = makespans_h(cluster, [10] * shards, math.inf, 2500)
    other = np.fromiter(
        (drawn_h(np.random.default_rng([5, k]), shards, workers, on_demand) for k in range(10_000)), float
    )
    error = math.hypot(sample.std() / math.sqrt(sample.size), other.std() / math.sqrt(other.size))
    assert abs(sample.mean() - other.mean()) < STANDARD_ERRORS * error
    for time_h in np.quantile(other, [0.5, 0.9, 0.98]) + 1e-6:
        late, wanted = float((sample > time_h).mean()), float((other > time_h).mean())
        error = math.sqrt(wanted * (1 - wanted) * (1 / sample.size + 1 / other.size))
        assert abs(late - wanted) < STANDARD_ERRORS * error + 1e-12


@pytest.mark.parametrize("on_demand", [0, 3])
@pytest.mark.parametrize("mean", ["20 min", "3 h"])
@pytest.mark.parametrize("writes_per_s", [math.inf, 0.12, 0.03])
def test_the_expected_makespan_and_reclaims_are_about_those_of_runs(
    mean: str, on_demand: int, writes_per_s: float
) -> None:
    """A shard takes 5 min; with the slowest store it waits for its turn for longer than that."""
    cluster = a_spot_cluster(
        workers=10,
        on_demand_workers=on_demand,
        service_time={"kind": "affine", "per_item": "30 s"},
        reclaim={"mean": mean, "reprovision": "2 min"},
        startup="3 min",
    )
    ends, reclaims = [], []
    for number in range(25):
        _, spans, end_s = run(cluster, [10] * 200, np.random.default_rng(number), writes_per_s)
        ends.append(end_s - 100)
        reclaims.append(sum(span.reclaimed for span in spans))
    assert cluster.expected_makespan_s(2000, writes_per_s) == pytest.approx(np.mean(ends), rel=0.15)
    assert cluster.expected_reclaims(2000, writes_per_s) == pytest.approx(np.mean(reclaims), rel=0.25)


def test_a_run_of_no_shards_takes_its_pipeline() -> None:
    cluster = a_spot_cluster(feature_pipeline={"duration": "9 s"})
    assert run(cluster, [], np.random.default_rng(1), math.inf) == ([], [], 109)


def test_everything_repeats_with_the_same_random_numbers() -> None:
    noisy = {"kind": "affine", "per_item": "2 s", "noise": "exponential"}
    cluster = a_spot_cluster(service_time=noisy)
    first, again = (run(cluster, [10] * 30, np.random.default_rng(4), 3.0) for _ in repeat(None, 2))
    assert first == again
