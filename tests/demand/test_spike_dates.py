"""Spikes and outages that begin at a date."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from simulator.core.moment import Moment, from_start_s, read_moment
from simulator.core.units import DAY_S, HOUR_S
from simulator.prices.loading import load_book
from simulator.scenario.schema import Scenario
from simulator.studies.foreseen import foreseen
from simulator.studies.study import compare

NEW_YORK = timezone(timedelta(hours=-5))


def scenario(start: str = "2026-11-23T00:00", at: str = "2026-11-27T18:00", **changes: Any) -> Scenario:
    return Scenario.model_validate(
        {
            "start": start,
            "population": {"users": "20k", "daily_active": "5 %", "shape": 0.3},
            "traffic": {"spikes": [{"at": at, "duration": "2 h", "multiplier": 3, "per_month": 1}]},
            "backends": {"live": {"kind": "fleet", "instance": "g4dn.xlarge", "service_time": "5 ms", "capacity": 4}},
            "plans": {"on demand": {"on_miss": "compute", "backend": "live"}},
            **changes,
        }
    )


def hourly(found: Scenario) -> Any:
    return found.demand.expected_requests(0.0, 7 * 24)


@pytest.mark.parametrize(
    ("start", "at", "offset"),
    [
        ("2026-11-23T00:00", "2026-11-27T18:00", "4 d 18 h"),
        ("2026-11-23T00:00", "2026-11-27 18:00", "4 d 18 h"),
        ("2026-11-23T00:00", "2026-11-27", "4 d"),
        ("2026-11-23T06:00-05:00", "2026-11-27T18:00", "4 d 12 h"),
        ("2026-11-23T06:00-05:00", "2026-11-27T18:00-05:00", "4 d 12 h"),
        ("2026-11-23T06:00-05:00", "2026-11-27T18:00Z", "4 d 7 h"),
        ("2026-11-23T06:00", "2026-11-27T18:00+01:00", "4 d 11 h"),
    ],
)
def test_a_date_is_the_time_from_the_start_on_its_clock(start: str, at: str, offset: str) -> None:
    assert np.array_equal(hourly(scenario(start, at)), hourly(scenario(start, offset)))


def test_a_spike_that_begins_before_the_start_is_felt_while_it_lasts() -> None:
    early = hourly(scenario(at="2026-11-22T23:00"))
    assert early[0] == pytest.approx(3 * early[1])


def test_a_date_stays_a_date_in_the_resolved_scenario_and_moves_with_no_start() -> None:
    found = scenario()
    (spike,) = found.model_dump(mode="json")["traffic"]["spikes"]
    assert spike["at"] == "2026-11-27T18:00"
    assert Scenario.model_validate(found.model_dump(mode="json")) == found
    later = found.with_(start="2026-11-24T00:00")
    assert np.argmax(hourly(later)) == np.argmax(hourly(found)) - 24


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("27.11.2026", "'27.11.2026' is not a moment; write e.g. '3 d 18 h' (from the start) or 2026-11-27T18:00"),
        ("11/27/2026", "is not a moment"),
        ("2026-11-31", "is no date: day is out of range"),
        ("2026-11-27T25:00", "is no date"),
        ("Friday", "is not a moment"),
        ("-3 h", "is before the start"),
        (42, "42 has no unit"),
    ],
)
def test_what_is_neither_a_time_nor_a_date_is_refused(text: object, told: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(Moment).validate_python(text)
    assert told in str(caught.value)


def test_a_moment_is_read_as_it_was_written() -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(Moment)
    for text in ("2026-11-27T18:00", "2026-11-27T18:00:30", "2026-11-27T18:00+01:00", "4 d 18 h", "0 s"):
        assert adapter.dump_python(read_moment(text), mode="json") == text
        assert read_moment(adapter.dump_python(read_moment(text), mode="json")) == read_moment(text)


def test_a_date_is_on_the_clock_of_the_start() -> None:
    start = datetime(2026, 11, 23, 6, tzinfo=NEW_YORK)
    assert from_start_s(datetime(2026, 11, 24, 6), start) == DAY_S  # noqa: DTZ001
    assert from_start_s(datetime(2026, 11, 24, 11, tzinfo=UTC), start) == DAY_S
    assert from_start_s(HOUR_S, start) == HOUR_S


@pytest.mark.parametrize(
    ("at", "told"),
    [
        (
            "2026-12-24",
            "The spike at 2026-12-24T00:00 comes after the horizon and is not simulated, which ends at",
        ),
        ("9 d", "The spike at 9 d comes after the horizon and is not simulated."),
        ("2026-11-01", "The spike at 2026-11-01T00:00 is over before the scenario's start (2026-11-23T00:00)"),
    ],
)
def test_a_spike_outside_the_horizon_is_warned_of(at: str, told: str) -> None:
    assert told in "\n".join(foreseen(scenario(at=at)))
    assert "spike" not in "\n".join(foreseen(scenario()))


@pytest.mark.parametrize(("at", "same"), [("2026-11-23T03:00", "3 h"), ("2026-11-22T12:00", None)])
def test_an_outage_begins_at_a_date_too(at: str, same: str | None) -> None:
    def outcome(*begins: str) -> Any:
        outages = [{"at": begin, "duration": "1 h", "share": "50 %"} for begin in begins]
        fleet = {"kind": "fleet", "instance": "g4dn.xlarge", "service_time": "5 ms", "capacity": 4, "outages": outages}
        short = {"horizon": "6 h", "warmup": "1 h", "replications": 1, "traffic": {}, "backends": {"live": fleet}}
        (found,) = compare(scenario(**short), load_book("aws-us-east-1"), workers=1).plans["on demand"].outcomes
        return found.provisioned_replica_s.tolist()

    assert outcome(at) == (outcome(same) if same else outcome())
    assert "outage" not in "\n".join(foreseen(scenario()))
