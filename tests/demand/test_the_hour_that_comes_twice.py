"""Files by a clock that is put back, where an hour comes twice, and put on, where one is missing."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet
from replay_files import HOUR_S, a_demand, a_file, per_hour, requests_of, said_of

NEW_YORK = "America/New_York"
AUTUMNS = [
    (NEW_YORK, "2026-11-01T00:00-04:00"),
    ("Europe/Berlin", "2026-10-25T00:00+02:00"),
    ("Australia/Lord_Howe", "2026-04-05T00:00+11:00"),  # by half an hour
    ("America/Havana", "2026-11-01T00:00-04:00"),  # at 01:00, back to midnight
    ("Africa/Casablanca", "2026-02-15T00:00+01:00"),
]


def local_minutes(zone: str, start: str, hours: float, every_min: float = 1) -> list[str]:
    """Return what a zone's clock shows every so often, as a log writes it."""
    begin = datetime.fromisoformat(start).astimezone(UTC)
    moments = (begin + timedelta(minutes=k * every_min) for k in range(round(hours * 60 / every_min)))
    return [f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S}" for moment in moments]


@pytest.mark.parametrize(("zone", "start"), AUTUMNS)
@pytest.mark.parametrize("sort", [False, True])
def test_a_log_has_as_many_requests_in_every_hour(tmp_path: Path, zone: str, start: str, sort: bool) -> None:  # noqa: FBT001
    path = a_file(tmp_path, ["time", *local_minutes(zone, start, 26)])
    demand = a_demand(path, start, 26 * HOUR_S, loop=False, timezone=zone, sort=sort)
    assert per_hour(demand, 26) == [60] * 26


@pytest.mark.parametrize(("zone", "start"), AUTUMNS)
def test_the_newest_row_may_stand_first_if_the_file_is_sorted(tmp_path: Path, zone: str, start: str) -> None:
    path = a_file(tmp_path, ["time", *reversed(local_minutes(zone, start, 26))])
    demand = a_demand(path, start, 26 * HOUR_S, loop=False, timezone=zone, sort=True)
    assert per_hour(demand, 26) == [60] * 26


def test_several_autumns_are_each_placed(tmp_path: Path) -> None:
    lines = local_minutes(NEW_YORK, "2024-01-01T00:00-05:00", 3 * 366 * 24, every_min=15)
    path = a_file(tmp_path, ["time", *lines])
    demand = a_demand(path, "2024-01-01T00:00-05:00", loop=False, timezone=NEW_YORK, resolution="0 s")
    times_s, _ = requests_of(demand, 0.0, 3 * 366 * 24 * HOUR_S, 1000 * HOUR_S)
    assert times_s == pytest.approx(np.arange(len(lines)) * HOUR_S / 4, abs=1e-6)


@pytest.mark.parametrize("batch", [1, 7, 65])
def test_where_the_reader_stops_for_breath_changes_nothing(tmp_path: Path, batch: int) -> None:
    local = local_minutes(NEW_YORK, "2026-11-01T00:00-04:00", 5)
    table = pa.table({"time": pa.array([datetime.fromisoformat(text) for text in local], pa.timestamp("s"))})
    path = tmp_path / "log.parquet"
    parquet.write_table(table, path, row_group_size=batch)
    demand = a_demand(path, "2026-11-01T00:00-04:00", 5 * HOUR_S, loop=False, timezone=NEW_YORK)
    assert per_hour(demand, 5) == [60] * 5


def test_the_second_pass_of_a_log_is_repeated_with_it(tmp_path: Path) -> None:
    path = a_file(tmp_path, ["time", *local_minutes(NEW_YORK, "2026-11-01T00:00-04:00", 25)])
    demand = a_demand(path, "2026-11-01T00:00-04:00", 25 * HOUR_S, timezone=NEW_YORK, length="25 h")
    times_s, _ = requests_of(demand, -25 * HOUR_S, 50 * HOUR_S)
    assert np.histogram(times_s, 75, (-25 * HOUR_S, 50 * HOUR_S))[0].tolist() == [60] * 75


def test_rows_of_the_same_time_are_of_one_pass(tmp_path: Path) -> None:
    lines = ["2026-11-01 01:10:00", "2026-11-01 01:10:00", "2026-11-01 01:20:00", "2026-11-01 01:05:00"]
    path = a_file(tmp_path, ["time", *lines])
    demand = a_demand(path, "2026-11-01T01:00-04:00", 2 * HOUR_S, loop=False, timezone=NEW_YORK, resolution="0 s")
    assert requests_of(demand, 0.0, 2 * HOUR_S)[0].tolist() == [600.0, 600.0, 1200.0, 3900.0]


COUNTS = ["2026-11-01 00:00,36", "2026-11-01 01:00,36", "2026-11-01 01:00,72", "2026-11-01 02:00,36"]
HALVES = ["00:00,1", "00:30,2", "01:00,3", "01:30,4", "01:00,5", "01:30,6", "02:00,7", "02:30,8"]


@pytest.mark.parametrize("sort", [False, True])
def test_a_period_that_is_there_again_is_of_the_second_pass(tmp_path: Path, sort: bool) -> None:  # noqa: FBT001
    path = a_file(tmp_path, ["time,n", *COUNTS])
    demand = a_demand(path, "2026-11-01T00:00-04:00", 4 * HOUR_S, value="n", loop=False, timezone=NEW_YORK, sort=sort)
    assert per_hour(demand, 4) == [36, 36, 72, 36]


