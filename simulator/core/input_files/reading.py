"""A YAML file as plain data, with the line of every key.

The file is taken event by event, so that depth, size and aliases are bounded before anything is built, and so that a
value is read by the rules of YAML 1.2 alone: dates, times of day and ``yes`` stay text, and no tag makes an object.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NoReturn, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from simulator.core.errors import Fault, InputFileError
from simulator.core.input_files.wording import as_message, one_line, shortened, shown, written_path

Keys: TypeAlias = tuple[str | int, ...]
"""The way from the root to a value: keys of mappings and indices of lists."""
Scalar: TypeAlias = str | int | float | bool | None
Plain: TypeAlias = "Scalar | list[Plain] | dict[str, Plain]"

LARGEST_FILE_BYTES: Final = 2**20
LONGEST_LINE: Final = 2**16
"""Characters; the scanner takes time quadratic in a line's length."""
LONGEST_KEY: Final = 256
DEEPEST: Final = 32
MOST_VALUES: Final = 10_000
"""After aliases are expanded; who reads tables may allow more."""
MOST_DIGITS: Final = 30
"""Of a whole number; more than a float can hold would overflow further on."""

_UNPRINTABLE: Final = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NULL: Final = re.compile(r"(?:null|Null|NULL|~|)\Z")
_TRUE: Final = re.compile(r"(?:true|True|TRUE)\Z")
_FALSE: Final = re.compile(r"(?:false|False|FALSE)\Z")
_INTEGER: Final = re.compile(r"[-+]?[0-9][0-9_]*\Z")
_BASED: Final = re.compile(r"0(?:o[0-7]+|x[0-9a-fA-F]+)\Z")
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_INFINITE: Final = re.compile(r"[-+]?\.(?:inf|Inf|INF)\Z")
_NAN: Final = re.compile(r"\.(?:nan|NaN|NAN)\Z")
_STRING_TAG: Final = "tag:yaml.org,2002:str"
_HINTS: Final = {
    "found character '\\t'": "indent with spaces, not tabs",
    "that cannot start any token": "text that starts with such a character needs quotes",
    "mapping values are not allowed": "text that holds ': ' needs quotes, and keys side by side the same indent",
    "expected <block end>": "keys side by side need the same indent",
    "expected the node content": "a value or a closing bracket is missing",
    "expected ',' or '}'": "a comma or the closing brace is missing",
    "expected ',' or ']'": "a comma or the closing bracket is missing",
    "could not find expected ':'": "a key needs ': ' behind it",
    "unexpected end of stream": "a closing quote is missing",
}


@dataclass(frozen=True)
class Override:
    """A value that came from a command line or a call, not from a line of the file."""

    label: str
    """What the user wrote, such as ``--set plans.hybrid.cache.ttl``."""
    keys: Keys
    hint: str = ""
    """What may have been meant, where it made something under a new name."""


@dataclass(frozen=True)
class Tree:
    """A file's data, and where each value came from."""

    data: dict[str, Plain]
    lines: Mapping[Keys, int] = field(default_factory=dict)
    """Line of each key and list item, from 1."""
    overrides: Mapping[Keys, Override] = field(default_factory=dict)
    """By the topmost key that an override set or made."""


def read_tree(path: Path | str, most_values: int = MOST_VALUES, largest_bytes: int = LARGEST_FILE_BYTES) -> Tree:
    """Return the data of a YAML 1.2 file that holds one mapping.

    Parameters
    ----------
    path
        The file.
    most_values
        How many values it may hold, after aliases are expanded.
    largest_bytes
        How large it may be.

    Raises
    ------
    InputFileError
        If the file cannot be read, is not YAML, or is larger or deeper than what people write.
    """
    return parse_tree(_text_of(Path(path), str(path), largest_bytes), str(path), most_values)


def parse_tree(text: str, source: str, most_values: int = MOST_VALUES) -> Tree:
    """Return the data of a YAML text that holds one mapping; ``source`` names it in messages."""
    root = _compose(text, source, most_values)
    lines: dict[Keys, int] = {}
    data = _unfold(root, (), lines)
    if data is None:
        raise InputFileError(source, [Fault("is empty" if not text.strip() else "holds no keys, only comments")])
    if not isinstance(data, dict):
        message = f"must be a mapping of 'key: value' lines, not {shown(data)}"
        raise InputFileError(source, [Fault(message, line=root.line)])
    return Tree(data, lines)


def parse_value(text: str, source: str) -> Plain:
    """Return the value of a YAML text such as ``12 h`` or ``{kind: ttl, ttl: 6 h}``."""
    return _unfold(_compose(text, source), (), {})


def unprintable_in(text: str) -> str | None:
    """Return the first character that no text of a file may hold, named by its code point."""
    found = _UNPRINTABLE.search(text)
    return None if found is None else f"U+{ord(found[0]):04X}"


