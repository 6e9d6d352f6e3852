"""The end of a log played against the fit to its beginning."""

import re
from datetime import timedelta
from importlib import resources
from pathlib import Path

import pandas as pd
import pytest
from synthetic_logs import START, Habits, drawn

from simulator.core.errors import UserError
from simulator.studies.calibration.activity import Beginning
from simulator.studies.calibration.calibrating import Calibration, calibrate
from simulator.studies.calibration.events import US_PER_S, Asked, read_events
from simulator.studies.calibration.fitting import fit_users
from simulator.studies.calibration.held_out import GOOD, Compared
from simulator.studies.calibration.measures import measured
from simulator.studies.calibration.playable import unplayable

DRAWN = Path(__file__).parents[3] / "notebooks" / "06-access.parquet"
"""Drawn by the model, an app at evening meals."""


def calibrated(log: pd.DataFrame, folder: Path) -> Calibration:
    log.to_parquet(folder / "log.parquet")
    return calibrate([folder / "log.parquet"], Asked())


@pytest.mark.long
def test_a_log_that_is_as_the_model_says_is_fitted_well_enough_to_decide_by(tmp_path: Path) -> None:
    found = calibrated(drawn(Habits(users=30_000), 5), tmp_path)
    assert found.verdict is not None
    assert not found.verdict.recommendation_changes
    by_name = {each.metric: each for each in found.verdict.compared}
    for metric in (
        "daily_active_fraction",
        "weekly_active_fraction",
        "cached 6 h: cache_hit_ratio",
        "cached 24 h: cache_hit_ratio",
    ):
        assert abs(by_name[metric].error) < 0.04, metric
    assert found.verdict.begins == START + timedelta(days=20, hours=23)


@pytest.mark.long
def test_what_the_model_drew_is_what_the_held_out_end_says() -> None:
    found = calibrate([DRAWN], Asked())
    assert found.verdict is not None
    assert found.verdict.fit.beginning is Beginning.LASTING
    by_name = {each.metric: each.error for each in found.verdict.compared}
    ages = {name: error for name, error in by_name.items() if name.startswith("active within") and "age" in name}
    assert len(ages) == 2
    assert all(abs(error) < 0.1 for error in ages.values()), ages  # of rows as old as the log knows them
    assert all(abs(error) < 0.02 for name, error in by_name.items() if "cache_hit_ratio" in name)
    assert abs(by_name["daily_active_fraction"]) < 0.06


def test_users_who_are_there_all_the_time_are_known_as_such_whatever_the_hours_they_come_at() -> None:
    with read_events([DRAWN], Asked()) as events:
        four_weeks = events.before(events.first_us + 28 * 86_400 * US_PER_S)
        assert fit_users(measured(four_weeks), "UTC").beginning is Beginning.LASTING


def test_what_chance_alone_may_do_in_so_short_a_time_does_not_count_against_a_fit(tmp_path: Path) -> None:
    log = drawn(Habits(users=500, days=9, growth_per_week=0.0), 8)
    found = calibrated(log, tmp_path)
    assert found.verdict is not None
    assert found.verdict.unsure
    assert all(each.by_chance >= abs(each.fit - each.log) > 0 for each in found.verdict.unsure)
    assert all(0 <= each.by_chance < abs(each.fit - each.log) for each in found.verdict.bad)
    said = [each for each in found.why if each.startswith(f"{found.verdict.unsure[0].metric} is")]
    assert said[0].endswith("; chance alone may do that in so short a time")


@pytest.mark.long
def test_a_log_whose_end_is_another_one_is_told_as_such(tmp_path: Path) -> None:
    log = drawn(Habits(users=20_000, growth_per_week=0.0), 6)
    late = log.time >= START + timedelta(days=21)
    few = log[~late | (log.user % 4 == 0)]
    found = calibrated(few, tmp_path)
    assert not found.fits
    assert any("daily_active_fraction" in each for each in found.why)


@pytest.mark.parametrize(
    ("metric", "log", "fit", "is_good"),
    [
        ("daily_active_fraction", 0.0020, 0.0017, False),  # a run for the active makes 15 % fewer predictions
        ("weekly_active_fraction", 0.0143, 0.0099, False),
        ("daily_active_fraction", 0.0200, 0.0205, True),
        ("cached 1 h: cache_hit_ratio", 0.0080, 0.0170, True),  # 0.9 % less is computed
        ("cached 1 h: cache_hit_ratio", 0.0080, 0.0288, False),
        ("cached 7 d: cache_hit_ratio", 0.8000, 0.8300, True),
        ("active within 7 d: wasted_fraction", 0.0100, 0.0190, True),
        ("active within 7 d: wasted_fraction", 0.3000, 0.3500, False),
    ],
)
def test_a_small_share_is_near_by_what_it_costs_and_not_by_being_small(
    metric: str, log: float, fit: float, *, is_good: bool
) -> None:
    name = metric.rpartition(": ")[2]
    assert Compared(metric, log, fit, GOOD[name]).is_good is is_good


