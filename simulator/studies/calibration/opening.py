"""Files of a log as DuckDB can read them: unpacked, in UTF-8 and of one kind, whatever they are called.

DuckDB tells gzip and zstd by a file's name; here the content tells, and a link in a folder of the run has the name that
DuckDB asks for. What it cannot read itself (bzip2, xz, lz4, UTF-16) is written there as plain text.
"""

import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from simulator.core.errors import UserError
from simulator.core.input_files.wording import shown
from simulator.core.tables import column_names, copy_unpacked, head_of, how_written, is_parquet, lines_of, name_of
from simulator.studies.calibration.formats import Format, recognised, shown_columns
from simulator.studies.executor import cores

if TYPE_CHECKING:
    import duckdb

MEMORY: Final = "400MB"
"""What DuckDB may hold; Python, its libraries and what DuckDB does not count come on top, up to as much again."""
MOST_THREADS: Final = 8
"""Each needs memory of its own."""
CELLS: Final = "a line with too few or too many cells"
NO_UTF8: Final = "a line that is not UTF-8"
_ENDINGS: Final[Mapping[str | None, str]] = {None: "", "gzip": ".gz", "zstd": ".zst"}
"""What DuckDB reads as it is, and how a file of that kind must be called."""
_PACKED_NAMES: Final = (".gz", ".zst", ".zstd")
_PATTERNS: Final = "*?["
"""What DuckDB takes for the pattern of several files."""


@dataclass(frozen=True)
class OpenedLog:
    """Files that DuckDB can read, and what they are."""

    connection: "duckdb.DuckDBPyConnection"
    kind: Format
    files: Sequence[Path]
    """As they are, or what was unpacked of them."""
    kinds: Mapping[Path, Format]
    """By file, as the user calls it."""

    @property
    def called(self) -> Path:
        """The first of them, as the user calls it."""
        return next(iter(self.kinds))

    @property
    def relation(self) -> str:
        """SQL of their rows."""
        listed = "[" + ", ".join("'{}'".format(str(file).replace("'", "''")) for file in self.files) + "]"
        return self.kind.relation.replace("{files}", listed)

    def check_time(self, time: str) -> None:
        """Refuse files without the column of times that the others have, which would be rows without a time.

        Raises
        ------
        UserError
            If there is one.
        """
        for file, kind in self.kinds.items():
            if time not in kind.columns:
                raise UserError(f"{name_of(file)} has no column {shown(time)}; it has {shown_columns(kind.columns)}")

    @property
    def rejected(self) -> dict[str, int]:
        """How many lines could not be read, by reason, once all have been."""
        query = """SELECT unicode, count(*) FROM (
            SELECT file_id, line, bool_or(error_type = 'INVALID ENCODING') AS unicode FROM reject_errors GROUP BY ALL)
        GROUP BY unicode ORDER BY unicode"""
        try:
            found = self.connection.execute(query).fetchall()
        except Exception:  # noqa: BLE001  (the table is there for delimited text alone)
            return {}
        return {NO_UTF8 if is_unicode else CELLS: int(count) for is_unicode, count in found}


@contextmanager
def opened_log(paths: Sequence[Path], zone: str) -> Iterator[OpenedLog]:
    """Give the files, or all files in the folders, as long as the context lasts.

    Parameters
    ----------
    paths
        Files and folders.
    zone
        Of times that state none.

    Raises
    ------
    UserError
        If a file cannot be read, is no log, or is of another kind than the others.
    """
    try:
        import duckdb  # noqa: PLC0415  (an extra, which only logs need)
    except ImportError:
        raise UserError("logs are read by DuckDB: pip install '.[logs]' in the folder of predcost") from None

    files = log_files(paths)
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="predcost-")))
        kinds = {file: format_of(file) for file in files}
        kind = _one_kind(kinds)
        readable = {_readable(file, folder / f"{number}.log"): file for number, file in enumerate(files)}
        connection = opened.enter_context(duckdb.connect(str(folder / "events.db")))
        connection.execute(f"SET memory_limit = '{MEMORY}'")
        connection.execute("SET enable_progress_bar = false")  # it would stand in what is printed
        connection.execute(f"SET threads = {min(cores(), MOST_THREADS)}")
        connection.execute(f"SET temp_directory = '{folder}'")
        connection.execute(f"SET TimeZone = '{zone}'")
        try:
            yield OpenedLog(connection, kind, list(readable), kinds)
        except duckdb.Error as error:
            raise UserError(_told(str(error), readable)) from error


