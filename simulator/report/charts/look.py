"""What all charts share: slide, colours, type, key, footnote."""

import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure, FigureBase
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from simulator.core.errors import UserError
from simulator.report import format as form
from simulator.report.charts.fonts import note_on_boxes
from simulator.report.charts.lettering import (
    POINTS_PER_INCH,
    TITLE_LINES,
    balanced,
    title_size,
    width_in,
    wrapped,
    wrapped_names,
)
from simulator.report.charts.theme import TICK_PT, Theme, names_in, theme
from simulator.report.plan_styles import MOST_PLANS, drawn_plans, styles_of
from simulator.report.provenance import provenance
from simulator.studies.comparison import Comparison, PlanResult
from simulator.studies.difference import Diff

WIDTH_IN, HEIGHT_IN = 13.333, 7.5
"""A 16:9 slide. [inches]"""
LEFT, RIGHT, TOP, BOTTOM = 0.045, 0.965, 0.78, 0.165
"""Where the drawing's area ends, as shares of the slide."""
ROOMY_ROW_IN = 0.8
"""Rows of bars from here on have room for large type. [inches]"""
NAME_LETTERS = 34
"""So long may a plan's name be in a title."""
TICK_GAP_IN = 0.12
"""Room between the texts of two ticks. [inches]"""
SUBTITLE_PT, FOOT_PT = 15, 10.5

NOTEBOOK_DPI = 72


class NoChartError(UserError):
    """A chart does not apply to a comparison; the message says why."""


Dashes = Literal["-"] | tuple[float, Sequence[float]]


@dataclass(frozen=True)
class Look:
    """How something is drawn in the theme at hand."""

    colour: str
    marker: str = ""
    dash: tuple[float, ...] = ()
    hatch: str = ""

    @property
    def line(self) -> Dashes:
        """Matplotlib's line style."""
        return (0.0, self.dash) if self.dash else "-"


def hatched(look: Look) -> Mapping[str, Any]:
    """Return how a bar has its plan's hatch; nothing for plans that have none."""
    return {"hatch": look.hatch, "edgecolor": theme().paper, "linewidth": 0.0} if look.hatch else {}


def shown(comparison: Comparison) -> tuple[str, ...]:
    """Return the plans that are drawn, in the scenario's order."""
    return drawn_plans(comparison)


def looks_of(names: Iterable[str]) -> dict[str, Look]:
    """Return how plans look, by name; ``names`` are all plans in the scenario's order."""
    dark = theme().is_dark
    return {
        name: Look(style.colour_on_dark if dark else style.colour, style.marker, style.dash, style.hatch)
        for name, style in styles_of(names).items()
    }


def looks(comparison: Comparison) -> dict[str, Look]:
    """Return how each plan looks: the same in every chart."""
    return looks_of(comparison.plans)


def colours(comparison: Comparison) -> dict[str, str]:
    """Return the colour of each plan: the same in every chart."""
    return {name: look.colour for name, look in looks(comparison).items()}


class Slide(Figure):
    """A figure that a notebook shows, without pyplot and its global state."""

    title: str
    """The finding."""
    description: str
    """What else it says, in words."""
    theme: Theme

    def describe(self, *sentences: str) -> None:
        """Add to what is said of the picture to those who do not see it."""
        self.description = ". ".join(filter(None, (self.description, *sentences)))

    def _repr_png_(self) -> bytes:
        picture = io.BytesIO()
        with mpl.rc_context(dict(self.theme.style)):  # type: ignore[arg-type]
            self.savefig(picture, format="png", dpi=NOTEBOOK_DPI)
        return picture.getvalue()


def slide(comparison: Comparison, title: str, subtitle: str) -> Slide:
    """Return an empty slide with the finding as its title, and where the numbers come from at its foot."""
    return slide_of(title, subtitle, _footnotes(comparison))


def slide_of(title: str, subtitle: str, footnotes: Sequence[str]) -> Slide:
    """Return an empty slide with a title and what stands below it and at its foot."""
    figure = Slide(figsize=(WIDTH_IN, HEIGHT_IN))
    figure.title, figure.description = form.one_line(title), form.one_line(subtitle)
    figure.theme = theme()
    FigureCanvasAgg(figure)
    width_in = (RIGHT - LEFT) * WIDTH_IN
    size = title_size(title, width_in)
    heading = balanced(title, size, width_in, TITLE_LINES)
    figure.text(LEFT, 0.955, heading, size=size, weight="bold", va="top", linespacing=1.1)
    below = 0.955 - (0.062 + 0.057 * heading.count("\n"))
    figure.text(
        LEFT, below, wrapped(subtitle, SUBTITLE_PT, width_in, 1), size=SUBTITLE_PT, color=theme().quiet, va="top"
    )
    foot = "  ·  ".join(["predcost", *filter(None, footnotes)])
    figure.text(LEFT, 0.03, wrapped(foot, FOOT_PT, width_in, 2), size=FOOT_PT, color=theme().quiet)
    return figure


