"""The rows of a replay's file, batch by batch: whatever is wrong with them is the user's fault and says which row."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa

from simulator.core import tables
from simulator.core.arrays import HashArray, IntArray
from simulator.core.errors import UserError
from simulator.core.input_files.wording import shown
from simulator.core.splitmix import GOLDEN, scattered
from simulator.core.tables import BATCH_ROWS
from simulator.core.units import HOUR_S, about_duration
from simulator.demand.second_passes import SecondPasses, UnclearError, comes_twice, placed_in_any_order
from simulator.demand.stamp_formats import LONGEST_S
from simulator.demand.stamps import LAST_NS, NS, NS_PER, StampForm, StampReader, Written, counts, present


class Recording(Written, Protocol):
    """What is said about a file of rows: what `simulator.demand.replay.Replay` states."""

    @property
    def path(self) -> Path:
        """Where it is."""

    @property
    def user(self) -> str | None:
        """The column that tells users apart."""

    @property
    def value(self) -> str | None:
        """The column of counts."""

    @property
    def columns(self) -> list[str]:
        """The columns that are read."""

    @property
    def sort(self) -> bool:
        """Whether to sort it by time."""


@dataclass(frozen=True)
class Rows:
    """Rows in order of time, as parallel arrays."""

    time_ns: IntArray
    """[ns] from 1970, or whatever moment the file counts from."""
    user: HashArray | None
    """A 64-bit hash of each user's id; None where the file names no users."""
    count: IntArray | None
    """None where each row is one event."""
    row: IntArray
    """Which row of the file, from 0."""
    form: StampForm
    late_ns: IntArray | None = None
    """Times where an hour that comes twice is taken to be its second pass, until that is told. [ns]"""


def rows(replay: Recording) -> Iterator[Rows]:
    """Yield the file's rows in order of time.

    Raises
    ------
    UserError
        At the first row that is not what the replay says, with its number and value.
    """
    reader = _Reader(replay)
    yield from _of_one_life(replay, _sorted(replay, reader.batches()) if replay.sort else reader.in_order())


def check_head(replay: Recording) -> None:
    """Check the file's columns and its first rows.

    Raises
    ------
    UserError
        If something is wrong with them.
    """
    if next(_Reader(replay).batches(), None) is None:
        raise UserError(f"{name_of(replay)} has no rows")


def name_of(replay: Recording) -> str:
    """Return how messages call the file."""
    return tables.name_of(replay.path)


class _Reader:
    """Turns columns of a file into times, hashes of ids and counts."""

    def __init__(self, replay: Recording) -> None:
        self._replay = replay
        self._stamps = StampReader(replay, name_of(replay))
        self._before = 0  # rows of earlier batches
        self._texts: pa.Array | None = None  # times of the batch as they are in the file
        self._text_before = ""

    def batches(self) -> Iterator[Rows]:
        """Yield batches that have rows, in the file's order."""
        for batch in tables.batches(self._replay.path, self._replay.columns):
            if not batch.num_rows:
                continue
            columns = [tables.plain(batch.column(name)) for name in self._replay.columns]
            self._texts = columns[0]
            found = self._stamps.read(columns[0], self._fault)
            user = self._users(columns[1]) if self._replay.user else None
            count = None
            if self._replay.value:
                count = counts(columns[-1], self._replay.value, self._fault, whole=True).astype(np.int64)
            row = np.arange(self._before, self._before + batch.num_rows)
            yield Rows(found.time_ns, user, count, row, found.form, found.late_ns)
            self._before += batch.num_rows
            self._text_before = str(columns[0][-1])

    def in_order(self) -> Iterator[Rows]:
        """Yield batches of a file that is in order of time.

        Raises
        ------
        UserError
            At the first row that comes before the one above it.
        """
        passes = SecondPasses(counts=self._replay.value is not None)
        last_ns = -LAST_NS
        for batch in self.batches():
            try:
                times = passes.placed(batch.time_ns, batch.late_ns, batch.user)
            except UnclearError as error:
                twice_ns = 0 if batch.late_ns is None else int((batch.late_ns - batch.time_ns)[error.row])
                text = self._written(error.row)
                raise self._fault(
                    error.row, f"{text} {comes_twice(self._replay.timezone, twice_ns, error.said)}"
                ) from None
            early = times < np.concatenate([[last_ns], times[:-1]])
            if early.any():
                bad = int(np.argmax(early))
                above_ns = int(times[bad - 1]) if bad else last_ns
                raise self._early(bad, (above_ns - int(times[bad])) * NS, batch.form)
            last_ns = int(times[-1])
            yield replace(batch, time_ns=times, late_ns=None)

    def _early(self, bad: int, by_s: float, form: StampForm) -> UserError:
        above = self._written(bad - 1) if bad else self._unit_of(shown(self._text_before))
        said = f"{self._written(bad)} comes before the row above it, {above}; sort the file, or say 'sort: true'"
        if not form.are_moments and by_s <= HOUR_S:
            said += "; or if the clock was put back there, say whose it is, e.g. timezone: Europe/Berlin"
        return self._fault(bad, said)

    def _written(self, index: int) -> str:
        assert self._texts is not None
        return self._unit_of(shown(str(self._texts[index])))

    def _unit_of(self, text: str) -> str:
        return f"{text.strip(chr(39))} {self._replay.unit}" if self._replay.unit else text

    def _fault(self, index: int, said: str) -> UserError:
        return UserError(f"{name_of(self._replay)}, row {self._before + index + 1}: {said}")

    def _users(self, column: pa.Array) -> HashArray:
        name = self._replay.user
        missing = f"has no {shown(name)}"
        if pa.types.is_integer(column.type):  # no digest is needed where ids are words already
            word = present(column, missing, self._fault).to_numpy(zero_copy_only=False).astype(np.uint64)
            return np.asarray(np.maximum(scattered(word + np.uint64(GOLDEN)), 1), dtype=np.uint64)
        try:
            column = present(column.cast(pa.string()), missing, self._fault)
        except pa.ArrowException:
            raise UserError(f"{name_of(self._replay)}: column {shown(name)} holds no ids but {column.type}") from None
        encoded = column.dictionary_encode()
        digests = [hashlib.blake2b(text.encode(), digest_size=8).digest() for text in encoded.dictionary.to_pylist()]
        hashed = np.frombuffer(b"".join(digests), dtype="<u8").astype(np.uint64)
        return np.asarray(np.maximum(hashed, 1)[encoded.indices.to_numpy(zero_copy_only=False)], dtype=np.uint64)


