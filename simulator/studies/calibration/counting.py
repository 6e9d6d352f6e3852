"""Counts from files: whether they are counts at all, and which column is the time and which the count."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from simulator.core.arrays import FloatArray
from simulator.core.errors import UserError, did_you_mean
from simulator.core.input_files.wording import one_line
from simulator.core.tables import head_of, is_parquet, name_of, text_of
from simulator.studies.calibration.count_units import ASK, Unit, unit_of_column
from simulator.studies.calibration.counts import Counts, Readings, counts_of, increments, is_grid
from simulator.studies.calibration.events import (
    SAMPLE_ROWS,
    US_PER_S,
    Asked,
    Events,
    check_left_out,
)
from simulator.studies.calibration.formats import TIME_NAMES, USER_NAMES, Format, column_of, shown_columns
from simulator.studies.calibration.moments import moment_of
from simulator.studies.calibration.monitoring import NO_NUMBER, NO_TIME, is_monitoring, listed, monitored
from simulator.studies.calibration.monitoring_kinds import KINDS
from simulator.studies.calibration.opening import OpenedLog, format_of, log_files, opened_log, said_of

NO_COUNT: Final = "no count"
EVENT_STEP_S: Final = 60.0
"""Events that name no users are counted in pieces of so much, or of what their times are a multiple of."""
MOSTLY: Final = 0.9
"""A column of which so much is numbers is one of numbers, whatever the rest is."""
_COUNT_NAMES: Final = frozenset(
    {
        *("count", "counts", "cnt", "n", "num", "requests", "request_count", "requestcount", "hits", "events", "calls"),
        *("value", "sum", "total", "logins", "sessions", "visits", "invocations"),
    }
)
"""What a column of counts is called where it is one of several columns of numbers."""
_COPY: Final = re.compile(r" \(\d+\)$")


def read_counts(paths: Sequence[Path], asked: Asked) -> Counts | None:
    """Return the counts of files; None where they hold events.

    Raises
    ------
    UserError
        If they are counts and cannot be read, if it is not clear what is counted, or if too much is left out.
    """
    files = log_files(paths)
    in_parquet = is_parquet(files[0])
    if not in_parquet and is_monitoring(head_of(files[0])):
        if asked.user is not None or asked.time is not None:
            raise UserError(
                f"--user, --time: {name_of(files[0])} is the answer of a monitoring system, without columns"
            )
        found = counts_of(monitored({file: text_of(file) for file in files}, KINDS, asked.counts, asked.count_unit))
        return _finished(found, name_of(files[0]), asked)
    if not _may_count(format_of(files[0]), asked):
        return None
    with opened_log(paths, asked.timezone) as log:
        log.connection.execute("SET preserve_insertion_order = true")  # which of two equal times is first
        with said_of(log.called):
            table = _table(log, asked)
        return None if table is None else _finished(counts_of(_read(log, table, asked)), name_of(log.called), asked)


def counts_of_events(events: Events) -> Counts:
    """Return how many events of a log came in each minute, or in each of what its times are a multiple of."""
    step_s = max(EVENT_STEP_S, events.resolution_s)
    step_us = round(step_s * US_PER_S)
    run = events.connection.execute
    rows = run(f"SELECT t // {step_us} AS k, count(*)::DOUBLE AS n FROM {events.table} GROUP BY k").fetchnumpy()
    place = np.asarray(rows["k"], dtype=np.int64)
    begin = np.arange(place.min(), place.max() + 1) * step_s
    count = np.bincount(place - place.min(), np.asarray(rows["n"]), begin.size)
    end = begin + step_s
    if step_s == EVENT_STEP_S:  # the first minute and the last one are not whole
        begin[0], end[-1] = events.first_us / US_PER_S, max(events.last_us / US_PER_S, begin[-1] + 1.0)
    found = Counts(events.recognised, step_s, begin, end, np.asarray(count), events.rows, events.skipped)
    found.check()
    return found


def _finished(found: Counts, name: str, asked: Asked) -> Counts:
    check_left_out(name, found.rows, found.skipped, asked)
    return found.without_gaps() if asked.gaps_are_zero else found


def _may_count(kind: Format, asked: Asked) -> bool:
    """Return whether a table may hold counts, before its rows are looked at."""
    if asked.counts and asked.user:
        raise UserError("--count and --user: rows are either counts or events of a user; give one of them")
    if asked.counts or kind.series:
        return True
    names = {name.lower() for name in kind.columns}
    has_users = asked.user is not None or kind.time is not None or not names.isdisjoint(USER_NAMES)
    return not has_users and len(kind.columns) > 1


@dataclass(frozen=True)
class _Table:
    """What a table's columns are."""

    time: str
    moment: str
    """SQL of the time in microseconds since 1970, of a column ``written``."""
    values: tuple[str, ...]
    unit: Unit
    why: str
    """Why it is that unit."""
    how: str
    """Why the rows are taken for counts; empty where that was asked for."""


