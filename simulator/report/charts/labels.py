"""What names the plans in a chart: the key on its right, and the labels of its rows."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure, FigureBase
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from simulator.report import format as form
from simulator.report.charts.lettering import POINTS_PER_INCH, width_in, wrapped, wrapped_names
from simulator.report.charts.look import BOTTOM, HEIGHT_IN, LEFT, ROOMY_ROW_IN, TOP, WIDTH_IN, Look, Slide
from simulator.report.charts.theme import theme


@dataclass(frozen=True)
class Entry:
    """A line of the key: a plan, and what the chart has to say about it."""

    name: str
    look: Look
    detail: Sequence[str]


def key(figure: Figure, entries: Sequence[Entry], left: float, ends: Mapping[str, float] | None = None) -> None:
    """Write the key to the right of a chart, a block for each entry.

    Parameters
    ----------
    figure, entries
        Where, and what.
    left
        Where it begins, as a share of the slide.
    ends
        By name, how high the lines end on the right, as shares of the slide: the blocks stand as near to them as there
        is room, in that order, those without an end below all others; by default they stand below each other.
    """
    if ends is not None:
        entries = sorted(entries, key=lambda entry: -ends.get(entry.name, -math.inf))
    widest_in = (_KEY_RIGHT - left - _SWATCH) * WIDTH_IN
    for sizes, most in _TRIES:
        names = wrapped_names([entry.name for entry in entries], sizes.name_pt, widest_in, sizes.name_lines)
        blocks = [_block(names[entry.name], entry.detail[:most], sizes, widest_in) for entry in entries]
        room = TOP - BOTTOM - sum(block.height for block in blocks)
        if room >= sizes.gap * (len(blocks) - 1):
            break
    gap = min(_KEY_GAP if ends is None else sizes.gap, max(room, 0.0) / max(len(blocks) - 1, 1))
    wanted = [
        TOP if ends is None else ends.get(entry.name, BOTTOM) + _line_height(sizes.name_pt) / 2 for entry in entries
    ]
    tops = _tops([block.height for block in blocks], wanted, gap)
    for entry, block, top in zip(entries, blocks, tops, strict=True):
        middle = top - _line_height(sizes.name_pt) / 2
        _sample(figure, entry.look, left, middle)
        at = left + _SWATCH
        figure.text(at, top, block.name, size=sizes.name_pt, weight="bold", va="top", linespacing=_LINE_SPACING)
        below = top - block.name_height
        figure.text(
            at, below, block.detail, size=sizes.detail_pt, color=theme().quiet, va="top", linespacing=_LINE_SPACING
        )
    _describe(figure, entries)


def _tops(heights: Sequence[float], wanted: Sequence[float], gap: float) -> list[float]:
    """Return where blocks begin: each as near to where it is wanted as those above and below leave room."""
    tops, ceiling = list[float](), TOP + _KEY_ABOVE
    for height, top in zip(heights, wanted, strict=True):
        tops.append(min(top, ceiling))
        ceiling = tops[-1] - height - gap
    floor = BOTTOM
    for place in reversed(range(len(tops))):
        tops[place] = max(tops[place], floor + heights[place])
        floor = tops[place] + gap
    return tops


def _describe(figure: Figure, entries: Sequence[Entry]) -> None:
    """Tell what the key says to those who do not see it."""
    if isinstance(figure, Slide):
        said = (f"{form.one_line(entry.name)}: {', '.join(entry.detail)}" for entry in entries if entry.detail)
        figure.describe("; ".join(said))


def _mark(figure: FigureBase, look: Look, x: float, y: float) -> None:
    """Draw a plan's mark, at a place as shares of the slide."""
    around = {"markeredgecolor": theme().paper, "markeredgewidth": 0.8}
    figure.add_artist(
        Line2D([x], [y], color=look.colour, marker=look.marker, linestyle="", markersize=_MARK_PT, **around)  # type: ignore[arg-type]
    )