@contextmanager
def said_of(file: Path) -> Iterator[None]:
    """Say what is wrong with columns of which file.

    Raises
    ------
    UserError
        If anything is.
    """
    try:
        yield
    except UserError as error:
        raise UserError(f"{name_of(file)}: {error}") from None


def _told(error: str, readable: Mapping[Path, Path]) -> str:
    """Return what DuckDB says, of the file that it says it of, as the user calls that."""
    said = error.splitlines()[0]
    which = next((place for place in readable if str(place) in error), next(iter(readable)))
    return f"{name_of(readable[which])} cannot be read: {said.replace(str(which), name_of(readable[which]))}"


def log_files(paths: Sequence[Path]) -> list[Path]:
    """Return files, and all files in folders that hold anything.

    Raises
    ------
    UserError
        If one is not there, or if there is none.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(each for each in path.rglob("*") if each.is_file() and not each.name.startswith("."))
            if not inside:
                raise UserError(f"{name_of(path)} is a folder without files")
            filled = [each for each in inside if each.stat().st_size]  # logs of nights on which nobody came
            if not filled:
                raise UserError(f"all files of the folder {name_of(path)} are empty")
            found += filled
        elif path.is_file():
            found.append(path)
        else:
            raise UserError(f"there is no file {name_of(path)}")
    if not found:
        raise UserError("there is no log; give files or folders")
    return found


def _readable(file: Path, place: Path) -> Path:
    """Return a file that DuckDB can read: the file, a link to it of the right name, or what was unpacked of it."""
    if is_parquet(file):
        return file
    packed, encoding = how_written(file)
    if encoding.startswith("utf-16"):
        with place.open("w", encoding="utf-8", newline="") as target:
            target.writelines(lines_of(file))
        return place
    if packed not in _ENDINGS:
        with place.open("wb") as plain:
            copy_unpacked(file, plain)
        return place
    ending = _ENDINGS[packed]
    is_called_so = file.name.endswith(ending) if ending else not file.name.lower().endswith(_PACKED_NAMES)
    if is_called_so and not any(each in str(file) for each in _PATTERNS):
        return file
    link = place.with_name(place.name + ending)
    link.symlink_to(file.absolute())
    return link


def format_of(file: Path) -> Format:
    """Return what a file is.

    Raises
    ------
    UserError
        If it is nothing that is read here; the message begins with its name.
    """
    is_table = is_parquet(file)
    try:
        return recognised("" if is_table else head_of(file), column_names(file) if is_table else None)
    except UserError as error:
        told = str(error)
        raise UserError(told if told.startswith(name_of(file)) else f"{name_of(file)}: {told}") from None


def _one_kind(kinds: Mapping[Path, Format]) -> Format:
    """Return what all files are; where they are not alike, the rare ones are told, as most will be what was meant."""
    usual = Counter(kind.layout for kind in kinds.values()).most_common(1)[0][0]
    first, kind = next((file, each) for file, each in kinds.items() if each.layout == usual)
    for file, each in kinds.items():
        if each.layout == usual:
            continue
        if each.name == kind.name:
            columns = f"other columns ({shown_columns(each.columns)}) than {name_of(first)}"
            raise UserError(f"{name_of(file)} has {columns} ({shown_columns(kind.columns)}); give files of the same")
        other = f"of another kind ({each.name}) than {name_of(first)} ({kind.name})"
        raise UserError(f"{name_of(file)} is {other}; give logs of one kind")
    alike = [each for each in kinds.values() if each.layout == usual]
    richest = max(alike, key=lambda each: (each.user is not None, len(each.columns)))  # not all lines have every field
    known = {name: text for each in alike for name, text in each.columns.items()}
    return replace(richest, columns={**known, **richest.columns})