def _table(log: OpenedLog, asked: Asked) -> _Table | None:
    """Return which columns are times and counts; None where the rows are events."""
    kind = log.kind
    time = column_of(kind.columns, asked.time, (kind.time,) if kind.time else TIME_NAMES, "--time")
    if time is None:
        if asked.counts:
            raise UserError(f"none of its columns ({shown_columns(kind.columns)}) is called as times are; give --time")
        return None
    texts = _sampled(log, kind.columns[time])
    filled = [text.strip() for text in texts if text is not None and text.strip()]
    if not filled:
        return None
    moment = moment_of("written", filled, time, kind.time_format or asked.time_format)
    if asked.counts or kind.series:
        values = _asked_for(kind, asked)
        return _Table(time, moment, values, *_unit(kind, values, asked), "")
    stamps = [each for each in _sampled(log, kind.columns[time], moment) if each is not None]
    if not is_grid(np.array(stamps, dtype=np.float64) / US_PER_S):
        return None
    others = [name for name in kind.columns if name != time]
    values = _likely([name for name in others if _is_numeric(_sampled(log, kind.columns[name]))])
    why_counts = "its times are on a regular grid and it names no users"
    return _Table(time, moment, values, *_unit(kind, values, asked), why_counts) if values else None


def _sampled(log: OpenedLog, column: str, of: str = "written") -> list[Any]:
    """Return a column's first rows, or what SQL makes of them."""
    rows = f"SELECT {column} AS written FROM ({log.relation}) LIMIT {SAMPLE_ROWS}"
    return [each for (each,) in log.connection.execute(f"SELECT {of} FROM ({rows})").fetchall()]


def _asked_for(kind: Format, asked: Asked) -> tuple[str, ...]:
    for name in asked.counts:
        if name not in kind.columns:
            raise UserError(f"--count: there is no column '{one_line(name)}'; {did_you_mean(name, kind.columns)}")
    if asked.counts:
        return asked.counts
    things = list(dict.fromkeys(_COPY.sub("", name) for name in kind.series))
    if len(things) > 1:
        raise UserError(f"its series are of different things: {listed(things)}; say with --count which to add up")
    return kind.series


def _is_numeric(cells: Sequence[str | None]) -> bool:
    some = [cell.strip() for cell in cells if cell is not None and cell.strip()]
    return bool(some) and sum(map(_is_number, some)) >= MOSTLY * len(some)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _likely(numbers: Sequence[str]) -> tuple[str, ...]:
    """Return the column of counts among those of numbers; none where there are no numbers."""
    if len(numbers) < 2:  # noqa: PLR2004  (it is the only one)
        return tuple(numbers)
    named = [name for name in numbers if name.lower() in _COUNT_NAMES or unit_of_column(name) is not Unit.COUNT]
    if len(named) == 1:
        return tuple(named)
    raise UserError(
        f"its times are on a regular grid, so that its rows are counts, and several columns may hold them: "
        f"{listed(numbers)}; say with --count which, or with --user that its rows are events"
    )