def _sample(figure: Figure, look: Look, left: float, middle: float) -> None:
    """Draw a sample of a line or an area, with its mark."""
    right = left + _SAMPLE
    if look.hatch:
        box = ((left, middle - _SAMPLE_HIGH / 2), _SAMPLE, _SAMPLE_HIGH)
        figure.add_artist(
            Rectangle(
                *box,
                transform=figure.transFigure,
                facecolor=look.colour,
                edgecolor=theme().paper,
                hatch=look.hatch,
                linewidth=0,
            )
        )
    elif look.is_line:
        figure.add_artist(
            Line2D(
                [left, right],
                [middle] * 2,
                color=look.colour,
                linewidth=4,
                linestyle=look.line,
                solid_capstyle="butt",
                dash_capstyle="butt",
            )
        )
    if look.marker:
        _mark(figure, look, (left + right) / 2, middle)


_MARK_PT = 10.0
_SAMPLE, _SAMPLE_HIGH = 0.026, 0.014
"""Of the key, as shares of the slide."""


@dataclass(frozen=True)
class _Sizes:
    name_pt: float
    detail_pt: float
    name_lines: int
    gap: float
    """The least gap between two blocks, as a share of the slide."""


_KEY_SIZES = (
    _Sizes(14, 12.5, 2, 0.025),
    _Sizes(12, 11, 2, 0.015),
    _Sizes(11, 10, 2, 0.01),
    _Sizes(10.5, 9.5, 1, 0.005),
    _Sizes(9.5, 8.5, 1, 0.003),
)
_TRIES = (*((sizes, None) for sizes in _KEY_SIZES), *((_KEY_SIZES[-1], most) for most in (2, 1, 0)))
"""Sizes, and how many parts are left of what is said of an entry: what has room for all is taken first."""
_KEY_GAP = 0.045
_KEY_RIGHT = 0.985
_KEY_ABOVE = 0.0
"""How far the key may reach above the chart."""
_SWATCH = 0.034
_LINE_SPACING = 1.12


@dataclass(frozen=True)
class _Block:
    name: str
    detail: str
    name_height: float
    height: float


def _line_height(size_pt: float) -> float:
    return size_pt * 1.32 / POINTS_PER_INCH / HEIGHT_IN


def _block(name: str, detail: Sequence[str], sizes: _Sizes, widest_in: float) -> _Block:
    lines: list[str] = []
    for part in detail:
        longer = f"{lines[-1]}, {part}" if lines else part
        if lines and width_in(longer, sizes.detail_pt) <= widest_in:
            lines[-1] = longer
        else:
            lines.append(wrapped(part, sizes.detail_pt, widest_in, 1))
    name_height = (name.count("\n") + 1) * _line_height(sizes.name_pt)
    return _Block(name, "\n".join(lines), name_height, name_height + len(lines) * _line_height(sizes.detail_pt))


def plan_labels(
    axes: Axes, names: Sequence[str], notes: Mapping[str, str], look: Mapping[str, Look], shift: float = 0.0
) -> None:
    """Write plan names left of horizontal bars at 0, 1, ..., with a swatch and a note below where there is one.

    Parameters
    ----------
    shift
        How far above the middle of its row a bar is, in rows.
    """
    figure = axes.figure
    assert figure is not None
    box = axes.get_position()
    row = box.height / len(names)
    size, small = (14.0, 11.5) if row * HEIGHT_IN >= ROOMY_ROW_IN else (10.5, 9.0)
    note_height = _line_height(small) if notes else 0.0
    lines = max(1, min(3, int((row - note_height) / _line_height(size))))
    widest_in = (box.x0 - LEFT - 0.03) * WIDTH_IN
    short = wrapped_names(names, size, widest_in, lines)
    for place, name in enumerate(names):
        text = short[name]
        half = (text.count("\n") + 1) * _line_height(size) / 2
        y = box.y1 - (place + 0.5 - shift) * row + (note_height / 2 if name in notes else 0.0)
        _mark(figure, look[name], LEFT + 0.006, y)
        figure.text(LEFT + 0.02, y, text, size=size, weight="bold", va="center", linespacing=_LINE_SPACING)
        if name in notes:
            figure.text(LEFT + 0.02, y - half, notes[name], size=small, color=theme().forbidden, va="top")
