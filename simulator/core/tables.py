"""Tables in files, batch by batch: CSV of any common separator, encoding and compression, or Parquet.

What a file is, is told from its first bytes, whatever it is called.
"""

import codecs
import csv
import io
import lzma
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO, Final

import pyarrow as pa

from simulator.core.errors import UserError
from simulator.core.input_files.wording import one_line, shortened, shown

BATCH_ROWS: Final = 2**16
_LONGEST_PATH: Final = 120
_HEAD_BYTES: Final = 2**16
_CHUNK_BYTES: Final = 2**20
_FAULTS: Final = (pa.ArrowException, OSError, EOFError, ValueError, LookupError, lzma.LZMAError)
"""Of a file that is not what it says."""
_PARQUET: Final = b"PAR1"
_PARQUET_SUFFIXES: Final = (".parquet", ".parq", ".pq")
_XZ: Final = b"\xfd7zXZ\x00"
_CODECS: Final = {b"\x1f\x8b": "gzip", b"BZh": "bz2", b"\x28\xb5\x2f\xfd": "zstd", b"\x04\x22\x4d\x18": "lz4"}
_OTHERS: Final = {
    b"PK\x03\x04": "a ZIP archive or a spreadsheet; unpack it, or save it as CSV",
    b"7z\xbc\xaf": "a 7z archive; unpack it",
    b"ARROW1": "an Arrow (Feather) file; save it as CSV or Parquet",
    b"ORC": "an ORC file; save it as CSV or Parquet",
    b"\xd0\xcf\x11\xe0": "an old spreadsheet; save it as CSV",
    b"SQLite format": "a database of SQLite; export the table as CSV",
    b"\xff\xfe\x00\x00": "text in UTF-32; save it as UTF-8",
    b"\x00\x00\xfe\xff": "text in UTF-32; save it as UTF-8",
}
_SEPARATORS: Final = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}


def name_of(path: Path) -> str:
    """Return how messages call a file."""
    return one_line(shortened(str(path), _LONGEST_PATH))


