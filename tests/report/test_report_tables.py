import math
from io import StringIO

import pytest
from rich.console import Console
from small_comparisons import without

from simulator.report import format as form
from simulator.report import frames, tables
from simulator.report.notebook import bill_table
from simulator.studies.comparison import COST, NET_VALUE, VALUE, Comparison

WIDTH = 80


def printed(comparison: Comparison) -> str:
    console = Console(width=WIDTH, record=True, file=StringIO())
    for renderable in tables.comparison_report(comparison):
        console.print(renderable)
    return console.export_text()


def test_the_report_fits_80_columns_with_any_number_of_plans(
    comparison: Comparison, single: Comparison, crowd: Comparison
) -> None:
    for each in (comparison, single, crowd):
        assert max(len(line.rstrip()) for line in printed(each).splitlines()) <= WIDTH


def test_the_report_states_cost_and_bounds_of_every_plan(comparison: Comparison) -> None:
    text = printed(comparison)
    for plan in comparison.plans.values():
        assert form.usd(plan.cost_usd_per_month) in text
        assert form.duration(plan.metrics["latency_p99_s"].mean) in text
    assert text.count("met") >= len(comparison.plans)


def test_the_report_ends_with_the_recommendation(comparison: Comparison) -> None:
    text = printed(comparison)
    assert text.index("Recommendation") < text.index(f"Choose {comparison.recommended}")


def test_plan_names_are_not_read_as_markup(crowd: Comparison) -> None:
    assert "a[red]b[/red] $1 and $2" in printed(crowd)


def test_a_row_that_applies_to_no_plan_is_left_out(single: Comparison) -> None:
    assert "replicas" not in printed(single)


def test_the_bill_of_the_terminal_has_every_line(comparison: Comparison) -> None:
    console = Console(width=WIDTH, record=True, file=StringIO())
    console.print(tables.bill_panel(comparison.plans["nightly batch"]))
    text = console.export_text()
    for line in comparison.plans["nightly batch"].bill.lines:
        assert line.item in text
    assert form.usd(comparison.plans["nightly batch"].bill.total_usd_per_month) in text


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


def test_net_value_and_its_parts_stand_in_the_report_where_value_is_given(
    comparison: Comparison, valued: Comparison
) -> None:
    text = printed(valued)
    for plan in valued.plans.values():
        for metric in ("quality_mean", VALUE, NET_VALUE):
            assert form.metric_text(metric, plan.metrics[metric].mean) in text
    gap = valued.difference("nightly batch", "better", NET_VALUE)
    assert form.signed_usd(gap.mean) in text
    assert "against rank 1" in text
    assert "above rank 1" not in text
    assert "net of cost" not in printed(comparison)
    assert "against rank 1" not in printed(comparison)