@pytest.mark.parametrize(
    ("lines", "sort"),
    [
        (HALVES, False),
        (HALVES, True),
        (sorted(HALVES), True),
        (list(reversed(HALVES)), True),
        ([HALVES[k] for k in (3, 7, 0, 2, 4, 6, 5, 1)], True),  # shuffled, each first pass before its second
    ],
)
def test_half_hours_of_both_passes_are_told_apart(tmp_path: Path, lines: list[str], sort: bool) -> None:  # noqa: FBT001
    path = a_file(tmp_path, ["time,n", *(f"2026-11-01 {line}" for line in lines)])
    demand = a_demand(path, "2026-11-01T00:00-04:00", 4 * HOUR_S, value="n", loop=False, timezone=NEW_YORK, sort=sort)
    times_s, _ = requests_of(demand, 0.0, 4 * HOUR_S)
    assert np.histogram(times_s, 8, (0.0, 4 * HOUR_S))[0].tolist() == [1, 2, 3, 4, 5, 6, 7, 8]


@pytest.mark.parametrize("sort", [False, True])
def test_counts_by_user_begin_the_second_pass_where_a_user_is_there_again(tmp_path: Path, sort: bool) -> None:  # noqa: FBT001
    rows = [(0, "a", 1), (0, "b", 2), (1, "a", 3), (1, "b", 4), (1, "a", 5), (1, "b", 6), (2, "b", 7)]
    path = a_file(tmp_path, ["time,who,n", *(f"2026-11-01 {hour:02d}:00,{who},{n}" for hour, who, n in rows)])
    demand = a_demand(
        path, "2026-11-01T00:00-04:00", 4 * HOUR_S, value="n", user="who", loop=False, timezone=NEW_YORK, sort=sort
    )
    assert per_hour(demand, 4) == [3, 7, 11, 7]


@pytest.mark.parametrize(
    ("lines", "replay", "said"),
    [
        (["time,n", *(f"2026-11-01 {half}" for half in sorted(HALVES))], {"value": "n"}, "say 'sort: true'"),
        (
            ["time,n", *(f"2026-11-01 {h:02d}:00,1" for h in (0, 0, 1, 1, 1, 1, 2))],
            {"value": "n"},
            "row 4: '2026-11-01 01:00' comes twice in America/New_York, where the clock is put back by 60 min, and sev",
        ),
        (
            ["time", *(f"2026-11-01 {clock}" for clock in ("01:30", "00:10", "01:40", "03:00", "01:20", "02:00"))],
            {"sort": True},
            "row 5: its time comes twice in America/New_York",
        ),
        (
            ["time", "2026-11-01 01:30", "2026-11-01 01:10", "2026-11-01 01:40", "2026-11-01 01:20"],
            {},
            "row 4: '2026-11-01 01:20' comes before the row above it, '2026-11-01 01:40'",
        ),
        (
            ["time", "2026-03-08 01:30:00", "2026-03-08 02:30:00"],
            {},
            "row 2: '2026-03-08 02:30:00' does not exist in America/New_York",
        ),
        (
            ["time,n", "2026-03-08 01:00,1", "2026-03-08 02:00,1"],
            {"value": "n"},
            "row 2: '2026-03-08 02:00' does not exist in America/New_York",
        ),
    ],
)
def test_what_cannot_be_told_is_said_with_its_row(
    tmp_path: Path, lines: list[str], replay: dict[str, Any], said: str
) -> None:
    assert said in said_of(a_file(tmp_path, lines), timezone=NEW_YORK, **replay)


def test_without_a_zone_a_step_back_is_refused_in_the_files_own_words(tmp_path: Path) -> None:
    path = a_file(tmp_path, ["time", "2026-11-01 01:59:00", "2026-11-01 01:00:00"])
    said = said_of(path)
    assert "row 2: '2026-11-01 01:00:00' comes before the row above it, '2026-11-01 01:59:00'" in said
    assert "if the clock was put back there, say whose it is, e.g. timezone: Europe/Berlin" in said


@pytest.mark.parametrize("late", [0.5, 30.0])
def test_a_row_that_is_a_little_late_is_still_of_its_pass(tmp_path: Path, late: float) -> None:
    """Of a log whose rows are not quite in order, the long step back is the clock's."""
    rng = np.random.default_rng(4)
    at_s = np.arange(0.0, 4 * HOUR_S, 10.0)
    order = np.argsort(at_s + rng.uniform(0, late, at_s.size), kind="stable")
    begin = datetime.fromisoformat("2026-11-01T00:00-04:00").astimezone(UTC)
    zone = ZoneInfo(NEW_YORK)
    lines = [f"{(begin + timedelta(seconds=float(at_s[k]))).astimezone(zone):%Y-%m-%d %H:%M:%S}" for k in order]
    path = a_file(tmp_path, ["time", *lines])
    demand = a_demand(path, "2026-11-01T00:00-04:00", 4 * HOUR_S, timezone=NEW_YORK, loop=False, sort=True)
    assert per_hour(demand, 4) == [360] * 4
