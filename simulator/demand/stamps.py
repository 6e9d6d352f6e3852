"""The one reader of times: a column of a file as moments, or as readings of a clock that states no zone."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from simulator.core.arrays import FloatArray, IntArray
from simulator.core.errors import UserError
from simulator.core.input_files.wording import shown
from simulator.core.tables import is_text
from simulator.core.units import DAY_S, HOUR_S, MINUTE_S, NS_PER_S
from simulator.demand.stamp_formats import finest_s, reading_hint, states_zone

NS: Final = 1e-9
NS_PER: Final = {"s": NS_PER_S, "ms": 10**6, "us": 10**3, "ns": 1}
LAST_NS: Final = 2**63 - 1
LARGEST_COUNT: Final = 2**53
UNITS_NS: Final[tuple[int, ...]] = (
    *(round(size_s) * NS_PER_S for size_s in (DAY_S, HOUR_S, MINUTE_S)),
    *(10**k for k in range(9, 5, -1)),
)
"""What times may be rounded to, each a multiple of the next; finer ones count as exact. [ns]"""
LOOKED_AT: Final = 64
"""Rows whose written form tells how fine a file's times are."""
_ZONE: Final = re.compile(r"T\d\d(?::\d\d){0,2}(?:\.\d+)?(?:Z|([+-])(\d\d):?(\d\d)?)\Z")
_SAME_OTHERWISE: Final = (
    (r"^(\d{4})(\d\d)(\d\d)[Tt](\d\d)(\d\d)", r"\1-\2-\3T\4:\5"),  # the basic form of ISO 8601
    (r"(T\d\d:\d\d)(\d\d)", r"\1:\2"),
    (r"^(\d{4}-\d\d-\d\d)(?:t|\s+)(\d)", r"\1T\2"),
    (r"(\d),(\d+)", r"\1.\2"),
    (r"(\.\d{9})\d+", r"\1"),
    (r"(\d)\s*(?:z|Z|UTC|GMT)$", r"\1Z"),
    (r"(\d)\s+([+-]\d\d(?::?\d\d)?)$", r"\1\2"),
)
_PARTS: Final = re.compile(r"\d{4}-?\d\d-?\d\d(?:[Tt\s]+(\d\d)(?::?(\d\d)(?::?(\d\d)(?:[.,](\d+))?)?)?)?")
_DECIMALS: Final = re.compile(r"[+-]?\d+(?:\.(\d*?)0*)?\Z")
_FORM: Final = "is not a time such as 2026-03-02 18:30:05, or a number with its 'unit'"


class Written(Protocol):
    """What is said about how a file's times are written."""

    @property
    def time(self) -> str:
        """The column."""

    @property
    def unit(self) -> Literal["s", "ms", "us", "ns"] | None:
        """Of numbers."""

    @property
    def timezone(self) -> str | None:
        """Of times that state none."""

    @property
    def format(self) -> str | None:
        """Of times that are not ISO 8601."""


@dataclass(frozen=True)
class StampForm:
    """How the times of a file are written, as far as it has been read."""

    are_moments: bool
    """Whether they count from 1970 in UTC; else they are readings of a clock whose zone nobody states."""
    offset_ns: int
    """What the first row's own clock is ahead of UTC. [ns]"""
    last_offset_ns: int
    """The same of the last row. [ns]"""
    rounded_ns: int
    """The largest of `UNITS_NS` that all times, as they are written, are a multiple of; 0 for none. [ns]"""
    written_ns: int
    """How fine the first rows are written. [ns]"""


@dataclass(frozen=True)
class Stamps:
    """The times of some rows."""

    time_ns: IntArray
    """[ns] from 1970, or whatever moment numbers count from."""
    late_ns: IntArray | None
    """The same where an hour that comes twice is taken to be its second pass; None where no row is in one. [ns]"""
    form: StampForm


Fault = Callable[[int, str], UserError]
"""Makes the error of a row of the batch."""


