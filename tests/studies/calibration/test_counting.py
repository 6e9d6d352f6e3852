"""Counts as monitoring systems give them: what they are is told from what they say, or asked for, and never guessed."""

import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from simulator.core.errors import UserError
from simulator.studies.calibration.count_units import Unit
from simulator.studies.calibration.counting import read_counts
from simulator.studies.calibration.counts import ABOVE, Counts
from simulator.studies.calibration.events import Asked

FIRST = datetime(2026, 3, 2, tzinfo=UTC)
STEP_S, PIECES = 300, 400
AT = [FIRST + timedelta(seconds=STEP_S * place) for place in range(PIECES)]
COUNT = [100 + 7 * (place % 12) for place in range(PIECES)]
ANYHOW = Asked()


def read(path: Path, asked: Asked = ANYHOW) -> Counts:
    found = read_counts([path], asked)
    assert found is not None
    return found


def is_right(found: Counts, begin: datetime = FIRST) -> bool:
    return (
        found.step_s == STEP_S
        and found.first_s == begin.timestamp()
        and found.count.tolist() == [float(each) for each in COUNT]
        and found.skipped == {}
        and found.missing_s == 0
    )


def prometheus(series: list[dict[str, Any]]) -> str:
    return json.dumps({"status": "success", "data": {"resultType": "matrix", "result": series}})


def series(values: list[Any], at: list[datetime] | None = None, **labels: str) -> dict[str, Any]:
    named = {"__name__" if label == "name" else label: value for label, value in labels.items()}
    points = [[each.timestamp(), str(value)] for each, value in zip(at or AT, values, strict=False)]
    return {"metric": named, "values": points}


COUNTER = np.cumsum(COUNT).tolist()


def test_a_counter_of_prometheus_gives_what_it_grew_by_in_the_piece_before_each_time(tmp_path: Path) -> None:
    ends = [each + timedelta(seconds=STEP_S) for each in (FIRST - timedelta(seconds=STEP_S), *AT)]
    text = prometheus([series([0, *COUNTER], ends, name="http_requests_total", pod="a")])
    (tmp_path / "counter.json").write_text(text, encoding="utf-8")
    found = read(tmp_path / "counter.json")
    assert is_right(found)
    assert "a counter that goes on growing, as its name says" in found.recognised


def test_a_counter_that_begins_again_and_pods_that_come_and_go_are_added_up(tmp_path: Path) -> None:
    ends = [FIRST + timedelta(seconds=STEP_S * place) for place in range(PIECES + 1)]
    restarted = np.array([0, *COUNTER])
    restarted[200:] -= restarted[199]  # what it had counted when it fell
    late = series([10 * place for place in range(101)], ends[300:], name="http_requests_total", pod="b")
    text = prometheus([series(restarted.tolist(), ends, name="http_requests_total", pod="a"), late])
    (tmp_path / "log").write_text(text, encoding="utf-8")
    found = read(tmp_path / "log")
    assert found.count.tolist() == [each + (10 if place >= 300 else 0) for place, each in enumerate(COUNT)]
    assert "the sum of 2 series" in found.recognised


def test_a_rate_is_times_its_step_and_what_a_function_gives_is_asked_for(tmp_path: Path) -> None:
    ends = [each + timedelta(seconds=STEP_S) for each in AT]
    rates = [each / STEP_S for each in COUNT]
    (tmp_path / "named").write_text(
        prometheus([series(rates, ends, name="job:http_requests:rate5m")]), encoding="utf-8"
    )
    (tmp_path / "nameless").write_text(prometheus([series(rates, ends)]), encoding="utf-8")
    assert read(tmp_path / "named").count == pytest.approx(COUNT)
    with pytest.raises(UserError, match=r"its series have no name.*--count-unit"):
        read(tmp_path / "nameless")
    assert read(tmp_path / "nameless", Asked(count_unit=Unit.PER_S)).count == pytest.approx(COUNT)
    by_minute = read(tmp_path / "nameless", Asked(count_unit=Unit.PER_MIN))
    assert by_minute.count == pytest.approx(np.array(COUNT) / 60)


