"""Many points of a key from a few estimates."""

import numpy as np
import pytest
from planner_world import PLANS, world

from simulator.prices.loading import load_book
from simulator.studies.planner.along import estimates_along
from simulator.studies.planner.estimating import estimates_of

COST = "cost_usd_per_month"


def test_points_between_are_as_near_as_is_told() -> None:
    scenario = world(plans={"cached": PLANS["cached"], "on demand": PLANS["on demand"]})
    book = load_book(scenario.prices)
    values = np.geomspace(600.0, 86_400.0, 1_000)

    def written(value: float) -> str:
        return f"{value} s"

    found = estimates_along(scenario, "plans.cached.cache.ttl", values, book, written=written, waits=False)
    assert found.estimated < 25
    assert found.off_fraction <= 0.01
    for place in (123, 456, 789):
        there = scenario.with_(plans__cached__cache__ttl=written(float(found.values[place])))
        truth = estimates_of(there, book).plans["cached"].metrics
        for metric in (COST, "cache_hit_ratio", "age_mean_s"):
            assert found.metrics["cached"][metric][place] == pytest.approx(truth[metric].value, rel=0.02)


def test_a_plan_that_the_key_has_nothing_to_do_with_is_the_same_everywhere() -> None:
    scenario = world(plans={"cached": PLANS["cached"], "on demand": PLANS["on demand"]})
    values = [600.0, 3_600.0, 7_200.0]
    found = estimates_along(
        scenario,
        "plans.cached.cache.ttl",
        values,
        load_book(scenario.prices),
        written=lambda value: f"{value} s",
        waits=False,
    )
    assert np.ptp(found.metrics["on demand"][COST]) == 0
    assert "latency_p99_s" not in found.metrics["cached"]
