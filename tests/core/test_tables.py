"""Tables as people have them: separators, encodings, compression, and what is no table."""

import bz2
import gzip
import lzma
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from simulator.core import tables
from simulator.core.errors import UserError

LINES = ["when,who,n", "2026-03-02 00:00,Zoë,1", '2026-03-02 00:01,"b, c",2']
WANTED = {"n": ["1", "2"], "who": ["Zoë", "b, c"]}
TEXT = "\n".join(LINES) + "\n"


def read(path: Path, *columns: str) -> dict[str, list[str]]:
    found = pa.Table.from_batches(list(tables.batches(path, columns or ("n", "who"))))
    return {name: found[name].to_pylist() for name in found.column_names}


def said_of(path: Path, *columns: str) -> str:
    with pytest.raises(UserError) as error:
        read(path, *columns)
    return str(error.value)


def compressed(codec: str) -> Callable[[bytes], bytes]:
    return lambda data: pa.compress(data, codec=codec, asbytes=True) if codec != "lz4" else _framed(data)


def _framed(data: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "lz4") as stream:
        stream.write(data)
    return bytes(sink.getvalue())


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found(tmp_path: Path, separator: str) -> None:
    path = tmp_path / "table.csv"
    rows = (line.replace('"b, c"', "b").split(",") for line in LINES)
    path.write_text("\n".join(separator.join(row) for row in rows), encoding="utf-8")
    assert read(path) == {"n": ["1", "2"], "who": ["Zoë", "b"]}


def test_a_decimal_comma_does_not_hide_the_semicolon(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("a, b;n\n1,5;2\n", encoding="utf-8")
    assert read(path, "n", "a, b") == {"n": ["2"], "a, b": ["1,5"]}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_the_encoding_is_found(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "table.csv"
    path.write_text(TEXT, encoding=encoding)
    assert read(path) == WANTED


def test_a_mark_of_byte_order_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    for encoding in ("utf-8-sig", "utf-16"):
        path = tmp_path / f"{encoding}.csv"
        path.write_text(TEXT, encoding=encoding)
        assert read(path, "when")["when"][0] == "2026-03-02 00:00"


@pytest.mark.parametrize("suffix", ["csv", "csv.gz", "log"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress, lzma.compress, compressed("zstd"), _framed])
def test_compression_is_told_by_the_content_whatever_the_name(
    tmp_path: Path, pack: Callable[[bytes], bytes], suffix: str
) -> None:
    path = tmp_path / f"table.{suffix}"
    path.write_bytes(pack(TEXT.encode()))
    assert read(path) == WANTED


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_parts_that_were_packed_one_by_one_are_all_read(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(b"".join(pack(part.encode()) for part in TEXT.splitlines(keepends=True)))
    assert read(path) == WANTED


def test_a_packed_file_in_utf_16_is_read(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(gzip.compress(TEXT.replace(",", ";").replace("b; c", "b, c").encode("utf-16")))
    assert read(path) == WANTED


def test_parquet_is_read_under_any_name(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    parquet.write_table(pa.table({"other": [0, 0], "who": ["Zoë", "b, c"], "n": ["1", "2"]}), path)
    assert read(path) == WANTED


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"PK\x03\x04rest of it", "is a ZIP archive or a spreadsheet; unpack it, or save it as CSV"),
        (b"ARROW1\x00\x00rest", "is an Arrow (Feather) file"),
        (b"SQLite format 3\x00", "is a database of SQLite"),
        ("\ufeffwhen\n".encode("utf-32"), "is text in UTF-32; save it as UTF-8"),
        (gzip.compress(TEXT.encode(), mtime=0)[:-9], "cannot be read"),  # the same name in every process
        (lzma.compress(TEXT.encode())[:-9], "cannot be read"),
        (b"a;b;c\n1;2;3\n", "has no column 'n'; it has a, b, c (separated by a semicolon)"),
        (b"a\tb\n1\t2\n", "has no column 'n'; it has a, b (separated by a tab)"),
        (b"a,b\n1,2\n", "has no column 'n'; it has a, b"),
        (b"n,n,who\n1,2,3\n", "has more than one column 'n'"),
        (b"n,who\n1,\xff\xfe\n", "cannot be read"),
    ],
)
def test_what_is_no_such_table_is_called_what_it_is(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    assert said in said_of(path)
