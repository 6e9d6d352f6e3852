"""Logs as people have them: what is recognised, how times are read, and what is left out."""

import bz2
import gzip
import json
import lzma
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from simulator.core.errors import UserError
from simulator.studies.calibration.calibrating import calibrate
from simulator.studies.calibration.events import Asked, Events, read_events

ANYHOW = Asked()
FIRST = datetime(2026, 3, 2, 18, 30, 5, tzinfo=UTC)
MOMENTS = [FIRST + timedelta(minutes=7 * step) for step in range(60)]
SECONDS = FIRST.timestamp() * 1e6


def rows(line: Callable[[datetime, int], str], head: str = "") -> str:
    return head + "".join(line(moment, step % 7) + "\n" for step, moment in enumerate(MOMENTS))


def iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


LOAD_BALANCER = (
    'h2 {} app/lb/50dc 192.168.0.{}:2817 10.0.0.1:80 0.0 0.0 0.0 200 200 34 366 "GET https://x:443/ HTTP/2" more'
)
COMBINED = '10.0.0.{} - {} [{}] "GET / HTTP/1.1" 200 612 "-" "curl"'
LOGS = {
    "csv": (rows(lambda at, who: f"{iso(at)},{who},x", "timestamp,user_id,page\n"), "commas, with a header"),
    "quoted": (rows(lambda at, who: f'"a, b",{iso(at)},"u{who}"', "page,time,user\n"), "commas, with a header"),
    "tabs": (rows(lambda at, who: f"{who}\t{at.timestamp()}", "uid\tts\n"), "tabs, with a header"),
    "semicolons": (
        rows(lambda at, who: f"{at:%Y-%m-%d %H:%M:%S.%f};{who}", "Time;User\n"),
        "semicolons, with a header",
    ),
    "offsets": (
        rows(lambda at, who: f"{at + timedelta(hours=2):%Y-%m-%d %H:%M:%S} +0200,{who}", "time,user\n"),
        "commas",
    ),
    "milliseconds": (rows(lambda at, who: f"{round(at.timestamp() * 1e3)},{who}", "time,user\n"), "commas"),
    "json": (
        rows(lambda at, who: json.dumps({"sentAt": iso(at), "userId": f"u{who}", "properties": {"a": 1}})),
        "JSON lines",
    ),
    "analytics": (
        rows(
            lambda at, who: json.dumps({"event_timestamp": round(at.timestamp() * 1e6), "user_pseudo_id": f"{who}.1"})
        ),
        "JSON lines",
    ),
    "combined": (
        rows(lambda at, who: COMBINED.format(who, f"u{who}", at.strftime("%d/%b/%Y:%H:%M:%S +0000"))),
        "combined",
    ),
}


def loaded(path: Path, asked: Asked = ANYHOW) -> tuple[Events, list[tuple[int, int]]]:
    with read_events([path], asked) as events:
        found = events.connection.execute("SELECT t, dense_rank() OVER (ORDER BY u) FROM events ORDER BY t").fetchall()
        return events, found


@pytest.mark.parametrize("kind", LOGS)
def test_every_kind_of_log_gives_the_same_times_and_users(kind: str, tmp_path: Path) -> None:
    text, said = LOGS[kind]
    (tmp_path / "log").write_text(text, encoding="utf-8")
    events, found = loaded(tmp_path / "log")
    assert said in events.recognised
    assert (events.rows, events.skipped) == (60, {})
    assert [time for time, _ in found] == [round(at.timestamp() * 1e6) for at in MOMENTS]
    users = [user for _, user in found]
    assert len(set(users)) == 7
    assert users[:7] == users[7:14]


@pytest.mark.parametrize("name", ["log.gz", "log.bz2", "log.xz", "log.zst", "log.parquet"])
def test_compressed_files_and_parquet_are_read_alike(name: str, tmp_path: Path) -> None:
    text = LOGS["csv"][0].encode()
    pack = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}
    ending = name.partition(".")[2]
    if ending in pack:
        (tmp_path / name).write_bytes(pack[ending](text))
    else:
        (tmp_path / "plain.csv").write_bytes(text)
        how = "FORMAT parquet" if ending == "parquet" else "FORMAT csv, COMPRESSION zstd"
        duckdb.sql(f"COPY (FROM read_csv('{tmp_path}/plain.csv')) TO '{tmp_path / name}' ({how})")
    events, found = loaded(tmp_path / name)
    assert events.rows == 60
    assert found[0][0] == round(SECONDS)


