import pytest
from replicated import agree, agree_each, replicate

from simulator.core.units import DAY_S, HOUR_S
from simulator.simulation.simulate import simulate
from simulator.studies.check.freshness import CHANGE_PER_S, in_shards
from simulator.studies.check.readings import fresh_fraction, makespans_s
from simulator.studies.check.waste import unread_share, unread_world
from simulator.studies.check.worlds import NIGHTLY_MAKESPAN_S, NIGHTLY_SHARDS, nightly_world, shards_world
from simulator.theory.batch import constant_makespan_s, mean_makespan_s
from simulator.theory.freshness import (
    diurnal_freshness,
    diurnal_mean_prediction_age_s,
    mean_prediction_age_s,
    periodic_freshness,
    rolling_freshness,
)
from simulator.theory.logins import unread_fraction

REPLICATIONS = 16
fresh = fresh_fraction(CHANGE_PER_S)


def test_atomic_rows_are_as_old_as_delay_and_half_a_period() -> None:
    outcomes = replicate(nightly_world("atomic"), "nightly", REPLICATIONS)
    agree_each(
        outcomes, lambda o: o.counted.age.mean, float(mean_prediction_age_s(DAY_S, NIGHTLY_MAKESPAN_S)), noise=0.005
    )
    agree_each(outcomes, fresh, float(periodic_freshness(CHANGE_PER_S, DAY_S, NIGHTLY_MAKESPAN_S)), noise=0.005)


def test_rolling_rows_are_as_old_as_half_the_makespan_and_half_a_period() -> None:
    """A shard is published when it is done: on average half a shard's time after half the makespan."""
    outcomes = replicate(nightly_world("rolling"), "nightly", REPLICATIONS)
    shard_s = NIGHTLY_MAKESPAN_S / NIGHTLY_SHARDS
    delay_s = (NIGHTLY_MAKESPAN_S + shard_s) / 2
    agree_each(outcomes, lambda o: o.counted.age.mean, float(mean_prediction_age_s(DAY_S, delay_s)), noise=0.005)
    continuous = float(rolling_freshness(CHANGE_PER_S, DAY_S, NIGHTLY_MAKESPAN_S))
    agree_each(outcomes, fresh, in_shards(continuous), noise=0.005)


@pytest.mark.parametrize("peak_h", [6, 13, 22])
def test_rows_read_by_a_daily_cosine_have_the_age_of_the_closed_form(peak_h: int) -> None:
    traffic = {"profile": {"kind": "cosine", "peak": f"{peak_h:02d}:00", "amplitude": "90 %"}}
    outcomes = replicate(nightly_world("atomic", traffic=traffic), "nightly", REPLICATIONS)
    published_h = 1 + NIGHTLY_MAKESPAN_S / HOUR_S
    after_s = (peak_h - published_h) % 24 * HOUR_S
    expected_s = float(diurnal_mean_prediction_age_s(DAY_S, NIGHTLY_MAKESPAN_S, 0.9, after_s))
    agree_each(outcomes, lambda o: o.counted.age.mean, expected_s, noise=0.005)
    agree_each(
        outcomes, fresh, float(diurnal_freshness(CHANGE_PER_S, DAY_S, NIGHTLY_MAKESPAN_S, 0.9, after_s)), noise=0.005
    )


@pytest.mark.parametrize("shape", [float("inf"), 1.0, 0.2])
def test_the_share_of_rows_that_nobody_reads_is_that_of_gamma_users(shape: float) -> None:
    outcomes = replicate(unread_world(shape), "nightly", REPLICATIONS)
    expected = float(unread_fraction(0.8, shape))
    agree_each(outcomes, unread_share, expected, noise=0.01)


def test_exponential_shards_take_the_mean_makespan_of_theory() -> None:
    cluster = {"workers": 7, "startup": "3 min", "feature_pipeline": {"duration": "11 min"}}
    made_s = makespans_s(simulate(shards_world(60, 160.0, cluster), "nightly"))
    assert len(made_s) >= 249
    expected_s = 14 * 60 + float(mean_makespan_s(60, 160.0, 7))
    agree(made_s, expected_s, noise=0.02)


def test_constant_shards_take_full_rounds() -> None:
    cluster = {"workers": 7, "shard": 80, "service_time": {"kind": "affine", "per_item": "2 s"}}
    scenario = nightly_world(
        "rolling", cluster=cluster, population={"users": 4800, "logins_per_day": "1/day", "shape": 1}
    )
    batch = simulate(scenario, "nightly").batch
    assert batch is not None
    assert [run.makespan_s for run in batch.runs] == pytest.approx([float(constant_makespan_s(60, 160.0, 7))] * 4)
