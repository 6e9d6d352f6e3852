"""The rows of a replay's file, batch by batch: whatever is wrong with them is the user's fault and says which row."""

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from simulator.core.errors import UserError
from simulator.core.input_files.wording import one_line, shortened, shown
from simulator.core.units import about_duration
from simulator.demand.replay import LONGEST_S, Replay

IntArray = npt.NDArray[np.int64]
HashArray = npt.NDArray[np.uint64]
UserArray = npt.NDArray[np.int32]

BATCH_ROWS = 2**16
LARGEST_COUNT = 2**53
NS_PER = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
NS = 1e-9
LAST_NS = 2**63 - 1
_LONGEST_PATH = 120
_PARQUET = b"PAR1"
_PARQUET_SUFFIXES = (".parquet", ".parq", ".pq")
_STATES_ZONE = re.compile(r":\d\d(?:\.\d+)?(?:Z|[+-]\d\d(?::?\d\d)?)\Z")


@dataclass(frozen=True)
class Rows:
    """Rows in order of time, as parallel arrays."""

    time_ns: IntArray
    """[ns] from 1970, or whatever moment the file counts from."""
    user: HashArray | None
    """A 64-bit hash of each user's id; None where the file names no users."""
    count: IntArray | None
    """None where each row is one event."""


def rows(replay: Replay) -> Iterator[Rows]:
    """Yield the file's rows in order of time.

    Raises
    ------
    UserError
        At the first row that is not what the replay says, with its number and value.
    """
    batches = _Reader(replay).batches()
    yield from _in_order(replay, _sorted(batches) if replay.sort else batches)


def check_head(replay: Replay) -> None:
    """Check the file's columns and its first rows.

    Raises
    ------
    UserError
        If something is wrong with them.
    """
    if next(_Reader(replay).batches(), None) is None:
        raise UserError(f"{name_of(replay)} has no rows")


def name_of(replay: Replay) -> str:
    """Return how messages call the file."""
    return one_line(shortened(str(replay.path), _LONGEST_PATH))


