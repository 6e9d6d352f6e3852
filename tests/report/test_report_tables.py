import math

import pytest
from small_comparisons import without

from simulator.report import format as form
from simulator.report import frames
from simulator.report.notebook import bill_table
from simulator.studies.comparison import COST, Comparison


def test_the_table_has_a_row_for_each_metric_and_a_column_for_each_plan(comparison: Comparison) -> None:
    table = frames.metrics_table(comparison)
    assert list(table.columns) == list(comparison.plans)
    assert table.loc["cost per month", "cached"] == form.usd(comparison.plans["cached"].cost_usd_per_month)
    assert table.loc["answered from cache", "nightly batch"] == form.NOTHING
    assert table.index.is_unique


def test_the_numbers_are_those_of_the_comparison(comparison: Comparison) -> None:
    numbers = frames.numbers_table(comparison)
    for name, plan in comparison.plans.items():
        for metric, estimate in plan.metrics.items():
            assert numbers.loc[metric, (name, "mean")] == estimate.mean
    assert math.isnan(numbers.loc["cache_hit_ratio", ("nightly batch", "mean")])


def test_the_rows_come_in_the_order_of_the_metrics(comparison: Comparison) -> None:
    found = list(frames.numbers_table(comparison).index)
    for plan in comparison.plans.values():
        assert [metric for metric in found if metric in plan.metrics] == list(plan.metrics)


def test_the_bill_adds_up_to_the_cost(comparison: Comparison) -> None:
    for plan in comparison.plans.values():
        bill = bill_table(plan)
        assert bill["usd_per_month"].sum() == pytest.approx(plan.cost_usd_per_month, rel=1e-9)
        assert (bill["quantity"] * bill["price_usd"]).tolist() == pytest.approx(
            bill["usd_per_month"].tolist(), rel=1e-12
        )


def test_differences_are_against_the_first_of_the_ranking(comparison: Comparison) -> None:
    table = frames.differences_table(comparison)
    assert set(table["against"]) == {comparison.ranking[0]}
    cost = table[table["metric"] == COST].set_index("plan")["mean"]
    best = comparison.plans[comparison.ranking[0]].cost_usd_per_month
    for name, gap in cost.items():
        assert gap == pytest.approx(comparison.plans[str(name)].cost_usd_per_month - best, abs=1e-9)


def test_a_single_plan_has_no_differences(comparison: Comparison) -> None:
    table = frames.differences_table(without(comparison, "on demand", "cached"))
    assert table.empty
    assert "metric" in table.columns
