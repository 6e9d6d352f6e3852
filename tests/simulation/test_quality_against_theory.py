"""The mean quality of answers against closed forms, and against NumPy where models and stored rows meet."""

import math
from typing import Any

import numpy as np
import pytest
from replicated import agree_each, replicate

from simulator.scenario.schema import Scenario
from simulator.simulation.metrics import metrics_of
from simulator.simulation.outcome import Outcome
from simulator.theory.caching import fixed_ttl_freshness, fixed_ttl_hit_fraction
from simulator.theory.freshness import change_rate_per_s
from simulator.theory.models import mean_accuracy

HOUR_S, DAY_S = 3600.0, 86400.0
REPLICATIONS = 12
NEVER_WORSE = {"initial": "96 %"}


def world(plan: dict[str, Any], **changes: Any) -> Scenario:
    """Return a flat day of users alike, on a fleet without queues."""
    base: dict[str, Any] = {
        "seed": 11,
        "horizon": "24 h",
        "warmup": "4 h",
        "population": {"users": 4000, "logins_per_day": "12/day", "shape": "inf"},
        "model": {"accuracy": NEVER_WORSE},
        "store": {"read_latency": "0 s"},
        "backends": {
            "live": {
                "kind": "fleet",
                "instance": "f",
                "slots": 400,
                "service_time": {"kind": "affine", "fixed": "10 us"},
                "capacity": {"kind": "fixed", "replicas": 1},
            },
            "night": {
                "kind": "batch_cluster",
                "instance": "b",
                "workers": 1,
                "batch_size": 4000,
                "shard": 4000,
                "service_time": {"kind": "affine", "fixed": "1 ms"},
            },
        },
        "plans": {"plan": plan},
    }
    return Scenario.model_validate(base | changes)


ON_DEMAND = {"on_miss": "compute", "backend": "live"}


def mean_quality(outcome: Outcome) -> float:
    return outcome.counted.tally["quality"] / outcome.counted.tally["requests"]


def test_answers_that_nothing_makes_worse_have_quality_1() -> None:
    for outcome in replicate(world(ON_DEMAND), "plan", 2):
        assert mean_quality(outcome) == 1.0


def test_age_takes_what_the_half_life_and_the_floor_say() -> None:
    cached = {**ON_DEMAND, "cache": {"kind": "ttl", "ttl": "1 h"}}
    scenario = world(cached, model={"half_life": "2 h", "quality_floor": "40 %"}, horizon="12 h")
    hit = float(fixed_ttl_hit_fraction(12 / DAY_S, HOUR_S))
    fresh = float(fixed_ttl_freshness(hit, HOUR_S, float(change_rate_per_s(2 * HOUR_S))))
    agree_each(replicate(scenario, "plan", REPLICATIONS), mean_quality, 0.4 + 0.6 * fresh, noise=0.001)


def test_latency_takes_its_share_and_no_more_than_all() -> None:
    service = {"kind": "affine", "fixed": "300 ms", "noise": {"kind": "exponential"}}
    backends = world(ON_DEMAND).model_dump(mode="json")["backends"]
    backends["live"] |= {"service_time": service}
    value = {"per_request": "1 USD", "latency_loss_per_100ms": "20 %"}
    scenario = world(ON_DEMAND, backends=backends, value=value)
    taken = 0.2 * 0.3 / 0.1  # by the mean; an exponential X of mean m has E[max(0, 1 - cX)] = 1 - cm (1 - e^(-1/cm))
    expected = 1 - taken * (1 - math.exp(-1 / taken))
    agree_each(replicate(scenario, "plan", REPLICATIONS), mean_quality, expected, noise=0.005)


@pytest.mark.parametrize("floor", ["60 %", "93 %"])
def test_a_model_that_is_trained_again_has_the_mean_accuracy_of_its_ages(floor: str) -> None:
    accuracy = {"initial": "96 %", "loss_per_day": "6 %", "floor": floor}
    training = {"every": "12 h", "instance": "t", "machines": 2, "machine_hours": 10}
    scenario = world(ON_DEMAND, model={"accuracy": accuracy, "training": training})
    expected = mean_accuracy(0.96, 0.06 / DAY_S, float(floor[:2]) / 100, youngest_s=5 * HOUR_S, oldest_s=17 * HOUR_S)
    agree_each(replicate(scenario, "plan", REPLICATIONS), mean_quality, expected / 0.96, noise=0.001)