class StampReader:
    """Reads the times of one file, batch by batch."""

    def __init__(self, written: Written, name: str, *, keeps_readings: bool = False) -> None:
        self._written = written
        self._keeps_readings = keeps_readings  # of a clock whose zone is known: what it shows, not when
        self._name = name
        self._states_zone: bool | None = None
        self._offset_ns = self._last_offset_ns = 0
        self._units = UNITS_NS  # those that all times so far are multiples of
        self._written_ns: int | None = None

    def read(self, column: pa.Array, fault: Fault) -> Stamps:
        """Return the times of some rows, which follow those read before.

        Raises
        ------
        UserError
            At the first row that is no time.
        """
        self._check_type(column.type)
        column = present(column, f"has no {shown(self._written.time)}", fault)
        if self._written_ns is None:
            self._written_ns = self._fineness(column)
        late: IntArray | None = None
        if self._written.unit:
            time_ns, are_moments = self._scaled(column, self._written.unit, fault), True
            self._note_unit(time_ns)
        else:
            moments = self._moments(column, fault)
            are_moments = moments.type.tz is not None
            time_ns = _as_ns(moments)
            self._note_unit(time_ns + self._offset_ns)
            if self._written.timezone and not are_moments:
                found, late = self._localised(moments, column, self._written.timezone, fault)
                if self._keeps_readings:
                    late = None
                else:
                    time_ns, are_moments = found, True
        rounded = self._units[0] if self._units else 0
        form = StampForm(are_moments, self._offset_ns, self._last_offset_ns, rounded, self._written_ns)
        return Stamps(time_ns, late, form)

    def _check_type(self, kind: pa.DataType) -> None:
        written, what = self._written, f"{self._name}: column {shown(self._written.time)}"
        numeric = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
        text = is_text(kind)
        if not (numeric or text or pa.types.is_timestamp(kind) or pa.types.is_date(kind)):
            raise UserError(f"{what} is of type {kind}, which is no time")
        if written.unit and not (numeric or text):
            raise UserError(f"{what} holds times; leave out 'unit'")
        if written.format and not text:
            raise UserError(f"{what} holds {'numbers' if numeric else 'times'}, not text; leave out 'format'")
        if numeric and not written.unit:
            raise UserError(f"{what} holds numbers; say their 'unit', e.g. s")

    def _note_unit(self, written_ns: IntArray) -> None:
        while self._units and np.any(written_ns % self._units[0]):
            self._units = self._units[1:]

    def _fineness(self, column: pa.Array) -> int:
        unit, kind = self._written.unit, column.type
        if self._written.format:
            return round(finest_s(self._written.format) * NS_PER_S)
        if is_text(kind):
            texts = column[:LOOKED_AT].to_pylist()
            return min(_decimal_ns(text, NS_PER[unit]) if unit else _clock_ns(text) for text in texts)
        if pa.types.is_date(kind):
            return UNITS_NS[0]
        if unit:
            return NS_PER[unit] if pa.types.is_integer(kind) else 1
        return NS_PER[str(kind.unit)]

    def _scaled(self, column: pa.Array, unit: str, fault: Fault) -> IntArray:
        factor = NS_PER[unit]
        whole = not pa.types.is_floating(column.type)
        try:
            number = column.cast(pa.int64() if whole else pa.float64())
        except pa.ArrowInvalid:
            number, whole = cast(column, pa.float64(), f"is not a number of {unit}", fault), False
        values = number.to_numpy(zero_copy_only=False)
        with np.errstate(invalid="ignore"):
            possible = np.abs(values.astype(np.float64)) < LAST_NS / factor * (1 - 2**-50)
        if not possible.all():
            bad = int(np.argmin(possible))
            raise fault(bad, f"{shown(column[bad].as_py())} is not a possible time in {unit}")
        return np.asarray(values * factor if whole else np.rint(values * factor).astype(np.int64), dtype=np.int64)

    def _moments(self, column: pa.Array, fault: Fault) -> pa.Array:
        if is_text(column.type):
            column = self._formatted(column, fault) if self._written.format else self._iso(column, fault)
        zone = None if pa.types.is_date(column.type) else column.type.tz
        return cast(column, pa.timestamp("ns", zone), "is not a time between 1678 and 2261", fault)

    def _iso(self, column: pa.Array, fault: Fault) -> pa.Array:
        if self._states_zone is None:
            first = _ZONE.search(_normal(column[:1])[0].as_py())
            self._states_zone = first is not None
            self._offset_ns = _offset_ns(first)
        self._last_offset_ns = _offset_ns(_ZONE.search(_normal(column[-1:])[0].as_py()))
        wanted = pa.timestamp("ns", "UTC" if self._states_zone else None)
        try:
            return column.cast(wanted)
        except pa.ArrowException:
            return self._iso_otherwise(column, _normal(column), wanted, fault)

    def _iso_otherwise(self, column: pa.Array, normal: pa.Array, wanted: pa.DataType, fault: Fault) -> pa.Array:
        """Return times of which some are no form that Arrow reads, or no times at all."""
        try:
            return normal.cast(wanted)
        except pa.ArrowException:
            bad = first_not(lambda length: casts(normal[:length], wanted), len(normal))
        text = shown(column[bad].as_py())
        other = pa.timestamp("ns", None if self._states_zone else "UTC")
        if casts(normal[bad : bad + 1], other):
            this, first = ("states no zone", "states one") if self._states_zone else ("states a zone", "states none")
            how = "" if self._states_zone else ", so nobody knows which clock it shows"
            raise fault(bad, f"{text} {this}, and the first row {first}{how}; write all times in one way")
        hint = reading_hint(column[bad].as_py())
        raise fault(bad, f"{text} {hint or _FORM}")

    def _formatted(self, column: pa.Array, fault: Fault) -> pa.Array:
        import pandas as pd  # noqa: PLC0415  (only a stated format needs it)

        written = self._written.format
        assert written is not None
        texts = column.to_pandas()
        stated = states_zone(written)
        found = pd.to_datetime(texts, format=written, errors="coerce", utc=stated)
        missing = found.isna().to_numpy()
        if missing.any():
            bad = int(np.argmax(missing))
            raise fault(bad, f"{shown(texts[bad])} is not a time as 'format' says, {shown(written)}")
        return pa.Array.from_pandas(found, type=pa.timestamp("ns", "UTC" if stated else None))

    def _localised(
        self, moments: pa.Array, column: pa.Array, zone: str, fault: Fault
    ) -> tuple[IntArray, IntArray | None]:
        """Return the moments of readings of a zone's clock, and those of second passes where there are any."""
        try:
            return _as_ns(pc.assume_timezone(moments, zone, ambiguous="raise", nonexistent="raise")), None
        except pa.ArrowInvalid:
            before, after = (
                pc.assume_timezone(moments, zone, ambiguous="earliest", nonexistent=which)
                for which in ("earliest", "latest")
            )
        missing = pc.not_equal(before, after).to_numpy(zero_copy_only=False)
        if missing.any():
            bad = int(np.argmax(missing))
            said = f"{shown(str(column[bad]))} does not exist in {zone}, where the clock is put on"
            raise fault(bad, f"{said}; is it another zone's time?")
        late = pc.assume_timezone(moments, zone, ambiguous="latest", nonexistent="raise")
        return _as_ns(before), _as_ns(late)


