"""What scoring and writing cost, what the medium of the store changes, and what limits publication."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from small_comparisons import NIGHTLY, ON_DEMAND, SCHEDULE, compared, without

from simulator.prices.book import PriceBook
from simulator.prices.loading import load_book
from simulator.report import format as form
from simulator.report.charts import NoChartError
from simulator.report.charts.publication import publication, publication_title
from simulator.report.charts.scoring_and_writing import Ahead, scoring_and_writing, scoring_and_writing_title
from simulator.report.charts.store_mediums import _against_the_cheapest, store_mediums, store_mediums_title
from simulator.studies.comparison import Comparison
from simulator.studies.publication import Publication
from simulator.studies.store_mediums import Repriced, repriced

KEY_VALUE = {"meter": "dynamodb_on_demand", "read_latency": "4 ms", "write_capacity": "200/s"}
PLANS: dict[str, Any] = {
    "nightly batch": NIGHTLY,
    "provisioned": NIGHTLY | {"store": KEY_VALUE | {"meter": "dynamodb_provisioned"}},
    "memory": NIGHTLY | {"store": KEY_VALUE | {"meter": "elasticache/cache.m4.large", "write_capacity": "5_000/s"}},
    "on demand": ON_DEMAND,
    "cached": ON_DEMAND | {"cache": {"kind": "ttl", "ttl": "6 h"}},
    "atomic": {"precompute": SCHEDULE | {"publish": "atomic"}, "on_miss": "default"},
}


@pytest.fixture(scope="module")
def stores(book: PriceBook) -> Comparison:
    """Plans that differ in their store, which takes 200 rows a second."""
    few = {"backends.night.workers": 2, "backends.night.shard": 500, "replications": 1}
    return compared(book, store=KEY_VALUE, plans=PLANS, **few)


def by_medium(comparison: Comparison, plan: str) -> dict[tuple[str, str], Repriced]:
    return {(one.name, one.how): one for one in repriced(comparison, plan)}


def lines_of(axes: Axes, name: str) -> list[tuple[np.ndarray, np.ndarray]]:
    found = [line for line in axes.lines if line.get_label() == name]
    return [(np.asarray(line.get_xdata()), np.asarray(line.get_ydata())) for line in found]


def test_the_present_medium_costs_what_the_bill_says(stores: Comparison) -> None:
    for name in ("nightly batch", "provisioned", "memory", "cached"):
        result = stores.plans[name]
        of_store = {(usage.item, usage.meter) for usage in result.bill.usages if usage.stores}
        billed = sum(line.usd_per_month for line in result.bill.lines if (line.item, line.meter) in of_store)
        (present,) = [one for one in repriced(stores, name) if one.is_present]
        assert present.usd_per_month == pytest.approx(billed)


def test_every_medium_of_the_book_is_priced_for_the_same_use(stores: Comparison) -> None:
    found = by_medium(stores, "nightly batch")
    assert set(found) >= {
        ("dynamodb_on_demand", "by the row"),
        ("redis", "by the node"),
        ("dynamodb_provisioned", "by the capacity bought"),
        ("elasticache/cache.m4.large", "by the node"),
        ("elasticache/cache.r5.4xlarge", "by the node"),
        ("s3_standard", "by the request, a row an object"),
        ("s3_standard", "by the request, 500 rows an object"),
    }
    use = stores.plans["nightly batch"].outcomes[0].store
    assert use is not None
    assert use.batch_rows == 10_000
    a_row, a_shard = (
        found["s3_standard", f"by the request, {size} an object"].usd_per_month for size in ("a row", "500 rows")
    )
    assert a_row - a_shard == pytest.approx(30 * 0.005 / 1000 * (10_000 - 20))
    provisioned = found["dynamodb_provisioned", "by the capacity bought"].usd_per_month
    assert use.busiest_reads_per_s < 25
    assert provisioned == pytest.approx((200 - 25) * 0.00065 * 720)  # 25 units of either kind and 25 GB are free
    assert found["elasticache/cache.m4.large", "by the node"].usd_per_month == pytest.approx(0.156 * 720)


def test_a_plan_without_runs_buys_no_write_capacity_for_them(stores: Comparison) -> None:
    use = stores.plans["cached"].outcomes[0].store
    assert use is not None
    found = by_medium(stores, "cached")["dynamodb_provisioned", "by the capacity bought"]
    assert use.busiest_reads_per_s < 25
    assert found.usd_per_month == 0
    assert repriced(stores, "on demand") == ()


def test_the_mediums_are_drawn_where_they_cost_what_they_do(stores: Comparison) -> None:
    axes = store_mediums(stores).axes[0]
    drawn = sorted(float(np.asarray(line.get_xdata())[0]) for line in axes.lines if line.get_marker() != "None")
    plans = [name for name in PLANS if name != "on demand"]
    costs = sorted(one.usd_per_month for name in plans for one in repriced(stores, name))
    assert drawn == pytest.approx([usd for usd in costs if usd > 0])  # the axis has no place for what is free
    assert axes.get_xscale() == "log"


def test_the_title_of_the_mediums_compares_the_present_one_with_the_cheapest(stores: Comparison) -> None:
    costs = {one.name: one for one in sorted(repriced(stores, "nightly batch"), key=lambda one: -one.usd_per_month)}
    present = next(one for one in costs.values() if one.is_present)
    low = min(costs.values(), key=lambda one: one.usd_per_month)
    assert store_mediums_title(without(stores, "atomic")) == (
        f"Nightly batch's store costs {form.usd(present.usd_per_month)} a month in {present.name}; "
        f"in {low.name} it would cost {form.usd(low.usd_per_month)}"
    )


def test_the_title_of_the_cheapest_medium_compares_it_with_the_next_and_not_with_the_dearest() -> None:
    prices = (
        Repriced("objects", "by the request, a row an object", 209_158.0, is_present=False),
        Repriced("rows", "by the row", 2.0, is_present=False),
        Repriced("objects", "by the request, 500 rows an object", 1.0, is_present=True),
    )
    assert _against_the_cheapest(prices) == (
        " keeps its predictions in the cheapest store, objects, at $1.00 a month; in rows it would cost $2.00"
    )


def test_mediums_need_a_store_and_prices(stores: Comparison, book: PriceBook) -> None:
    with pytest.raises(NoChartError, match="no plan keeps predictions"):
        store_mediums(without(stores, *(name for name in PLANS if name != "on demand")))
    with pytest.raises(NoChartError, match="fewer than two mediums"):
        store_mediums(replace(stores, book=book.scaled(0.0)))


def test_scoring_is_told_apart_from_writing(stores: Comparison) -> None:
    for name in ("nightly batch", "provisioned", "memory"):
        lines = {line.item: line.usd_per_month for line in stores.plans[name].bill.lines}
        one = Ahead.of(stores.plans[name])
        assert one.scoring_usd == lines["batch compute"]
        assert one.writing_usd == lines.get("batch writes", 0.0) + lines.get("write capacity", 0.0)
    assert Ahead.of(stores.plans["memory"]).holding_usd == pytest.approx(0.156 * 720)
    bars = [patch.get_width() for patch in scoring_and_writing(stores).axes[0].patches]  # type: ignore[attr-defined]
    precomputing = [Ahead.of(stores.plans[name]) for name in PLANS if name not in {"on demand", "cached"}]
    assert sorted(bars) == pytest.approx(
        sorted(usd for one in precomputing for usd in (one.scoring_usd, one.writing_usd))
    )


@pytest.mark.parametrize(
    ("writing", "computing", "title"),
    [
        (
            62.5,
            0.05,
            "Writing predictions costs 1,250 times what computing them costs with nightly batch: $62.50 against",
        ),
        (
            20,
            50,
            "Computing predictions costs 2.5 times what writing them costs with nightly batch: $50.00 against $20.00",
        ),
        (50, 51, "Computing and writing predictions cost about the same with nightly batch: $51.00 a month each"),
        (0, 51, "Writing predictions costs nothing with nightly batch: computing them $51.00 a month"),
        (51, 0, "Computing predictions costs nothing with nightly batch: writing them $51.00 a month"),
    ],
)
def test_the_title_says_what_costs_more(stores: Comparison, writing: float, computing: float, title: str) -> None:
    result = stores.plans["nightly batch"]
    wanted = {"batch writes": writing, "batch compute": computing}
    lines = tuple(replace(line, usd_per_month=wanted.get(line.item, 0.0)) for line in result.bill.lines)
    plan = replace(result, bill=replace(result.bill, lines=lines))
    assert scoring_and_writing_title(replace(stores, plans={"nightly batch": plan})).startswith(title)


def test_scoring_and_writing_need_batch_runs_that_cost_something(stores: Comparison, free: Comparison) -> None:
    with pytest.raises(NoChartError, match="no plan has batch runs"):
        scoring_and_writing(without(stores, *(name for name in PLANS if "precompute" in PLANS[name])))
    with pytest.raises(NoChartError, match="cost nothing"):
        scoring_and_writing(free)


def test_a_run_is_limited_by_what_takes_longer_alone(stores: Comparison) -> None:
    slow, fast = (Publication.of(stores.scenario, name) for name in ("nightly batch", "memory"))
    assert slow is not None
    assert fast is not None
    assert slow.write_s == pytest.approx(50)
    pipeline_s = slow.backend.feature_pipeline.duration_s
    assert slow.compute_s == pytest.approx(240 + 10 * 70.171e-3 / 16 * 500)
    assert not slow.is_limited_by_writes  # starting the workers takes four minutes
    assert replace(slow, writes_per_s=20.0).is_limited_by_writes
    assert slow.makespan_s == pytest.approx(pipeline_s + 240 + max(10 * (21.93 / 10 + 2.5), 2.193 + 50), rel=1e-3)
    assert fast.waiting_fraction < slow.waiting_fraction < 1
    assert Publication.of(stores.scenario, "cached") is None


def test_the_write_capacity_that_is_needed_publishes_in_time_and_no_less_does(stores: Comparison) -> None:
    run = Publication.of(stores.scenario, "nightly batch")
    assert run is not None
    assert run.available_s == 4 * 3600
    needed = run.writes_needed_per_s
    assert needed is not None
    assert run.makespan_at_s(needed) <= run.available_s < run.makespan_at_s(needed * 0.999)
    late = replace(run, scenario=stores.scenario.with_(slo__batch_deadline="02:01"))
    assert late.writes_needed_per_s == np.inf
    free = replace(run, scenario=stores.scenario.with_(slo=None))
    assert free.writes_needed_per_s is None


def test_rows_become_visible_as_they_are_written_or_all_at_the_end(stores: Comparison) -> None:
    run = Publication.of(stores.scenario, "nightly batch")
    assert run is not None
    times_s, rows = run.visible_rows(run.writes_per_s)
    assert rows[-1] == 10_000
    assert np.all(np.diff(rows) == 500)
    assert times_s[-1] == pytest.approx(run.makespan_s, rel=0.02)
    simulated = stores.plans["nightly batch"].metrics["batch_makespan_mean_s"].mean
    assert times_s[-1] == pytest.approx(simulated)
    atomic = Publication.of(stores.scenario, "atomic")
    assert atomic is not None
    assert atomic.visible_rows(run.writes_per_s)[1][:-1].max() == 0


def test_publication_is_drawn_over_time_and_by_write_capacity(stores: Comparison) -> None:
    over_time, by_capacity = publication(stores).axes
    ((_, rows),) = lines_of(over_time, "nightly batch")
    assert rows[-1] == 10_000
    curve, dot = (
        lines_of(by_capacity, "nightly batch")[0],
        [line for line in by_capacity.lines if line.get_marker() != "None"],
    )
    assert np.all(np.diff(curve[1]) <= 1e-9)
    assert {float(np.asarray(line.get_xdata())[0]) for line in dot} == {200.0, 5000.0}
    (deadline,) = lines_of(by_capacity, "deadline")
    assert set(deadline[1]) == {240.0}


def test_the_title_of_the_publication_says_what_limits(stores: Comparison) -> None:
    assert publication_title(stores).startswith("The feature pipeline takes 40.0 min of the ")
    cluster = {"backends__night__feature_pipeline": None}
    computing = replace(stores, scenario=stores.scenario.with_(**cluster))
    assert publication_title(computing).startswith("Computing limits publishing with nightly batch: writing adds ")
    slow = replace(stores, scenario=stores.scenario.with_(store__write_capacity="2/s"))
    assert publication_title(slow).startswith("Write capacity limits publishing with nightly batch: 10,000 rows take ")
    fast = replace(without(stores, "provisioned"), scenario=stores.scenario.with_(store__write_capacity="1_000_000/s"))
    quick = without(fast, "memory")
    quick = replace(quick, scenario=quick.scenario.with_(**cluster))
    assert "writing hardly delays its" in publication_title(quick)


def test_publication_needs_runs_and_a_limit(stores: Comparison) -> None:
    with pytest.raises(NoChartError, match="no plan has batch runs"):
        publication(without(stores, *(name for name in PLANS if "precompute" in PLANS[name])))
    alone = without(stores, "provisioned", "memory")
    unlimited = replace(alone, scenario=stores.scenario.with_(store__write_capacity=None))
    with pytest.raises(NoChartError, match="give 'write_capacity'"):
        publication(unlimited)


def test_the_catalogue_has_a_price_for_every_medium() -> None:
    meters = load_book("aws-us-east-1").meters
    assert {"egress", "kinesis_on_demand/stream", "kinesis_on_demand/in"} <= set(meters)
    assert {"dynamodb_provisioned/write_capacity", "elasticache/cache.r5.4xlarge"} <= set(meters)
