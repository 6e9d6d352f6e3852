"""Lines of text files, whatever their encoding, their line ends and what they are compressed with."""

import bz2
import gzip
import lzma
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from simulator.core.errors import UserError
from simulator.core.tables import lines_of

LINES = [f"line {number} of µ\u2028and so on\n" for number in range(20_000)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_lines_are_the_same_in_every_encoding_and_with_every_end(encoding: str, end: str, tmp_path: Path) -> None:
    text = "".join(LINES).replace("\n", end)
    (tmp_path / "text").write_bytes(text.encode(encoding))
    assert list(lines_of(tmp_path / "text")) == LINES


@pytest.mark.parametrize(
    "packed", [gzip.compress, bz2.compress, lzma.compress, lambda text: pa.compress(text, "zstd", asbytes=True)]
)
def test_lines_are_the_same_whatever_they_are_compressed_with(packed: Callable[[bytes], bytes], tmp_path: Path) -> None:
    (tmp_path / "text").write_bytes(packed("".join(LINES).encode()))
    assert list(lines_of(tmp_path / "text")) == LINES


def test_the_last_line_needs_no_end_and_an_empty_file_has_no_lines(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("a\n\nb", encoding="utf-8")
    (tmp_path / "empty").write_bytes(b"")
    assert list(lines_of(tmp_path / "text")) == ["a\n", "\n", "b"]
    assert list(lines_of(tmp_path / "empty")) == []


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_bytes(b"a\xff\xfe\xfab\n" * 100)
    with pytest.raises(UserError, match="cannot be read"):
        list(lines_of(tmp_path / "text"))