def _text_of(path: Path, source: str, largest_bytes: int) -> str:
    try:
        if path.is_dir():
            _stop(source, "is a folder, not a file")
        with path.open("rb") as file:
            raw = file.read(largest_bytes + 1)
    except FileNotFoundError:
        _stop(source, "there is no such file")
    except PermissionError:
        _stop(source, "may not be read: permission denied")
    except (OSError, ValueError) as error:
        _stop(shortened(one_line(source), 120), f"cannot be read: {getattr(error, 'strerror', None) or error}")
    if len(raw) > largest_bytes:
        _stop(source, f"is larger than {largest_bytes >> 20} MiB, the most that is read; is it the right file?")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        _stop(source, f"is not UTF-8 at byte {error.start} (0x{raw[error.start]:02x}); save it as UTF-8", line)


def _stop(source: str, message: str, line: int | None = None) -> NoReturn:
    raise InputFileError(source, [Fault(message, line=line)]) from None


@dataclass(slots=True)
class _Node:
    """A value of the file; aliases share it."""

    value: "Scalar | list[_Node] | dict[str, tuple[int, _Node]]"
    line: int
    size: int = 1
    height: int = 0


def _unfold(node: _Node, keys: Keys, lines: dict[Keys, int]) -> Plain:
    if isinstance(node.value, dict):
        data: dict[str, Plain] = {}
        for key, (line, child) in node.value.items():
            lines[*keys, key] = line
            data[key] = _unfold(child, (*keys, key), lines)
        return data
    if isinstance(node.value, list):
        items: list[Plain] = []
        for index, child in enumerate(node.value):
            lines[*keys, index] = child.line
            items.append(_unfold(child, (*keys, index), lines))
        return items
    return node.value


def _compose(text: str, source: str, most_values: int = MOST_VALUES) -> _Node:
    found = unprintable_in(text)
    if found is not None:
        position = _UNPRINTABLE.search(text)
        line = text.count("\n", 0, position.start() if position else 0) + 1
        _stop(source, f"holds the control character {found}; is it a text file?", line)
    for number, line_text in enumerate(text.split("\n"), start=1):
        if len(line_text) > LONGEST_LINE:
            _stop(source, f"is {len(line_text)} characters long; break it into several lines", number)
    composer = _Composer(text, most_values)
    try:
        root = composer.root()
    except _Stopped:
        root = None
    except YAMLError as error:
        composer.faults.append(_syntax_fault(error))
    except (ValueError, OverflowError, IndexError) as error:  # an escape such as \UFFFFFFFF is no character
        composer.faults.append(Fault(f"not YAML: {one_line(str(error))}"))
    if composer.faults or root is None:
        raise InputFileError(source, composer.faults)
    return root


def _syntax_fault(error: YAMLError) -> Fault:
    if not isinstance(error, MarkedYAMLError):
        return Fault(f"not YAML: {shortened(one_line(str(error)), 120)}")
    problem = one_line(str(error.problem or error.context or "cannot be read"))
    hint = next((f"; {hint}" for start, hint in _HINTS.items() if start in problem), "")
    at_end = "stream end" in problem or "end of stream" in problem
    mark = (error.context_mark if at_end else None) or error.problem_mark or error.context_mark
    return Fault(f"not YAML: {shortened(problem, 120)}{hint}", line=mark.line + 1 if mark is not None else None)


class _Stopped(Exception):  # noqa: N818  (no error: the fault is noted already)
    """Reading on makes no sense."""


