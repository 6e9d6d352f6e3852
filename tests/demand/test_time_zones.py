from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from simulator.demand.demand import Demand
from simulator.demand.population import Population
from simulator.demand.traffic import Traffic

HOUR_S = 3600.0
PEAK_H = 18
PEAK = {"kind": "hourly", "weights": [1.0 if hour == PEAK_H else 0.0 for hour in range(24)]}


def hourly_logins(start: datetime, zones: dict[str, Any], hours: int, profile: Any = PEAK) -> np.ndarray:
    """Return the expected logins of each hour from the start."""
    population = Population.model_validate({"users": 24_000, "logins_per_day": "1/day", "shape": 1})
    intensity = Demand(population, Traffic.model_validate({"profile": profile, "timezones": zones}), start).intensity()
    return np.array([intensity.pieces(h * HOUR_S, (h + 1) * HOUR_S).logins.sum() for h in range(hours)])


@pytest.mark.parametrize(
    ("zone", "start", "peaks_utc"),
    [
        # 2026: New York changes on 8 March (07:00 UTC) and on 1 November; Berlin on 29 March; Sydney on 5 April.
        ("America/New_York", datetime(2026, 3, 6), [23, 23, 22, 22]),  # noqa: DTZ001
        ("America/New_York", datetime(2026, 10, 30), [22, 22, 23, 23]),  # noqa: DTZ001
        ("Europe/Berlin", datetime(2026, 3, 27), [17, 17, 16, 16]),  # noqa: DTZ001
        ("Australia/Sydney", datetime(2026, 4, 3), [7, 7, 8, 8]),  # noqa: DTZ001
        ("Asia/Tokyo", datetime(2026, 3, 6), [9, 9, 9, 9]),  # noqa: DTZ001
    ],
)
def test_the_local_peak_is_at_the_right_utc_hour_before_and_after_the_clocks_change(
    zone: str, start: datetime, peaks_utc: list[int]
) -> None:
    logins = hourly_logins(start, {zone: 1}, 24 * len(peaks_utc)).reshape(-1, 24)
    assert logins.argmax(axis=1).tolist() == peaks_utc
    assert np.count_nonzero(logins) == len(peaks_utc)


def test_a_zone_with_a_quarter_of_an_hour_splits_its_peak_over_two_hours() -> None:
    """Kathmandu is 5:45 ahead: 18:00 to 19:00 there is 12:15 to 13:15 in UTC."""
    logins = hourly_logins(datetime(2026, 3, 6), {"Asia/Kathmandu": 1}, 24)  # noqa: DTZ001
    assert logins[12:14].tolist() == pytest.approx([0.75 * 24_000, 0.25 * 24_000])
    assert np.count_nonzero(logins) == 2


def test_zones_come_by_their_shares() -> None:
    zones = {"Asia/Tokyo": "25 %", "Europe/Berlin": "75 %"}
    logins = hourly_logins(datetime(2026, 1, 5), zones, 24)  # noqa: DTZ001
    assert logins[9] == pytest.approx(6_000)
    assert logins[17] == pytest.approx(18_000)
    assert np.count_nonzero(logins) == 2


def test_without_zones_all_live_where_the_scenario_starts() -> None:
    logins = hourly_logins(datetime(2026, 3, 6, 15, tzinfo=ZoneInfo("America/Los_Angeles")), {}, 24)
    assert logins.argmax() == PEAK_H - 15


def test_without_any_zone_the_start_is_in_utc() -> None:
    assert hourly_logins(datetime(2026, 3, 6, 15), {}, 24).argmax() == PEAK_H - 15  # noqa: DTZ001


def test_a_week_begins_on_monday_wherever_the_scenario_starts() -> None:
    """A Thursday noon start: Saturday 10:00 local time is 46 hours later."""
    saturday = [1.0 if hour == 5 * 24 + 10 else 0.0 for hour in range(168)]
    logins = hourly_logins(datetime(2026, 3, 5, 12), {}, 168, {"kind": "hourly", "weights": saturday})  # noqa: DTZ001
    assert np.flatnonzero(logins).tolist() == [46]


def test_time_before_the_start_is_in_the_right_hour_too() -> None:
    population = Population.model_validate({"users": 24_000, "logins_per_day": "1/day", "shape": 1})
    traffic = Traffic.model_validate({"profile": PEAK, "timezones": {"America/New_York": 1}})
    intensity = Demand(population, traffic, datetime(2026, 3, 9)).intensity()  # noqa: DTZ001
    hours = [intensity.pieces(-h * HOUR_S, (1 - h) * HOUR_S).logins.sum() for h in range(1, 49)]
    assert np.flatnonzero(hours).tolist() == [1, 24]  # 8 March 22:00 UTC, and 7 March 23:00
