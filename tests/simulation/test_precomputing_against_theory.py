from typing import Any

import numpy as np
import pytest
from replicated import agree, agree_each, replicate

from simulator.scenario.schema import Scenario
from simulator.simulation.outcome import Outcome
from simulator.simulation.simulate import simulate
from simulator.theory.batch import constant_makespan_s, mean_makespan_s
from simulator.theory.freshness import (
    change_rate_per_s,
    diurnal_freshness,
    diurnal_mean_prediction_age_s,
    mean_prediction_age_s,
    periodic_freshness,
    rolling_freshness,
)
from simulator.theory.logins import unread_fraction

HOUR_S = 3600.0
DAY_S = 24 * HOUR_S
REPLICATIONS = 16
SHARDS = 100
MAKESPAN_S = 5 * HOUR_S
HALF_LIFE_S = 9 * HOUR_S
CHANGE_PER_S = float(change_rate_per_s(HALF_LIFE_S))


def a_scenario(publish: str, *, cluster: dict[str, Any] | None = None, **changes: Any) -> Scenario:
    """Return nightly rows for 5,000 users, computed by one worker in 100 equal shards, visible after 5 hours."""
    per_item_s = MAKESPAN_S / 5000
    base: dict[str, Any] = {
        "horizon": "4 d",
        "population": {"users": 5000, "logins_per_day": "3/day", "shape": "inf"},
        "model": {"half_life": f"{HALF_LIFE_S} s"},
        "store": {"read_latency": "0 s"},
        "backends": {
            "night": {
                "kind": "batch_cluster",
                "instance": "b",
                "workers": 1,
                "batch_size": 1,
                "shard": 50,
                "service_time": {"kind": "affine", "per_item": f"{per_item_s} s"},
                **(cluster or {}),
            }
        },
        "plans": {
            "nightly": {
                "precompute": {"every": "24 h", "at": "01:00", "publish": publish, "backend": "night"},
                "on_miss": "default",
            }
        },
    }
    return Scenario.model_validate(base | changes)


def fresh(outcome: Outcome) -> float:
    return outcome.counted.age.mean_of(lambda age_s: np.exp(-CHANGE_PER_S * age_s))


def test_atomic_rows_are_as_old_as_delay_and_half_a_period() -> None:
    outcomes = replicate(a_scenario("atomic"), "nightly", REPLICATIONS)
    agree_each(outcomes, lambda o: o.counted.age.mean, float(mean_prediction_age_s(DAY_S, MAKESPAN_S)), noise=0.005)
    agree_each(outcomes, fresh, float(periodic_freshness(CHANGE_PER_S, DAY_S, MAKESPAN_S)), noise=0.005)


def test_rolling_rows_are_as_old_as_half_the_makespan_and_half_a_period() -> None:
    """A shard is published when it is done: on average half a shard's time after half the makespan."""
    outcomes = replicate(a_scenario("rolling"), "nightly", REPLICATIONS)
    shard_s = MAKESPAN_S / SHARDS
    delay_s = (MAKESPAN_S + shard_s) / 2
    agree_each(outcomes, lambda o: o.counted.age.mean, float(mean_prediction_age_s(DAY_S, delay_s)), noise=0.005)
    continuous = float(rolling_freshness(CHANGE_PER_S, DAY_S, MAKESPAN_S))
    in_shards = continuous * CHANGE_PER_S * shard_s / np.expm1(CHANGE_PER_S * shard_s)
    agree_each(outcomes, fresh, float(in_shards), noise=0.005)


@pytest.mark.parametrize("peak_h", [6, 13, 22])
def test_rows_read_by_a_daily_cosine_have_the_age_of_the_closed_form(peak_h: int) -> None:
    traffic = {"profile": {"kind": "cosine", "peak": f"{peak_h:02d}:00", "amplitude": "90 %"}}
    outcomes = replicate(a_scenario("atomic", traffic=traffic), "nightly", REPLICATIONS)
    published_h = 1 + MAKESPAN_S / HOUR_S
    after_s = (peak_h - published_h) % 24 * HOUR_S
    expected_s = float(diurnal_mean_prediction_age_s(DAY_S, MAKESPAN_S, 0.9, after_s))
    agree_each(outcomes, lambda o: o.counted.age.mean, expected_s, noise=0.005)
    agree_each(outcomes, fresh, float(diurnal_freshness(CHANGE_PER_S, DAY_S, MAKESPAN_S, 0.9, after_s)), noise=0.005)


@pytest.mark.parametrize("shape", [float("inf"), 1.0, 0.2])
def test_the_share_of_rows_that_nobody_reads_is_that_of_gamma_users(shape: float) -> None:
    population = {"users": 20_000, "logins_per_day": "0.8/day", "shape": shape}
    cluster = {"service_time": {"kind": "affine", "per_item": "0.1 s"}, "shard": 20_000}
    scenario = a_scenario("atomic", population=population, cluster=cluster)
    outcomes = replicate(scenario, "nightly", REPLICATIONS)
    expected = float(unread_fraction(0.8, shape))
    agree_each(outcomes, lambda o: o.counted.tally["wasted"] / o.counted.tally["written_batch"], expected, noise=0.01)


def test_exponential_shards_take_the_mean_makespan_of_theory() -> None:
    cluster = {
        "workers": 7,
        "shard": 80,
        "startup": "3 min",
        "feature_pipeline": {"duration": "11 min"},
        "service_time": {"kind": "affine", "per_item": "2 s", "noise": "exponential"},
    }
    scenario = a_scenario(
        "rolling",
        cluster=cluster,
        horizon="250 d",
        population={"users": 4800, "logins_per_day": "0.001/day", "shape": 1},
    )
    batch = simulate(scenario, "nightly").batch
    assert batch is not None
    assert len(batch.runs) >= 249
    expected_s = 14 * 60 + float(mean_makespan_s(60, 160.0, 7))
    agree([run.makespan_s for run in batch.runs], expected_s, noise=0.02)


def test_constant_shards_take_full_rounds() -> None:
    cluster = {"workers": 7, "shard": 80, "service_time": {"kind": "affine", "per_item": "2 s"}}
    scenario = a_scenario("rolling", cluster=cluster, population={"users": 4800, "logins_per_day": "1/day", "shape": 1})
    batch = simulate(scenario, "nightly").batch
    assert batch is not None
    assert [run.makespan_s for run in batch.runs] == pytest.approx([float(constant_makespan_s(60, 160.0, 7))] * 4)