def test_what_has_no_number_is_counted_and_no_zero_and_gaps_are_gaps(tmp_path: Path) -> None:
    values: list[Any] = list(COUNT)
    values[5], values[9] = "NaN", "+Inf"
    kept = [place for place in range(PIECES) if not 100 <= place < 112]  # stale: Prometheus leaves them out
    one = series([values[place] for place in kept], [AT[place] for place in kept], name="x:requests_per_second")
    (tmp_path / "log").write_text(prometheus([one]), encoding="utf-8")
    found = read(tmp_path / "log")
    assert found.skipped == {"a value that is no number": 2}
    assert found.rows == PIECES - 12
    assert found.missing_s == 14 * STEP_S
    assert found.count.min() >= 100 * STEP_S


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ([series(COUNT, name="a_total"), series(COUNT, name="b_total")], "of different things: 'a_total', 'b_total'"),
        ([series(COUNT, name="latency_bucket", le="0.1")], "buckets of a histogram"),
        ([series(COUNT, name="latency", quantile="0.9")], "quantiles"),
        ([series(COUNT, name="up")], "the name 'up' does not say"),
        ([series(COUNT, name="latency_seconds_sum")], "query its _count"),
        ([], "it has no series"),
        ([{"metric": {}, "histograms": []}], "no values of its own"),
        ([series(COUNT[:5], name="a:rate5m")], "5 counts are too few"),
    ],
)
def test_series_that_are_no_counts_or_not_of_one_thing_are_refused(
    made: list[dict[str, Any]], said: str, tmp_path: Path
) -> None:
    (tmp_path / "log").write_text(prometheus(made), encoding="utf-8")
    with pytest.raises(UserError, match=said):
        read(tmp_path / "log")


def test_series_that_are_named_are_added_up(tmp_path: Path) -> None:
    made = [series(COUNT, name=f"{name}:rate5m") for name in ("get", "put", "errors")]
    (tmp_path / "log").write_text(prometheus(made), encoding="utf-8")
    chosen = read(tmp_path / "log", Asked(counts=("get:rate5m", "put:rate5m")))
    assert chosen.count == pytest.approx(2 * STEP_S * np.array(COUNT))
    with pytest.raises(UserError, match="there is no series 'post'"):
        read(tmp_path / "log", Asked(counts=("post",)))
    with pytest.raises(UserError, match="is the answer of a monitoring system, without columns"):
        read(tmp_path / "log", Asked(user="pod"))


def test_neighbouring_answers_are_one_log_and_contradicting_ones_are_refused(tmp_path: Path) -> None:
    half = PIECES // 2
    for name, part in (("a.json", slice(0, half + 1)), ("b.json", slice(half, PIECES))):
        text = prometheus([series(COUNT[part], AT[part], name="x:rate5m")])
        (tmp_path / name).write_text(text, encoding="utf-8")
    found = read(tmp_path)
    assert found.count.size == PIECES
    (tmp_path / "b.json").write_text(prometheus([series([1] * 300, AT[100:], name="x:rate5m")]), encoding="utf-8")
    with pytest.raises(UserError, match=r"is \d+ and 1 at .*: those are not one series"):
        read(tmp_path)


def datapoints(unit: str = "Count", **statistics: list[float]) -> str:
    points = [
        {"Timestamp": at.isoformat().replace("+00:00", "Z"), "Unit": unit}
        | {name: values[place] for name, values in statistics.items()}
        for place, at in enumerate(AT)
    ]
    shuffled = [points[place] for place in np.random.default_rng(1).permutation(PIECES)]
    return json.dumps({"Label": "RequestCount", "Datapoints": shuffled}, indent=4)


def metric_data(values: list[float], status: str = "Complete") -> str:
    order = np.random.default_rng(2).permutation(PIECES)
    result = {"Id": "m1", "Label": "RequestCount", "StatusCode": status}
    result |= {"Timestamps": [AT[place].isoformat() for place in order], "Values": [values[place] for place in order]}
    return json.dumps({"MetricDataResults": [result], "Messages": []})


