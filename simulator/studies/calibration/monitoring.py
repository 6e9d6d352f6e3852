"""Counts of monitoring systems as JSON: whole series, of one thing or of those that are named, added up by time."""

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np

from simulator.core.errors import UserError
from simulator.core.input_files.wording import one_line, shortened, shown
from simulator.core.tables import name_of
from simulator.studies.calibration.count_units import Unit
from simulator.studies.calibration.counts import Readings, increments

NO_NUMBER: Final = "a value that is no number"
NO_TIME: Final = "a time that is not understood"
MOST_SHOWN: Final = 6
_HEAD: Final = 4_000
_SIGNS: Final = ('"resultType"', '"errorType"', '"Datapoints"', '"MetricDataResults"')


@dataclass(frozen=True)
class Series:
    """The numbers of one metric."""

    name: str
    """What it is called, the same for what may be added up."""
    key: str
    """What it is told from others of its name by."""
    points: Mapping[float, float]
    """By time since 1970; NaN where the system says that there is no number. [s]"""
    about: Mapping[str, Any] = field(default_factory=dict)
    """What else is known of it."""


@dataclass(frozen=True)
class Taken:
    """What the values of some series are."""

    unit: Unit
    ends: bool
    """Whether a piece of time ends where its value stands, or begins there."""
    why: str


@dataclass(frozen=True)
class Kind:
    """How a monitoring system answers."""

    name: str
    is_it: Callable[[Any], bool]
    series: Callable[[Any, "Left"], Iterator[Series]]
    """Of an answer."""
    taken: Callable[[Sequence[Series], Unit | None], Taken]
    """What the values of the series that are added up are, where they are and are not said to be something."""


@dataclass
class Left:
    """Values that are left out, by reason."""

    skipped: dict[str, int] = field(default_factory=dict)

    def number(self, value: Any) -> float:
        """Return a value as a number, or as NaN where it is none."""
        try:
            found = float(value)
        except (TypeError, ValueError):
            found = math.nan
        if not math.isfinite(found):
            self.skipped[NO_NUMBER] = self.skipped.get(NO_NUMBER, 0) + 1
            return math.nan
        return found

    def points(self, times: Iterable[Any], values: Iterable[Any]) -> dict[float, float]:
        """Return values by their times, which are numbers of seconds or ISO 8601."""
        points: dict[float, float] = {}
        for time, value in zip(times, values, strict=False):
            moment = _moment_s(time)
            if moment is None:
                self.skipped[NO_TIME] = self.skipped.get(NO_TIME, 0) + 1
            else:
                points[moment] = self.number(value)
        return points


def _moment_s(time: Any) -> float | None:
    try:
        if isinstance(time, int | float) and not isinstance(time, bool):
            return float(time) if math.isfinite(time) else None
        found = datetime.fromisoformat(time)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None


def is_monitoring(head: str) -> bool:
    """Return whether a file begins as the answer of a monitoring system does."""
    text = head.lstrip("\ufeff \t\r\n")[:_HEAD]
    return text.startswith(("{", "[")) and (any(each in text for each in _SIGNS) or '"metric"' in text)


def monitored(texts: Mapping[Path, str], kinds: Sequence[Kind], chosen: Sequence[str], unit: Unit | None) -> Readings:
    """Return the counts of monitoring systems.

    Parameters
    ----------
    texts
        What the files hold.
    kinds
        What they may be.
    chosen
        Names of the series that are added up; by default all, which must then be of one name.
    unit
        What their values are, where it is said.

    Raises
    ------
    UserError
        If a file is none of those, or if it is not clear what is counted.
    """
    series: list[Series] = []
    left, found = Left(), dict[str, Kind]()
    for path, text in texts.items():
        try:
            kind, answer = _read(text, kinds)
            series += kind.series(answer, left)
        except UserError as error:
            raise UserError(f"{name_of(path)}: {error}") from None
        found[kind.name] = kind
    if len(found) > 1:
        raise UserError(f"the files are of different kinds: {', '.join(found)}")
    rows = sum(len(each.points) for each in series) + left.skipped.get(NO_TIME, 0)
    where = name_of(next(iter(texts)))
    try:
        series = _chosen(_joined(series), chosen)
        return _summed(kind.name, series, kind.taken(series, unit), rows, left)
    except UserError as error:
        raise UserError(f"{where}: {error}") from None


def _read(text: str, kinds: Sequence[Kind]) -> tuple[Kind, Any]:
    try:
        answer = json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise UserError(f"it is no whole JSON: {one_line(str(error))}") from None
    kind = next((each for each in kinds if each.is_it(answer)), None)
    if kind is None:
        known = ", ".join(each.name for each in kinds)
        raise UserError(f"it is JSON of none of the monitoring systems that are known: {known}")
    return kind, answer


def _joined(series: Iterable[Series]) -> list[Series]:
    """Return series of which each is there once: files of neighbouring times go on with one another."""
    by_key: dict[tuple[str, str], Series] = {}
    for each in series:
        before = by_key.get((each.name, each.key))
        if before is None:
            by_key[each.name, each.key] = each
            continue
        for moment in before.points.keys() & each.points.keys():
            one, other = before.points[moment], each.points[moment]
            if one != other and not (math.isnan(one) or math.isnan(other)):
                at = datetime.fromtimestamp(moment, UTC).isoformat()
                raise UserError(
                    f"{_quoted(each.name)} is {one:g} and {other:g} at {at}: those are not one series; give one"
                )
        known = {moment: value for moment, value in each.points.items() if not math.isnan(value)}
        points = {**each.points, **before.points, **known}
        by_key[each.name, each.key] = Series(each.name, each.key, points, before.about)
    return list(by_key.values())


def _chosen(series: list[Series], chosen: Sequence[str]) -> list[Series]:
    """Return the series that are added up."""
    if not series:
        raise UserError("it has no series: the query found nothing")
    names = list(dict.fromkeys(each.name for each in series))
    for name in chosen:
        if name not in names:
            raise UserError(f"--count: there is no series {_quoted(name)}; there is {listed(names)}")
    if not chosen and len(names) > 1:
        raise UserError(f"its series are of different things: {listed(names)}; say with --count which to add up")
    return [each for each in series if not chosen or each.name in chosen]


def listed(names: Sequence[str]) -> str:
    """Return names for a message."""
    return ", ".join(_quoted(name) for name in names[:MOST_SHOWN]) + (", ..." if len(names) > MOST_SHOWN else "")


def _quoted(name: str) -> str:
    return shown(shortened(name, 60))


def _summed(kind: str, series: Sequence[Series], taken: Taken, rows: int, left: Left) -> Readings:
    """Return the sum of series; where one of them is said to have no number the sum has none."""
    is_total = taken.unit is Unit.TOTAL
    times, values = [], []
    for each in series:
        time_s = np.array(list(each.points.keys()), dtype=np.float64)
        value = np.array(list(each.points.values()), dtype=np.float64)
        time_s, value = increments(time_s, value) if is_total else (time_s, value)
        times.append(time_s)
        values.append(value)
    each_s, where = np.unique(np.concatenate(times), return_inverse=True)
    summed = np.bincount(where, np.concatenate(values), each_s.size)
    name = ", ".join(dict.fromkeys(_quoted(each.name) for each in series))
    many = f"the sum of {len(series)} series of {name}" if len(series) > 1 else name
    return Readings(
        f"{kind}: {many}; its values are taken for {taken.unit.said}, {taken.why}",
        each_s,
        np.asarray(summed),
        Unit.COUNT if is_total else taken.unit,
        taken.ends,
        rows,
        left.skipped,
    )
