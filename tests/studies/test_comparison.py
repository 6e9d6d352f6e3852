import json
from typing import Any

import pytest
from small_runs import small

from simulator.core.errors import UserError
from simulator.core.estimate import Estimate
from simulator.core.units import DAY_S
from simulator.prices.book import PriceBook
from simulator.prices.loading import load_book
from simulator.report.json_report import as_json
from simulator.simulation.outcome import Outcome
from simulator.studies import study as comparing
from simulator.studies.comparison import COST, Comparison
from simulator.studies.recommendation import recommendation
from simulator.studies.study import compare

ROUNDING = 1e-9


def text_of(comparison: Comparison) -> str:
    return json.dumps(as_json(comparison), allow_nan=False)


def test_two_workers_give_the_same_bytes_as_one(comparison: Comparison, book: PriceBook) -> None:
    assert text_of(compare(small(), book, workers=2)) == text_of(comparison)


def test_day_blocks_give_the_same_bytes_as_hour_blocks(comparison: Comparison, book: PriceBook) -> None:
    assert text_of(compare(small(), book, workers=1, block_s=DAY_S)) == text_of(comparison)


def test_another_seed_gives_other_requests(comparison: Comparison, book: PriceBook) -> None:
    other = compare(small(seed=2), book, workers=1)
    assert other.plans["on demand"].metrics["requests"] != comparison.plans["on demand"].metrics["requests"]


def test_all_plans_of_a_replication_see_the_same_requests(comparison: Comparison) -> None:
    for number in range(comparison.replications):
        assert len({plan.values[number]["requests"] for plan in comparison.plans.values()}) == 1
        assert len({plan.values[number]["daily_active_fraction"] for plan in comparison.plans.values()}) == 1


def test_a_difference_is_paired_by_replication(comparison: Comparison) -> None:
    cached, on_demand = comparison.plans["cached"].values, comparison.plans["on demand"].values
    gaps = [one["age_mean_s"] - other["age_mean_s"] for one, other in zip(cached, on_demand, strict=True)]
    assert comparison.difference("cached", "on demand", "age_mean_s") == Estimate.of(gaps)


def test_the_mean_bill_is_the_mean_of_the_bills(comparison: Comparison) -> None:
    for plan in comparison.plans.values():
        assert plan.bill.total_usd_per_month == pytest.approx(plan.metrics[COST].mean, rel=ROUNDING)


def test_the_recommended_plan_is_the_cheapest_that_meets_every_bound(comparison: Comparison) -> None:
    meeting = {name: plan.cost_usd_per_month for name, plan in comparison.plans.items() if plan.meets_slo}
    assert comparison.recommended == min(meeting, key=lambda name: meeting[name])
    assert comparison.ranking[0] == comparison.recommended


def test_where_no_plan_meets_the_bounds_each_says_what_it_breaks_by_how_much(book: PriceBook) -> None:
    strict = compare(small(slo={"latency_p99": "0.01 ms"}, replications=1), book, workers=1)
    assert strict.recommended is None
    first, *others = recommendation(strict)
    assert "No plan" in first
    assert len(others) == len(strict.plans)
    assert all("latency p99 is" in line and "above 10 us" in line for line in others)


def test_a_single_replication_has_no_interval(book: PriceBook) -> None:
    one = compare(small(replications=1), book, workers=1)
    content = as_json(one)["plans"]["on demand"]["metrics"][COST]
    assert content["low"] is None
    assert content["high"] is None


def test_a_missing_price_is_said_before_anything_is_simulated(book: PriceBook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparing, "run_tasks", lambda *_, **__: pytest.fail("it simulated"))
    with pytest.raises(UserError, match=r"x9\.enormous"):
        compare(small(backends__live__instance="x9.enormous"), book)


def test_an_interrupted_comparison_keeps_the_replications_that_are_complete(
    book: PriceBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = comparing.run_tasks
    seen: list[Outcome] = []

    def interrupted(tasks: list[comparing.Task], workers: int | None, *_: object, **__: object) -> object:
        for outcome in run(tasks, workers):
            if len(seen) == 4:
                raise KeyboardInterrupt
            yield outcome

    monkeypatch.setattr(comparing, "run_tasks", interrupted)
    found = compare(small(), book, workers=1, on_outcome=seen.append)
    assert not found.complete
    assert found.replications == 1


def test_runs_are_billed_in_proportion_to_time_wherever_the_horizon_ends(book: PriceBook) -> None:
    def monthly(horizon: str, **changes: Any) -> float:
        few = small(horizon=horizon, replications=1, plans__on_demand=None, plans__cached=None, **changes)
        bill = compare(few, book, workers=1).plans["nightly batch"].bill
        return sum(line.usd_per_month for line in bill.lines if line.computes_ahead)

    whole = monthly("2 d")
    assert monthly("36 h") == pytest.approx(whole, rel=ROUNDING)
    assert monthly("2 h", start="2026-03-02T10:00") == pytest.approx(whole, rel=ROUNDING)


def test_of_plans_that_cost_the_same_the_one_with_fresher_answers_is_ranked_first() -> None:
    free = load_book("aws-us-east-1").scaled(0)
    few = small(replications=1, backends__night__feature_pipeline__cost="0 USD")
    found = compare(few, free, workers=1)
    assert found.ranking == ("on demand", "cached", "nightly batch")
    assert not any("would be cheaper" in line for line in recommendation(found))
