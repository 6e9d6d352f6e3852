"""Exports of analytics products as they are downloaded: times, and one user for the ids of one person."""

import csv
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from simulator.core.errors import UserError
from simulator.studies.calibration.events import Asked, Events, read_events

FIRST = datetime(2026, 3, 2, 18, 30, 5, 250_000, tzinfo=UTC)
PEOPLE, STEPS = 7, 60
MOMENTS = [FIRST + timedelta(minutes=7 * step) for step in range(STEPS)]
Row = dict[str, Any]


def segment(at: datetime, who: int, step: int) -> Row:
    known = f"u{who}" if step % 3 else None  # before a login an event has the device alone
    stamp = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    times = dict.fromkeys(("timestamp", "sentAt", "receivedAt", "originalTimestamp"), stamp)
    properties = {"user_id": "of another system"}
    return {"anonymousId": f"d{who}", "messageId": str(step), "properties": properties, "userId": known, **times}


def analytics(at: datetime, who: int, step: int) -> Row:
    micros = str(round(at.timestamp() * 1e6))
    known = None if step % 3 else f"u{who}"
    params = [{"key": "page", "value": {"int_value": "1"}}]
    day = {"event_date": f"{at:%Y%m%d}", "event_timestamp": micros, "event_name": "page_view", "event_params": params}
    return {**day, "user_id": known, "user_pseudo_id": f"{who}.17", "geo": {"country": "US"}}


def amplitude(at: datetime, who: int, step: int) -> Row:
    stamp = f"{at:%Y-%m-%d %H:%M:%S.%f}"
    ids = {"amplitude_id": 299_365_670_200 + who, "device_id": f"d{who}", "user_id": None if step % 3 else f"u{who}"}
    return {"$insert_id": str(step), **ids, "client_event_time": stamp, "event_time": stamp, "event_type": "seen"}


def mixpanel(at: datetime, who: int, step: int) -> Row:
    properties = {"time": at.timestamp(), "distinct_id": f"u{who}", "$insert_id": str(step)}
    return {"event": "Signed up", "properties": properties}


EXPORTS: dict[str, tuple[Callable[[datetime, int, int], Row], str]] = {
    "Segment": (segment, "userId, else that of the same anonymousId, else anonymousId"),
    "Google Analytics 4": (analytics, "user_pseudo_id"),
    "Amplitude": (amplitude, "amplitude_id"),
    "Mixpanel": (mixpanel, "properties.distinct_id"),
}
LAYOUTS: dict[str, Callable[[list[Row]], str]] = {
    "JSON lines": lambda rows: "".join(json.dumps(row) + "\n" for row in rows),
    "events in a JSON array": json.dumps,
    "events in a JSON array ": lambda rows: json.dumps(rows, indent=2),
    "JSON objects": lambda rows: "\n".join(json.dumps(row, indent=2) for row in rows),
}


def rows(product: str) -> list[Row]:
    made = EXPORTS[product][0]
    return [made(at, step % PEOPLE, step) for step, at in enumerate(MOMENTS)]


ANYHOW = Asked()


def loaded(path: Path, asked: Asked = ANYHOW) -> tuple[Events, list[tuple[int, int]]]:
    with read_events([path], asked) as events:
        found = events.connection.execute("SELECT t, dense_rank() OVER (ORDER BY u) FROM events ORDER BY t").fetchall()
        return events, found


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("product", EXPORTS)
def test_an_export_has_its_times_and_one_user_a_person_in_every_layout(
    product: str, layout: str, tmp_path: Path
) -> None:
    (tmp_path / "export").write_text(LAYOUTS[layout](rows(product)), encoding="utf-8")
    events, found = loaded(tmp_path / "export", Asked(timezone="Europe/Berlin"))
    assert events.recognised.startswith(f"{layout.strip()} as {product} exports them")
    assert f"users in '{EXPORTS[product][1]}'" in events.recognised
    assert (events.rows, events.skipped) == (STEPS, {})
    assert [time for time, _ in found] == [round(at.timestamp() * 1e6) for at in MOMENTS]
    users = [user for _, user in found]
    assert len(set(users)) == PEOPLE
    assert users[:PEOPLE] == users[PEOPLE : 2 * PEOPLE]


def test_a_device_of_several_users_and_of_none_is_a_user_of_its_own(tmp_path: Path) -> None:
    told = [
        ("shared", "a"),
        ("shared", "b"),
        ("shared", None),
        ("shared", None),
        ("own", "a"),
        ("own", None),
        (None, None),
    ]
    made = [
        {"messageId": str(step), "timestamp": f"2026-03-02T00:00:0{step}Z", "anonymousId": device, "userId": user}
        for step, (device, user) in enumerate(told)
    ]
    (tmp_path / "log").write_text(LAYOUTS["JSON lines"](made), encoding="utf-8")
    events, found = loaded(tmp_path / "log", Asked(allows_skipped=True))
    assert events.skipped == {"no user": 1}
    a, b, shared, again, own, own_too = (user for _, user in found)
    assert a == own == own_too
    assert shared == again
    assert len({a, b, shared}) == 3


def test_who_is_asked_for_is_taken_and_rows_without_are_counted(tmp_path: Path) -> None:
    (tmp_path / "log").write_text(LAYOUTS["JSON lines"](rows("Google Analytics 4")), encoding="utf-8")
    with pytest.raises(UserError, match="40 no user"):
        loaded(tmp_path / "log", Asked(user="user_id"))


def test_warehouse_tables_of_segment_and_parquet_of_analytics_are_told_by_their_columns(tmp_path: Path) -> None:
    names = ["id", "anonymous_id", "user_id", "original_timestamp", "received_at", "timestamp"]
    with (tmp_path / "tracks.csv").open("w", encoding="utf-8", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(names)
        for row in rows("Segment"):
            stamp = row["timestamp"]
            table.writerow([row["messageId"], row["anonymousId"], row["userId"], stamp, stamp, stamp])
    (tmp_path / "plain").write_text(LAYOUTS["JSON lines"](rows("Google Analytics 4")), encoding="utf-8")
    duckdb.sql(f"COPY (FROM read_json('{tmp_path}/plain')) TO '{tmp_path}/log.parquet'")
    for name in ("tracks.csv", "log.parquet"):
        _, found = loaded(tmp_path / name)
        assert len({user for _, user in found}) == PEOPLE


@pytest.mark.parametrize("text", ["[]", "[1, 2]", '[{"a": ', '{"a": 1', "[" * 10_000])
def test_json_without_a_whole_object_is_refused_in_a_sentence(text: str, tmp_path: Path) -> None:
    (tmp_path / "log").write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match="none of the first is an object"):
        loaded(tmp_path / "log")
