"""What a reserved baseline costs beside the replicas above it."""

from typing import Any

import pytest

from simulator.prices.book import PriceBook
from simulator.scenario.schema import Scenario
from simulator.studies.comparison import Comparison
from simulator.studies.planner.estimating import World
from simulator.studies.study import compare

HOURS_PER_MONTH = 720.0


@pytest.fixture(scope="module")
def priced() -> PriceBook:
    prices = [
        {"meter": f"instance/f/{how}", "unit": "h", "usd": usd}
        for how, usd in (("on_demand", 1.0), ("spot", 0.3), ("reserved_1y", 0.6), ("reserved_3y", 0.4))
    ]
    return PriceBook.model_validate(
        {"name": "few", "currency": "USD", "groups": [{"source": "made up", "date": "2026-01-01", "prices": prices}]}
    )


def compared(book: PriceBook, **fleet: Any) -> Comparison:
    live = {
        "kind": "fleet",
        "instance": "f",
        "service_time": {"kind": "affine", "fixed": "500 ms"},
        "capacity": {"kind": "fixed", "replicas": 10},
    }
    scenario = Scenario.model_validate(
        {
            "horizon": "1 d",
            "warmup": "1 h",
            "replications": 2,
            "population": {"users": 20_000, "logins_per_day": "10/day", "shape": 1},
            "traffic": {"profile": {"kind": "cosine", "peak": "18:00", "amplitude": "90 %"}},
            "backends": {"live": live | fleet},
            "plans": {"p": {"on_miss": "compute", "backend": "live"}},
        }
    )
    return compare(scenario, book, workers=1)


def hours(comparison: Comparison) -> dict[str, float]:
    return {line.meter: line.quantity for line in comparison.plans["p"].bill.lines}


def test_reserved_replicas_are_billed_all_the_time_and_only_those_above_by_the_hour(priced: PriceBook) -> None:
    found = compared(priced, reserved={"replicas": 6})
    assert hours(found) == pytest.approx(
        {"instance/f/reserved_1y": 6 * HOURS_PER_MONTH, "instance/f/on_demand": 4 * HOURS_PER_MONTH}
    )
    assert found.plans["p"].cost_usd_per_month == pytest.approx((6 * 0.6 + 4 * 1.0) * HOURS_PER_MONTH)
    assert [line.item for line in found.plans["p"].bill.lines] == ["online reserved compute", "online compute"]


def test_reserved_replicas_that_nobody_uses_are_paid_too(priced: PriceBook) -> None:
    found = compared(priced, reserved={"replicas": 25, "term": "3 y"}, purchase="spot")
    assert hours(found) == pytest.approx({"instance/f/reserved_3y": 25 * HOURS_PER_MONTH, "instance/f/spot": 0})


def test_what_is_above_a_reserved_number_is_told_moment_by_moment(priced: PriceBook) -> None:
    """In the night fewer replicas run than are reserved, in the evening more: only those are billed by the hour."""
    by_hour = {"kind": "hourly", "replicas": [1] * 12 + [5] * 12}
    found = compared(priced, capacity=by_hour, reserved={"replicas": 3})
    assert hours(found)["instance/f/on_demand"] == pytest.approx(HOURS_PER_MONTH / 2 * 2)


@pytest.mark.parametrize("reserved", [4, 25])
def test_how_replicas_are_paid_changes_nothing_of_what_they_emit(priced: PriceBook, reserved: int) -> None:
    """There are 10 replicas: some of them are reserved, or all of them and 15 more that do not run."""
    basis = {"source": "made up", "date": "2026-01-01", "within": "10 %", "why": "made up"}
    energy = {
        "grid": {"region": "here", "kg_co2e_per_kwh": 0.4, "pue": 1.2, **basis},
        "watts": [{"instances": [{"instance": "f", "idle": 10, "full": 100}], **basis}],
    }
    book = priced.under(PriceBook.model_validate({"name": "watts", "energy": energy}))
    paid = compared(book), compared(book, reserved={"replicas": reserved})
    on_demand, found = (each.plans["p"].metrics["kg_co2e_per_month"].mean for each in paid)
    assert found == on_demand > 0


def at_activity(comparison: Comparison, logins_per_day: float) -> float:
    there = comparison.scenario.with_(population__logins_per_day=f"{logins_per_day}/day")
    return World.of(there).estimate("p", comparison.book).metrics["cost_usd_per_month"].value


def test_at_another_activity_the_reserved_ones_cost_the_same(priced: PriceBook) -> None:
    scaled = {"kind": "autoscaled", "min": 1, "max": 30, "target": "60 %"}
    found, without = compared(priced, capacity=scaled, reserved={"replicas": 2}), compared(priced, capacity=scaled)
    for comparison in (found, without):
        assert at_activity(comparison, 10) == pytest.approx(comparison.plans["p"].cost_usd_per_month, rel=0.03)
    standing_usd = 2 * 0.6 * HOURS_PER_MONTH
    replaced_usd = 2 * 1.0 * HOURS_PER_MONTH  # each of them takes the place of one that is paid by the hour
    assert at_activity(found, 50) == pytest.approx(at_activity(without, 50) + standing_usd - replaced_usd, rel=0.005)
    assert standing_usd <= at_activity(found, 0.01) < found.plans["p"].cost_usd_per_month


def test_at_another_activity_a_timetable_costs_the_same(priced: PriceBook) -> None:
    found = compared(priced, capacity={"kind": "hourly", "replicas": [1] * 12 + [5] * 12})
    assert at_activity(found, 70) == pytest.approx(found.plans["p"].cost_usd_per_month)
