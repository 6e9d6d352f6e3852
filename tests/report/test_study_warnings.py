import math
from dataclasses import replace

import pytest
from small_comparisons import with_metric

from simulator.core.estimate import Estimate
from simulator.studies.comparison import Comparison
from simulator.studies.warnings import warnings_of


def said(comparison: Comparison) -> str:
    return "\n".join(warnings_of(comparison))


def test_one_replication_is_warned_of(comparison: Comparison, single: Comparison) -> None:
    assert "one replication only" in said(single)
    assert "one replication only" not in said(comparison)


def test_a_horizon_below_a_week_is_warned_of_where_weekdays_differ(comparison: Comparison) -> None:
    assert "shorter than a week" in said(comparison)
    flat = replace(comparison, scenario=comparison.scenario.with_(traffic__profile={"kind": "flat"}))
    week = replace(comparison, scenario=comparison.scenario.with_(horizon="7 d"))
    assert "shorter than a week" not in said(flat)
    assert "shorter than a week" not in said(week)


def test_missing_replications_are_warned_of(comparison: Comparison) -> None:
    assert "Only 2 of 2 replications finished" in said(replace(comparison, complete=False))


def test_no_half_life_is_warned_of(comparison: Comparison) -> None:
    without = replace(comparison, scenario=comparison.scenario.with_(model__half_life=None))
    assert "nothing is said about how many predictions are stale" in said(without)
    assert "half_life" not in said(comparison)


@pytest.mark.parametrize(
    ("metric", "estimate", "words"),
    [
        ("utilisation", Estimate(0.97, 0.96, 0.98), "on demand: the fleet is busy 97.0%"),
        ("timeout_fraction", Estimate(0.02, 0.01, 0.03), "on demand: 2.0% of the requests give up"),
        ("latency_p99_s", Estimate(0.1, 0.05, 0.15), "on demand: latency p99 is 100 ms give or take 50 ms"),
    ],
)
def test_a_plan_in_trouble_is_warned_of(comparison: Comparison, metric: str, estimate: Estimate, words: str) -> None:
    assert words in said(with_metric(comparison, "on demand", metric, estimate))
    assert words not in said(comparison)


def test_an_interval_that_is_not_known_is_not_called_wide(comparison: Comparison) -> None:
    unknown = with_metric(comparison, "on demand", "latency_p99_s", Estimate(0.1, math.nan, math.nan))
    assert "give or take" not in said(unknown)


def test_missed_runs_are_warned_of(comparison: Comparison) -> None:
    plan = comparison.plans["nightly batch"]
    batch = plan.outcomes[0].batch
    assert batch is not None
    outcomes = tuple(replace(outcome, batch=replace(batch, missed=3)) for outcome in plan.outcomes)
    missed = replace(comparison, plans={**comparison.plans, "nightly batch": replace(plan, outcomes=outcomes)})
    assert "nightly batch: 6 batch runs in 2 replications did not start" in said(missed)


def test_a_horizon_that_cuts_a_cycle_is_warned_of(comparison: Comparison) -> None:
    cut = replace(comparison, scenario=comparison.scenario.with_(horizon="36 h"))
    assert "nightly batch: the horizon holds 1.5 times the 1 d between two runs" in said(cut)
    assert "the horizon holds" not in said(comparison)


def test_a_store_that_cannot_be_read_often_enough_is_warned_of(comparison: Comparison) -> None:
    slow = comparison.scenario.with_(store__read_capacity="0.001/s")
    words = "cached: the store can be read 0.001 times a second, and the busiest minute asks for"
    assert words in said(replace(comparison, scenario=slow))
    assert "the store can be read" not in said(comparison)
    enough = comparison.scenario.with_(store__read_capacity="1_000/s")
    assert "the store can be read" not in said(replace(comparison, scenario=enough))


def test_a_store_that_cannot_be_written_often_enough_is_warned_of(comparison: Comparison) -> None:
    (kept, _) = [outcome.store for outcome in comparison.plans["cached"].outcomes]
    assert kept is not None
    assert kept.cache_rows is not None
    assert kept.busiest_writes_per_s > kept.cache_rows / kept.horizon_s
    slow = comparison.scenario.with_(store__write_capacity="0.001/s")
    words = "cached: the store can be written 0.001 times a second, and single rows"
    assert words in said(replace(comparison, scenario=slow))
    assert "the bill has the capacity alone" not in said(replace(comparison, scenario=slow))
    bought = slow.with_(store__meter="dynamodb_provisioned")
    assert "is not simulated, and the bill has the capacity alone." in said(replace(comparison, scenario=bought))
    enough = comparison.scenario.with_(store__write_capacity="1_000/s")
    assert "the store can be written" not in said(replace(comparison, scenario=enough))
