"""Where users live, from a column of time zones, and the one profile that all live by on their own clocks."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from synthetic_logs import HOURS, Habits, drawn

from simulator.core.errors import UserError
from simulator.demand.traffic import Traffic
from simulator.studies.calibration.calibrating import Calibration, calibrate
from simulator.studies.calibration.events import Asked
from simulator.studies.calibration.fitting import UserFit
from simulator.studies.calibration.measures import Measures
from simulator.studies.calibration.weekly import fitted_weekly

TWO = (("America/New_York", 0.6), ("Europe/Berlin", 0.4))
ASKED = Asked(zone="zone")
SHORT = Habits(users=600, days=7, probability=0.0, growth_per_week=0.0, zones=TWO)


def fitted(log: pd.DataFrame, folder: Path, asked: Asked = ASKED, *, judges: bool = False) -> Calibration:
    log.to_parquet(folder / "log.parquet")
    return calibrate([folder / "log.parquet"], asked, judges=judges)


def counted(found: Calibration) -> tuple[UserFit, Measures]:
    assert isinstance(found.fit, UserFit)
    assert found.measures is not None
    return found.fit, found.measures


def test_where_users_live_and_when_they_come_on_their_own_clocks_is_found(tmp_path: Path) -> None:
    habits = Habits(users=8_000, zones=TWO)
    found = fitted(drawn(habits, 1), tmp_path)
    fit, _ = counted(found)
    for key, truth in habits.truth.items():
        each = fit.parameters[key]
        assert each.value - 2 * (each.value - each.low) <= truth <= each.value + 2 * (each.high - each.value), key
    said = Traffic.model_validate(found.parts["traffic"])
    assert said.timezones == pytest.approx(dict(TWO), abs=0.03)
    day = np.asarray(said.profile.weekly_weights()).reshape(7, 24, -1).mean(axis=(0, 2))
    assert np.abs(day - np.array(HOURS) / np.mean(HOURS)).max() < 0.12
    assert not any("time zone" in each for each in found.why)


def test_a_log_of_one_zone_says_what_it_says_of_that_clock(tmp_path: Path) -> None:
    log = drawn(replace(SHORT, zones=()), 2).assign(zone="Asia/Tokyo")
    of_column, of_option = (fitted(log, tmp_path, asked) for asked in (ASKED, Asked(timezone="Asia/Tokyo")))
    assert of_column.parts["traffic"]["timezones"] == "Asia/Tokyo"
    # users are dealt into groups by their names alone, so that fits to the same log are the same
    assert of_column.parts == of_option.parts


@pytest.mark.long
def test_the_held_out_end_of_a_log_of_two_zones_is_as_the_fit_says(tmp_path: Path) -> None:
    found = fitted(drawn(Habits(users=20_000, zones=TWO), 5), tmp_path, judges=True)
    assert found.verdict is not None
    by_name = {each.metric: each for each in found.verdict.compared}
    for metric in ("daily_active_fraction", "requests_per_s_peak", "cached 6 h: cache_hit_ratio"):
        assert abs(by_name[metric].error) < 0.05, metric
    assert not found.verdict.recommendation_changes


def test_a_user_lives_where_most_of_his_rows_say(tmp_path: Path) -> None:
    log = drawn(SHORT, 3).sort_values(["user", "time"])
    number, size = log.groupby("user").cumcount(), log.groupby("user").user.transform("size")
    travels = number < (size - 1) // 2
    found = fitted(log.assign(zone=log.zone.where(~travels, "Asia/Tokyo")), tmp_path)
    assert found.zones is not None
    assert dict(found.zones.homes.users) == log.groupby("zone").user.nunique().to_dict()
    assert found.zones.homes.several == log[travels].user.nunique()
    assert any("rows of several time zones" in each for each in found.why)


def test_of_two_zones_with_as_many_rows_the_later_one_is_taken(tmp_path: Path) -> None:
    log = drawn(SHORT, 3).groupby("user").head(2).groupby("user").filter(lambda rows: len(rows) == 2)
    number = log.groupby("user").cumcount()
    found = fitted(log.assign(zone=np.where(number == 0, "Asia/Tokyo", "America/Lima")), tmp_path)
    assert found.zones is not None
    assert set(found.zones.homes.users) == {"America/Lima"}


def test_rows_of_users_without_a_zone_are_left_out_by_reason_and_other_rows_are_told(tmp_path: Path) -> None:
    log = drawn(SHORT, 4).reset_index(drop=True)
    none, odd, some = (log.user == name for name in log.user.unique()[[0, 1, 2]])
    assert some.sum() > 1
    first = log[some].index[0]
    zone = log.zone.mask(none, " ").mask(odd, "PST").mask(log.index == first, "EST5")
    found = fitted(log.assign(zone=zone), tmp_path, Asked(zone="zone", allows_skipped=True))
    assert list(found.skipped.values()) == [none.sum(), odd.sum()]
    assert found.fit.parameters["traffic.timezones.Europe/Berlin"].value > 0
    (told,) = [each for each in found.why if "another value" in each]
    assert told.startswith("1 rows have no time zone (0) or another value (1")
    with pytest.raises(UserError, match="rows would be left out"):
        fitted(log.assign(zone=zone.mask(log.user % 10 == 0, None)), tmp_path)


def test_zones_of_few_users_are_put_into_the_nearest_of_the_others(tmp_path: Path) -> None:
    log = drawn(SHORT, 4)
    few = log.user.unique()[:2]
    zone = log.zone.mask(log.user == few[0], "Europe/Vienna").mask(log.user == few[1], "America/Chicago")
    found = fitted(log.assign(zone=zone), tmp_path)
    assert found.zones is not None
    assert found.zones.names == ("America/New_York", "Europe/Berlin")
    assert set(found.zones.few) == {"Europe/Vienna", "America/Chicago"}
    assert found.zones.farthest_h == 1
    _, measures = counted(found)
    assert measures.users_by_zone.sum() == log.user.nunique()
    assert any("at most 1 h off" in each for each in found.why)


def test_users_who_come_more_often_in_one_zone_are_told(tmp_path: Path) -> None:
    log = drawn(SHORT, 4)
    few = log[(log.zone == "Europe/Berlin") | (log.groupby("user").cumcount() < 2)]
    assert any("times as often as all did; a scenario has" in each for each in fitted(few, tmp_path).why)


@pytest.mark.parametrize(
    ("columns", "asked", "said"),
    [
        ({}, Asked(zone="zone", timezone="Europe/Berlin"), "leave one of them out"),
        ({}, Asked(zone="zon"), "did you mean 'zone'"),
        ({"zone": "PST"}, ASKED, "'PST'; an abbreviation does not say"),
        ({"zone": "+02:00"}, ASKED, "an offset does not say"),
        ({"zone": None}, ASKED, "'zone' has no value in any row"),
        ({"user": None}, ASKED, "no row has a time|left out|without users"),
    ],
)
def test_what_says_no_zones_is_refused(tmp_path: Path, columns: dict[str, str], asked: Asked, said: str) -> None:
    log = drawn(SHORT, 4).assign(**columns)
    with pytest.raises(UserError, match=said):
        fitted(log, tmp_path, asked)


@pytest.mark.parametrize(
    ("log", "of"),
    [
        (
            pd.DataFrame(
                {
                    "time": pd.date_range("2026-03-02", periods=600, freq="5min"),
                    "count": [*range(50, 80)] * 20,
                    "zone": "UTC",
                }
            ),
            (),
        ),
        (pd.DataFrame({"time": pd.date_range("2026-03-02", periods=600, freq="77s"), "zone": "UTC"}), ()),
    ],
    ids=["counts", "events"],
)
def test_a_log_without_users_has_no_zones_of_theirs(tmp_path: Path, log: pd.DataFrame, of: tuple[str, ...]) -> None:
    with pytest.raises(UserError, match=r"--zone-column: .*without users nobody lives anywhere"):
        fitted(log, tmp_path, Asked(zone="zone", counts=of))


def test_one_profile_is_found_behind_zones_of_any_size() -> None:
    rng, hours = np.random.default_rng(1), np.arange(4 * 168 + 31)
    zones = ("America/New_York", "Europe/Berlin", "Asia/Kolkata")
    day = np.array(HOURS) / np.mean(HOURS)
    first = 24 * 20_100  # winter
    offsets, sizes = (-5, 1, 5.5), (600.0, 300.0, 30.0)
    counts = np.stack(
        [
            rng.poisson(size * day[np.floor(hours + offset + 1e-9).astype(int) % 24] * np.exp(0.02 * hours / 168))
            for offset, size in zip(offsets, sizes, strict=True)
        ]
    ).astype(float)
    found = fitted_weekly(counts, first, zones, np.ones(hours.size))
    fit = np.array(found.weights).reshape(7, 24).mean(axis=0)
    assert fit == pytest.approx(day, rel=0.05)
    assert found.growth_per_week == pytest.approx(np.expm1(0.02), abs=0.003)
    assert found.by_zone.sum(axis=1) / found.expected.sum() == pytest.approx(np.array(sizes) / sum(sizes), rel=0.02)
