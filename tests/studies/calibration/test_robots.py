"""Users who are hardly persons: told, and left out where that is asked for."""

from pathlib import Path

import pandas as pd
import pytest
from synthetic_logs import START, Habits, drawn

from simulator.core.errors import UserError
from simulator.studies.calibration.calibrating import Calibration, calibrate
from simulator.studies.calibration.events import Asked, read_events
from simulator.studies.calibration.robots import ROBOT, Robots, leave_out_robots

WITHOUT = Asked(without_robots=True)


def fitted(log: pd.DataFrame, path: Path, asked: Asked) -> Calibration:
    log.to_parquet(path)
    return calibrate([path], asked, judges=False)


def robot(number: int, events: int, log: pd.DataFrame) -> pd.DataFrame:
    first, last = log.time.min(), log.time.max()
    return pd.DataFrame({"time": pd.date_range(first, last, periods=events), "user": -number})


def test_a_log_without_its_five_robots_has_the_numbers_of_the_people_alone(tmp_path: Path) -> None:
    people = drawn(Habits(users=4_000, days=14), 3)
    robots = [robot(number, len(people) * number // 15, people) for number in range(1, 6)]
    both = pd.concat([people, *robots])
    alone = fitted(people, tmp_path / "alone.parquet", Asked())
    left = fitted(both, tmp_path / "both.parquet", WITHOUT)
    with_them = fitted(both, tmp_path / "both.parquet", Asked())
    gone = sum(map(len, robots))
    assert left.robots == Robots(5, gone, gone / len(both))
    assert left.skipped == {ROBOT: gone}
    assert not any("no person" in each for each in left.why)
    assert any("leave such out with --without-robots" in each for each in with_them.why)
    assert left.fit.parameters.keys() == alone.fit.parameters.keys()
    for key, each in alone.fit.parameters.items():
        assert left.fit.parameters[key].value == pytest.approx(each.value, rel=1e-6), key
    assert left.parts == alone.parts
    key = "traffic.session.think_time.mean"
    assert with_them.fit.parameters[key].value > 1.3 * alone.fit.parameters[key].value


def test_of_people_alone_nobody_is_left_out(tmp_path: Path) -> None:
    found = fitted(drawn(Habits(users=1_500, days=14), 3), tmp_path / "log.parquet", WITHOUT)
    assert found.robots == Robots(0, 0, 0.0)
    assert found.skipped == {}


def test_a_robot_that_a_larger_one_hides_and_events_of_robots_beyond_the_others_are_left_out(tmp_path: Path) -> None:
    people = drawn(Habits(users=12_000, days=3), 3)
    large = robot(1, 9 * len(people), people)
    small = robot(2, len(people) // 20, people)
    late = pd.DataFrame({"time": [START + pd.Timedelta(days=300)], "user": [-1]})
    pd.concat([people, large, small, late]).to_parquet(tmp_path / "log.parquet")
    with read_events([tmp_path / "log.parquet"]) as events:
        found = leave_out_robots(events)
        assert (found.users, found.events) == (2, len(large) + len(small) + 1)
        assert events.count == len(people)
        assert events.last_us == people.time.max().round("us").value // 1_000
        assert events.users == people.user.nunique()


def test_robots_of_a_log_without_users_are_refused_by_the_option_s_name(tmp_path: Path) -> None:
    lines = [f"2026-03-02 {hour:02}:00,{hour * 7 % 24}" for hour in range(24)]
    (tmp_path / "log").write_text("\n".join(["time,requests", *lines]) + "\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"^--without-robots: .*without users nothing tells robots from people"):
        calibrate([tmp_path / "log"], WITHOUT)
