"""What k6 writes: points as CSV or JSON lines, or the summary of a run as JSON; times in milliseconds."""

import csv
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from simulator.core.errors import UserError
from simulator.studies.calibration.service.k6_levels import Points, rows_of
from simulator.studies.calibration.service.measurement import (
    MOST_CLIENTS,
    SECONDS,
    Measurement,
    Row,
    Told,
    above_zero,
    listed,
    number,
    quantile_of,
    whole,
)

DURATION: Final = "http_req_duration"
CLIENTS: Final = "vus"
MS: Final = SECONDS["ms"]
HTTP_ERROR: Final = 400
UNREADABLE: Final = "a line that is not understood"
MOST_FAILED: Final = 0.01
_SCALES: Final = ((1e11, 1.0), (1e14, 1e-3), (1e17, 1e-6), (math.inf, 1e-9))
"""Numbers below these are seconds, milliseconds, ... since 1970."""


def is_points(head: str) -> bool:
    """Return whether a file has points as CSV."""
    return head.lstrip('\ufeff"').startswith("metric_name,timestamp,metric_value")


def is_json_points(head: str) -> bool:
    """Return whether a file has points as JSON lines."""
    first = head.lstrip().partition("\n")[0]
    return first.startswith("{") and '"metric"' in first and ('"Point"' in first or '"Metric"' in first)


def is_summary(tree: Any) -> bool:
    """Return whether JSON is the summary of a run."""
    return isinstance(tree, dict) and isinstance(tree.get("metrics"), dict) and DURATION in tree["metrics"]


def read_points(lines: Iterable[str], told: Told, *, as_json: bool) -> Measurement:
    """Return what a file of points says.

    Raises
    ------
    UserError
        If it has requests of several names and none was chosen.
    """
    points = Points()
    for point in (_of_json if as_json else _of_csv)(lines, points):
        _take(point, points, told)
    _check_names(points, told)
    if points.clients and told.clients is not None:
        raise UserError("--clients: it says itself how many VUs there were, in its points of 'vus'")
    rows = rows_of(points, told.batch or 1, told.clients)
    doubts = []
    if points.failed > MOST_FAILED * max(points.read, 1):
        doubts.append(f"{points.failed:,} of {points.read:,} requests failed; they are left out of the times")
    if rows and rows[0].clients is None:
        raise UserError("it has no points of 'vus'; say with --clients how many VUs there were")
    skipped = {why: count for why, count in points.skipped.items() if count}
    what = f"k6's {'JSON lines' if as_json else 'CSV'}"
    return Measurement(what, tuple(rows), points.read, skipped, doubts=tuple(doubts), pauses=True)


def _of_csv(lines: Iterable[str], points: Points) -> Iterator[tuple[str, Mapping[str, Any]]]:
    reader = csv.reader(lines)
    columns: list[str] | None = None
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            points.skipped[UNREADABLE] += 1
            points.read += 1
            continue
        if columns is None:
            columns = [cell.strip().lstrip("\ufeff") for cell in cells]
        elif cells and cells[0] in {DURATION, CLIENTS}:
            row = dict(zip(columns, cells, strict=False))
            row |= {"time": row.get("timestamp", ""), "value": row.get("metric_value", "")}
            yield cells[0], {**_extra(row), **row} if row.get("extra_tags") else row


def _extra(row: Mapping[str, str]) -> dict[str, str]:
    """Return the tags of its own that a script gives, which share a cell: ``a=1&b=2``."""
    pairs = (each.partition("=") for each in (row.get("extra_tags") or "").split("&"))
    return {name: value for name, sign, value in pairs if sign}


def _of_json(lines: Iterable[str], points: Points) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for line in lines:
        if not line.strip():
            continue
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            points.skipped[UNREADABLE] += 1
            points.read += 1
            continue
        if not isinstance(found, dict) or found.get("type") != "Point":
            continue
        metric, data = found.get("metric"), found.get("data")
        if metric in (DURATION, CLIENTS) and isinstance(data, dict):
            tags = data.get("tags")
            tags = {name: str(value) for name, value in tags.items()} if isinstance(tags, dict) else {}
            yield metric, {**tags, "time": data.get("time"), "value": data.get("value")}


