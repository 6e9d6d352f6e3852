from pathlib import Path
from typing import Any

import numpy as np
import pytest
from closed_loop_model import ClosedLoopModel

from simulator.core.histogram import BINS, bin_of
from simulator.core.input_files.reading import Tree
from simulator.core.input_files.validation import validate
from simulator.scenario.schema import Scenario
from simulator.simulation.simulate import simulate

EXPONENTIAL = {"kind": "exponential"}


def _scenario(clients: int, think: Any, **fleet: Any) -> Scenario:
    service = {"kind": "affine", "fixed": "20 ms", "per_item": "2 ms", "noise": fleet.pop("noise", EXPONENTIAL)}
    capacity = {"kind": "fixed", "replicas": fleet.pop("replicas", 3)}
    live = {"kind": "fleet", "service_time": service, "capacity": capacity, "instance": "m7g.large", **fleet}
    stated = {
        "horizon": "200 s",
        "warmup": "20 s",
        "population": {"users": 1000, "logins_per_day": "1/day", "shape": 1},
        "traffic": {"closed_loop": {"clients": clients, "think_time": think}},
        "backends": {"live": live},
        "plans": {"on demand": {"on_miss": "compute", "backend": "live"}},
    }
    return validate(Scenario, Tree(stated), "closed loop", Path())


CASES = {
    "more slots than clients": _scenario(5, {"kind": "exponential", "mean": "30 ms"}, slots=4),
    "a queue": _scenario(40, {"kind": "exponential", "mean": "50 ms"}),
    "no thinking at all": _scenario(16, "0 s"),
    "lognormal service": _scenario(12, "10 ms", noise={"kind": "lognormal", "cv": 2}),
    "who gives up": _scenario(40, {"kind": "exponential", "mean": "20 ms"}, timeout="100 ms"),
    "batches": _scenario(40, {"kind": "exponential", "mean": "10 ms"}, batching=8, replicas=2),
    "batches that are held": _scenario(
        12, {"kind": "exponential", "mean": "40 ms"}, batching={"max": 8, "hold": "15 ms"}, replicas=2
    ),
    "batches of impatient clients": _scenario(
        40, {"kind": "exponential", "mean": "10 ms"}, batching=4, replicas=1, timeout="60 ms"
    ),
    "more pauses than are drawn at once": _scenario(20_000, {"kind": "exponential", "mean": "100 s"}, replicas=9),
}


@pytest.mark.parametrize("name", CASES)
def test_clients_who_wait_see_what_a_process_for_each_of_them_sees(name: str) -> None:
    scenario = CASES[name]
    seen, counted = ClosedLoopModel(scenario, "on demand", 0).run(), simulate(scenario, "on demand").counted
    told = {key: int(counted.tally[key]) for key in ("requests", "computed", "timed_out")}
    assert told == {key: seen.counts[key] for key in told}
    assert counted.latency.total == pytest.approx(sum(seen.latency_s), rel=1e-9)
    bins = np.bincount([bin_of(each) for each in seen.latency_s], minlength=BINS)
    assert np.abs(bins - counted.latency.counts).sum() <= 2 * len(seen.latency_s) * 1e-3  # rounding at a bin's edge