def test_a_model_that_is_never_trained_again_ages_from_the_start() -> None:
    accuracy = {"initial": "96 %", "loss_per_day": "6 %"}
    scenario = world(ON_DEMAND, model={"accuracy": accuracy})
    expected = mean_accuracy(0.96, 0.06 / DAY_S, 0.0, youngest_s=0.0, oldest_s=DAY_S)
    agree_each(replicate(scenario, "plan", REPLICATIONS), mean_quality, expected / 0.96, noise=0.001)


def test_a_plan_with_another_model_is_judged_by_the_scenarios() -> None:
    better = {"initial": "98 %", "loss_per_day": "0 %"}
    for outcome in replicate(world({**ON_DEMAND, "accuracy": better}), "plan", 2):
        assert mean_quality(outcome) == pytest.approx(98 / 96, rel=1e-12)


def test_stored_rows_keep_the_old_model_until_they_are_rewritten() -> None:
    """Runs every 6 h, models from 1 h and 13 h on: a new one waits 5 h for the run that puts it into the store."""
    accuracy = {"initial": "90 %", "loss_per_day": "30 %"}
    training = {"every": "12 h", "instance": "t", "machine_hours": 1}
    nightly = {"precompute": {"every": "6 h", "backend": "night"}, "on_miss": "stored"}
    scenario = world(nightly, model={"accuracy": accuracy, "training": training})
    read_s = (np.arange(240_000) + 0.5) * DAY_S / 240_000
    snapshot_s = np.floor(read_s / (6 * HOUR_S)) * 6 * HOUR_S

    def expected(made_s: np.ndarray) -> float:
        cutoff_s = np.floor((made_s - HOUR_S) / (12 * HOUR_S)) * 12 * HOUR_S
        return float(np.mean(1 - 0.3 / 0.9 * (read_s - cutoff_s) / DAY_S))

    assert expected(read_s) - expected(snapshot_s) > 0.05  # what a store that took the new model at once would have
    agree_each(replicate(scenario, "plan", REPLICATIONS), mean_quality, expected(snapshot_s), noise=0.002, bias=1e-6)


def test_a_run_that_starts_when_a_training_ends_has_its_model() -> None:
    """Although rows keep their time rounded down: from the begin to 03:00:07 is no whole number of ticks."""
    accuracy = {"initial": "90 %", "loss_per_day": "30 %"}
    training = {"every": "24 h", "instance": "t", "machine_hours": 3 + 7 / 3600}
    nightly = {"precompute": {"every": "24 h", "at": "03:00:07", "backend": "night"}, "on_miss": "stored"}
    scenario = world(nightly, model={"accuracy": accuracy, "training": training}, warmup="108000.3 s")
    expected = mean_accuracy(0.9, 0.3 / DAY_S, 0.0, youngest_s=3 * HOUR_S + 7, oldest_s=27 * HOUR_S + 7)
    agree_each(replicate(scenario, "plan", REPLICATIONS), mean_quality, expected / 0.9, noise=0.002, bias=1e-6)


def test_default_responses_have_their_own_quality_less_what_their_latency_takes() -> None:
    nightly = {"precompute": {"every": "6 h", "backend": "night"}, "on_miss": "default"}
    value = {"per_request": "0.01 USD", "default_quality": "60 %", "latency_loss_per_100ms": "10 %"}
    store = {"read_latency": "50 ms", "expiry": "90 min"}
    scenario = world(nightly, value=value, store=store)
    for outcome in replicate(scenario, "plan", 2):
        tally = outcome.counted.tally
        assert min(tally["defaulted"], tally["precomputed"]) > 1000
        expected = 0.95 * (tally["precomputed"] + 0.6 * tally["defaulted"])
        assert tally["quality"] == pytest.approx(expected, rel=1e-9)


def test_value_is_quality_times_what_a_request_is_worth_per_month() -> None:
    scenario = world(ON_DEMAND, value={"per_request": "0.01 USD"})
    outcome = replicate(scenario, "plan", 1)[0]
    metrics = metrics_of(scenario, outcome)
    assert metrics["quality_mean"] == 1.0
    assert metrics["value_usd_per_month"] == pytest.approx(0.01 * metrics["requests"] * 30, rel=1e-12)


def test_what_is_not_asked_for_is_neither_summed_nor_shown() -> None:
    scenario = world(ON_DEMAND, model={"half_life": "2 h"})
    outcome = replicate(scenario, "plan", 1)[0]
    assert outcome.counted.tally["quality"] == 0
    assert not {"quality_mean", "value_usd_per_month"} & set(metrics_of(scenario, outcome))


def test_accuracy_alone_gives_a_quality_and_no_value() -> None:
    scenario = world(ON_DEMAND)
    metrics = metrics_of(scenario, replicate(scenario, "plan", 1)[0])
    assert "quality_mean" in metrics
    assert "value_usd_per_month" not in metrics
