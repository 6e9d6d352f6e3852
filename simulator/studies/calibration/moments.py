"""When rows of a log were written: SQL of their moments, from times as logs have them."""

import re
from collections.abc import Sequence
from typing import Final

from simulator.core.errors import UserError
from simulator.core.input_files.wording import shown
from simulator.demand.stamp_formats import reading_hint

_UNITS: Final = ((1e11, 1_000_000.0, "s"), (1e14, 1_000.0, "ms"), (1e17, 1.0, "us"), (float("inf"), 0.001, "ns"))
"""Numbers of seconds, milliseconds, ... since 1970 are below these."""
_OFFSET: Final = r"(:\d{2}(?:\.\d+)?)\s*([+-]\d{2}):?(\d{2})$"
"""Of ISO times: what stands before an offset, and its hours and minutes."""
_ISO: Final = r"^\s*\d{4}-\d{2}(-\d{2})?"


def moment_of(column: str, texts: Sequence[str], name: str, written: str | None) -> str:
    """Return SQL of the time of a row, from that of its column, in microseconds since 1970; NULL where it is none."""
    trimmed = f"trim({column}::VARCHAR)"
    if not texts:
        raise UserError(f"its column '{name}' is empty in the first rows")
    first = texts[0]
    if written is not None:
        as_text = written.replace("'", "''")
        return f"epoch_us(try_strptime({trimmed}, '{as_text}')::TIMESTAMPTZ)"
    try:
        number = abs(float(first))
    except ValueError:
        pass
    else:
        if len(first) == len("20260131") and first.isdigit() and first[:2] in {"19", "20"}:
            return f"epoch_us(try_strptime({trimmed}, '%Y%m%d')::TIMESTAMPTZ)"
        factor = next(times for below, times, _ in _UNITS if number < below)
        return f"TRY_CAST(round(TRY_CAST({column} AS DOUBLE) * {factor}) AS BIGINT)"
    if re.match(_ISO, first):
        normal = f"regexp_replace(replace({trimmed}, ',', '.'), '{_OFFSET}', '\\1\\2:\\3')"
        normal = f"regexp_replace({normal}, '\\s*(?:UTC|GMT)$', 'Z')"
        # most are read as they are, which takes a seventh of the time
        return f"epoch_us(coalesce(TRY_CAST({column} AS TIMESTAMPTZ), TRY_CAST({normal} AS TIMESTAMPTZ)))"
    hint = reading_hint(first)
    raise UserError(f"its time {shown(first)} {hint or 'is not ISO 8601 and no number'}; give it as --time-format")
