"""How much room text takes, and text that keeps to its room."""

import re
from collections.abc import Callable, Sequence

import matplotlib as mpl
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from simulator.report import format as form

POINTS_PER_INCH = 72
TITLE_SIZES_PT, TITLE_LINES = (25.0, 22.0, 19.0), 2


def width_in(text: str, size_pt: float, *, bold: bool = False) -> float:
    """Return how wide a line of text is. [inches]"""
    font = FontProperties(family=mpl.rcParams["font.family"], size=size_pt, weight="bold" if bold else "normal")
    points, _, _ = text_to_path.get_text_width_height_descent(text, font, ismath=False)
    return float(points) / POINTS_PER_INCH


def wrapped(text: str, size_pt: float, widest_in: float, lines: int, *, bold: bool = False) -> str:
    """Return text in at most so many lines, each no wider than ``widest_in``; what does not fit becomes an ellipsis."""

    def fits(line: str) -> bool:
        return width_in(line, size_pt, bold=bold) <= widest_in

    done: list[str] = []
    rest = _UNIT.sub("\N{NO-BREAK SPACE}", form.one_line(text))
    while rest and len(done) < lines:
        if len(done) == lines - 1 and not fits(rest):
            done.append(f"{rest[: most_letters(rest, lambda part: fits(part + '…'))].rstrip()}…")
            break
        most = len(rest) if fits(rest) else most_letters(rest, fits)
        place = rest.rfind(" ", 0, most + 1) if most < len(rest) else most
        place = place if place > 0 else max(rest.rfind("-", 0, most) + 1, 0) or most
        done.append(rest[:place].rstrip())
        rest = rest[place:].lstrip()
    return "\n".join(done).replace("\N{NO-BREAK SPACE}", " ")


_UNIT = re.compile(r"(?<=\d) (?=(?:%|µs|ms|s|min|h|d|times)\b|%)")
"""A number and its unit stay in one line."""


def wrapped_names(names: Sequence[str], size_pt: float, widest_in: float, lines: int) -> dict[str, str]:
    """Return plans' names in bold, in at most so many lines; what is left out of long ones leaves them different."""
    clean = {name: form.one_line(name) for name in names}
    most = {name: _longest(text, size_pt, widest_in, lines) for name, text in clean.items()}
    short = {name: form.shortened(text, most[name]) for name, text in clean.items()}
    if len(set(short.values())) < len(short):
        short = form.short_names(names, min(most.values()))
    return {name: wrapped(text, size_pt, widest_in, lines, bold=True) for name, text in short.items()}


def _longest(name: str, size_pt: float, widest_in: float, lines: int) -> int:
    """Return how many letters of a bold name have room."""
    return most_letters(name, lambda part: _whole(form.shortened(name, len(part)), size_pt, widest_in, lines))


def _whole(text: str, size_pt: float, widest_in: float, lines: int) -> bool:
    """Return whether bold text fits into its lines."""
    return wrapped(text, size_pt, widest_in, lines + 1, bold=True).count("\n") < lines


def title_size(text: str, widest_in: float) -> float:
    """Return the largest size at which a title has room in its lines."""
    sizes = (size for size in TITLE_SIZES_PT if _whole(text, size, widest_in, TITLE_LINES))
    return next(sizes, TITLE_SIZES_PT[-1])


def balanced(text: str, size_pt: float, widest_in: float, lines: int) -> str:
    """Return bold text in as few lines as it needs, about equally long."""
    best = wrapped(text, size_pt, widest_in, lines, bold=True)
    for share in (0.9, 0.8, 0.7, 0.6):
        narrower = wrapped(text, size_pt, widest_in * share, lines, bold=True)
        if narrower.count("\n") > best.count("\n") or narrower.replace("\n", " ") != best.replace("\n", " "):
            break
        best = narrower
    return best


def most_letters(text: str, fits: Callable[[str], bool]) -> int:
    """Return how many first letters of a text fit; at least one."""
    low, high = 1, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(text[:middle]) else (low, middle - 1)
    return low
