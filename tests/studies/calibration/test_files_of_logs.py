"""Files of logs as they lie about: compressed under any name, in UTF-16, of several kinds, with odd rows."""

import bz2
import gzip
import json
import lzma
import shlex
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from simulator.core.errors import UserError
from simulator.studies.calibration.counting import read_counts
from simulator.studies.calibration.events import Asked, Events, read_events
from simulator.studies.calibration.opening import CELLS, NO_UTF8

ANYHOW = Asked()
FIRST = datetime(2026, 3, 2, 18, 30, 5, tzinfo=UTC)
MOMENTS = [FIRST + timedelta(minutes=7 * step) for step in range(60)]
STAMPS = [round(at.timestamp() * 1e6) for at in MOMENTS]
CSV = "time,user\n" + "".join(f"{at:%Y-%m-%dT%H:%M:%SZ},Jos\u00e9 {step % 7}\n" for step, at in enumerate(MOMENTS))
JSON_LINES = "".join(
    json.dumps({"time": f"{at:%Y-%m-%dT%H:%M:%SZ}", "user": f"u{step % 7}"}) + "\n" for step, at in enumerate(MOMENTS)
)
BALANCER = (
    "https {} app/my-lb/50dc6c495c0c9188 192.168.131.{}:2817 10.0.0.66:80 0.086 0.048 0.037 200 200 0 57 "
    '"GET https://www.example.com:443/a?b=c HTTP/1.1" "Mozilla/5.0 (X11; Linux)" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 '
    "arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/my-targets/73e2d6bc24d8a067 "
    '"Root=1-58337281-1d84f3d73c47ec4e58577259" "www.example.com" "arn:aws:acm:us-east-2:1234:certificate/12345678" '
    '1 2026-07-02T22:22:48.364000Z "authenticate,forward" "-" "-" "10.0.0.1:80" "200" "-" "-" TID_dc57cebed65b444e'
)


def packed(codec: str) -> Callable[[bytes], bytes]:
    return lambda text: bytes(pa.Codec(codec).compress(text, asbytes=True))


PACK: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "gzip in two pieces": lambda text: gzip.compress(text[:500]) + gzip.compress(text[500:]),
    "bzip2 in two pieces": lambda text: bz2.compress(text[:500]) + bz2.compress(text[500:]),
    "xz": lzma.compress,
    "zstd": packed("zstd"),
    "lz4": packed("lz4"),
    "plain": lambda text: text,
}


def loaded(path: Path | list[Path], asked: Asked = ANYHOW) -> tuple[Events, list[tuple[int, int]]]:
    with read_events(path if isinstance(path, list) else [path], asked) as events:
        found = events.connection.execute("SELECT t, dense_rank() OVER (ORDER BY u) FROM events ORDER BY t").fetchall()
        return events, found


def times(path: Path | list[Path], asked: Asked = ANYHOW) -> list[int]:
    return [time for time, _ in loaded(path, asked)[1]]