def _footnotes(comparison: Comparison) -> list[str]:
    left_out = len(comparison.plans) - len(shown(comparison))
    notes = [f"the {MOST_PLANS} best ranked of {len(comparison.plans)} plans"] if left_out else []
    notes.append(note_on_boxes(names_in([comparison])))
    return [*provenance(comparison), *notes]


def diff_footnotes(diff: Diff) -> list[str]:
    """Return what stands at the foot of a chart of two iterations."""
    labels = " -> ".join(map(form.one_line, diff.labels))
    return [labels, *provenance(diff.after), note_on_boxes(names_in([diff.before, diff.after]))]


def in_picture(comparison: Comparison) -> dict[str, PlanResult]:
    """Return the plans that are drawn, by name: what a title may speak of."""
    return {name: comparison.plans[name] for name in shown(comparison)}


def called(comparison: Comparison, name: str) -> str:
    """Return a plan's name for a sentence, shortened where it is long, and no other plan's."""
    return form.short_names(list(comparison.plans), NAME_LETTERS)[name]


@dataclass(frozen=True)
class Entry:
    """A line of the key: a plan, and what the chart has to say about it."""

    name: str
    look: Look
    detail: Sequence[str]


def key(figure: Figure, entries: Sequence[Entry], left: float) -> None:
    """Write the key to the right of a chart, a block for each entry; ``left`` as a share of the slide."""
    widest_in = (_KEY_RIGHT - left - _SWATCH) * WIDTH_IN
    for sizes in _KEY_SIZES:
        names = wrapped_names([entry.name for entry in entries], sizes.name_pt, widest_in, sizes.name_lines)
        blocks = [_block(names[entry.name], entry.detail, sizes, widest_in) for entry in entries]
        room = TOP - BOTTOM - sum(block.height for block in blocks)
        if room >= sizes.gap * (len(blocks) - 1):
            break
    gap = min(_KEY_GAP, max(room, 0.0) / max(len(blocks) - 1, 1))
    top = TOP
    for entry, block in zip(entries, blocks, strict=True):
        middle = top - _line_height(sizes.name_pt) / 2
        _sample(figure, entry.look, left, middle)
        at = left + _SWATCH
        figure.text(at, top, block.name, size=sizes.name_pt, weight="bold", va="top", linespacing=_LINE_SPACING)
        below = top - block.name_height
        figure.text(
            at, below, block.detail, size=sizes.detail_pt, color=theme().quiet, va="top", linespacing=_LINE_SPACING
        )
        top -= block.height + gap
    _describe(figure, entries)


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
                hatch=look.hatch * 2,
                linewidth=0,
            )
        )
    else:
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
_KEY_GAP = 0.045
_KEY_RIGHT = 0.985
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


def ticks_that_fit(axes: Axes, ticks: Sequence[float], write: Callable[[float], str]) -> list[float]:
    """Return as many of some ticks on the axis below, evenly thinned out, as have room for their text."""
    for step in range(1, len(ticks) + 1):
        kept = list(ticks[::step])
        if not any(overlap(axes, one, other, write) for one, other in pairwise(kept)):
            return kept
    return list(ticks[:1])


def overlap(axes: Axes, one: float, other: float, write: Callable[[float], str]) -> bool:
    """Return whether the texts of two ticks on the axis below would touch, whatever the axis' scale."""
    assert axes.figure is not None
    apart_in = abs(float(np.diff(axes.transData.transform([(one, 0), (other, 0)])[:, 0])[0])) / axes.figure.dpi
    return apart_in < (width_in(write(one), TICK_PT) + width_in(write(other), TICK_PT)) / 2 + TICK_GAP_IN


def verdicts(comparison: Comparison) -> dict[str, str]:
    """Return what to note at a plan that breaks bounds."""
    found = {name: len(result.violations) for name, result in comparison.plans.items()}
    return {
        name: "breaks a bound" if count == 1 else f"breaks {count} bounds" for name, count in found.items() if count
    }
