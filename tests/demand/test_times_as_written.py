"""One reader of times for profiles and replays: ISO 8601 in its forms, stated formats, zones, and no guesses."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from replay_files import DAY_S, HOUR_S, a_demand, a_file, requests_of, said_of

from simulator.demand.demand import Demand
from simulator.demand.population import Population
from simulator.demand.profile.csv import Csv
from simulator.demand.traffic import Traffic

MONDAY = datetime(2026, 3, 2)  # noqa: DTZ001
POPULATION = Population.model_validate({"users": 1000, "logins_per_day": "1/day", "shape": 1})


def a_week(write: Any, begin: datetime = MONDAY) -> list[str]:
    """Return a row for every hour, of which 18:00 is the busiest, as ``write`` writes a time."""
    hours = (begin + timedelta(hours=k) for k in range(24 * 7))
    return ["time,value", *(f"{write(hour)},{20 if hour.hour == 18 else 1}" for hour in hours)]


def peaks_utc(path: Path, start: str = "2026-03-02T00:00", zones: Any = None, **profile: Any) -> set[int]:
    """Return the hours of a week from the start, in UTC, in which more come than in others."""
    traffic: dict[str, Any] = {"profile": {"kind": "csv", "path": path, **profile}}
    if zones:
        traffic["timezones"] = zones
    demand = Demand(POPULATION, Traffic.model_validate(traffic), datetime.fromisoformat(start))
    expected = demand.expected_logins(0.0, 7 * 24)
    begin = demand.home_start - demand.home_start.utcoffset()  # type: ignore[operator]
    return {(begin.hour + int(hour)) % 24 for hour in np.flatnonzero(expected > 3 * np.median(expected))}


def refused(path: Path, **profile: Any) -> str:
    with pytest.raises(ValidationError) as error:
        Csv.model_validate({"path": path, **profile})
    return str(error.value)


# Not ISO 8601


@pytest.mark.parametrize(
    ("text", "formats"),
    [
        ("01/03/2026 00:00", ("%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M")),
        ("01.03.2026 00:00:00", ("%d.%m.%Y %H:%M:%S", "%m.%d.%Y %H:%M:%S")),
        ("01-03-2026", ("%d-%m-%Y", "%m-%d-%Y")),
        ("1/3/26 12:05 AM", ("%d/%m/%y %I:%M %p", "%m/%d/%y %I:%M %p")),
    ],
)
def test_what_could_be_day_or_month_is_refused_with_both_readings(
    tmp_path: Path, text: str, formats: tuple[str, str]
) -> None:
    path = a_file(tmp_path, ["time,value", f"{text},1"])
    for said in (said_of(path), said_of(path, value="value"), refused(path)):
        assert f"row 1: '{text}' is not ISO 8601 and is not guessed" in said
        assert "day first it is 1 March 2026, month first it is 3 January 2026" in said
        assert all(f"'{written}'" in said for written in formats)


def test_a_reading_that_is_no_time_is_called_so(tmp_path: Path) -> None:
    said = said_of(a_file(tmp_path, ["time", "13/03/2026 10:00"]))
    assert "day first it is 13 March 2026, month first it is no time; say which with format: '%d/%m/%Y %H:%M'" in said


def test_one_row_in_another_form_is_not_guessed_either(tmp_path: Path) -> None:
    path = a_file(tmp_path, ["time", "2026-03-02 00:00", "03/02/2026 00:01"])
    assert "row 2: '03/02/2026 00:01' is not ISO 8601 and is not guessed" in said_of(path)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2026/03/02 18:30", "%Y/%m/%d %H:%M"),
        ("20260302", "%Y%m%d"),
        ("02/Mar/2026:18:30:05 +0000", "%d/%b/%Y:%H:%M:%S %z"),
    ],
)
def test_a_format_that_fits_is_named_and_is_right_when_put_back(tmp_path: Path, text: str, written: str) -> None:
    path = a_file(tmp_path, ["time", text, text])
    assert f"format: '{written}'" in said_of(path)
    demand = a_demand(path, format=written, length="1 d", resolution="0 s", clock="start")
    assert requests_of(demand, 0.0, HOUR_S)[0].tolist() == [0.0, 0.0]


@pytest.mark.parametrize("day_first", [True, False])
def test_a_stated_format_is_read(tmp_path: Path, day_first: bool) -> None:  # noqa: FBT001
    written = "%d/%m/%Y %H:%M" if day_first else "%m/%d/%Y %H:%M"
    path = a_file(tmp_path, a_week(lambda hour: hour.strftime(written)))
    weights = Csv.model_validate({"path": path, "format": written}).weekly_weights().reshape(7, 24, 12)
    assert weights.mean(axis=(0, 2)).argmax() == 18
    demand = a_demand(path, value="value", format=written, loop=False)
    assert demand.recorded_requests(np.array([18.0, 19.0]) * HOUR_S) == pytest.approx([20.0])


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("%d/%m %H:%M", "must tell year, month and day"),
        ("%H:%M", "must tell year, month and day"),
        ("%d/%m/%Y %I:%M", "a clock of 12 hours needs %I and %p"),
        ("%d/%m/%Y %Q", "has %Q, which is not read"),
        ("%d/%d/%m/%Y", "has %d twice"),
        ("%d/%m/%Y %H:%M %Z", "names of zones (%Z) are not read"),
    ],
)
def test_a_format_that_does_not_tell_the_moment_is_refused(tmp_path: Path, written: str, said: str) -> None:
    path = a_file(tmp_path, ["time,value", "01/03/2026 00:00,1"])
    assert said in refused(path, format=written)
    assert said in said_of(path, format=written)


def test_a_row_that_is_not_as_the_format_says_is_named(tmp_path: Path) -> None:
    path = a_file(tmp_path, ["time", "01/03/2026", "2026-03-02"])
    assert "row 2: '2026-03-02' is not a time as 'format' says, '%d/%m/%Y'" in said_of(path, format="%d/%m/%Y")


# ISO 8601


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-02T00:00:05Z",
        "2026-03-02 00:00:05 UTC",
        "2026-03-02 00:00:05 +00:00",
        "2026-03-02T01:00:05+0100",
        "2026-03-02t00:00:05z",
        "20260302T000005Z",
        "2026-03-02T00:00:05.0000000000Z",
        "2026-03-02 00:00:05,000Z",
        "2026-03-01T19:00:05-05",
    ],
)
def test_a_moment_is_read_in_every_form_of_iso_8601(tmp_path: Path, text: str) -> None:
    path = a_file(tmp_path, ["time", f'"{text}"', "2026-03-02T00:00:09.5Z"])
    assert requests_of(a_demand(path, loop=False, resolution="0 s"), 0.0, HOUR_S)[0] == pytest.approx([5.0, 9.5])


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ("2026-03-02 00:00Z", "2026-03-02 00:01", "states no zone, and the first row states one"),
        ("2026-03-02 00:00", "2026-03-02 00:01Z", "states a zone, and the first row states none"),
        ("2026-03-02 00:00", "2026-03-02 00:01+01:00", "so nobody knows which clock it shows"),
    ],
)
def test_a_zone_in_some_rows_only_is_refused(tmp_path: Path, first: str, second: str, said: str) -> None:
    path = a_file(tmp_path, ["time,value", f"{first},1", f"{second},1"])
    assert f"row 2: '{second}'" in said_of(path)
    assert said in said_of(path)
    assert said in refused(path)


# Profiles


@pytest.mark.parametrize("start", ["2026-03-02T00:00", "2026-03-02T00:00-05:00", "2026-07-06T00:00+02:00"])
@pytest.mark.parametrize(
    "zones", [None, {"America/New_York": "100 %"}, {"Asia/Tokyo": "50 %", "Europe/Berlin": "50 %"}]
)
@pytest.mark.parametrize(("ending", "peak"), [("Z", 18), ("+00:00", 18), ("-05:00", 23), ("+09:00", 9)])
def test_a_stated_zone_is_kept_whoever_lives_where(
    tmp_path: Path, start: str, zones: Any, ending: str, peak: int
) -> None:
    path = a_file(tmp_path, a_week(lambda hour: hour.isoformat() + ending))
    assert peaks_utc(path, start, zones) == {peak}


def test_hours_are_those_of_the_stated_clock_where_it_is_half_an_hour_apart(tmp_path: Path) -> None:
    path = a_file(tmp_path, a_week(lambda hour: hour.isoformat() + "+05:30"))
    weights = Csv.model_validate({"path": path}).weekly_weights().reshape(7, 24, 12)
    assert np.unique(weights).size == 2
    assert weights.mean(axis=(0, 2)).argmax() == 18


def test_times_that_state_no_zone_are_everybodys_own(tmp_path: Path) -> None:
    path = a_file(tmp_path, a_week(str))
    assert peaks_utc(path) == {18}
    assert peaks_utc(path, zones={"America/New_York": "100 %"}) >= {23}


def test_a_profile_follows_the_clock_of_its_zone(tmp_path: Path) -> None:
    winter = MONDAY - timedelta(weeks=4)
    path = a_file(tmp_path, a_week(lambda hour: hour.isoformat() + "-05:00", winter))
    assert peaks_utc(path, "2026-07-06T00:00", timezone="America/New_York") == {22}
    local = a_file(tmp_path, a_week(str, winter))
    assert peaks_utc(local, "2026-07-06T00:00", timezone="America/New_York") == {22}
    assert peaks_utc(local, "2026-01-05T00:00", timezone="America/New_York") == {23}


def written_in_march(hour: datetime) -> str:
    """Return a time of New York, whose clock is put on in the night to 8 March; some with fractions of a second."""
    ending = "-04:00" if hour.day == 8 and hour.hour >= 2 else "-05:00"
    fraction = ".500" if hour.hour % 3 == 1 else ""
    return hour.isoformat() + fraction + ending


def test_offsets_may_change_and_seconds_have_fractions(tmp_path: Path) -> None:
    path = a_file(tmp_path, a_week(written_in_march))
    assert peaks_utc(path) == {23, 22}  # the last day by the new clock
    assert peaks_utc(path, timezone="America/New_York") >= {23}
    replayed = a_file(
        tmp_path, ["time", "2026-03-02T00:00:00.5-05:00", "2026-03-02T00:00:00-06:00", "2026-03-02T08:00:00+01:00"]
    )
    demand = a_demand(replayed, loop=False, resolution="0 s")
    assert requests_of(demand, 0.0, DAY_S)[0] == pytest.approx([5.0 * HOUR_S + 0.5, 6 * HOUR_S, 7 * HOUR_S])


def test_a_week_may_lack_the_hour_that_its_clock_skips_and_no_other(tmp_path: Path) -> None:
    naive = [line for line in a_week(str) if "2026-03-08 02" not in line]
    zoned = [line for line in a_week(written_in_march) if "2026-03-08T02" not in line]
    assert "covers 167 of the 168 hours" in refused(a_file(tmp_path, naive))
    assert "covers 165 of the 168 hours" in refused(a_file(tmp_path, [*zoned[:20], *zoned[22:]]))
    Csv.model_validate({"path": a_file(tmp_path, zoned)})
    weights = Csv.model_validate({"path": a_file(tmp_path, naive), "timezone": "America/New_York"}).weekly_weights()
    assert weights.reshape(168, 12)[6 * 24 + 2, 0] == weights.reshape(168, 12)[6 * 24 + 1, 0]


@pytest.mark.parametrize(
    ("rows", "profile", "said"),
    [
        (["2026-03-02,x"], {}, "row 1: 'x' is not a count"),
        (["2026-03-02,-1"], {}, "row 1: '-1' is not a count from 0 on"),
        (["2026-03-02,inf"], {}, "row 1: 'inf' is not a count from 0 on"),
        (["2026-03-02,"], {}, "row 1: has no 'value'"),
        ([",1"], {}, "row 1: has no 'time'"),
        (["2026-03-02,1"], {}, "covers 1 of the 168 hours"),
        (["1772409600,1"], {}, "or a number with its 'unit'"),
        (["1772409600,1"], {"unit": "s"}, "covers 1 of the 168 hours"),
        (["1772409600,1"], {"unit": "s", "format": "%d/%m/%Y"}, "has both 'unit', for numbers, and 'format'"),
        (["2026-03-02,1"], {"value": "time"}, "must be different columns"),
        (["2026-03-02,1"], {"value": "n"}, "has no column 'n'; it has time, value"),
        ([], {}, "has no rows"),
    ],
)
def test_what_is_wrong_with_a_profile_is_said_with_its_row(
    tmp_path: Path, rows: list[str], profile: dict[str, Any], said: str
) -> None:
    assert said in refused(a_file(tmp_path, ["time,value", *rows]), **profile)


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ("PST", "e.g. America/Los_Angeles"),
        ("CEST", "e.g. Europe/Berlin"),
        ("IST", "Asia/Kolkata or Asia/Jerusalem or Europe/Dublin"),
        ("new york", "did you mean 'America/New_York'?"),
        ("GMT-5", "an offset does not say when the clock changes"),
        ("Europe/Belin", "did you mean 'Europe/Berlin'?"),
    ],
)
def test_a_zone_that_is_none_is_answered_with_a_place(tmp_path: Path, zone: str, said: str) -> None:
    path = a_file(tmp_path, ["time", "2026-03-02", "2026-03-03"])
    for found in (said_of(path, timezone=zone), refused(path, timezone=zone)):
        assert f"there is no time zone '{zone}'" in found
        assert said in found
