"""Measured numbers of tokens, call by call."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Self

import numpy as np
from pydantic import Field, PrivateAttr, model_validator

from simulator.backends.tokens.base import MOST_TOKENS, TOKEN_BITS
from simulator.core.arrays import IntArray
from simulator.core.component import Part
from simulator.core.errors import UserError
from simulator.core.files import InputFile
from simulator.core.input_files.short_forms import Short
from simulator.core.input_files.wording import shown
from simulator.core.prompt_lengths import ByPrompt, prompt_class

if TYPE_CHECKING:
    import pyarrow as pa

MOST_ROWS = 5_000_000
ColumnName = Annotated[str, Field(min_length=1, max_length=200)]


class TokenTrace(Part):
    """The calls in a file: what a call reads and what it writes stay together.

    Where it is the file of `traffic.replay` and each row a request, a request takes its own row's tokens; else each
    call is drawn from the file with replacement.
    """

    short: ClassVar[Short | None] = Short("path")

    path: InputFile
    """The file: CSV of any common separator and compression, or Parquet; a relative path starts at the scenario's
    folder."""
    input: ColumnName = "ContextTokens"
    """Name of the column with the tokens that a call reads."""
    output: ColumnName = "GeneratedTokens"
    """Name of the column with the tokens that it writes."""
    _calls: bytes = PrivateAttr()
    """Each call's tokens as one number; bytes can be compared, arrays cannot."""

    @model_validator(mode="after")
    def _read(self) -> Self:
        if self.input == self.output:
            raise ValueError(f"'input' and 'output' must be different columns, not both {shown(self.input)}")
        try:
            self._calls = _read(self.path, self.input, self.output).tobytes()
        except UserError as error:
            raise ValueError(str(error)) from error
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


def _read(path: Path, *columns: str) -> IntArray:
    from simulator.core import tables  # noqa: PLC0415  (pyarrow, which only a file of calls needs)

    parts, before = list[IntArray](), 0
    for batch in tables.batches(path, columns):
        call = np.zeros(batch.num_rows, dtype=np.int64)
        for column in columns:
            call = (call << TOKEN_BITS) + _whole(tables.plain(batch.column(column)), column, path, before)
        parts.append(call)
        before += batch.num_rows
        if before > MOST_ROWS:
            break
    if not 0 < before <= MOST_ROWS:
        held = f"more than {MOST_ROWS:,}" if before else "0"
        raise UserError(f"{tables.name_of(path)} holds {held} calls; it needs one to {MOST_ROWS:,}")
    return np.concatenate(parts)


def _whole(values: "pa.Array", name: str, path: Path, before: int) -> IntArray:
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.compute as pc  # noqa: PLC0415

    from simulator.core import tables  # noqa: PLC0415

    texts = pc.utf8_trim_whitespace(values if tables.is_text(values.type) else values.cast(pa.string()))
    good = pc.fill_null(pc.match_substring_regex(texts, r"^[0-9]{1,18}$"), fill_value=False)
    number = pc.if_else(good, texts, "0").cast(pa.int64()).to_numpy(zero_copy_only=False)
    bad = (number < 1) | (number > MOST_TOKENS)
    if bad.any():
        first = int(np.argmax(bad))
        raise UserError(
            f"{tables.name_of(path)}, row {before + first + 1}: {name} is {shown(texts[first].as_py() or '')}; it "
            f"needs a whole number from 1 to {MOST_TOKENS:,}"
        )
    return np.asarray(number, dtype=np.int64)