def present(column: pa.Array, said: str, fault: Fault) -> pa.Array:
    """Return a column of which no row is empty."""
    if is_text(column.type):
        column = pc.utf8_trim_whitespace(column)
        missing = pc.fill_null(pc.equal(column, pa.scalar("", column.type)), fill_value=True)
    else:
        missing = column.is_null()
    if pc.any(missing).as_py():
        raise fault(int(np.argmax(missing.to_numpy(zero_copy_only=False))), said)
    return column


def counts(column: pa.Array, name: str, fault: Fault, *, whole: bool = False) -> FloatArray:
    """Return a column of counts from 0 on."""
    column = present(column, f"has no {shown(name)}", fault)
    values = cast(column, pa.float64(), "is not a count", fault).to_numpy(zero_copy_only=False)
    with np.errstate(invalid="ignore"):
        good = (values >= 0) & (values <= LARGEST_COUNT) & ((values == np.floor(values)) | (not whole))
    if not good.all():
        bad = int(np.argmin(good))
        raise fault(bad, f"{shown(column[bad].as_py())} is not a {'whole number' if whole else 'count'} from 0 on")
    return np.asarray(values, dtype=np.float64)


def cast(column: pa.Array, kind: pa.DataType, said: str, fault: Fault) -> pa.Array:
    """Return a column as another type."""
    try:
        return column.cast(kind)
    except pa.ArrowException:
        bad = first_not(lambda length: casts(column[:length], kind), len(column))
        raise fault(bad, f"{_shown(column[bad])} {said}") from None


def casts(column: pa.Array, kind: pa.DataType) -> bool:
    """Return whether a column can be of another type."""
    try:
        column.cast(kind)
    except pa.ArrowException:
        return False
    return True


def first_not(holds: Callable[[int], bool], length: int) -> int:
    """Return the index of the first row that makes ``holds`` false of the rows up to it."""
    low, high = 0, length
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


def _shown(value: pa.Scalar) -> str:
    try:
        return shown(str(value))
    except (OverflowError, ValueError):  # a moment that Python's calendar does not have
        return f"the moment {value.value}"


def _as_ns(column: pa.Array) -> IntArray:
    return np.asarray(column.cast(pa.int64()).to_numpy(zero_copy_only=False), dtype=np.int64)


def _normal(column: pa.Array) -> pa.Array:
    """Return times in the one form of ISO 8601 that Arrow reads, where they are in another."""
    for pattern, by in _SAME_OTHERWISE:
        column = pc.replace_substring_regex(column, pattern, by)
    return column


def _offset_ns(zone: re.Match[str] | None) -> int:
    if zone is None or not zone[1]:
        return 0
    ahead = round(int(zone[2]) * HOUR_S + int(zone[3] or 0) * MINUTE_S) * NS_PER_S
    return -ahead if zone[1] == "-" else ahead


def _clock_ns(text: str) -> int:
    """Return how fine a time is written. [ns]"""
    match = _PARTS.match(text)
    if match is None:
        return 1
    hour, minute, second, fraction = match.groups()
    if fraction:
        return int(10 ** max(9 - len(fraction), 0))
    return NS_PER_S if second else UNITS_NS[2] if minute else UNITS_NS[1] if hour else UNITS_NS[0]


def _decimal_ns(text: str, unit_ns: int) -> int:
    match = _DECIMALS.match(text)
    return max(unit_ns // 10 ** len(match[1] or ""), 1) if match else 1
