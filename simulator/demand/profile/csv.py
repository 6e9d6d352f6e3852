"""Weights from a file of counts over time."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

import numpy as np
from pydantic import AfterValidator, Field, PrivateAttr, model_validator
from typing_extensions import override

from simulator.core.arrays import FloatArray, IntArray
from simulator.core.errors import UserError
from simulator.core.files import InputFile
from simulator.core.units import DAY_S, HOUR_S, HOURS_PER_WEEK, NS_PER_S
from simulator.demand.profile.base import Profile, from_hourly
from simulator.demand.stamp_formats import check_format
from simulator.demand.zones import check_zone

MONDAY_NS = round(4 * DAY_S) * NS_PER_S
"""1970-01-05, the first Monday of the clock that counts from 1970. [ns]"""


class Csv(Profile):
    """The mean count per hour of the week in a file with a column of times and one of counts.

    Times that state no zone are local times, wherever users live. Times that state one are moments: the rate then
    follows the clock of the first row's offset, or of `timezone`, whichever zones users live in.
    """

    kind: Literal["csv"] = "csv"
    path: InputFile
    """The file: CSV of any common separator and compression, or Parquet; a relative path starts at the scenario's
    folder."""
    time: Annotated[str, Field(min_length=1, max_length=200)] = "time"
    """Name of the column with the times: ISO 8601 such as `2026-03-02 18:30` with or without an offset, numbers with
    `unit`, or whatever `format` says."""
    value: Annotated[str, Field(min_length=1, max_length=200)] = "value"
    """Name of the column with the counts."""
    unit: Literal["s", "ms", "us", "ns"] | None = None
    """Unit of times that are numbers, counted from 1970-01-01 UTC."""
    format: Annotated[str, Field(min_length=1, max_length=80), AfterValidator(check_format)] | None = None
    """How times are written that are not ISO 8601, such as `%d/%m/%Y %H:%M`; without it such times are refused."""
    timezone: Annotated[str, AfterValidator(check_zone)] | None = None
    """IANA time zone on whose clock the hours of the week are counted, through its changes. Everybody then follows
    this clock, whichever zones users live in."""
    _hours: tuple[float, ...] = PrivateAttr()
    _clock: tzinfo | None = PrivateAttr()

    @model_validator(mode="after")
    def _read(self) -> Self:
        if self.unit and self.format:
            raise ValueError("has both 'unit', for numbers, and 'format', for text; leave out one of them")
        if self.time == self.value:
            raise ValueError(f"'time' and 'value' must be different columns, not both {self.time}")
        try:
            found = _counted(self)
            self._hours, self._clock = tuple(_hour_of_week_means(self.path, found).tolist()), found.clock
        except UserError as error:
            raise ValueError(str(error)) from error
        return self

    @property
    @override
    def clock(self) -> tzinfo | None:
        return self._clock

    @override
    def weekly_weights(self) -> FloatArray:
        return from_hourly(np.asarray(self._hours))


@dataclass(frozen=True)
class _Counted:
    """The rows of a file, by the profile's clock."""

    local_ns: IntArray
    """What the clock shows. [ns]"""
    count: FloatArray
    clock: tzinfo | None
    skipped: int
    """Hours that its week may lack because the clock was put on."""


def _counted(profile: Csv) -> _Counted:
    from simulator.core import tables  # noqa: PLC0415  (pyarrow, which only this profile needs)
    from simulator.demand.stamps import StampReader, counts  # noqa: PLC0415

    name, before = tables.name_of(profile.path), 0
    reader = StampReader(profile, name, keeps_readings=True)

    def fault(index: int, said: str) -> UserError:
        return UserError(f"{name}, row {before + index + 1}: {said}")

    times, found_counts, form = list[IntArray](), list[FloatArray](), None
    for batch in tables.batches(profile.path, (profile.time, profile.value)):
        if batch.num_rows:
            found = reader.read(tables.plain(batch.column(profile.time)), fault)
            times.append(found.time_ns)
            found_counts.append(counts(tables.plain(batch.column(profile.value)), profile.value, fault))
            form, before = found.form, before + batch.num_rows
    if form is None:
        raise UserError(f"{name} has no rows")
    time_ns, count = np.concatenate(times), np.concatenate(found_counts)
    if profile.timezone is not None:
        local_ns = _on_clock(time_ns, profile.timezone) if form.are_moments else time_ns
        zone = ZoneInfo(profile.timezone)
        return _Counted(local_ns, count, zone, _skipped(local_ns, zone))
    if not form.are_moments:
        return _Counted(time_ns, count, None, 0)
    skipped = math.ceil(max(form.last_offset_ns - form.offset_ns, 0) / NS_PER_S / HOUR_S)
    clock = timezone(timedelta(seconds=form.offset_ns // NS_PER_S))
    return _Counted(time_ns + form.offset_ns, count, clock, skipped)


def _on_clock(time_ns: IntArray, zone: str) -> IntArray:
    """Return what a zone's clock shows at moments. [ns]"""
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.compute as pc  # noqa: PLC0415

    local = pc.local_timestamp(pa.array(time_ns).cast(pa.timestamp("ns", zone)))
    return np.asarray(local.cast(pa.int64()).to_numpy(zero_copy_only=False), dtype=np.int64)


def _skipped(local_ns: IntArray, zone: tzinfo) -> int:
    """Return how many hours a week may lack because a clock was put on between its first and its last reading."""
    epoch = datetime(1970, 1, 1, tzinfo=zone)
    ends = (epoch + timedelta(seconds=int(end) // NS_PER_S) for end in (local_ns.min(), local_ns.max()))
    first, last = (end.utcoffset() or timedelta() for end in ends)
    return math.ceil(max((last - first) / timedelta(hours=1), 0))


def _hour_of_week_means(path: Path, found: _Counted) -> FloatArray:
    from simulator.core.tables import name_of  # noqa: PLC0415

    hour = (found.local_ns - MONDAY_NS) // (round(HOUR_S) * NS_PER_S) % HOURS_PER_WEEK
    seen = np.bincount(hour, minlength=HOURS_PER_WEEK)
    missing = np.flatnonzero(seen == 0)
    if missing.size > found.skipped:
        have = HOURS_PER_WEEK - missing.size
        raise UserError(f"{name_of(path)} covers {have} of the 168 hours of a week; it must cover all")
    if found.count.sum() <= 0:
        raise UserError(f"{name_of(path)}: all counts are 0")
    means = np.bincount(hour, weights=found.count, minlength=HOURS_PER_WEEK) / np.maximum(seen, 1)
    for hour_without in missing:  # as in the hours around it
        means[hour_without] = (means[hour_without - 1] + means[(hour_without + 1) % HOURS_PER_WEEK]) / 2
    return np.asarray(means, dtype=np.float64)
