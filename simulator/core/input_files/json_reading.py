"""A JSON file as plain data, with the line of every key, and no key twice."""

import json
import re
from dataclasses import dataclass, field
from typing import Any, Final

from simulator.core.errors import Fault, InputFileError
from simulator.core.input_files.reading import Keys
from simulator.core.input_files.wording import shown, written_path

_MARK: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},:\n]')


@dataclass
class JsonFile:
    """What a JSON file holds."""

    text: str
    data: dict[str, Any]
    _lines: dict[Keys, int] = field(default_factory=dict)

    def line(self, *keys: str | int) -> int | None:
        """Return the line of a key, from 1."""
        if not self._lines:
            self._lines = _scan(self.text)[0]
        return self._lines.get(keys)


def parse_json(text: str, source: str, of: str = "keys") -> JsonFile:
    """Return the data of a JSON text that holds one object.

    Parameters
    ----------
    text, source
        The text, and what messages call it.
    of
        What the object should have.

    Raises
    ------
    InputFileError
        If it is no JSON or no object, or has a key twice in one object, at any depth; each is named with both lines.
    """
    several = False

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal several
        found = dict(pairs)
        several = several or len(found) < len(pairs)
        return found

    try:
        data = json.loads(text, object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        raise InputFileError(source, [Fault(f"not JSON: {getattr(error, 'msg', error)}", line=line)]) from None
    if several:
        raise InputFileError(source, _scan(text)[1])
    if not isinstance(data, dict):
        raise InputFileError(source, [Fault(f"must be an object with {of}, not {shown(data)}")])
    return JsonFile(text, data)


@dataclass
class _Open:
    """An object or a list that is not closed yet."""

    keys: Keys
    names: dict[str, int] | None
    """Line of each key so far; None for a list."""
    place: str | int | None
    """The key or the index of what comes next; None where a key comes next."""

    def next_place(self) -> None:
        """Go on behind a comma."""
        self.place = self.place + 1 if isinstance(self.place, int) else None


def _scan(text: str) -> tuple[dict[Keys, int], list[Fault]]:
    """Return the line of each key of a text that is JSON, and a fault for each that appears again in its object."""
    lines: dict[Keys, int] = {}
    faults: list[Fault] = []
    around: list[_Open] = []
    line = 1
    for found in _MARK.finditer(text):
        mark, inner = found[0], around[-1] if around else None
        if mark == "\n":
            line += 1
        elif mark in "{[":
            keys = () if inner is None or inner.place is None else (*inner.keys, inner.place)
            around.append(_Open(keys, {}, None) if mark == "{" else _Open(keys, None, 0))
        elif mark in "}]":
            around.pop()
        elif mark == "," and inner is not None:
            inner.next_place()
        elif mark[0] == '"' and inner is not None and inner.names is not None and inner.place is None:
            inner.place = str(json.loads(mark, strict=False))
            where, first = (*inner.keys, inner.place), inner.names.get(inner.place)
            if first is not None:
                faults.append(Fault(f"appears a second time; the first is on line {first}", written_path(where), line))
            inner.names.setdefault(inner.place, line)
            lines.setdefault(where, line)
    return lines, faults