def test_a_log_of_whole_days_tells_no_pauses_within_a_login(tmp_path: Path) -> None:
    log = drawn(Habits(users=3_000, days=28), 7)
    log.assign(time=log.time.dt.floor("D")).to_parquet(tmp_path / "log.parquet")
    found = calibrate([tmp_path / "log.parquet"], Asked(), judges=False)
    assert "traffic.session.requests.mean" in found.fit.parameters
    assert not any("think_time" in key for key in found.fit.parameters)
    assert "think_time" not in found.parts["traffic"]["session"]


NEARLINE = "  nearline: {refresh: {on: login, backend: live}, on_miss: compute, backend: live}\n"
BUSIEST = (
    "  busiest: {precompute: {every: 24 h, at: '02:00', scope: {kind: most_active, share: 10 %}, backend: night}, "
    "on_miss: compute, backend: live}\n"
)


def scenario_of(plans: str, path: Path) -> Path:
    starter = (resources.files("simulator.scenario") / "starter.yaml").read_text(encoding="utf-8")
    text = re.sub(r"^plans:.*?^$", lambda _: f"plans:\n{plans}", starter, count=1, flags=re.MULTILINE | re.DOTALL)
    path.write_text(text, encoding="utf-8")
    return path


def test_which_plans_no_log_can_be_played_with_is_said_by_their_names(tmp_path: Path) -> None:
    demand = "  on demand: {on_miss: compute, backend: live}\n"
    found = unplayable(scenario_of(NEARLINE + BUSIEST + demand, tmp_path / "mine.yaml"))
    assert list(found) == ["nearline", "busiest"]
    assert "write on: request" in found["nearline"]
    assert "goes by login rates (most_active)" in found["busiest"]
    assert unplayable(None) == {}
    with pytest.raises(
        UserError, match=r"none of the plans of .*mine\.yaml can be played on a log: 'nearline' refreshes"
    ):
        unplayable(scenario_of(NEARLINE, tmp_path / "mine.yaml"))


@pytest.mark.long
def test_beside_a_plan_that_no_log_can_be_played_with_the_others_are_judged(tmp_path: Path) -> None:
    drawn(Habits(users=1_500, days=14), 1).to_parquet(tmp_path / "log.parquet")
    mine = scenario_of(NEARLINE + BUSIEST + "  on demand: {on_miss: compute, backend: live}\n", tmp_path / "mine.yaml")
    found = calibrate([tmp_path / "log.parquet"], Asked(), base=mine)
    assert found.verdict is not None
    assert {each.metric.partition(": ")[0] for each in found.verdict.compared if ": " in each.metric} == {"on demand"}
    assert any(each.startswith("plan 'nearline' is not judged: it refreshes after each login") for each in found.why)
    assert not any("predcost-" in each for each in found.why)


def test_a_robot_is_told_and_no_verdict_is_given_of_a_short_log(tmp_path: Path) -> None:
    log = drawn(Habits(users=2_000, days=1, growth_per_week=0.0), 7)
    robot = pd.DataFrame({"time": pd.date_range(START, periods=20_000, freq="4s"), "user": -1})
    found = calibrated(pd.concat([log, robot]), tmp_path)
    assert found.verdict is None
    assert any(each.startswith("one user makes") for each in found.why)
    assert any("shorter than two weeks" in each for each in found.why)


def test_a_handful_of_robots_is_counted_with_their_share_of_the_events(tmp_path: Path) -> None:
    log = drawn(Habits(users=4_000, days=7, growth_per_week=0.0), 7)
    robots = [
        pd.DataFrame({"time": pd.date_range(START, periods=len(log) // 5, end=log.time.max()), "user": -number})
        for number in range(1, 6)
    ]
    said = []
    for number, each in enumerate((log, pd.concat([log, *robots]))):
        each.to_parquet(tmp_path / f"{number}.parquet")
        why = calibrate([tmp_path / f"{number}.parquet"], Asked(), judges=False).why
        said.append([one for one in why if "robots" in one])
    assert said[0] == []
    (told,) = said[1]
    assert told.startswith("5 users make 50% of all events")
