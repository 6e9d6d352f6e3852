"""What a log says, as Python has it: from a DataFrame or files to numbers, parts, a scenario that runs."""

import sys
from dataclasses import replace
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from ruamel.yaml import YAML

sys.path.append(str(Path(__file__).parent.parent / "studies" / "calibration"))
from synthetic_logs import Habits, drawn

import simulator as sim
from simulator.report.notebook import NO_MATHS
from simulator.studies.calibration.held_out import Compared, HeldOut

SCENARIO = Path(__file__).parents[2] / "scenarios" / "food_delivery_100m.yaml"


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return drawn(Habits(users=1_500), 1)


@pytest.fixture(scope="module")
def fitted(frame: pd.DataFrame) -> sim.CalibrationResult:
    return sim.calibrate_users(frame, fit_only=True)


@pytest.fixture(scope="module")
def judged(fitted: sim.CalibrationResult) -> sim.CalibrationResult:
    found = fitted.calibration
    compared = (
        Compared("daily_active_fraction", 0.2, 0.21, 0.05),
        Compared("cached 6 h: cache_hit_ratio", 0.5, 0.7, 0.05),
        Compared("variance over mean in 60 s", 2.0, 1.0, None),
    )
    verdict = HeldOut(found.fit, datetime(2026, 3, 23, tzinfo=UTC), 604_800.0, compared, "cached 6 h", "nightly", 0.2)
    return sim.CalibrationResult(replace(found, verdict=verdict, why=("cache_hit_ratio is off", "users <lapse>")))


def test_a_dataframe_says_the_same_as_its_file_and_as_its_files(
    frame: pd.DataFrame, fitted: sim.CalibrationResult, tmp_path: Path
) -> None:
    frame.iloc[:9_000].to_csv(tmp_path / "a.csv", index=False)
    frame.iloc[9_000:].to_csv(tmp_path / "b.csv", index=False)
    files = sim.calibrate_users([tmp_path / "a.csv", str(tmp_path / "b.csv")], fit_only=True)
    assert files.parts["population"] == fitted.parts["population"]
    assert fitted.calibration.recognised == "DataFrame: times in 'time', users in 'user'"
    assert files.calibration.recognised.startswith("a table separated by commas")


def test_times_without_a_zone_are_on_the_users_clock_as_those_of_a_file_are(frame: pd.DataFrame) -> None:
    there = frame.time.dt.tz_convert("Asia/Tokyo")
    aware = sim.calibrate_users(frame.assign(time=there), timezone="Asia/Tokyo", fit_only=True)
    naive = sim.calibrate_users(frame.assign(time=there.dt.tz_localize(None)), timezone="Asia/Tokyo", fit_only=True)
    assert naive.parts == aware.parts
    assert naive.calibration.first == aware.calibration.first


def test_an_index_that_has_a_name_is_a_column_too(frame: pd.DataFrame, fitted: sim.CalibrationResult) -> None:
    named = frame.rename(columns={"time": "seen", "user": "who"}).set_index("seen")
    found = sim.calibrate_users(named, time="seen", user="who", fit_only=True)
    assert found.parts == fitted.parts


def test_the_parameters_are_a_table_by_the_scenario_s_keys(fitted: sim.CalibrationResult) -> None:
    table = fitted.parameters
    assert list(table.columns) == ["value", "low", "high"]
    assert {"population.shape", "traffic.session.requests.mean"} <= set(table.index)
    assert (table.low <= table.value).all()
    assert (table.value <= table.high).all()


def test_the_held_out_end_is_a_table_that_is_empty_where_nothing_was(
    fitted: sim.CalibrationResult, judged: sim.CalibrationResult
) -> None:
    assert fitted.held_out.empty
    assert (fitted.fits, fitted.recommendation_changes) == (None, None)
    assert list(judged.held_out.columns) == ["log", "fit", "error", "asked_within", "is_good"]
    assert judged.held_out.error["cached 6 h: cache_hit_ratio"] == pytest.approx(0.4)
    assert list(judged.held_out.is_good) == [True, False, True]
    assert (judged.fits, judged.recommendation_changes) == (False, True)
    assert "20% more" in judged.verdict


def test_the_parts_that_are_written_are_those_that_there_are_and_nothing_is_replaced_unasked(
    fitted: sim.CalibrationResult, tmp_path: Path
) -> None:
    path = fitted.write(tmp_path / "parts.yaml")
    assert YAML(typ="safe").load(path.read_text("utf-8")) == fitted.parts
    assert all(len(line) <= 120 for line in path.read_text("utf-8").splitlines())
    with pytest.raises(sim.UserError, match="is there already"):
        fitted.write(path)
    fitted.write(path, force=True)


