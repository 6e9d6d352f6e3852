"""A sweep's workbook: its points, who is best where, and a chart."""

import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from small_comparisons import SCENARIO
from spreadsheets import shown

from simulator.report.studied import SweepResult, sweep
from simulator.scenario.loading import load_scenario

FEW = {
    "population.users": "2k",
    "horizon": "12 h",
    "replications": 2,
    **dict.fromkeys(("plans.hybrid", "plans.nearline", "plans.SWR", "plans.cached")),
}


@pytest.fixture(scope="module")
def one_key() -> SweepResult:
    return sweep(load_scenario(SCENARIO, FEW), {"backends.live.capacity.min": [1, 3]}, workers=1)


@pytest.fixture(scope="module")
def two_keys() -> SweepResult:
    over = {"backends.live.capacity.min": [1, 3], "backends.night.purchase": ["spot", "on_demand"]}
    return sweep(load_scenario(SCENARIO, FEW), over, workers=1)


def table(sheet: Any, head_row: int = 4) -> list[dict[str, Any]]:
    rows = list(sheet.iter_rows(min_row=head_row, values_only=True))
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:] if row[0] is not None]


def test_every_point_has_what_each_plan_costs_and_the_best_one(one_key: SweepResult, tmp_path: Path) -> None:
    book = shown(one_key.workbook(tmp_path / "a.xlsx"))
    rows = table(book["By plan"])
    assert len(rows) == len(one_key.sweep.points)
    for row, point in zip(rows, one_key.sweep.points, strict=True):
        assert row["backends.live.capacity.min"] == point.levels[0].text
        assert row["backends.live.capacity.min as a number"] == point.levels[0].value
        assert row["best plan"] == point.recommended
        for name, plan in point.comparison.plans.items():
            assert row[name] == pytest.approx(plan.cost_usd_per_month)


def test_points_have_every_metric_that_a_plan_has(two_keys: SweepResult, tmp_path: Path) -> None:
    rows = table(shown(two_keys.workbook(tmp_path / "a.xlsx"))["Points"])
    found = [(point, plan) for point in two_keys.sweep.points for plan in point.comparison.plans.values()]
    assert len(rows) == len(found)
    for row, (point, plan) in zip(rows, found, strict=True):
        assert row["plan"] == plan.name
        assert row["best"] == ("yes" if plan.name == point.recommended else "no")
        assert row["latency p99, s"] == pytest.approx(plan.metrics["latency_p99_s"].mean)
        assert row["low"] == pytest.approx(plan.metrics["cost_usd_per_month"].low)


def test_two_keys_have_a_map_of_the_best_plans(two_keys: SweepResult, tmp_path: Path) -> None:
    sheet = shown(two_keys.workbook(tmp_path / "a.xlsx"))["Best plan"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=4, max_row=6)]
    assert rows[0] == ["best plan", "spot", "on_demand"]
    winner = two_keys.sweep.winner_at
    assert rows[1][1:] == [winner[0, 0], winner[0, 1]]
    assert rows[2][1:] == [winner[1, 0], winner[1, 1]]


def test_the_finding_the_assumptions_and_a_described_chart_are_in_it(one_key: SweepResult, tmp_path: Path) -> None:
    path = one_key.workbook(tmp_path / "a.xlsx")
    book = shown(path)
    assert one_key.finding in [cell.value for cell in book["Summary"]["A"]]
    said = {row[0] for row in book["Assumptions"].iter_rows(min_row=5, values_only=True)}
    assert {"instance/g4dn.xlarge/on_demand", "population.users"} <= said
    with zipfile.ZipFile(path) as parts:
        assert 'descr="' in parts.read("xl/drawings/drawing1.xml").decode()
    again = one_key.workbook(tmp_path / "b.xlsx")
    assert again.read_bytes() == path.read_bytes()


def test_names_of_plans_stay_text(one_key: SweepResult, tmp_path: Path) -> None:
    def renamed(names: dict[str, Any]) -> dict[str, Any]:
        return {("=1+1" if name == "on demand" else name): each for name, each in names.items()}

    found = one_key.sweep
    scenario = found.scenario.model_copy(update={"plans": renamed(found.scenario.plans)})
    points = tuple(
        replace(
            point,
            comparison=replace(
                point.comparison,
                plans={name: replace(plan, name=name) for name, plan in renamed(point.comparison.plans).items()},
            ),
        )
        for point in found.points
    )
    path = SweepResult(replace(found, scenario=scenario, points=points)).workbook(tmp_path / "a.xlsx")
    heads = {cell.value: cell.data_type for cell in openpyxl.load_workbook(path)["By plan"][4]}
    assert heads["=1+1"] == "s"
    with zipfile.ZipFile(path) as parts:
        assert "=1+1 is best" in parts.read("xl/charts/chart1.xml").decode()
