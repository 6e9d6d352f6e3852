"""A file's own clock: kept where its dates lie in the horizon, else moved, and said."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from drawn_scenarios import a_scenario
from replay_files import DAY_S, HOUR_S, a_demand, a_file, requests_of

from simulator.scenario.schema import Scenario
from simulator.simulation.simulate import simulate
from simulator.studies.consequences import consequences
from simulator.studies.replay_facts import replay_warnings

ROWS = ["07:12", "09:00", "20:00"]
AT_S = [7.2 * HOUR_S, 9 * HOUR_S, 20 * HOUR_S]


def a_day(folder: Path, day: str, ending: str = "", extra: str = "") -> Path:
    return a_file(folder, [f"time{extra and ',who'}", *(f"{day} {clock}{ending}{extra}" for clock in ROWS)])


def replayed(path: Path, start: str, horizon: str = "2 d", users: int = 100, **replay: Any) -> Scenario:
    population = {"users": users, "logins_per_day": "1/day", "shape": 1}
    replay = {"resolution": "0 s", "loop": False, "path": str(path), **replay}
    return a_scenario(population=population, traffic={"replay": replay}, start=start, horizon=horizon, warmup="0 s")


def facts(scenario: Scenario) -> dict[str, str]:
    return {fact.what: fact.value for fact in consequences(scenario) if fact.subject == "traffic"}


@pytest.mark.parametrize(
    ("ending", "start", "replay", "late_s"),
    [
        ("", "2026-03-02T00:00", {}, 0.0),
        ("", "2026-03-02T00:00-05:00", {}, 0.0),  # as on the start's clock
        ("Z", "2026-03-02T00:00", {}, 0.0),
        ("+01:00", "2026-03-02T00:00", {}, -HOUR_S),
        ("Z", "2026-03-02T00:00-05:00", {}, -5 * HOUR_S),
        ("", "2026-03-02T00:00", {"timezone": "America/New_York"}, 5 * HOUR_S),
        ("", "2026-03-01T00:00", {}, DAY_S),
        ("", "2026-03-02T08:00", {}, -8 * HOUR_S),  # the first row is before the start
    ],
)
def test_dates_in_the_horizon_are_kept(
    tmp_path: Path, ending: str, start: str, replay: dict[str, Any], late_s: float
) -> None:
    demand = a_demand(a_day(tmp_path, "2026-03-02", ending), start, 2 * DAY_S, loop=False, resolution="0 s", **replay)
    times_s, _ = requests_of(demand, -DAY_S, 2 * DAY_S)
    assert times_s == pytest.approx([at + late_s for at in AT_S])
    assert demand.recorded_requests(np.array([-DAY_S, 2 * DAY_S])) == pytest.approx([3])


def test_numbers_that_are_dates_in_the_horizon_are_kept_too(tmp_path: Path) -> None:
    path = a_file(tmp_path, ["time", *(str(1772409600 + int(at)) for at in AT_S)])
    demand = a_demand(path, "2026-03-02T00:00", 2 * DAY_S, loop=False, unit="s", resolution="0 s")
    assert requests_of(demand, 0.0, DAY_S)[0] == pytest.approx(AT_S)


def test_a_repeated_file_keeps_its_clock_before_and_after(tmp_path: Path) -> None:
    demand = a_demand(a_day(tmp_path, "2026-03-03"), "2026-03-02T00:00", 3 * DAY_S, length="1 d", resolution="0 s")
    times_s, _ = requests_of(demand, -DAY_S, 3 * DAY_S, 5 * HOUR_S)
    assert times_s == pytest.approx([day * DAY_S + at for day in (-1, 0, 1, 2) for at in AT_S])


@pytest.mark.parametrize(
    ("day", "replay"),
    [("2014-04-10", {}), ("2026-03-04", {}), ("2026-03-02", {"clock": "start"}), ("2026-03-02", {"speed": 2})],
)
def test_otherwise_the_first_row_falls_on_the_start(tmp_path: Path, day: str, replay: dict[str, Any]) -> None:
    demand = a_demand(a_day(tmp_path, day), "2026-03-02T00:00", 2 * DAY_S, loop=False, resolution="0 s", **replay)
    speed = replay.get("speed", 1)
    assert requests_of(demand, 0.0, DAY_S)[0] == pytest.approx([(at - AT_S[0]) / speed for at in AT_S])


def test_daily_active_users_are_those_of_the_files_days(tmp_path: Path) -> None:
    lines = ["2026-03-02T07:12:00Z,a", "2026-03-02T09:00:00Z,b", "2026-03-02T20:00:00Z,a", "2026-03-03T06:00:00Z,a"]
    path = a_file(tmp_path, ["time,user", *lines])
    outcome = simulate(replayed(path, "2026-03-02T00:00", user="user"), "on demand", 0)
    assert outcome.traffic.daily_active_fraction == pytest.approx(0.015)


def test_days_on_which_nobody_comes_count(tmp_path: Path) -> None:
    lines = ["2026-03-02T00:00:00Z,a", "2026-03-03T09:00:00Z,b", "2026-03-04T20:00:00Z,a"]
    path = a_file(tmp_path, ["time,user", *lines])
    scenario = replayed(path, "2026-03-02T00:00", "10 d", users=10, user="user")
    assert simulate(scenario, "on demand", 0).traffic.daily_active_fraction == pytest.approx(0.03)
    early = replayed(path, "2026-02-25T00:00", "10 d", users=10, user="user")
    assert simulate(early, "on demand", 0).traffic.daily_active_fraction == pytest.approx(0.03)


def test_of_nobody_no_share_is_active() -> None:
    quiet = {"spikes": [{"at": "0 s", "duration": "40 d", "multiplier": 0}]}
    population = {"users": 100, "logins_per_day": "1/day", "shape": 1}
    scenario = a_scenario(population=population, traffic=quiet, horizon="31 d", warmup="0 s")
    outcome = simulate(scenario, "on demand", 0)
    assert outcome.traffic.daily_active_fraction == 0.0
    assert outcome.traffic.monthly_active_fraction == 0.0


# What is said


@pytest.mark.parametrize(
    ("day", "start", "replay", "moved", "changed"),
    [
        ("2014-04-10", "2026-03-02T00:00", {}, "from Thu 2014-04-10 07:12 to Mon 2026-03-02 00:00",
         "days of the week and times of day are not the file's; start: 2014-04-10T07:00 keeps them"),
        ("2014-04-10", "2026-03-05T07:00", {}, "from Thu 2014-04-10 07:12 to Thu 2026-03-05 07:00",
         "times of day are not the file's; start: 2014-04-10T07:00 keeps them"),
        ("2014-04-10", "2026-03-02T00:00-05:00", {"timezone": "Europe/Berlin"},
         "from Thu 2014-04-10 07:12 to Mon 2026-03-02 06:00",
         "days of the week and times of day are not the file's; start: 2014-04-10T07:00+02:00 keeps them"),
    ],
)  # fmt: skip
def test_a_move_is_said_and_its_advice_is_right(
    tmp_path: Path, day: str, start: str, replay: dict[str, Any], moved: str, changed: str
) -> None:
    path = a_day(tmp_path, day)
    scenario = replayed(path, start, **replay)
    assert facts(scenario)["clock of the file"] == f"moved: its first row {moved}"
    assert facts(scenario)["warning"] == changed
    assert list(replay_warnings(scenario)) == [f"The replayed file's first row is moved {moved}: {changed}."]
    advised = changed.split("start: ")[1].split(" ", maxsplit=1)[0]
    again = replayed(path, advised, **replay)
    assert facts(again)["clock of the file"].startswith("kept")
    assert not list(replay_warnings(again))
    first_s = requests_of(again.demand, 0.0, DAY_S)[0][0]
    assert first_s == pytest.approx(720.0)


def test_a_move_by_whole_weeks_is_said_and_nothing_is_warned_of(tmp_path: Path) -> None:
    path = a_file(tmp_path, ["time", "2014-04-10 07:00", "2014-04-10 09:00"])
    scenario = replayed(path, "2026-03-05T07:00")
    assert "warning" not in facts(scenario)
    assert list(replay_warnings(scenario)) == [
        "The replayed file's first row is moved from Thu 2014-04-10 07:00 to Thu 2026-03-05 07:00."
    ]


def test_numbers_of_no_date_are_not_called_moved(tmp_path: Path) -> None:
    scenario = replayed(a_file(tmp_path, ["time", "100", "200"]), "2026-03-02T00:00", unit="s")
    assert facts(scenario)["clock of the file"] == "none: its numbers count from the start on"
    assert not list(replay_warnings(scenario))


def test_that_rows_are_spread_is_said_unless_it_is_stated(tmp_path: Path) -> None:
    path = a_file(tmp_path, ["time", "2026-03-02 00:00:07", "2026-03-02 00:00:09"])
    scenario = replayed(path, "2026-03-02T00:00", resolution=None)
    assert facts(scenario)["times in the file"].startswith("rounded to 1 s, over which rows are spread at random")
    assert any("are rounded to 1 s: its rows are spread over it" in said for said in replay_warnings(scenario))
    for stated in ("0 s", "1 s"):
        assert not list(replay_warnings(replayed(path, "2026-03-02T00:00", resolution=stated)))