def _sorted(replay: Recording, batches: Iterator[Rows]) -> Iterator[Rows]:
    held = list(batches)
    if not held:
        return
    whole = joined(held)
    if whole.late_ns is not None:
        try:
            times = placed_in_any_order(whole.time_ns, whole.late_ns, whole.user, counts=replay.value is not None)
        except UnclearError as error:
            twice_ns = int((whole.late_ns - whole.time_ns)[error.row])
            said = comes_twice(replay.timezone, twice_ns, error.said)
            raise UserError(f"{name_of(replay)}, row {error.row + 1}: its time {said}") from None
        whole = replace(whole, time_ns=times, late_ns=None)
    order = np.argsort(whole.time_ns, kind="stable")
    for first in range(0, order.size, BATCH_ROWS):
        yield taken(whole, order[first : first + BATCH_ROWS])


def joined(parts: list[Rows]) -> Rows:
    """Return rows one after the other."""
    if len(parts) == 1:
        return parts[0]
    late = None
    if any(part.late_ns is not None for part in parts):
        late = np.concatenate([part.time_ns if part.late_ns is None else part.late_ns for part in parts])
    return Rows(
        np.concatenate([part.time_ns for part in parts]),
        np.concatenate([part.user for part in parts if part.user is not None]) if parts[0].user is not None else None,
        np.concatenate([part.count for part in parts if part.count is not None])
        if parts[0].count is not None
        else None,
        np.concatenate([part.row for part in parts]),
        parts[-1].form,
        late,
    )


def taken(of: Rows, index: IntArray | slice) -> Rows:
    """Return some rows."""
    return replace(
        of,
        time_ns=of.time_ns[index],
        user=None if of.user is None else of.user[index],
        count=None if of.count is None else of.count[index],
        row=of.row[index],
    )


def _of_one_life(replay: Recording, batches: Iterator[Rows]) -> Iterator[Rows]:
    before, start_ns = 0, None
    for batch in batches:
        times = batch.time_ns
        start_ns = int(times[0]) if start_ns is None else start_ns
        before += times.size
        if (int(times[-1]) - start_ns) * NS > LONGEST_S:
            raise UserError(
                f"{name_of(replay)}, row {before}: {_moment(replay, int(times[-1]))} is more than "
                f"{about_duration(LONGEST_S)} after the first row; is the unit right?"
            )
        yield batch


def _moment(replay: Recording, time_ns: int) -> str:
    if replay.unit:
        return f"{time_ns / NS_PER[replay.unit]:.17g} {replay.unit}"
    return str(np.datetime64(time_ns, "ns")).rstrip("0").rstrip(".").replace("T", " ")