def test_access_logs_of_load_balancers_and_cloudfront_have_callers_and_no_users(tmp_path: Path) -> None:
    balancer = rows(lambda at, who: LOAD_BALANCER.format(at.strftime("%Y-%m-%dT%H:%M:%S.000000Z"), who))
    head = "#Version: 1.0\n#Fields: date time x-edge-location sc-bytes c-ip cs-method\n"
    front = rows(lambda at, who: f"{at:%Y-%m-%d}\t{at:%H:%M:%S}\tLAX\t10\t10.0.0.{who}\tGET", head)
    for text in (balancer, front):
        (tmp_path / "log").write_text(text, encoding="utf-8")
        events, found = loaded(tmp_path / "log")
        assert not events.has_users
        assert found[0][0] == round(SECONDS)
        with pytest.raises(UserError, match="without users nothing can be said of who comes back"):
            events.check_users()
        by_caller, found = loaded(tmp_path / "log", Asked(user="client"))
        assert by_caller.has_users
        assert len({user for _, user in found}) == 7


def test_a_folder_of_files_is_one_log(tmp_path: Path) -> None:
    lines = LOGS["csv"][0].splitlines(keepends=True)
    (tmp_path / "a.csv").write_text("".join(lines[:31]), encoding="utf-8")
    (tmp_path / "b.csv").write_text("".join([lines[0], *lines[31:]]), encoding="utf-8")
    assert loaded(tmp_path)[0].rows == 60


def test_rows_are_left_out_by_reason_and_too_many_of_them_stop(tmp_path: Path) -> None:
    good = [f"{iso(FIRST + timedelta(seconds=step))},{step % 50}" for step in range(1_000)]
    bad = ["never,3", ",4", f"{iso(FIRST)},"]
    (tmp_path / "log").write_text("\n".join(["time,user", *good, *bad]) + "\n", encoding="utf-8")
    events, found = loaded(tmp_path / "log")
    assert events.skipped == {"no time": 1, "a time that is not understood": 1, "no user": 1}
    assert len(found) == events.count == 1_000
    (tmp_path / "log").write_text("\n".join(["time,user", *good[:100], *bad]) + "\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"3 of 103 rows would be left out .* --allow-skipped"):
        loaded(tmp_path / "log")
    assert loaded(tmp_path / "log", Asked(allows_skipped=True))[0].count == 100


@pytest.mark.parametrize(
    ("text", "asked", "said"),
    [
        ("when,who\n2026-03-02,1\n", Asked(), r"none of its columns .* is called as times are; say which with --time"),
        ("time,user\n05/04/2026 10:00,1\n", Asked(), r"%d/%m/%Y.*%m/%d/%Y"),
        ("time,user\nsoon,1\n", Asked(), "is not ISO 8601 and no number"),
        ("time,user\n2026-03-02,1\n", Asked(user="uid"), "--user: there is no column 'uid'"),
        ("", Asked(), "is empty"),
        ('{"a": \n', Asked(), "none of the first is an object"),
    ],
)
def test_what_is_not_clear_is_asked_for_and_never_guessed(text: str, asked: Asked, said: str, tmp_path: Path) -> None:
    (tmp_path / "log").write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=said):
        loaded(tmp_path / "log", asked)


def test_times_without_a_zone_are_those_of_the_zone_that_is_given(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("time,user\n2026-07-01 12:00:00,1\n2026-01-01 12:00:00,1\n", encoding="utf-8")
    _, found = loaded(tmp_path / "log", Asked(timezone="America/New_York"))
    assert [time / 1e6 for time, _ in found] == [
        datetime(2026, 1, 1, 17, tzinfo=UTC).timestamp(),
        datetime(2026, 7, 1, 16, tzinfo=UTC).timestamp(),
    ]


def test_what_users_are_called_is_nowhere_in_the_tables(tmp_path: Path) -> None:
    (tmp_path / "log").write_text(LOGS["json"][0], encoding="utf-8")
    with read_events([tmp_path / "log"]) as events:
        names = {name for (name,) in events.connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
        assert names == {"events"}
        kinds = {
            kind
            for _, kind in events.connection.execute(
                "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = 'events'"
            ).fetchall()
        }
    assert "VARCHAR" not in kinds


def test_times_that_are_ages_apart_are_those_of_another_unit(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("time,user\n1,1\n99999999999,2\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"first and last time are 1 s, 1e\+11 s from 1970; .* in another unit"):
        calibrate([tmp_path / "log"], ANYHOW)