class _Reader:
    """Turns columns of a file into times, hashes of ids and counts."""

    def __init__(self, replay: Replay) -> None:
        self._replay = replay
        self._states_zone: bool | None = None
        self._before = 0  # rows of earlier batches

    def batches(self) -> Iterator[Rows]:
        """Yield batches that have rows, in the file's order."""
        for batch in self._tables():
            if not batch.num_rows:
                continue
            columns = [_plain(batch.column(name)) for name in self._replay.columns]
            time_ns = self._times(columns[0])
            user = self._users(columns[1]) if self._replay.user else None
            yield Rows(time_ns, user, self._counts(columns[-1]) if self._replay.value else None)
            self._before += batch.num_rows

    def _tables(self) -> Iterator[pa.RecordBatch]:
        path = self._replay.path
        try:
            if not path.stat().st_size:
                raise UserError(f"{name_of(self._replay)} is empty")
            with path.open("rb") as file:
                parquet = file.read(len(_PARQUET)) == _PARQUET or path.suffix.lower() in _PARQUET_SUFFIXES
            yield from self._parquet() if parquet else self._csv()
        except (pa.ArrowException, OSError, ValueError, LookupError) as error:
            raise UserError(f"{name_of(self._replay)} cannot be read: {one_line(str(error))}") from error

    def _csv(self) -> Iterator[pa.RecordBatch]:
        from pyarrow import csv  # noqa: PLC0415  (the format that is read is the one to load)

        one_thread = csv.ReadOptions(use_threads=False)
        with csv.open_csv(self._replay.path, read_options=one_thread) as head:
            self._check_columns(head.schema.names)
        as_text = csv.ConvertOptions(
            include_columns=self._replay.columns, column_types=dict.fromkeys(self._replay.columns, pa.string())
        )
        with csv.open_csv(self._replay.path, read_options=one_thread, convert_options=as_text) as reader:
            yield from reader

    def _parquet(self) -> Iterator[pa.RecordBatch]:
        from pyarrow import parquet  # noqa: PLC0415

        with parquet.ParquetFile(self._replay.path) as file:
            self._check_columns(file.schema_arrow.names)
            yield from file.iter_batches(BATCH_ROWS, columns=self._replay.columns)

    def _check_columns(self, names: list[str]) -> None:
        listed = ", ".join(one_line(shortened(name)) for name in names[:20])
        for wanted in self._replay.columns:
            if names.count(wanted) != 1:
                how = "no column" if wanted not in names else "more than one column"
                raise UserError(f"{name_of(self._replay)} has {how} {shown(wanted)}; it has {listed}")

    def _fault(self, index: int, said: str) -> UserError:
        return UserError(f"{name_of(self._replay)}, row {self._before + index + 1}: {said}")

    def _times(self, column: pa.Array) -> IntArray:
        replay, kind = self._replay, column.type
        numeric = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
        text = _is_text(kind)
        if not (numeric or text or pa.types.is_timestamp(kind) or pa.types.is_date(kind)):
            raise UserError(f"{name_of(replay)}: column {shown(replay.time)} is of type {kind}, which is no time")
        if replay.unit and not (numeric or text):
            raise UserError(f"{name_of(replay)}: column {shown(replay.time)} holds times; leave out 'unit'")
        if numeric and not replay.unit:
            raise UserError(f"{name_of(replay)}: column {shown(replay.time)} holds numbers; say their 'unit', e.g. s")
        column = self._present(column, f"has no {shown(replay.time)}")
        return self._scaled(column, replay.unit) if replay.unit else self._moments(column)

    def _scaled(self, column: pa.Array, unit: str) -> IntArray:
        factor = NS_PER[unit]
        whole = not pa.types.is_floating(column.type)
        try:
            number = column.cast(pa.int64() if whole else pa.float64())
        except pa.ArrowInvalid:
            number, whole = self._cast(column, pa.float64(), f"is not a number of {unit}"), False
        values = number.to_numpy(zero_copy_only=False)
        with np.errstate(invalid="ignore"):
            possible = np.abs(values.astype(np.float64)) < LAST_NS / factor * (1 - 2**-50)
        if not possible.all():
            bad = int(np.argmin(possible))
            raise self._fault(bad, f"{shown(column[bad].as_py())} is not a possible time in {unit}")
        return np.asarray(values * factor if whole else np.rint(values * factor).astype(np.int64), dtype=np.int64)

    def _moments(self, column: pa.Array) -> IntArray:
        said = "is not a time such as 2026-03-02 18:30:05, or a number with its 'unit'"
        if _is_text(column.type):
            if self._states_zone is None:
                self._states_zone = bool(_STATES_ZONE.search(column[0].as_py()))
            other = ", with a zone as in the first row" if self._states_zone else ""
            wanted = pa.timestamp("ns", "UTC" if self._states_zone else None)
            column = self._cast(column, wanted, said + other)
        zone = None if pa.types.is_date(column.type) else column.type.tz
        column = self._cast(column, pa.timestamp("ns", zone), "is not a time between 1678 and 2261")
        if self._replay.timezone and zone is None:
            column = self._localised(column, self._replay.timezone)
        return np.asarray(column.cast(pa.int64()).to_numpy(zero_copy_only=False), dtype=np.int64)

    def _localised(self, column: pa.Array, zone: str) -> pa.Array:
        try:
            return pc.assume_timezone(column, zone, ambiguous="earliest", nonexistent="raise")
        except pa.ArrowInvalid:
            before = pc.assume_timezone(column, zone, ambiguous="earliest", nonexistent="earliest")
            after = pc.assume_timezone(column, zone, ambiguous="earliest", nonexistent="latest")
            bad = int(np.argmax(pc.not_equal(before, after).to_numpy(zero_copy_only=False)))
            raise self._fault(bad, f"{column[bad]} does not exist in {zone}, where the clock is put on") from None

    def _users(self, column: pa.Array) -> HashArray:
        name = self._replay.user
        try:
            column = self._present(column.cast(pa.string()), f"has no {shown(name)}")
        except pa.ArrowException:
            raise UserError(f"{name_of(self._replay)}: column {shown(name)} holds no ids but {column.type}") from None
        encoded = column.dictionary_encode()
        digests = [hashlib.blake2b(text.encode(), digest_size=8).digest() for text in encoded.dictionary.to_pylist()]
        hashed = np.frombuffer(b"".join(digests), dtype="<u8").astype(np.uint64)
        return np.asarray(np.maximum(hashed, 1)[encoded.indices.to_numpy(zero_copy_only=False)], dtype=np.uint64)

    def _counts(self, column: pa.Array) -> IntArray:
        column = self._present(column, f"has no {shown(self._replay.value)}")
        values = self._cast(column, pa.float64(), "is not a count").to_numpy(zero_copy_only=False)
        with np.errstate(invalid="ignore"):
            good = (values >= 0) & (values <= LARGEST_COUNT) & (values == np.floor(values))
        if not good.all():
            bad = int(np.argmin(good))
            raise self._fault(bad, f"{shown(column[bad].as_py())} is not a whole number from 0 on")
        return np.asarray(values, dtype=np.int64)

    def _present(self, column: pa.Array, said: str) -> pa.Array:
        if _is_text(column.type):
            column = pc.utf8_trim_whitespace(column)
            missing = pc.fill_null(pc.equal(column, pa.scalar("", column.type)), fill_value=True)
        else:
            missing = column.is_null()
        if pc.any(missing).as_py():
            raise self._fault(int(np.argmax(missing.to_numpy(zero_copy_only=False))), said)
        return column

    def _cast(self, column: pa.Array, kind: pa.DataType, said: str) -> pa.Array:
        try:
            return column.cast(kind)
        except pa.ArrowException:
            bad = _first_not(lambda length: _casts(column[:length], kind), len(column))
            raise self._fault(bad, f"{_shown(column[bad])} {said}") from None


