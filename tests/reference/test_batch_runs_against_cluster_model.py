"""Runs of the batch cluster against a plain SimPy process per worker: the same random numbers, and the same times."""

import math

import numpy as np
import pytest
import simpy
from cluster_model import ClusterModel
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.backends.answers.runs import WorkerSpan
from simulator.backends.batch_cluster import BatchCluster


@st.composite
def clusters(draw: st.DrawFn) -> BatchCluster:
    workers, mean_min = draw(st.integers(1, 7)), draw(st.sampled_from([4, 15, 90]))
    noise = draw(st.sampled_from(["none", {"kind": "lognormal", "cv": 0.5}]))
    return BatchCluster.model_validate(
        {
            "instance": "b",
            "purchase": "spot",
            "workers": workers,
            "on_demand_workers": draw(st.sampled_from([0, 0, workers // 2, workers])),
            "reclaim": {"mean": f"{mean_min} min", "reprovision": f"{draw(st.sampled_from([0, 20, 500]))} s"},
            "batch_size": 8,
            "shard": 90,
            "startup": f"{draw(st.sampled_from([0, 100]))} s",
            "feature_pipeline": {"duration": "3 min"},
            "service_time": {"kind": "affine", "per_item": "2.1 s", "noise": noise},
        }
    )


@settings(max_examples=150)
@given(clusters(), st.lists(st.integers(1, 90), max_size=25), st.sampled_from([0.4, 1.2, math.inf]), st.integers(0, 99))
def test_a_run_is_that_of_processes_that_are_interrupted(
    cluster: BatchCluster, sizes: list[int], writes_per_s: float, seed: int
) -> None:
    env, written, spans = simpy.Environment(1200.0), list[tuple[float, int]](), list[WorkerSpan]()
    rng = np.random.default_rng(seed)
    run = env.process(cluster.run(env, sizes, rng, writes_per_s, lambda shard: written.append((env.now, shard)), spans))
    env.run(until=run)
    model = ClusterModel(cluster, 1200.0, sizes, np.random.default_rng(seed), writes_per_s)
    assert [shard for _, shard in written] == [shard for _, shard in model.written]
    assert [at_s for at_s, _ in written] == pytest.approx([at_s for at_s, _ in model.written])
    assert env.now == pytest.approx(model.through_s)
    there = sorted((span.begin_s, span.end_s, "on_demand" in span.meter) for span in spans)
    wanted = sorted((one.ordered_s, one.gone_s, one.on_demand) for one in model.instances)
    assert np.array(there).ravel() == pytest.approx(np.array(wanted).ravel())
    assert sum(span.reclaimed for span in spans) == model.reclaims
    assert sum(span.lost_shards for span in spans) == model.lost