@pytest.mark.parametrize("name", ["log", "log.csv", "log.gz", "log.GZ", "log.zst", "log[1].csv"])
@pytest.mark.parametrize("kind", PACK)
def test_a_file_s_content_says_how_it_is_compressed_and_not_its_name(kind: str, name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(PACK[kind](CSV.encode()))
    assert times(tmp_path / name) == STAMPS
    (tmp_path / name).write_bytes(PACK[kind](JSON_LINES.encode()))
    assert times(tmp_path / name) == STAMPS


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
@pytest.mark.parametrize("text", [CSV, JSON_LINES, CSV.replace(",", "\t"), CSV.replace("\n", "\r\n")])
def test_logs_in_utf_16_are_read_as_those_in_utf_8_are(text: str, encoding: str, tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(text.encode(encoding))
    (tmp_path / "packed").write_bytes(gzip.compress(text.encode(encoding)))
    for name in ("plain", "packed"):
        events, found = loaded(tmp_path / name)
        assert [time for time, _ in found] == STAMPS
        assert len({user for _, user in found}) == 7
        assert events.columns == ("time", "user")


def test_counts_in_a_gzip_of_another_name_and_in_utf_16_are_counts(tmp_path: Path) -> None:
    text = "time,requests\n" + "".join(f"2026-03-02 {hour:02}:00,{hour * 7 % 24}\n" for hour in range(24))
    (tmp_path / "log").write_bytes(gzip.compress(text.encode("utf-16")))
    counts = read_counts([tmp_path / "log"], Asked())
    assert counts is not None
    assert counts.total == sum(range(24))


def test_a_file_that_breaks_off_is_told_by_its_own_name(tmp_path: Path) -> None:
    whole = gzip.compress(
        "".join(f"2026-03-02T18:30:{step % 60:02}Z,{step * 7919}\n" for step in range(60_000)).encode()
    )
    (tmp_path / "a").write_text("2026-03-02T18:30:00Z,1\n", encoding="utf-8")
    (tmp_path / "b").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError) as caught:
        loaded(tmp_path, Asked(time="column 1", user="column 2"))
    assert str(tmp_path / "b") in str(caught.value)
    assert "predcost-" not in str(caught.value)


def test_a_file_of_another_kind_is_told_with_both_kinds(tmp_path: Path) -> None:
    for name in ("a.json", "c.json"):
        (tmp_path / name).write_text(JSON_LINES, encoding="utf-8")
    (tmp_path / "b.csv").write_text(CSV, encoding="utf-8")
    with pytest.raises(UserError, match=r"b\.csv is of another kind \(a table .*\) than .*a\.json \(JSON lines\)"):
        loaded(tmp_path)
    (tmp_path / "b.csv").unlink()
    assert times(tmp_path) == sorted(2 * STAMPS)


def test_a_table_with_other_columns_is_told_and_not_read_in_the_order_of_the_first(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(CSV, encoding="utf-8")
    (tmp_path / "b.csv").write_text("user,time\n3,2026-03-02T18:30:00Z\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"b\.csv has other columns \(user, time\) than .*a\.csv \(time, user\)"):
        loaded(tmp_path)


def test_json_without_the_time_of_the_others_is_told_and_more_fields_are_welcome(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(JSON_LINES, encoding="utf-8")
    (tmp_path / "b.json").write_text(JSON_LINES.replace("}", ', "page": 3}'), encoding="utf-8")
    assert len(times(tmp_path)) == 120
    (tmp_path / "b.json").write_text(JSON_LINES.replace('"time"', '"moment"'), encoding="utf-8")
    with pytest.raises(UserError, match=r"b\.json has no column 'time'; it has moment, user"):
        loaded(tmp_path, Asked(time="time"))


def test_empty_files_of_a_folder_are_nights_on_which_nobody_came(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(CSV, encoding="utf-8")
    (tmp_path / "_SUCCESS").write_text("", encoding="utf-8")
    assert times(tmp_path) == STAMPS
    (tmp_path / "a.csv").write_text("", encoding="utf-8")
    with pytest.raises(UserError, match=r"all files of the folder .* are empty"):
        loaded(tmp_path)


@pytest.mark.parametrize(
    ("asked", "text", "said"),
    [
        (Asked(), "when,who\n2026-03-02,1\n", r"log\.csv: none of its columns \(when, who\)"),
        (Asked(user="uid"), CSV, r"log\.csv: --user: there is no column 'uid'"),
        (Asked(time="ts"), CSV, r"log\.csv: --time: there is no column 'ts'"),
        (
            Asked(),
            "time,user\n05/04/2026 10:00,1\n",
            r"log\.csv: .* day first it is 5 April 2026, month first it is 4 May 2026",
        ),
        (Asked(counts=("hits",)), CSV, r"log\.csv: --count: there is no column 'hits'"),
    ],
)
def test_what_is_wrong_with_columns_is_said_of_their_file(asked: Asked, text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=said):  # noqa: PT012  (one of the two refuses it)
        read_counts([tmp_path / "log.csv"], asked)
        loaded(tmp_path / "log.csv", asked)


def test_load_balancers_logs_of_thirty_fields_have_their_times_and_callers(tmp_path: Path) -> None:
    assert len(shlex.split(BALANCER)) == 30
    lines = [BALANCER.format(f"{at:%Y-%m-%dT%H:%M:%S}.000000Z", step % 7) for step, at in enumerate(MOMENTS)]
    (tmp_path / "log").write_bytes(gzip.compress(("\n".join(lines) + "\n").encode()))
    events, found = loaded(tmp_path / "log", Asked(user="client"))
    assert events.skipped == {}
    assert [time for time, _ in found] == STAMPS
    assert len({user for _, user in found}) == 7


def test_cloudfront_s_late_and_unordered_rows_take_their_place(tmp_path: Path) -> None:
    head = "#Version: 1.0\n#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status\n"
    rows = [
        f"{at:%Y-%m-%d\t%H:%M:%S}\tLAX1\t2390282\t192.0.2.{step % 7}\tGET\td.net\t/v%2520a.html\t200\n"
        for step, at in enumerate(MOMENTS)
    ]
    late = rows[::-1][:40] + rows[:20]
    (tmp_path / "E1.2026-03-02-18.gz").write_bytes(gzip.compress((head + "".join(late[:25])).encode()))
    (tmp_path / "E1.2026-03-02-19.gz").write_bytes(gzip.compress((head + "".join(late[25:])).encode()))
    events, found = loaded(tmp_path, Asked(user="client"))
    assert (events.rows, events.skipped) == (60, {})
    assert [time for time, _ in found] == STAMPS
    assert (events.first_us, events.last_us) == (STAMPS[0], STAMPS[-1])


def test_combined_logs_with_quotes_blanks_and_ipv6_are_read(tmp_path: Path) -> None:
    line = '{} - {} [{} +0100] "GET /a \\"b\\" HTTP/1.1" 200 612 "https://x.org/?q=[1]" "Mozilla/5.0 (X; \\"Y\\")"\n'
    callers, users = ("2001:db8::1", "203.0.113.9"), ("-", "frank", "ann lee", "-")
    hour = timedelta(hours=1)
    text = "".join(
        line.format(callers[step % 2], users[step % 4], f"{at + hour:%d/%b/%Y:%H:%M:%S}")
        for step, at in enumerate(MOMENTS)
    )
    (tmp_path / "log").write_text(text, encoding="utf-8")
    events, found = loaded(tmp_path / "log", Asked(allows_skipped=True))
    assert events.skipped == {"no user": 30}
    assert [time for time, _ in found] == [time for step, time in enumerate(STAMPS) if users[step % 4] != "-"]
    with pytest.raises(
        UserError, match=r"log: 30 of 60 rows would be left out \(30 no user\); --allow-skipped does so"
    ):
        loaded(tmp_path / "log")


def test_a_table_of_tabs_without_a_header_is_read_by_the_places_of_its_columns(tmp_path: Path) -> None:
    text = "".join(f"u{step % 7}\tclick\t{at:%Y-%m-%d %H:%M:%S}\n" for step, at in enumerate(MOMENTS))
    (tmp_path / "log.tsv").write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=r"none of its columns \(column 1, column 2, column 3\) .* --time"):
        loaded(tmp_path / "log.tsv")
    events, found = loaded(tmp_path / "log.tsv", Asked(time="column 3", user="column 1"))
    assert "tabs, without a header" in events.recognised
    assert [time for time, _ in found] == STAMPS
    assert len({user for _, user in found}) == 7


def test_semicolons_and_line_breaks_within_quotes_are_part_of_their_cell(tmp_path: Path) -> None:
    text = '"Zeit";"user";"note"\n' + "".join(
        f'"{at:%Y-%m-%d %H:%M:%S}";"u{step % 7}";"a; ""b"", c\nd"\n' for step, at in enumerate(MOMENTS)
    )
    (tmp_path / "log.csv").write_text(text, encoding="utf-8")
    events, found = loaded(tmp_path / "log.csv", Asked(time="Zeit"))
    assert (events.rows, events.skipped) == (60, {})
    assert [time for time, _ in found] == STAMPS


@pytest.mark.parametrize("per_s", [1, 1_000, 1_000_000, 1_000_000_000])
@pytest.mark.parametrize("quote", ["", '"'])
def test_numbers_since_1970_are_read_in_their_unit(per_s: int, quote: str, tmp_path: Path) -> None:
    rows = [f"{quote}{stamp * per_s // 1_000_000}{quote},{step % 7}\n" for step, stamp in enumerate(STAMPS)]
    (tmp_path / "log").write_text("ts,uid\n" + "".join(rows), encoding="utf-8")
    assert times(tmp_path / "log") == STAMPS


def test_of_local_times_a_missing_hour_goes_on_and_one_that_comes_twice_is_its_second_pass(tmp_path: Path) -> None:
    local = ["2026-03-29 01:59:59", "2026-03-29 02:30:00", "2026-03-29 03:00:00", "2026-10-25 01:59:59"]
    local += ["2026-10-25 02:30:00", "2026-10-25 03:00:00"]
    (tmp_path / "log").write_text("time,user\n" + "".join(f"{at},1\n" for at in local), encoding="utf-8")
    utc = ["2026-03-29 00:59:59", "2026-03-29 01:00:00", "2026-03-29 01:30:00", "2026-10-24 23:59:59"]
    utc += ["2026-10-25 01:30:00", "2026-10-25 02:00:00"]
    found = times(tmp_path / "log", Asked(timezone="Europe/Berlin"))
    assert [datetime.fromtimestamp(each / 1e6, UTC).strftime("%Y-%m-%d %H:%M:%S") for each in found] == utc
    (tmp_path / "log").write_text(
        "time,user\n2026-10-25 02:30:00+02:00,1\n2026-10-25 02:30:00+01:00,1\n", encoding="utf-8"
    )
    first, second = times(tmp_path / "log", Asked(timezone="Europe/Berlin"))
    assert second - first == 3_600 * 1_000_000


def test_lines_that_are_not_utf_8_are_counted_as_such_beside_those_of_too_many_cells(tmp_path: Path) -> None:
    text = "".join(f"{at:%Y-%m-%dT%H:%M:%SZ},{who}\n" for at in MOMENTS for who in range(10)).encode()
    odd = "2026-03-02T18:30:00Z,Jos\u00e9\n".encode("latin-1") + b"2026-03-02T18:30:00Z,1,2\n"
    (tmp_path / "log.csv").write_bytes(b"time,user\n" + text + odd)
    events, _ = loaded(tmp_path / "log.csv")
    assert events.skipped == {CELLS: 1, NO_UTF8: 1}
    assert (events.rows, events.count) == (602, 600)
    line = '10.0.0.1 - {} [02/Mar/2026:18:30:05 +0000] "GET / HTTP/1.1" 200 612\n'
    lines = "".join(line.format(f"u{each}") for each in range(200)).encode() + line.format("\u00e9").encode("latin-1")
    (tmp_path / "log.csv").write_bytes(lines)
    assert loaded(tmp_path / "log.csv")[0].skipped == {NO_UTF8: 1}
