"""Bills, warnings, break-evens and charts bear fleets that have no replica for hours, or none at all."""

from pathlib import Path

import pytest

from simulator.core.units import HOUR_S
from simulator.prices.book import PriceBook
from simulator.prices.loading import load_book
from simulator.report.charts.catalogue import save_charts
from simulator.report.tables import comparison_panel
from simulator.scenario.schema import Scenario
from simulator.studies.comparison import Comparison
from simulator.studies.planner.estimating import World
from simulator.studies.recommendation import recommendation
from simulator.studies.study import compare
from simulator.studies.warnings import warnings_of


@pytest.fixture(scope="module")
def book() -> PriceBook:
    return load_book(["aws-us-east-1"])


def compared(book: PriceBook, logins_per_day: float) -> Comparison:
    fleet = {"kind": "fleet", "instance": "g4dn.xlarge", "service_time": {"kind": "affine", "fixed": "1 s"}}
    sleepy = {"kind": "autoscaled", "min": 0, "max": 4, "target": "60 %", "startup": "2 min"}
    scenario = Scenario.model_validate(
        {
            "horizon": "4 d",
            "warmup": "1 h",
            "replications": 1,
            "population": {"users": 100, "logins_per_day": f"{logins_per_day}/day", "shape": "inf"},
            "backends": {
                "sleepy": fleet | {"capacity": sleepy},
                "awake": fleet | {"capacity": {"kind": "fixed", "replicas": 1}},
            },
            "plans": {name: {"on_miss": "compute", "backend": name} for name in ("sleepy", "awake")},
        }
    )
    return compare(scenario, book, workers=1)


@pytest.mark.parametrize(("logins_per_day", "said"), [(0.5, "Choose sleepy"), (1e-9, "Too little to recommend")])
def test_every_chart_table_and_sentence_bears_a_fleet_that_sleeps(
    book: PriceBook, logins_per_day: float, said: str, tmp_path: Path
) -> None:
    comparison = compared(book, logins_per_day)
    assert save_charts(comparison, tmp_path)
    assert comparison_panel(comparison)
    assert recommendation(comparison)[0].startswith(said)
    assert not [text for text in warnings_of(comparison) if "room" in text or ("sleepy: " in text and "busy" in text)]


def test_nothing_is_billed_while_there_is_no_replica(book: PriceBook) -> None:
    nobody = compared(book, 1e-9).plans["sleepy"]
    assert nobody.metrics["replicas_mean"].mean == 0
    assert nobody.cost_usd_per_month == 0
    assert "utilisation" not in nobody.metrics
    few = compared(book, 0.2).plans["sleepy"]
    billed_h = few.outcomes[0].provisioned_replica_s.sum() / HOUR_S
    assert few.cost_usd_per_month == pytest.approx(billed_h * 0.526 * 30 / 4)


def test_a_tenth_of_the_traffic_costs_a_sleeping_fleet_about_a_tenth(book: PriceBook) -> None:
    comparison = compared(book, 0.2)
    here = comparison.plans["sleepy"].cost_usd_per_month
    tenth = compared(book, 0.02).plans["sleepy"].cost_usd_per_month
    now = comparison.scenario

    def by_closed_form(scenario: Scenario, plan: str) -> float:
        return World.of(scenario).estimate(plan, book).metrics["cost_usd_per_month"].value

    seldom = now.with_(population__logins_per_day="0.02/day")
    assert by_closed_form(now, "sleepy") == pytest.approx(here, rel=0.2)
    assert by_closed_form(seldom, "sleepy") < 0.3 * here
    assert tenth < 0.3 * here
    awake_usd = comparison.plans["awake"].cost_usd_per_month
    assert by_closed_form(seldom, "awake") == pytest.approx(awake_usd)
