"""Small tables in text: what separates them, what their columns are called, and their rows."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from simulator.core.errors import UserError
from simulator.studies.calibration.service.measurement import number

SEPARATORS: Final = (",", "\t", ";", "|")
MOST_ROWS: Final = 5_000_000


@dataclass(frozen=True)
class Rows:
    """A table."""

    columns: tuple[str, ...]
    rows: tuple[dict[str, str], ...]
    """By column."""
    broken: int
    """Lines with too few or too many cells."""


def separator_of(line: str) -> str:
    """Return what separates the cells of a line: what is there most often, else white space."""
    best = max(SEPARATORS, key=line.count)
    return best if line.count(best) else " "


def cells(line: str, separator: str) -> list[str]:
    """Return the cells of a line; none of one that cannot be read."""
    if separator == " ":
        return line.split()
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=separator), [])]
    except csv.Error:
        return []


def table(lines: Iterable[str], names: tuple[str, ...] = ()) -> Rows:
    """Return a table.

    Parameters
    ----------
    lines
        Of text; the first that is not empty is the header, unless it is numbers.
    names
        What columns without a header are called.

    Raises
    ------
    UserError
        If it has no rows or too many, two columns of one name, or neither a header nor as many columns as names.
    """
    separator, columns, rows, broken = "", tuple[str, ...](), list[dict[str, str]](), 0
    for line in lines:
        if not line.strip() or line.startswith("#"):
            continue
        separator = separator or separator_of(line)
        found = cells(line.strip("\r\n"), separator)
        if not columns:
            is_header = any(number(cell) is None for cell in found)
            columns = _header(found) if is_header else _without_header(found, names)
            if is_header:
                continue
        while len(found) > len(columns) and not found[-1]:
            found.pop()
        if len(found) == len(columns):
            rows.append(dict(zip(columns, found, strict=True)))
        else:
            broken += 1
        if len(rows) > MOST_ROWS:
            raise UserError(f"it has more than {MOST_ROWS:,} rows")
    if not rows:
        raise UserError("it has no rows")
    return Rows(columns, tuple(rows), broken)


def _without_header(found: list[str], names: tuple[str, ...]) -> tuple[str, ...]:
    if len(found) != len(names):
        told = f"; without one it must have {len(names)}: {', '.join(names)}" if names else ""
        raise UserError(f"it has no header, and {len(found)} column{'s' * (len(found) != 1)}{told}")
    return names


def _header(found: list[str]) -> tuple[str, ...]:
    while len(found) > 1 and not found[-1]:
        found.pop()
    found = [name.lstrip("\ufeff") for name in found]
    twice = next((name for name in found if found.count(name) > 1), None)
    if twice is not None:
        raise UserError(f"it has more than one column '{twice}'")
    return tuple(found)