def test_the_scenario_begins_on_the_monday_after_the_log_and_runs(fitted: sim.CalibrationResult) -> None:
    scenario = fitted.scenario()
    assert scenario.demand.home_start == datetime(2026, 3, 30, tzinfo=UTC)
    result = sim.run(scenario, horizon="1 d", replications=1)
    log = len(fitted.calibration.measures.by_hour[0]) / 24
    per_day = fitted.calibration.measures.per_login.sum() / log
    logins = result.comparison.plans["on demand"].outcomes[0].traffic.logins
    assert logins == pytest.approx(per_day, rel=0.25)


def test_the_scenario_may_have_another_one_s_plans_in_place_of_the_starter_s(fitted: sim.CalibrationResult) -> None:
    base = sim.load_scenario(SCENARIO)
    for given in (base, SCENARIO, str(SCENARIO)):
        found = fitted.scenario(given)
        assert list(found.plans) == list(base.plans)
        assert found.population.users == fitted.parts["population"]["users"]


def test_a_log_that_is_known_to_have_more_users_than_came_has_them(frame: pd.DataFrame) -> None:
    found = sim.calibrate_users(frame, population="2k", session_gap="20 min", fit_only=True)
    assert found.parts["population"]["users"] == 2_000
    assert found.calibration.measures.valley.gap_s == 1_200


@pytest.mark.parametrize(
    ("logs", "options", "said"),
    [
        (7, {}, "takes the path of a log, several, or a pandas DataFrame, not a int"),
        ([1, 2], {}, "not a list"),
        ("nowhere.csv", {}, "there is no file nowhere.csv"),
        ([], {}, "there is no log"),
        (pd.DataFrame({"time": [1, "x"], "user": [1, 2]}), {}, "the DataFrame is no table that can be read"),
        (pd.DataFrame({"a": [1], "b": [2]}), {}, r"columns \(a, b\) is called as times are"),
        (pd.DataFrame(), {}, "the DataFrame is empty"),
        (pd.DataFrame({"time": ["2026-01-01"], "user": ["a"]}), {}, "^DataFrame: .*1 users are too few"),
        (None, {"population": "many"}, "^population: 'many' is not a count"),
        (None, {"population": 5}, r"population\(=5\) must be at least the 1,\d+ users who came"),
        (None, {"session_gap": "5"}, "^session_gap: "),
        (None, {"session_gap": "-1 min"}, "must be above 0 s"),
        (None, {"timezone": "Mars/Base"}, "^timezone: "),
        (None, {"timezone": 3}, "^timezone: "),
        (None, {"user": "who"}, "there is no column 'who'"),
        (None, {"scenario": 7}, r"calibrate_users\(\) takes a scenario or the path of its file, not a int"),
    ],
)
def test_what_cannot_be_read_is_told(frame: pd.DataFrame, logs: Any, options: dict[str, Any], said: str) -> None:
    with pytest.raises(sim.UserError, match=said) as caught:
        sim.calibrate_users(frame if logs is None else logs, fit_only=True, **options)
    assert "predcost-" not in str(caught.value)


def test_in_a_notebook_it_shows_the_verdict_the_numbers_and_what_speaks_against_it(
    judged: sim.CalibrationResult, fitted: sim.CalibrationResult
) -> None:
    html = judged._repr_html_()
    assert html.startswith(f'<div class="{NO_MATHS}"><p><strong>On the last 7 d of the log')
    assert "population.shape</td>" in html
    assert "data:image/png;base64," in html
    assert "users &lt;lapse&gt;" in html.lower()
    assert "cache_hit_ratio is off." in html
    assert "base64" not in fitted._repr_html_()
    assert repr(fitted).startswith("<CalibrationResult of 1,")


@pytest.mark.long
def test_the_verdict_may_be_for_a_scenario_s_own_plans(frame: pd.DataFrame) -> None:
    with resources.as_file(resources.files("simulator.scenario") / "starter.yaml") as file:
        found, of_file = (sim.calibrate_users(frame, scenario=each) for each in (sim.load_scenario(file), file))
        plans = set(sim.load_scenario(file).plans)
    assert {name.partition(": ")[0] for name in found.held_out.index if ": " in name} == plans
    pd.testing.assert_frame_equal(found.held_out, of_file.held_out)
