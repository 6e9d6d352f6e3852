"""What a comparison says of clients who wait for their answers: they ask a slow plan less."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent.parent / "simulation"))
from closed_loops import FLEET, closed_loop

from simulator.prices.loading import load_book
from simulator.studies.comparison import Comparison
from simulator.studies.consequences import consequences
from simulator.studies.study import compare
from simulator.studies.turning_points import examined
from simulator.studies.warnings import warnings_of


def compared(slow: str) -> Comparison:
    backends = {"fast": FLEET, "slow": {**FLEET, "service_time": slow}}
    plans = {name: {"on_miss": "compute", "backend": name} for name in backends}
    return compare(
        closed_loop(4, "20 ms", horizon="10 min", replications=2, backends=backends, plans=plans),
        load_book("aws-us-east-1"),
    )


@pytest.fixture(scope="module")
def unequal() -> Comparison:
    return compared("180 ms")


def test_costs_of_plans_that_are_asked_unequally_often_are_told_to_be_of_unequal_work(unequal: Comparison) -> None:
    told = [each for each in warnings_of(unequal) if "unequal work" in each]
    assert len(told) == 1
    assert told[0].startswith("The clients ask fast 99.89")  # of 4 / (20 ms + 20 ms)
    assert "a second and slow 20 times" in told[0]  # 4 / (20 ms + 180 ms)


def test_nothing_is_told_of_plans_that_are_asked_alike() -> None:
    assert not [each for each in warnings_of(compared("20 ms")) if "unequal work" in each]


def test_fewer_replicas_are_no_saving_where_they_would_answer_fewer_requests() -> None:
    scenario = closed_loop(64, "0 s", horizon="2 min", replications=2)
    found = examined(compare(scenario, load_book("aws-us-east-1"))).turning_points
    assert found is not None
    assert found.floor is not None
    assert found.floor.replicas == 4
    assert found.floor.fewer == 0


def test_as_many_requests_as_are_told_at_most_come_at_most() -> None:
    scenario = closed_loop(16, "1 ms", {**FLEET, "service_time": "30 s"}, horizon="10 s", warmup="0 s", replications=1)
    told = {each.what: each.value for each in consequences(scenario)}["requests in the horizon, at most about"]
    asked = compare(scenario, load_book("aws-us-east-1")).plans["on demand"].outcomes[0].counted.tally["requests"]
    assert asked == 16 <= int(told)
