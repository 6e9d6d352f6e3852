"""Names as people read them: in one line, or in as much room as there is; those that differ stay different."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise

from rich.cells import cell_len

Size = Callable[[str], int]
"""How long a text is: ``len`` for letters, ``cell_len`` for columns of a terminal, of which wide letters take two."""
LONGEST_IN_SENTENCE = 40
"""Columns that a name has in a sentence, if the terminal is wide."""
LEAST_IN_SENTENCE = 12


def one_line(name: str) -> str:
    """Return a name without line breaks, tabs and what else cannot be printed."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in name).split()) or "(no name)"


def shortened(name: str, longest: int, size: Size = len) -> str:
    """Return a name no longer than that; its beginning and its end stay, for names often differ at the end."""
    clean = one_line(name)
    if size(clean) <= longest:
        return clean
    tail = max(1, round(_TAIL * (longest - 1)))
    return f"{_head(clean, longest - 1 - tail, size).rstrip()}…{_tail(clean, tail, size).lstrip()}"


_TAIL = 0.35
"""Share of a shortened name's letters that are its end."""


def short_names(names: Sequence[str], longest: int, size: Size = len) -> dict[str, str]:
    """Return names no longer than that, such that those which differ stay different.

    Where their beginnings and ends alone would make two of them alike, what is shown is where they differ; at last
    they are numbered.
    """
    short = {name: shortened(name, longest, size) for name in names}
    for alike in _alike_names(short):
        differ = min(_first_difference(one, other) for one, other in pairwise(sorted(map(one_line, alike))))
        short |= {name: _around(one_line(name), differ, longest, size) for name in alike}
    for alike in _alike_names(short):
        marks = [f"…{number}" for number in range(1, len(alike) + 1)]
        heads = (_head(one_line(name), longest - len(mark), size) for name, mark in zip(alike, marks, strict=True))
        short |= {name: head + mark for name, head, mark in zip(alike, heads, marks, strict=True)}
    return short


def called_in(names: Sequence[str], columns: int) -> dict[str, str]:
    """Return what plans are called in sentences that have so many columns: long names are shortened."""
    longest = max(min(columns // 2, LONGEST_IN_SENTENCE), LEAST_IN_SENTENCE)
    return short_names(names, longest, cell_len)


def with_names(text: str, called: Mapping[str, str]) -> str:
    """Return a sentence with what plans are called in place of their names; what is called by its name stays."""
    short = {written: text for name, text in called.items() for written in (name, one_line(name)) if written != text}
    short |= {f"{name[:1].upper()}{name[1:]}": f"{text[:1].upper()}{text[1:]}" for name, text in short.items()}
    changed = sorted(short, key=len, reverse=True)
    for place, name in enumerate(changed):  # by way of marks, for a short name may hold another plan's
        text = text.replace(name, f"\0{place}\0")
    for place, name in enumerate(changed):
        text = text.replace(f"\0{place}\0", short[name])
    return text


def heads(names: Sequence[str], columns: int, lines: int) -> dict[str, str]:
    """Return names as heads of columns: in so many lines, broken between words, shortened where that is not enough.

    Parameters
    ----------
    names
        The names.
    columns
        Of the terminal, for each.
    lines
        At most, for each.
    """
    found = {name: head for each in names for name, head in _heads_of([each], columns, lines).items()}
    return found if len(set(found.values())) == len(found) else _heads_of(names, columns, lines)


def _heads_of(names: Sequence[str], columns: int, lines: int) -> dict[str, str]:
    """Return as much of names as all have room for, in lines of whole words."""
    for longest in range(columns * lines, columns, -1):
        short = short_names(names, longest, cell_len)
        broken = {name: list(_lines(text.split(), columns)) for name, text in short.items()}
        if all(len(each) <= lines and max(map(cell_len, each)) <= columns for each in broken.values()):
            return {name: "\n".join(each) for name, each in broken.items()}
    return short_names(names, columns, cell_len)


def _lines(words: Sequence[str], columns: int) -> Iterator[str]:
    line = words[0]
    for word in words[1:]:
        if cell_len(f"{line} {word}") > columns:
            yield line
            line = word
        else:
            line = f"{line} {word}"
    yield line


def _alike_names(short: Mapping[str, str]) -> list[list[str]]:
    """Return the names that cannot be told apart when they are short."""
    groups: dict[str, list[str]] = {}
    for name, text in short.items():
        groups.setdefault(text, []).append(name)
    return [names for names in groups.values() if len(names) > 1]


def _first_difference(one: str, other: str) -> int:
    return next((place for place, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), len(one))


def _around(name: str, place: int, longest: int, size: Size) -> str:
    """Return a name's beginning, and what follows from a little before a place in it."""
    head = max(1, longest // 3)
    if place <= head:
        return f"{_head(name, longest - 1, size).rstrip()}…"
    begin = max(head, place - _BEFORE)
    tail = _head(name[begin:], longest - head - 2, size)
    return f"{_head(name, head, size).rstrip()}…{tail}{'…' if begin + len(tail) < len(name) else ''}"


_BEFORE = 3
"""So many letters are shown before the place at which names differ."""


def _head(text: str, longest: int, size: Size) -> str:
    """Return as much of a text's beginning as is no longer than that."""
    head = text[: max(longest, 0)]
    while size(head) > longest and head:
        head = head[:-1]
    return head


def _tail(text: str, longest: int, size: Size) -> str:
    tail = text[-longest:] if longest > 0 else ""
    while size(tail) > longest and tail:
        tail = tail[1:]
    return tail