def batches(path: Path, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a table, with the named columns in that order; those of CSV are text.

    Raises
    ------
    UserError
        If the file is no such table, or a column is missing or there twice.
    """
    try:
        if not path.stat().st_size:
            raise UserError(f"{name_of(path)} is empty")
        head = _checked_magic(path)
        is_parquet = head.startswith(_PARQUET) or path.suffix.lower() in _PARQUET_SUFFIXES
        yield from _parquet(path, columns) if is_parquet else _csv(path, head, columns)
    except (*_FAULTS, csv.Error) as error:
        raise UserError(f"{name_of(path)} cannot be read: {one_line(str(error))}") from error


def is_parquet(path: Path) -> bool:
    """Return whether a file is Parquet."""
    with path.open("rb") as file:
        return file.read(len(_PARQUET)) == _PARQUET


def head_of(path: Path) -> str:
    """Return the first lines of a text file, whatever it is compressed with.

    Raises
    ------
    UserError
        If it is no text.
    """
    return _text(path, _HEAD_BYTES)


def text_of(path: Path) -> str:
    """Return all of a text file, whatever it is compressed with.

    Raises
    ------
    UserError
        If it is no text.
    """
    return _text(path, None)


def _text(path: Path, most_bytes: int | None) -> str:
    try:
        head = _checked_magic(path)
        first = _begun(path, head, most_bytes)
        return str(first.decode(_encoding(first), errors="replace"))
    except _FAULTS as error:
        raise UserError(f"{name_of(path)} cannot be read: {one_line(str(error))}") from error


def lines_of(path: Path) -> Iterator[str]:
    """Yield the lines of a text file, each with a line feed at its end, whatever it is compressed with.

    Raises
    ------
    UserError
        If it is no text.
    """
    try:
        head = _checked_magic(path)
        first = _begun(path, head, _HEAD_BYTES)
        decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(_encoding(first))(), translate=True)
        with ExitStack() as opened:
            stream, begun = _stream(path, head, opened), list[str]()
            while chunk := stream.read(_HEAD_BYTES):
                *whole, rest = decoder.decode(chunk).split("\n")
                for line in whole:
                    yield "".join([*begun, line, "\n"])
                    begun.clear()
                begun.append(rest)
            if last := "".join([*begun, decoder.decode(b"", final=True)]):
                yield last
    except _FAULTS as error:
        raise UserError(f"{name_of(path)} cannot be read: {one_line(str(error))}") from error


def how_written(path: Path) -> tuple[str | None, str]:
    """Return what a text file is compressed with (gzip, bz2, zstd, lz4, xz or None), and its encoding.

    Raises
    ------
    UserError
        If it is no text.
    """
    try:
        head = _checked_magic(path)
        first = _begun(path, head, _HEAD_BYTES)
    except _FAULTS as error:
        raise UserError(f"{name_of(path)} cannot be read: {one_line(str(error))}") from error
    codec = next((codec for start, codec in _CODECS.items() if head.startswith(start)), None)
    return "xz" if head.startswith(_XZ) else codec, _encoding(first)


def copy_unpacked(path: Path, target: BinaryIO) -> None:
    """Write what a file holds, as it was before it was compressed.

    Raises
    ------
    UserError
        If it cannot be unpacked.
    """
    try:
        head = _magic(path)
        with ExitStack() as opened:
            stream = _stream(path, head, opened)
            while chunk := stream.read(_CHUNK_BYTES):
                target.write(chunk)
    except _FAULTS as error:
        raise UserError(f"{name_of(path)} cannot be unpacked: {one_line(str(error))}") from error


def column_names(path: Path) -> list[str]:
    """Return what the columns of a table are called.

    Raises
    ------
    UserError
        If the file is no such table.
    """
    try:
        head = _checked_magic(path)
        if head.startswith(_PARQUET) or path.suffix.lower() in _PARQUET_SUFFIXES:
            from pyarrow import parquet  # noqa: PLC0415

            return list(parquet.read_schema(path).names)
        first = _begun(path, head, _HEAD_BYTES)
        return _separated(first.decode(_encoding(first), errors="replace"), ())[1]
    except (*_FAULTS, csv.Error) as error:
        raise UserError(f"{name_of(path)} cannot be read: {one_line(str(error))}") from error


def plain(column: pa.Array) -> pa.Array:
    """Return a column without its dictionary."""
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column


def is_text(kind: pa.DataType) -> bool:
    """Return whether a column holds text."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _magic(path: Path) -> bytes:
    """Return the bytes that tell what a file is."""
    with path.open("rb") as file:
        return file.read(len(max(_OTHERS, key=len)))


def _checked_magic(path: Path) -> bytes:
    """Return them of a file that is not of a kind that is known and not read here."""
    head = _magic(path)
    _check_kind(path, head)
    return head


def _begun(path: Path, head: bytes, most_bytes: int | None) -> bytes:
    """Return the first bytes of a file as they were before they were compressed; all of them without a number."""
    with ExitStack() as opened:
        return bytes(_stream(path, head, opened).read(most_bytes))


def _check_kind(path: Path, head: bytes) -> None:
    for start, what in _OTHERS.items():
        if head.startswith(start):
            raise UserError(f"{name_of(path)} is {what}")


def _parquet(path: Path, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    from pyarrow import parquet  # noqa: PLC0415  (the format that is read is the one to load)

    with parquet.ParquetFile(path) as file:
        _check_columns(path, file.schema_arrow.names, columns)
        for groups in _row_groups([file.metadata.row_group(place).num_rows for place in range(file.num_row_groups)]):
            for batch in file.iter_batches(BATCH_ROWS, row_groups=groups, columns=list(columns)):
                yield batch.select(list(columns))


def _row_groups(rows: Sequence[int]) -> Iterator[list[int]]:
    """Yield row groups to read at once: what has been read of them is held in memory until all of them are."""
    together: list[int] = []
    held = 0
    for place, size in enumerate(rows):
        together.append(place)
        held += size
        if held >= BATCH_ROWS:
            yield together
            together, held = [], 0
    if together:
        yield together


def _csv(path: Path, head: bytes, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    from pyarrow import csv as arrow_csv  # noqa: PLC0415

    first = _begun(path, head, _HEAD_BYTES)
    _check_kind(path, first)
    encoding = _encoding(first)
    separator, names = _separated(first.decode(encoding, errors="replace"), columns)
    _check_columns(path, names, columns, separator)
    as_text = arrow_csv.ConvertOptions(
        include_columns=list(columns), column_types=dict.fromkeys(columns, pa.string()), check_utf8=True
    )
    reading = arrow_csv.ReadOptions(use_threads=False, encoding=encoding.removesuffix("-sig"))
    with (
        ExitStack() as opened,
        arrow_csv.open_csv(
            _stream(path, head, opened),
            read_options=reading,
            parse_options=arrow_csv.ParseOptions(delimiter=separator),
            convert_options=as_text,
        ) as reader,
    ):
        yield from reader


def _stream(path: Path, head: bytes, opened: ExitStack) -> Any:
    """Return the file's bytes as they were before they were compressed."""
    if head.startswith(_XZ):
        return opened.enter_context(pa.PythonFile(opened.enter_context(lzma.open(path)), mode="r"))
    raw = opened.enter_context(pa.OSFile(str(path)))
    for start, codec in _CODECS.items():
        if head.startswith(start):
            return opened.enter_context(pa.CompressedInputStream(raw, codec))
    return raw


def _encoding(head: bytes) -> str:
    """Return the encoding that a file's first bytes state, or show: every other byte of UTF-16 is mostly 0."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    few = head[:256]
    even, odd = few[::2].count(0), few[1::2].count(0)
    if max(even, odd) * 4 > len(few) and not min(even, odd):
        return "utf-16-le" if odd else "utf-16-be"
    return "utf-8-sig"


def _separated(head: str, columns: Sequence[str]) -> tuple[str, list[str]]:
    """Return the separator by which the header has all columns, and the names; else that of most names."""
    header = next((line for line in head.splitlines() if line.strip()), "")
    found = {separator: next(csv.reader([header], delimiter=separator), []) for separator in _SEPARATORS}
    for separator, names in found.items():
        if columns and all(column in names for column in columns):
            return separator, names
    return max(found.items(), key=lambda item: len(item[1]))


def _check_columns(path: Path, names: list[str], columns: Sequence[str], separator: str = ",") -> None:
    listed = ", ".join(one_line(shortened(name)) for name in names[:20])
    listed += "" if separator == "," or len(names) < 2 else f" (separated by {_SEPARATORS[separator]})"  # noqa: PLR2004
    for wanted in columns:
        if names.count(wanted) != 1:
            how = "no column" if wanted not in names else "more than one column"
            raise UserError(f"{name_of(path)} has {how} {shown(wanted)}; it has {listed or 'none'}")
