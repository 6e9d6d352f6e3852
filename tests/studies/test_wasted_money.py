"""What was spent on predictions that nobody read: computed, written, and held."""

from pathlib import Path
from typing import Any

import pytest
from small_runs import small

from simulator.prices.book import PriceBook
from simulator.studies.comparison import Comparison, PlanResult
from simulator.studies.consumption import WASTED
from simulator.studies.reprice import reprice
from simulator.studies.run_folder import write_run
from simulator.studies.stored_run import read_run
from simulator.studies.study import compare

NOT_STORED_AHEAD = ("store reads", "read capacity", "cache writes", "feature reads", "online compute")
BILLING_MODES: dict[str, dict[str, Any]] = {
    "by the row": {"meter": "dynamodb_on_demand"},
    "by capacity": {"meter": "dynamodb_provisioned", "write_capacity": "50/s"},
    "by the node": {"meter": "elasticache/cache.r5.4xlarge"},
    "by the node of a stated size": {"meter": "elasticache/cache.r5.4xlarge", "size_limit": "100 GiB"},
    "by the object": {"meter": "s3_standard", "rows_per_object": 100},
}


@pytest.fixture
def book(book: PriceBook) -> PriceBook:
    """The catalogue without what is free: small tables would cost nothing."""
    groups = tuple(
        group.model_copy(update={"prices": tuple(price.model_copy(update={"free": 0.0}) for price in group.prices)})
        for group in book.groups
    )
    return PriceBook.model_validate({**dict(book), "groups": groups})


def run(book: PriceBook, **changes: Any) -> Comparison:
    return compare(small(replications=1, **changes), book, workers=1)


def nightly(book: PriceBook, **changes: Any) -> PlanResult:
    others = {"plans__on_demand": None, "plans__cached": None}
    return run(book, **others, **changes).plans["nightly batch"]


def spent_ahead(plan: PlanResult) -> float:
    return sum(line.usd_per_month for line in plan.bill.lines if line.item not in NOT_STORED_AHEAD)


@pytest.mark.parametrize("medium", BILLING_MODES)
@pytest.mark.parametrize("horizon", ["1 d", "36 h", "3 d"])
def test_of_a_nightly_bill_all_but_the_reads_is_wasted_by_the_share_never_read(
    book: PriceBook, medium: str, horizon: str
) -> None:
    plan = nightly(book, horizon=horizon, store=BILLING_MODES[medium])
    held = [line for line in plan.bill.lines if line.holds]
    assert [line.item in ("storage", "store nodes") for line in held] == [True]
    assert held[0].usd_per_month > 0
    share = plan.metrics["wasted_fraction"].mean
    assert 0.9 < share < 1
    assert plan.metrics[WASTED].mean == pytest.approx(share * spent_ahead(plan), rel=1e-6)


def test_rows_weigh_by_how_long_they_are_held(book: PriceBook) -> None:
    """Rows for all, every night, beside online rows that are held for an hour and always read by whom they are for."""
    both = {
        "precompute": {"every": "24 h", "at": "03:00", "scope": {"kind": "most_active", "share": "50 %"}},
        "cache": {"kind": "ttl", "ttl": "1 h"},
        "on_miss": "compute",
    }
    stated = small().plans["nightly batch"].precompute
    assert stated is not None
    both["precompute"]["backend"] = stated.backend  # type: ignore[index]
    both["backend"] = "live"
    keen = {"users": "20k", "logins_per_day": "2/day", "shape": 0.5}
    plan = run(book, horizon="3 d", population=keen, plans={"both": both}).plans["both"]
    (used,) = plan.consumptions
    assert used.unread_batch_fraction is not None
    assert used.unread_held_fraction is not None
    tally = plan.outcomes[0].counted.tally
    by_rows = tally["wasted"] / tally["ended"]
    assert by_rows < 0.9 * used.unread_held_fraction
    assert used.unread_held_fraction < used.unread_batch_fraction
    storage = next(line.usd_per_month for line in plan.bill.lines if line.holds)
    ahead = sum(line.usd_per_month for line in plan.bill.lines if line.computes_ahead)
    expected = used.unread_held_fraction * storage + used.unread_batch_fraction * ahead
    assert plan.metrics[WASTED].mean == pytest.approx(expected)


def test_a_cache_wastes_nothing_as_each_of_its_rows_is_read_at_once(book: PriceBook) -> None:
    plan = run(book).plans["cached"]
    assert plan.metrics[WASTED].mean == plan.metrics["wasted_fraction"].mean == 0
    assert any(line.holds and line.usd_per_month > 0 for line in plan.bill.lines)


def test_what_no_row_has_ended_to_tell_is_absent_and_not_nothing(book: PriceBook) -> None:
    plan = nightly(book, horizon="2 h", start="2026-03-02T10:00")
    assert not {WASTED, "wasted_fraction"} & plan.metrics.keys()
    assert spent_ahead(plan) > 0


def test_never_more_than_all_is_wasted_where_rows_expire_and_runs_are_skipped(book: PriceBook) -> None:
    for horizon in ("5 h", "20 h", "30 h", "50 h"):
        plan = nightly(book, horizon=horizon, start="2026-03-02T02:00", store__expiry="20 h")
        if "wasted_fraction" in plan.metrics:
            assert 0.8 < plan.metrics["wasted_fraction"].mean <= 1
            assert plan.metrics[WASTED].mean <= spent_ahead(plan)


def test_pricing_a_run_anew_wastes_the_same_share(book: PriceBook, tmp_path: Path) -> None:
    comparison = run(book)
    write_run(comparison, tmp_path, ["predcost", "run"])
    again = reprice(read_run(tmp_path), book)
    for name, plan in comparison.plans.items():
        assert again.after.plans[name].metrics[WASTED] == plan.metrics[WASTED]