def _unit(kind: Format, values: Sequence[str], asked: Asked) -> tuple[Unit, str]:
    if asked.count_unit is not None:
        return asked.count_unit, "as --count-unit says"
    if kind.statistic in {"sum", "samplecount", "sample count"}:
        return Unit.COUNT, f"as they are its {kind.statistic}"
    if kind.statistic is not None:
        raise UserError(f"its values are the {kind.statistic} of each period; bring its Sum, which counts")
    units = {unit_of_column(name) for name in values}
    if len(units) > 1:
        raise UserError(f"{listed(list(values))} are not alike: {', '.join(sorted(units))}; give those of one kind")
    (unit,) = units
    return unit, "as no name says otherwise" if unit is Unit.COUNT else "as they are called"


def _read(log: OpenedLog, table: _Table, asked: Asked) -> Readings:
    columns, places = log.kind.columns, range(len(table.values))
    cells = [f"nullif(trim({columns[name]}), '') AS text{place}" for place, name in enumerate(table.values)]
    rows = f"SELECT {', '.join([f'{columns[table.time]} AS written', *cells])} FROM ({log.relation})"
    empty = " OR ".join(f"text{place} IS NULL" for place in places)
    numbers = ", ".join(f"TRY_CAST(text{place} AS DOUBLE) AS v{place}" for place in places)
    no_time = "nullif(trim(written::VARCHAR), '') IS NULL AS no_time"
    found = log.connection.execute(
        f"SELECT {table.moment} AS t, {no_time}, ({empty}) AS no_count, {numbers} FROM ({rows})"
    ).fetchnumpy()
    stamp_s = _filled(found["t"]) / US_PER_S
    untimed, empties = _filled(found["no_time"]) > 0, _filled(found["no_count"]) > 0
    each = [_filled(found[f"v{place}"]) for place in places]
    timed, whole = np.isfinite(stamp_s), np.isfinite(np.sum(each, axis=0))
    reasons = {
        "no time": int(untimed.sum()),
        NO_TIME: int((~timed & ~untimed).sum()),
        NO_COUNT: int((timed & empties).sum()),
        NO_NUMBER: int((timed & ~empties & ~whole).sum()),
        **log.rejected,
    }
    if log.kind.series and log.kind.statistic is None and asked.count_unit is None:
        _check_whole(each)
    time_s, value, unit = _added_up(stamp_s[timed], [value[timed] for value in each], table.unit)
    return Readings(
        _recognised(log, table),
        time_s,
        value,
        unit,
        table.unit is Unit.TOTAL,
        stamp_s.size + sum(log.rejected.values()),
        {why: count for why, count in reasons.items() if count},
        asked.timezone,
    )


def _check_whole(each: Sequence[FloatArray]) -> None:
    """Refuse values that are no sums, of a file that does not say which statistic they are."""
    for value in each:
        if (value[np.isfinite(value)] % 1 != 0).any():
            raise UserError(f"nothing says which statistic its values are, and they are not whole, as sums are; {ASK}")


def _filled(column: Any) -> FloatArray:
    """Return a column as numbers, NaN where it is NULL."""
    return np.asarray(np.ma.filled(np.ma.asarray(column).astype(np.float64), np.nan))


def _added_up(time_s: FloatArray, each: Sequence[FloatArray], unit: Unit) -> tuple[FloatArray, FloatArray, Unit]:
    """Return the sum of columns; of counters that of what they grew by."""
    if unit is not Unit.TOTAL:
        return time_s, np.asarray(np.sum(each, axis=0)), unit
    parts = [increments(time_s, value) for value in each]
    ends_s, where = np.unique(np.concatenate([ends for ends, _ in parts]), return_inverse=True)
    return ends_s, np.asarray(np.bincount(where, np.concatenate([more for _, more in parts]), ends_s.size)), Unit.COUNT


def _recognised(log: OpenedLog, table: _Table) -> str:
    taken = f"{log.kind.name}: times in '{table.time}', counts in {listed(list(table.values))}"
    because = f" ({table.how})" if table.how else ""
    return f"{taken}{because}; its values are taken for {table.unit.said}, {table.why}"
