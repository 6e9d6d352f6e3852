"""Measured numbers of tokens, call by call."""

import csv
from pathlib import Path
from typing import Annotated, ClassVar, Self

import numpy as np
from pydantic import Field, PrivateAttr, model_validator

from simulator.backends.tokens.base import MOST_TOKENS, TOKEN_BITS, IntArray
from simulator.core.component import Part
from simulator.core.files import InputFile
from simulator.core.input_files.short_forms import Short
from simulator.core.input_files.wording import shown
from simulator.core.prompt_lengths import ByPrompt, prompt_class

MOST_ROWS = 5_000_000
ColumnName = Annotated[str, Field(min_length=1, max_length=200)]


class TokenTrace(Part):
    """The calls in a CSV file, drawn with replacement: what a call reads and what it writes stay together."""

    short: ClassVar[Short | None] = Short("path")

    path: InputFile
    """The file; a relative path starts at the scenario's folder."""
    input: ColumnName = "ContextTokens"
    """Name of the column with the tokens that a call reads."""
    output: ColumnName = "GeneratedTokens"
    """Name of the column with the tokens that it writes."""
    _calls: bytes = PrivateAttr()
    """Each call's tokens as one number; bytes can be compared, arrays cannot."""

    @model_validator(mode="after")
    def _read(self) -> Self:
        self._calls = np.array(_read_csv(self.path, self.input, self.output), dtype=np.int64).tobytes()
        return self

    @property
    def calls(self) -> IntArray:
        """Every call of the file: input tokens x 2^24 + output tokens."""
        return np.frombuffer(self._calls, dtype=np.int64)

    @property
    def mean_input_tokens(self) -> float:
        """Mean number of tokens that a call reads."""
        return float((self.calls >> TOKEN_BITS).mean())

    @property
    def mean_output_tokens(self) -> float:
        """Mean number of tokens that a call writes."""
        return float((self.calls & MOST_TOKENS).mean())

    def by_prompt(self) -> tuple[ByPrompt, ByPrompt, ByPrompt]:
        """Return calls, and what a call reads and writes on average, by the length of prompts; all calls are 1."""
        read, written = self.calls >> TOKEN_BITS, self.calls & MOST_TOKENS
        classes, place = np.unique(prompt_class(read), return_inverse=True)
        sides = (np.bincount(place, weights=side) / read.size for side in (None, read, written))
        calls, inputs, outputs = (tuple(zip(classes.tolist(), side.tolist(), strict=True)) for side in sides)
        return calls, inputs, outputs

    def draw(self, rng: np.random.Generator, size: int) -> IntArray:
        """Return ``size`` calls of the file, each drawn on its own: input tokens x 2^24 + output tokens."""
        calls = self.calls
        return calls[rng.integers(calls.size, size=size)]


def _read_csv(path: Path, *columns: str) -> list[int]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            rows = csv.reader(lines)
            header = next(rows, [])
            missing = [column for column in columns if column not in header]
            if missing:
                raise ValueError(f"{path} has no column {shown(missing[0])}; it has {', '.join(header[:20]) or 'none'}")
            places = [header.index(column) for column in columns]
            calls = [_call(row, places, columns, path, rows.line_num) for row in rows if row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path} is not a CSV file: {error}") from error
    if not 0 < len(calls) <= MOST_ROWS:
        raise ValueError(f"{path} holds {len(calls):,} calls; it needs one to {MOST_ROWS:,}")
    return calls


def _call(row: list[str], places: list[int], columns: tuple[str, ...], path: Path, line: int) -> int:
    call = 0
    for place, column in zip(places, columns, strict=True):
        text = row[place].strip() if place < len(row) else ""
        if not (text.isascii() and text.isdigit() and 1 <= int(text[:20]) <= MOST_TOKENS):
            raise ValueError(
                f"{path}, line {line}: {column} is {shown(text)}; it needs a whole number from 1 to {MOST_TOKENS:,}"
            )
        call = (call << TOKEN_BITS) + int(text)
    return call