class _Composer:
    """Builds nodes from the events of one document."""

    def __init__(self, text: str, most_values: int) -> None:
        self.faults: list[Fault] = []
        self._most_values = most_values
        self._events: Iterator[Any] = iter(YAML(typ="safe", pure=True).parse(text))
        self._anchors: dict[str, _Node | None] = {}
        self._size = 0

    def root(self) -> _Node:
        """Return the only document's value."""
        next(self._events)
        if isinstance(next(self._events), StreamEndEvent):
            return _Node(None, 1)
        root = self._node(next(self._events), ())
        next(self._events)
        after = next(self._events)
        if isinstance(after, DocumentStartEvent):
            self._stop("a second document starts; only one is read, so drop this '---'", (), after)
        return root

    def _node(self, event: Any, keys: Keys) -> _Node:
        if isinstance(event, AliasEvent):
            return self._alias(event, keys)
        self._grow(1, keys, event)
        self._check_tag(event, keys)
        size = self._size
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        if isinstance(event, ScalarEvent):
            node = _Node(self._scalar(event, keys), _line(event))
        elif len(keys) >= DEEPEST:
            self._stop(f"is nested deeper than {DEEPEST} levels", keys, event)
        elif isinstance(event, SequenceStartEvent):
            node = self._list(event, keys)
        else:
            assert isinstance(event, MappingStartEvent)
            node = self._mapping(event, keys)
        node.size = self._size - size + 1
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _alias(self, event: Any, keys: Keys) -> _Node:
        name = shortened(event.anchor)
        if event.anchor not in self._anchors:
            self._stop(f"there is no anchor '&{name}' above for '*{name}'", keys, event)
        node = self._anchors[event.anchor]
        if node is None:
            self._stop(f"'*{name}' stands inside its own anchor '&{name}'", keys, event)
        self._grow(node.size, keys, event)
        if len(keys) + node.height > DEEPEST:
            self._stop(f"is nested deeper than {DEEPEST} levels by '*{name}'", keys, event)
        return node

    def _list(self, start: Any, keys: Keys) -> _Node:
        items: list[_Node] = []
        while not isinstance(event := next(self._events), SequenceEndEvent):
            items.append(self._node(event, (*keys, len(items))))
        return _Node(items, _line(start), height=1 + max((item.height for item in items), default=0))

    def _mapping(self, start: Any, keys: Keys) -> _Node:
        entries: dict[str, tuple[int, _Node]] = {}
        merged: list[_Node] = []
        while not isinstance(event := next(self._events), MappingEndEvent):
            key = self._key(event, keys)
            child = self._node(next(self._events), (*keys, key if key is not None else "?"))
            if key == "<<" and event.implicit[0]:
                merged += self._merged(child, keys, event)
            elif key is not None and key in entries:
                where = (*keys, key)
                self._fault(f"appears a second time; the first is on line {entries[key][0]}", where, event)
            elif key is not None:
                entries[key] = (_line(event), child)
        for source in merged:
            assert isinstance(source.value, dict)
            for key, entry in source.value.items():
                entries.setdefault(key, entry)
        height = 1 + max((child.height for _, child in entries.values()), default=0)
        return _Node(entries, _line(start), height=height)

    def _merged(self, node: _Node, keys: Keys, event: Any) -> list[_Node]:
        sources = node.value if isinstance(node.value, list) else [node]
        if all(isinstance(source.value, dict) for source in sources):
            return sources
        self._fault("'<<' takes a mapping or a list of mappings", keys, event)
        return []

    def _key(self, event: Any, keys: Keys) -> str | None:
        """Return a key as it is written, so ``1`` and ``yes`` are text; note what cannot be one."""
        if not isinstance(event, ScalarEvent):
            self._node(event, (*keys, "?"))
            self._fault("a key must be text", keys, event)
            return None
        self._check_tag(event, keys)
        key = str(event.value)
        if event.anchor is not None:
            self._anchors[event.anchor] = _Node(key, _line(event))
        wrong = ""
        if not key.strip():
            wrong = "a key is empty"
        elif len(key) > LONGEST_KEY:
            wrong = f"a key is {len(key)} characters long; write at most {LONGEST_KEY}"
        elif found := unprintable_in(key):
            wrong = f"a key holds the control character {found}"
        if wrong:
            self._fault(wrong, keys, event)
        return None if wrong else key

    def _scalar(self, event: Any, keys: Keys) -> Scalar:
        text = str(event.value)
        if found := unprintable_in(text):
            self._fault(f"holds the control character {found}", keys, event)
        if not event.implicit[0]:
            return text
        if len(text) > MOST_DIGITS and (_INTEGER.match(text) or _BASED.match(text)):
            self._fault(f"is a number of {len(text)} digits; write at most {MOST_DIGITS}", keys, event)
            return None
        value = _read_plain(text)
        if isinstance(value, float) and math.isinf(value) and not _INFINITE.match(text):
            self._fault(f"{shortened(text)} is too large a number", keys, event)
        return value

    def _check_tag(self, event: Any, keys: Keys) -> None:
        tag = event.tag
        if tag not in (None, "!") and not (tag == _STRING_TAG and isinstance(event, ScalarEvent)):
            name = shortened(str(tag).replace("tag:yaml.org,2002:", "!!"))
            self._fault(f"the tag '{name}' is not read; write the value without it", keys, event)

    def _grow(self, size: int, keys: Keys, event: Any) -> None:
        self._size += size
        if self._size > self._most_values:
            self._stop(f"holds more than {self._most_values} values, aliases expanded", keys, event)

    def _fault(self, message: str, keys: Keys, event: Any) -> None:
        self.faults.append(Fault(as_message(message), written_path(keys), _line(event)))

    def _stop(self, message: str, keys: Keys, event: Any) -> NoReturn:
        self._fault(message, keys, event)
        raise _Stopped


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _read_plain(text: str) -> Scalar:
    """Return an unquoted value by YAML 1.2's core schema, with ``_`` allowed between digits."""
    value: Scalar = text
    if _NULL.match(text):
        value = None
    elif _TRUE.match(text) or _FALSE.match(text):
        value = text.lower() == "true"
    elif _INTEGER.match(text):
        value = int(text.replace("_", ""))
    elif _BASED.match(text):
        value = int(text, 0)
    elif _FLOAT.match(text):
        value = float(text.replace("_", ""))
    elif _INFINITE.match(text) or _NAN.match(text):
        value = float(text.replace(".", ""))
    return value
