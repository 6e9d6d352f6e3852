"""`predcost estimate`, and `sim.estimate`."""

import json
from pathlib import Path

import pytest
from program import predcost

import simulator as sim

SCENARIOS = Path(__file__).parents[2] / "scenarios"
HEADLINE = SCENARIOS / "food_delivery_100m.yaml"


def test_all_plans_stand_side_by_side_and_fit_a_terminal_of_100_columns() -> None:
    done = predcost("estimate", HEADLINE, COLUMNS="100")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert all(len(line) <= 100 for line in lines)
    assert any(line.strip().startswith("cost per month") and line.count("$") == 6 for line in lines)
    assert "What ~ leaves out" in done.stdout


def test_the_json_has_every_value_with_its_kind_and_what_it_leaves_out() -> None:
    done = predcost("estimate", HEADLINE, "--json", "--plan", "cached", "--set", "plans.cached.cache.ttl=12 h")
    plans = json.loads(done.stdout)["plans"]
    assert list(plans) == ["cached"]
    metrics = plans["cached"]["metrics"]
    assert set(metrics["cost_usd_per_month"]) == {"value", "kind", "leaves_out"}
    assert metrics["requests"]["kind"] == "exact"
    assert metrics["requests"]["leaves_out"] == []
    assert metrics["cache_hit_ratio"]["kind"] == "approximate"
    assert metrics["cache_hit_ratio"]["leaves_out"]


def test_what_no_closed_form_gives_is_absent_with_the_reason() -> None:
    setting = "plans.nearline.cache={kind: ttl, ttl: 1 h}"
    done = predcost("estimate", HEADLINE, "--json", "--plan", "nearline", "--set", setting)
    plan = json.loads(done.stdout)["plans"]["nearline"]
    assert "cost_usd_per_month" not in plan["metrics"]
    assert plan["none"].startswith("rows after events")
    told = predcost("estimate", HEADLINE, "--plan", "nearline", "--set", setting, COLUMNS="100").stdout
    assert "no closed form: rows after events" in told.lower()


def test_in_python_it_has_a_tidy_table() -> None:
    found = sim.estimate(HEADLINE, population__users=1_000_000)
    assert list(found.table.columns) == ["value", "kind", "leaves_out"]
    assert found.table.loc[("nightly batch", "predictions_computed_batch"), "value"] == pytest.approx(7e6, rel=1e-3)
    assert "cost per month" in repr(found)
    html = found._repr_html_()
    assert html.count("<pattern") == len(found.estimates.plans), "slanting lines: closed forms"
    assert "cost per month" in html
    assert "batch compute" in html


def test_printing_it_displays_nothing_by_itself_in_a_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rich.console._is_jupyter", lambda: True)
    monkeypatch.setattr("rich.jupyter.display", lambda *_: pytest.fail("rich has shown it besides"))
    assert "cost per month" in repr(sim.estimate(HEADLINE, population__users=1_000_000))


@pytest.mark.parametrize("path", sorted(SCENARIOS.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_bundled_scenario_has_a_cost_for_every_plan(path: Path) -> None:
    found = sim.estimate(path).estimates.plans
    assert all(plan.metrics["cost_usd_per_month"].value > 0 for plan in found.values())


def test_a_wrong_plan_is_told_as_run_tells_it() -> None:
    done = predcost("estimate", HEADLINE, "--plan", "cache")
    assert done.returncode == 2
    assert "there is no plan 'cache'" in done.stderr


def test_where_no_plan_has_a_closed_form_only_that_is_told(tmp_path: Path) -> None:
    (tmp_path / "load.yaml").write_text(
        """
name: load test
population: {users: 1_000, logins_per_day: 1/day, shape: 1}
traffic: {closed_loop: 4}
backends:
  live: {kind: fleet, instance: m7g.large, service_time: 20 ms, capacity: 2}
plans:
  on demand: {on_miss: compute, backend: live}
""",
        encoding="utf-8",
    )
    done = predcost("estimate", tmp_path / "load.yaml")
    assert done.returncode == 0
    told = " ".join(done.stdout.split())
    assert told == (
        "load test: by closed forms, nothing is simulated No closed form: how many requests clients make who wait for "
        "their answers follows from how fast they are answered."
    )