def _take(point: tuple[str, Mapping[str, Any]], points: Points, told: Told) -> None:
    metric, row = point
    time_s = _seconds(row["time"])
    if metric == CLIENTS:
        clients = number(row["value"])
        if time_s is not None and clients is not None and 0 <= clients <= MOST_CLIENTS:
            points.clients[int(time_s)] = int(clients)
        return
    points.read += 1
    value = above_zero(row["value"])
    if time_s is None or value is None:
        points.skipped[UNREADABLE] += 1
        return
    for column, wanted in told.where:
        if str(row.get(column) or "").casefold() != wanted.casefold():
            points.skipped["another request than was asked for"] += 1
            return
    if _failed(row):
        points.failed += 1
        points.skipped["a failed request"] += 1
        return
    points.names[str(row.get("name") or row.get("url") or "")] += 1
    points.time_s.append(time_s)
    points.took_s.append(value * MS)


def _failed(row: Mapping[str, Any]) -> bool:
    expected, status = str(row.get("expected_response") or "").casefold(), number(row.get("status"))
    if expected in {"true", "false"}:
        return expected == "false"
    if row.get("error") or row.get("error_code"):
        return True
    return status is not None and (status >= HTTP_ERROR or status == 0)


def _seconds(written: Any) -> float | None:
    found = number(written)
    if found is not None:
        seconds = found * next(times for below, times in _SCALES if abs(found) < below)
        return seconds if abs(seconds) < _SCALES[0][0] else None
    try:
        return datetime.fromisoformat(str(written)).timestamp()
    except (ValueError, OverflowError):
        return None


def _check_names(points: Points, told: Told) -> None:
    if len(points.names) > 1 and not told.where:
        raise UserError(
            f"it has requests of several names ({listed(points.names)}), and a fleet's service time is of one; choose "
            "with e.g. --where name=..., or --where status=200 to take them all for one kind"
        )


def read_summary(tree: Mapping[str, Any], told: Told) -> Measurement:
    """Return what the summary of a run says.

    Raises
    ------
    UserError
        If it does not tell how many VUs there were all the time.
    """
    metrics = {name: _values(part) for name, part in tree["metrics"].items()}
    took, reached = metrics[DURATION], metrics.get("http_reqs", {})
    quantiles = {0.5: above_zero(took.get("med"))} | {
        share: above_zero(value) for name, value in took.items() if (share := quantile_of(name)) is not None
    }
    mean, rate, count = above_zero(took.get("avg")), above_zero(reached.get("rate")), number(reached.get("count"))
    if mean is None or rate is None:
        raise UserError(f"its '{DURATION}' has no 'avg' above 0, or its 'http_reqs' no 'rate'")
    in_s = {share: value * MS for share, value in quantiles.items() if value is not None}
    row = Row(
        told.batch or 1, mean * MS, _vus(metrics, told), rate, in_s, count=int(count) if count and count > 0 else None
    )
    failed = metrics.get("http_req_failed", {})
    share = number(failed.get("value", failed.get("rate"))) or 0.0
    doubts = [f"{share:.2%} of the requests failed, and the summary has them in its times and rates"] if share else []
    return Measurement("k6's summary", (row,), 1, doubts=tuple(doubts), pauses=True)


def _values(part: Any) -> dict[str, Any]:
    inner = part.get("values") if isinstance(part, dict) else None
    return inner if isinstance(inner, dict) else part if isinstance(part, dict) else {}


def _vus(metrics: Mapping[str, Mapping[str, Any]], told: Told) -> int:
    if told.clients is not None:
        return told.clients
    found = metrics.get(CLIENTS, {})
    least, most = (whole(found.get(name), MOST_CLIENTS) for name in ("min", "max"))
    if most is not None and least == most:
        return most
    raise UserError("it does not say how many VUs there were all the time; say it with --clients")