def test_cloudwatch_answers_in_any_order_are_read(tmp_path: Path) -> None:
    whole = [float(each) for each in COUNT]
    texts = [
        datapoints(Sum=whole),
        datapoints(Sum=whole, SampleCount=[1.0] * PIECES, Average=[1.0] * PIECES),
        datapoints("Seconds", SampleCount=whole, Sum=[0.5] * PIECES),
        metric_data(whole),
    ]
    for text in texts:
        (tmp_path / "log.json").write_text(text, encoding="utf-8")
        assert is_right(read(tmp_path / "log.json"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (datapoints(Average=[0.5 * each for each in COUNT]), "do not say how many requests there were"),
        (datapoints("Seconds", Sum=[0.5 * each for each in COUNT]), "do not say how many requests there were"),
        (datapoints(Sum=[1.0] * PIECES), "every value is 1"),
        (metric_data([0.5 + each for each in COUNT]), "they are not whole numbers"),
        (metric_data(COUNT)[:-40], "it is no whole JSON"),
        ('{"Label": "RequestCount", "Datapoints": []}', "it has no series"),
        (
            '{"status": "error", "errorType": "bad_data", "error": "parse error"}',
            "answered with an error: 'parse error'",
        ),
        ('{"status": "success", "data": {"resultType": "vector", "result": []}}', "ask for query_range"),
        ('{"resultType": 3, "data": 4}', "of none of the monitoring systems"),
        ('[{"metric": 3}]', "no values of its own"),
    ],
)
def test_answers_that_are_no_counts_are_refused_with_what_to_bring(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "log").write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=said):
        read(tmp_path / "log")


def console(labels: list[str], statistic: str | None = None) -> str:
    head = [["Full label", *(f"app/lb {label}" for label in labels)], ["Label", *labels]]
    head += [["Statistic", *(statistic for _ in labels)]] if statistic else []
    rows = [[f"{at:%Y/%m/%d %H:%M:%S}", *(str(each) for _ in labels)] for at, each in zip(AT, COUNT, strict=True)]
    return "".join(",".join(f'"{cell}"' for cell in row) + "\n" for row in (*head, ["ID", "m1"], *rows))


def test_the_csv_of_cloudwatchs_console_is_read_after_its_lines_about_the_columns(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(console(["RequestCount"]), encoding="utf-8")
    assert is_right(read(tmp_path / "log.csv", Asked(timezone="America/New_York")))  # its times are UTC
    (tmp_path / "log.csv").write_text(console(["RequestCount", "RequestCount"]), encoding="utf-8")
    assert read(tmp_path / "log.csv").total == 2 * sum(COUNT)
    (tmp_path / "log.csv").write_text(console(["RequestCount", "Errors"]), encoding="utf-8")
    with pytest.raises(UserError, match="of different things: 'RequestCount', 'Errors'"):
        read(tmp_path / "log.csv")
    assert is_right(read(tmp_path / "log.csv", Asked(counts=("Errors",))))
    (tmp_path / "log.csv").write_text(console(["RequestCount"], "Average"), encoding="utf-8")
    with pytest.raises(UserError, match="the average of each period; bring its Sum"):
        read(tmp_path / "log.csv")


def table(**columns: Any) -> str:
    return pd.DataFrame({"time": [each.strftime("%Y-%m-%d %H:%M:%S") for each in AT], **columns}).to_csv(index=False)


def test_a_table_on_a_regular_grid_without_users_is_counts_and_one_with_users_is_not(tmp_path: Path) -> None:
    (tmp_path / "log.gz").write_bytes(gzip.compress(table(value=COUNT).encode()))
    found = read(tmp_path / "log.gz")
    assert is_right(found)
    assert "its times are on a regular grid and it names no users" in found.recognised
    (tmp_path / "log").write_text(table(value=COUNT, user_id=COUNT), encoding="utf-8")
    assert read_counts([tmp_path / "log"], ANYHOW) is None
    assert is_right(read(tmp_path / "log", Asked(counts=("value",))))
    (tmp_path / "log").write_text(table(page=["a"] * PIECES), encoding="utf-8")
    assert read_counts([tmp_path / "log"], ANYHOW) is None
    bought = FIRST.timestamp() + np.sort(np.random.default_rng(3).choice(100_000, 5_000, replace=False))
    pd.DataFrame({"time": bought.astype(int), "price": 5}).to_csv(tmp_path / "log", index=False)
    assert read_counts([tmp_path / "log"], ANYHOW) is None  # times of whole seconds are on a grid, and most are missing


def test_of_several_columns_the_one_that_is_called_a_count_is_taken_or_it_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "log").write_text(table(cpu=[0.5] * PIECES, requests=COUNT), encoding="utf-8")
    assert is_right(read(tmp_path / "log"))
    (tmp_path / "log").write_text(table(get=COUNT, put=COUNT), encoding="utf-8")
    with pytest.raises(UserError, match="'get', 'put'; say with --count which"):
        read(tmp_path / "log")
    assert read(tmp_path / "log", Asked(counts=("get", "put"))).total == 2 * sum(COUNT)
    (tmp_path / "log").write_text(table(requests_per_s=[each / STEP_S for each in COUNT]), encoding="utf-8")
    assert read(tmp_path / "log").count == pytest.approx(COUNT)


