"""What makes a price book of somebody else's list."""

import csv
import json
import math
from abc import abstractmethod
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

from simulator.core.component import Component
from simulator.core.errors import Fault, InputFileError, UserError, did_you_mean
from simulator.core.input_files.wording import one_line, shortened, shown
from simulator.prices.book import PriceBook, PriceGroup

LARGEST_BYTES = 2**27
"""Of a price list; a provider's, with all regions and zones, takes some ten million bytes."""
NAMED = 3
"""So many of what is left out are named."""
MOST_FAULTS = 100
"""As many are told; a list with more is probably another list."""


@dataclass(frozen=True)
class Imported:
    """A price book made of a list."""

    book: PriceBook
    left_out: tuple["LeftOut", ...] = ()
    """What of the list is not in the book, by reason."""


@dataclass(frozen=True)
class LeftOut:
    """What of a list is not in the book, for one reason."""

    why: str
    names: tuple[str, ...]
    """What the entries are called, in the order of the list."""

    @classmethod
    def by_reason(cls, found: Iterable[tuple[str, str]]) -> tuple["LeftOut", ...]:
        """Return reasons, each with the names that it holds for: those that hold for most first."""
        names: defaultdict[str, dict[str, None]] = defaultdict(dict)
        for why, name in found:
            names[why][name] = None
        several = sorted(names.items(), key=lambda entry: -len(entry[1]))
        return tuple(cls(why, tuple(each)) for why, each in several)

    def text(self) -> str:
        """Return how many there are, why, and what the first are called."""
        some = ", ".join(map(one_line, self.names[:NAMED])) + (", ..." if len(self.names) > NAMED else "")
        return f"{len(self.names):,}: {self.why} ({shortened(some, 160)})"


@dataclass(frozen=True)
class Row:
    """A line of a table."""

    line: int
    """Its number in the file, from 1."""
    cells: Mapping[str, str]


class Importer(Component):
    """Reads one kind of price list."""

    region: str | None = None
    """The place whose prices are wanted, where the list has several."""
    name: str | None = None
    """What the book is called; by default as the file."""
    rate: str | None = None
    """Which of the prices of an invoice: contracted (the default), effective or list; other lists have one."""

    @abstractmethod
    def read(self, path: Path) -> Imported:
        """Return the book that a list makes.

        Raises
        ------
        InputFileError
            If the file cannot be read or entries of it are wrong; it holds all faults, with their lines.
        UserError
            If it has several regions and none is asked for, or lacks the one that is.
        """

    def book_of(
        self, path: Path, groups: Sequence[PriceGroup], left_out: Sequence[LeftOut] = (), **more: Any
    ) -> PriceBook:
        """Return the book of these prices.

        Raises
        ------
        UserError
            If there is none; the message says what is left out and why.
        """
        some = tuple(group for group in groups if group.prices)
        if not some:
            reasons = "; ".join(each.text() for each in left_out)
            raise UserError(
                f"{path}: holds no price" + (f" that is understood; left out are {reasons}" if reasons else "")
            )
        return PriceBook(name=self.name or path.stem, groups=some, **more)

    def of_region(self, rows: Sequence[Row], column: str, path: Path) -> list[Row]:
        """Return the rows of the place that is asked for, or of the only one."""
        region = self.region_of({row.cells[column] for row in rows}, path)
        return [row for row in rows if row.cells[column] == region]

    def region_of(self, regions: Collection[str], path: Path) -> str:
        """Return the place that is asked for, or the only one that a list has.

        Raises
        ------
        UserError
            If it has several and none is asked for, or lacks the one that is.
        """
        known = sorted(regions)
        if self.region is None and len(known) > 1:
            some = ", ".join(known[:8]) + (", ..." if len(known) > 8 else "")  # noqa: PLR2004
            raise UserError(f"{path}: holds prices of {len(known)} regions ({some}); choose one with --region")
        if self.region is not None and self.region not in regions:
            raise UserError(f"{path}: holds no prices of region '{self.region}'; {did_you_mean(self.region, known)}")
        return self.region or next(iter(known), "")