def _shown(value: pa.Scalar) -> str:
    try:
        return shown(str(value))
    except (OverflowError, ValueError):  # a moment that Python's calendar does not have
        return f"the moment {value.value}"


def _plain(column: pa.Array) -> pa.Array:
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _casts(column: pa.Array, kind: pa.DataType) -> bool:
    try:
        column.cast(kind)
    except pa.ArrowException:
        return False
    return True


def _first_not(holds: Callable[[int], bool], length: int) -> int:
    """Return the index of the first row that makes ``holds`` false of the rows up to it."""
    low, high = 0, length
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


def _sorted(batches: Iterator[Rows]) -> Iterator[Rows]:
    held = list(batches)
    if not held:
        return
    whole = joined(held)
    order = np.argsort(whole.time_ns, kind="stable")
    for first in range(0, order.size, BATCH_ROWS):
        yield taken(whole, order[first : first + BATCH_ROWS])


def joined(parts: list[Rows]) -> Rows:
    """Return rows one after the other."""
    return Rows(
        np.concatenate([part.time_ns for part in parts]),
        np.concatenate([part.user for part in parts if part.user is not None]) if parts[0].user is not None else None,
        np.concatenate([part.count for part in parts if part.count is not None])
        if parts[0].count is not None
        else None,
    )


def taken(of: Rows, index: IntArray | slice) -> Rows:
    """Return some rows."""
    return Rows(
        of.time_ns[index],
        None if of.user is None else of.user[index],
        None if of.count is None else of.count[index],
    )


def _in_order(replay: Replay, batches: Iterator[Rows]) -> Iterator[Rows]:
    before, start_ns, last_ns = 0, None, -LAST_NS
    for batch in batches:
        times = batch.time_ns
        start_ns = int(times[0]) if start_ns is None else start_ns
        early = times < np.concatenate([[last_ns], times[:-1]])
        if early.any():
            bad = int(np.argmax(early))
            above = int(times[bad - 1]) if bad else last_ns
            raise UserError(
                f"{name_of(replay)}, row {before + bad + 1}: {_written(replay, int(times[bad]))} comes before the row "
                f"above it, {_written(replay, above)}; sort the file, or say 'sort: true'"
            )
        before, last_ns = before + times.size, int(times[-1])
        if (last_ns - start_ns) * NS > LONGEST_S:
            raise UserError(
                f"{name_of(replay)}, row {before}: {_written(replay, last_ns)} is more than "
                f"{about_duration(LONGEST_S)} after the first row; is the unit right?"
            )
        yield batch


def _written(replay: Replay, time_ns: int) -> str:
    if replay.unit:
        return f"{time_ns / NS_PER[replay.unit]:.17g} {replay.unit}"
    return str(np.datetime64(time_ns, "ns")).rstrip("0").rstrip(".").replace("T", " ")