def test_cells_that_are_no_counts_are_counted_and_too_many_of_them_stop(tmp_path: Path) -> None:
    cells: list[Any] = list(COUNT)
    cells[3], cells[4], cells[5], cells[6] = "", "n/a", -4, "9" * 40
    lines = [*table(value=cells).splitlines(), f"{AT[7]:%Y-%m-%d %H:%M:%S},5", "never,5", ",5"]
    (tmp_path / "log").write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"7 of 403 rows would be left out .* --allow-skipped"):
        read(tmp_path / "log")
    found = read(tmp_path / "log", Asked(allows_skipped=True))
    reasons = ("no time", "a time that is not understood", "no count", "a value that is no number")
    assert found.skipped == dict.fromkeys((*reasons, "a count below 0", ABOVE, "a time that is there twice"), 1)
    assert found.missing_s == 4 * STEP_S


@pytest.mark.parametrize(
    ("text", "asked", "said"),
    [
        (table(value=COUNTER), ANYHOW, "its values never fall, as those of a counter"),
        (table(value=[0] * (PIECES - 1) + [1]), ANYHOW, "never fall|too few"),
        (table(value=[-1] * PIECES), Asked(counts=("value",)), "0 counts are too few"),
        (table(value=COUNT), Asked(counts=("valu",)), "did you mean 'value'"),
        (table(value=COUNT), Asked(counts=("value",), user="time"), "--count and --user"),
        ("when,value\n1,2\n", Asked(counts=("value",)), "is called as times are; give --time"),
        ("time,value\n2026-03-02,2\n", Asked(counts=("value",)), "1 counts are too few"),
        (
            "time,value\n"
            + "".join(f"{FIRST + timedelta(seconds=k**2):%Y-%m-%d %H:%M:%S},{9 + k % 3}\n" for k in range(60)),
            Asked(counts=("value",)),
            "on no regular grid",
        ),
        (
            "time,value\n" + "".join(f"{FIRST + timedelta(weeks=k):%Y-%m-%d},{9 + k % 3}\n" for k in range(60)),
            Asked(counts=("value",)),
            "bring counts of a day at most",
        ),
    ],
)
def test_what_is_no_count_or_not_on_a_grid_is_refused_with_what_would_be_right(
    text: str, asked: Asked, said: str, tmp_path: Path
) -> None:
    (tmp_path / "log").write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=said):
        read(tmp_path / "log", asked)


def test_a_counter_in_a_table_gives_what_it_grew_by(tmp_path: Path) -> None:
    (tmp_path / "log").write_text(table(value=COUNTER), encoding="utf-8")
    found = read(tmp_path / "log", Asked(count_unit=Unit.TOTAL))
    assert found.count.tolist() == [float(each) for each in COUNT[1:]]


def test_an_hour_that_a_clock_shows_twice_has_both_its_counts(tmp_path: Path) -> None:
    utc = pd.date_range("2026-10-24", periods=96, freq="30min", tz="UTC")
    local = utc.tz_convert("Europe/Berlin").strftime("%Y-%m-%d %H:%M")
    counts = 10 + np.arange(96) % 7
    (tmp_path / "log").write_text(pd.DataFrame({"time": local, "value": counts}).to_csv(index=False), encoding="utf-8")
    found = read(tmp_path / "log", Asked(timezone="Europe/Berlin"))
    assert found.count.tolist() == counts.tolist()
    assert found.first_s == utc[0].timestamp()
    assert found.missing_s == 0


def test_days_on_a_clock_that_changes_are_whole_days(tmp_path: Path) -> None:
    days = pd.date_range("2026-03-01", periods=60, freq="D")
    counts = 100 + np.arange(60) % 7
    frame = pd.DataFrame({"day": days.strftime("%Y-%m-%d"), "visits": counts})
    frame.to_csv(tmp_path / "log", index=False)
    found = read(tmp_path / "log", Asked(timezone="Europe/Berlin"))
    assert found.count.tolist() == counts.tolist()
    assert found.missing_s == 0
    assert sorted(set(np.diff(found.begin_s).tolist())) == [82_800.0, 86_400.0]
