"""How much room text needs, without knowing the font: a template may bring any."""

import unicodedata
from collections.abc import Sequence

from simulator.report import format as form

POINTS_PER_INCH = 72
LINE_HEIGHT = 1.2
"""Of the size of the letters."""
_WIDE, _CAPITAL, _DIGIT, _LETTER, _THIN = 1.0, 0.72, 0.64, 0.61, 0.36
"""Widths of letters, of their size: those of DejaVu Sans, which stands in where a font is missing and is wide."""
_THIN_LETTERS = frozenset(" \N{NO-BREAK SPACE}.,:;'|!ijl()[]-/")
_BROAD_LETTERS = frozenset("mwMW%@")
_BROAD = 0.98
BOLD = 1.12
"""Bold letters are so much wider."""


def width_in(text: str, size_pt: float) -> float:
    """Return how wide a line of text is at most. [inches]"""
    return sum(map(_width, text)) * size_pt / POINTS_PER_INCH


def _width(letter: str) -> float:
    if unicodedata.east_asian_width(letter) in "WF":
        return _WIDE
    if letter in _THIN_LETTERS:
        return _THIN
    if letter in _BROAD_LETTERS:
        return _BROAD
    return _CAPITAL if letter.isupper() else _DIGIT if letter.isdigit() else _LETTER


def lines_of(text: str, size_pt: float, room_in: float) -> int:
    """Return in how many lines text is set at most."""
    count, used = 1, 0.0
    for word in text.split(" "):
        needed = width_in(word, size_pt)
        gap = width_in(" ", size_pt) if used else 0.0
        if used + gap + needed <= room_in:
            used += gap + needed
        else:
            count += 1 if used else 0
            more, used = divmod(needed, room_in)  # a word that is too long is broken
            count += int(more)
    return count


def height_in(paragraphs: Sequence[str], size_pt: float, room_in: float, gap: float = 0.5) -> float:
    """Return how high paragraphs are; the gap between two is a share of a line. [inches]"""
    count = sum(lines_of(text, size_pt, room_in) for text in paragraphs) + gap * max(len(paragraphs) - 1, 0)
    return count * size_pt * LINE_HEIGHT / POINTS_PER_INCH


def largest_size(paragraphs: Sequence[str], sizes_pt: Sequence[float], room_in: float, high_in: float) -> float | None:
    """Return the first of some sizes, the largest first, at which paragraphs have room; None where none is."""
    return next((size for size in sizes_pt if height_in(paragraphs, size, room_in) <= high_in), None)


def cut(text: str, size_pt: float, room_in: float, lines: int = 1) -> str:
    """Return text in at most so many lines; of a longer one its beginning and its end."""
    clean = form.one_line(text)
    longest = len(clean)
    while longest > 1 and lines_of(form.shortened(clean, longest), size_pt, room_in) > lines:
        longest -= max(1, longest // 20)
    return form.shortened(clean, longest)


def cut_names(names: Sequence[str], size_pt: float, room_in: float, lines: int = 1) -> dict[str, str]:
    """Return names in at most so many lines each, such that those which differ stay different."""
    short = {name: cut(name, size_pt, room_in, lines) for name in names}
    if len(set(short.values())) < len(short):
        short = form.short_names(list(names), max(min(map(len, short.values())), 4))
    return short


def pages(heights_in: Sequence[float], room_in: float) -> list[tuple[int, int]]:
    """Return which of some things, one below the other, stand on a page: from and to, on as few pages as they need.

    The pages are about equally full.
    """
    fewest = len(_filled(heights_in, room_in))
    even_in = sum(heights_in) / fewest
    rooms = (even_in + step / _STEPS * max(room_in - even_in, 0.0) for step in range(_STEPS))
    return next(
        (found for room in rooms if len(found := _filled(heights_in, room)) == fewest), _filled(heights_in, room_in)
    )


_STEPS = 20


def _filled(heights_in: Sequence[float], room_in: float) -> list[tuple[int, int]]:
    """Return the pages, each as full as it can be."""
    found: list[tuple[int, int]] = []
    start, used = 0, 0.0
    for place, height in enumerate(heights_in):
        if place > start and used + height > room_in:
            found.append((start, place))
            start, used = place, 0.0
        used += height
    return [*found, (start, len(heights_in))]
