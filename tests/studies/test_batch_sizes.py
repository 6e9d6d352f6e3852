"""What `validate` and `run` say of batches that another size would compute faster."""

from typing import Any

import pytest
from small_runs import small

from simulator.backends.service_time.table import Table
from simulator.prices.book import PriceBook
from simulator.prices.loading import load_book
from simulator.scenario.schema import Scenario
from simulator.studies.consequences import consequences
from simulator.studies.foreseen import foreseen
from simulator.studies.study import compare
from simulator.studies.warnings import warnings_of

FALLING = {1: 0.011, 16: 0.06, 64: 64 / 412, 256: 256 / 350}
"""Seconds by batch: 412 a second at most, with 64."""
RISING = {1: 0.011, 16: 0.06, 64: 64 / 412, 256: 256 / 500}


def table(seconds: dict[int, float]) -> dict[str, Any]:
    return {"kind": "table", "points": [{"batch": size, "time": f"{time_s} s"} for size, time_s in seconds.items()]}


def world(times: dict[str, Any], batch: int) -> Scenario:
    fleet = {
        "kind": "fleet",
        "instance": "g4dn.xlarge",
        "service_time": times,
        "batching": {"max": batch, "hold": "20 ms"},
        "capacity": {"kind": "fixed", "replicas": 2},
    }
    night = {
        "kind": "batch_cluster",
        "instance": "g4dn.xlarge",
        "service_time": times,
        "batch_size": batch,
        "workers": 2,
        "shard": 1000,
    }
    plans = {
        "online": {"on_miss": "compute", "backend": "live"},
        "ahead": {"precompute": {"backend": "night"}, "on_miss": "default"},
    }
    return small(backends={"live": fleet, "night": night}, plans=plans, slo={})


def told(scenario: Scenario, plan: str) -> list[tuple[str, str]]:
    found = [(fact.what, fact.value) for fact in consequences(scenario) if fact.subject == plan]
    return [(what, value) for what, value in found if "throughput" in what or "batches of" in value]


@pytest.fixture(scope="module")
def book() -> PriceBook:
    return load_book(["aws-us-east-1"])


@pytest.mark.parametrize(("plan", "backend", "where"), [("online", "live", "slot"), ("ahead", "night", "worker")])
def test_a_batch_that_smaller_ones_outrun_is_told_with_the_best(plan: str, backend: str, where: str) -> None:
    what = f"largest throughput of a {where} of '{backend}'"
    rates = "412/s at batches of 64; at the batch of 256 stated 350/s"
    scenario = world(table(FALLING), 256)
    assert told(scenario, plan) == [(what, rates)]
    (warned,) = [sentence for sentence in foreseen(scenario) if sentence.startswith(f"{plan}: batches of 256")]
    assert f"on '{backend}' are slower than smaller ones" in warned
    assert rates in warned


def test_what_is_stated_is_told_where_it_is_best_and_the_best_where_larger_ones_are_measured() -> None:
    assert told(world(table(RISING), 256), "online") == [
        ("largest throughput of a slot of 'live'", "500/s at batches of 256, as stated")
    ]
    assert told(world(table(RISING), 16), "ahead") == [
        ("largest throughput of a worker of 'night'", "500/s at batches of 256; at the batch of 16 stated 267/s")
    ]
    assert told(world(table(FALLING), 64), "ahead")[0][1] == "412/s at batches of 64, as stated"


def test_times_that_grow_with_each_prediction_are_best_at_the_batch_stated() -> None:
    times = {"kind": "affine", "fixed": "10 ms", "per_item": "1 ms"}
    assert told(world(times, 90), "online") == [
        ("largest throughput of a slot of 'live'", "900/s at batches of 90, as stated")
    ]


def test_the_best_batch_of_a_table_is_found_between_its_ends() -> None:
    times = Table.model_validate(table(FALLING))
    rates = {size: size / times.mean_s(size) for size in range(1, 257)}
    for most in (1, 5, 16, 40, 64, 65, 100, 256):
        best = times.best_batch(most)
        assert best is not None
        assert rates[best] == max(rate for size, rate in rates.items() if size <= most)


def test_a_run_warns_of_it_too(book: PriceBook) -> None:
    comparison = compare(world(table(FALLING), 256), book, workers=1)
    said = [sentence for sentence in warnings_of(comparison) if "are slower than smaller ones" in sentence]
    assert [sentence.split(": ")[0] for sentence in said] == ["online", "ahead"]
