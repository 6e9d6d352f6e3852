"""The end of a log played against the fit to its beginning."""

from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest
from synthetic_logs import START, Habits, drawn

from simulator.studies.calibration.activity import Beginning
from simulator.studies.calibration.calibrating import Calibration, calibrate
from simulator.studies.calibration.events import US_PER_S, Asked, read_events
from simulator.studies.calibration.fitting import fit_users
from simulator.studies.calibration.measures import measured

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