@dataclass
class Reading:
    """What is found wrong while a list is read; everything is told at once."""

    path: Path
    faults: list[Fault] = field(default_factory=list)

    def wrong(self, line: int | None, path: str, message: str) -> None:
        """Note a fault."""
        self.faults.append(Fault(message, path, line))

    def usd(self, row: Row, column: str) -> float | None:
        """Return a price; None where the cell is empty or absent, or wrong, which is noted. [USD]"""
        return self.amount(row.cells.get(column), row.line, column)

    def watts(self, row: Row, column: str) -> float | None:
        """Return what a machine draws; None where the cell is empty or absent, or wrong, which is noted. [W]"""
        said = "is not what a machine draws; it must be a number of watts, at least 0"
        return self.amount(row.cells.get(column), row.line, column, said)

    def amount(
        self,
        value: object,
        line: int | None,
        path: str,
        said: str = "is no price; it must be a number of USD, at least 0",
    ) -> float | None:
        """Return a number from 0; None where there is none, or where it is wrong, which is noted."""
        if value is None or value == "":
            return None
        try:
            found = math.nan if isinstance(value, bool) else float(value)  # type: ignore[arg-type]
        except (TypeError, ValueError, OverflowError):
            found = math.nan
        if not (0 <= found < math.inf):
            self.wrong(line, path, f"{shown(value)} {said}")
            return None
        return found

    def text(self, row: Row, column: str) -> str:
        """Return a name; empty where it is wrong, which is noted."""
        found = row.cells.get(column, "").strip()
        if not found or "/" in found or not found.isprintable():
            said = "is empty" if not found else f"'{shortened(one_line(found))}' cannot be part of a meter's name"
            self.wrong(row.line, column, said)
            return ""
        return found

    def done(self) -> None:
        """Raise if anything is wrong."""
        if self.faults:
            told = self.faults[:MOST_FAULTS]
            if len(self.faults) > MOST_FAULTS:
                told.append(Fault(f"and {len(self.faults) - MOST_FAULTS:,} more faults"))
            raise InputFileError(str(self.path), told)


def table(path: Path, needed: Sequence[str]) -> list[Row]:
    """Return the rows of a CSV file that has at least these columns.

    Raises
    ------
    InputFileError
        If it cannot be read, lacks a column, or has a row that is longer or shorter than its head.
    """
    return list(_rows(path, text_of(path), needed))


def _rows(path: Path, text: str, needed: Sequence[str]) -> Iterator[Row]:
    reading, reader = Reading(path), csv.DictReader(text.splitlines(keepends=True), strict=True)
    try:
        columns = tuple(reader.fieldnames or ())
        for column in needed:
            if column not in columns:
                reading.wrong(1, "", f"there is no column '{column}'; {did_you_mean(column, columns)}")
        reading.done()
        for cells in reader:
            if None in cells or None in cells.values():
                reading.wrong(reader.line_num, "", f"must have {len(columns)} cells, as the first line has")
            else:
                yield Row(reader.line_num, cells)
    except csv.Error as error:
        reading.wrong(reader.line_num, "", f"not CSV: {error}")
    reading.done()


def text_of(path: Path, largest_bytes: int = LARGEST_BYTES) -> str:
    """Return a list's text."""
    try:
        if path.stat().st_size > largest_bytes:
            _stop(path, f"is {path.stat().st_size:,} bytes large; a price list has at most {largest_bytes:,}")
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        _stop(path, f"is not UTF-8 at byte {error.start}")
    except OSError as error:
        _stop(path, f"cannot be read: {error.strerror}")


def json_of(path: Path, largest_bytes: int = LARGEST_BYTES) -> Any:
    """Return what a JSON file holds.

    Raises
    ------
    InputFileError
        If it cannot be read, or is no JSON.
    """
    text = text_of(path, largest_bytes)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        told = f"not JSON: {getattr(error, 'msg', error)}"
        raise InputFileError(str(path), [Fault(told, line=getattr(error, "lineno", None))]) from None


def _stop(path: Path, message: str) -> NoReturn:
    raise InputFileError(str(path), [Fault(message)])


def file_date(path: Path) -> str:
    """Return what dates a list that states no date: when its file was last changed."""
    changed = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return f"{changed:%Y-%m-%d} (when the file was last changed)"
