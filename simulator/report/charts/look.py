"""What all charts share: slide, colours, type, key, footnote."""

import functools
import io
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ParamSpec, TypeVar

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.textpath import text_to_path

from simulator.core.errors import UserError
from simulator.report import format as form
from simulator.report.charts.fonts import families, note_on_boxes
from simulator.report.provenance import provenance
from simulator.scenario.schema import Scenario
from simulator.studies.comparison import Comparison, PlanResult
from simulator.studies.difference import Diff

WIDTH_IN, HEIGHT_IN = 13.333, 7.5
"""A 16:9 slide. [inches]"""
POINTS_PER_INCH = 72
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999999")
"""Okabe and Ito's colours, which colour-blind readers tell apart (https://jfly.uni-koeln.de/color/, read 2026-07), with
a grey in place of the yellow, which is lost on white."""
MOST_PLANS = len(PALETTE)
"""So many plans are drawn: where there are more, the first of the ranking."""
INK, QUIET, FAINT = "#1A1A1A", "#595959", "#D9D9D9"
FORBIDDEN = "#B3261E"
"""Of bounds."""
LEFT, RIGHT, TOP, BOTTOM = 0.045, 0.965, 0.78, 0.165
"""Where the drawing's area ends, as shares of the slide."""
ROOMY_ROW_IN = 0.8
"""Rows of bars from here on have room for large type. [inches]"""
NAME_LETTERS = 34
"""So long may a plan's name be in a title."""
TITLE_SIZES_PT, TITLE_LINES = (25.0, 22.0, 19.0), 2
TICK_GAP_IN = 0.12
"""Room between the texts of two ticks. [inches]"""
SUBTITLE_PT, AXIS_PT, TICK_PT, FOOT_PT = 15, 14, 13, 10.5

STYLE: Mapping[str, object] = {
    "text.parse_math": False,
    "text.usetex": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": QUIET,
    "axes.labelcolor": INK,
    "axes.labelsize": AXIS_PT,
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.8,
    "xtick.labelsize": TICK_PT,
    "ytick.labelsize": TICK_PT,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "text.color": INK,
    "figure.facecolor": "white",
}

NOTEBOOK_DPI = 72

MISSING_GLYPH = "Glyph .* missing from"
"""What matplotlib warns of when a name has letters that no font here has; the foot of the slide says so."""

P = ParamSpec("P")
R = TypeVar("R")


class NoChartError(UserError):
    """A chart does not apply to a comparison; the message says why."""


def in_style(draw: Callable[P, R]) -> Callable[P, R]:
    """Let a function draw with the style of all charts, whatever the user's matplotlib settings are."""

    @functools.wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> R:
        with mpl.rc_context(), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=MISSING_GLYPH)
            mpl.rcdefaults()
            mpl.rcParams.update(dict(STYLE))  # type: ignore[arg-type]
            mpl.rcParams["font.family"] = list(families(_names_in(args)))
            return draw(*args, **kwargs)

    return drawn


def _names_in(arguments: Sequence[object]) -> str:
    """Return every name that a chart may write which is not the program's own."""
    stated = [each for each in arguments if isinstance(getattr(each, "scenario", None), Scenario)]
    scenarios = [each.scenario for each in stated]  # type: ignore[attr-defined]
    named = [*scenarios, *stated]
    return "".join(text for each in named for text in (getattr(each, "name", ""), *getattr(each, "plans", ())))


def shown(comparison: Comparison) -> tuple[str, ...]:
    """Return the plans that are drawn, in the scenario's order."""
    drawn = set(comparison.ranking[:MOST_PLANS])
    return tuple(name for name in comparison.plans if name in drawn)


def colours(comparison: Comparison) -> dict[str, str]:
    """Return the colour of each plan that is drawn: the same in every chart."""
    return dict(zip(shown(comparison), PALETTE, strict=False))


def tint(colour: str, lightness: float) -> tuple[float, float, float]:
    """Return a colour mixed with white: 0 = as it is, 1 = white."""
    red, green, blue = (channel + (1 - channel) * lightness for channel in to_rgb(colour))
    return red, green, blue


def ink_on(colour: tuple[float, float, float]) -> str:
    """Return the colour of text on a background."""
    red, green, blue = colour
    return "white" if 0.299 * red + 0.587 * green + 0.114 * blue < 0.55 else INK  # noqa: PLR2004  (Rec. 601 luma)


class Slide(Figure):
    """A figure that a notebook shows, without pyplot and its global state."""

    title: str
    """The finding."""
    description: str
    """What else it says, in words."""

    def describe(self, *sentences: str) -> None:
        """Add to what is said of the picture to those who do not see it."""
        self.description = ". ".join(filter(None, (self.description, *sentences)))

    def _repr_png_(self) -> bytes:
        picture = io.BytesIO()
        with mpl.rc_context(dict(STYLE)):  # type: ignore[arg-type]
            self.savefig(picture, format="png", dpi=NOTEBOOK_DPI)
        return picture.getvalue()


def slide(comparison: Comparison, title: str, subtitle: str) -> Slide:
    """Return an empty slide with the finding as its title, and where the numbers come from at its foot."""
    return slide_of(title, subtitle, _footnotes(comparison))


def slide_of(title: str, subtitle: str, footnotes: Sequence[str]) -> Slide:
    """Return an empty slide with a title and what stands below it and at its foot."""
    figure = Slide(figsize=(WIDTH_IN, HEIGHT_IN))
    figure.title, figure.description = form.one_line(title), form.one_line(subtitle)
    FigureCanvasAgg(figure)
    width_in = (RIGHT - LEFT) * WIDTH_IN
    size = _title_size(title, width_in)
    heading = _balanced(title, size, width_in, TITLE_LINES)
    figure.text(LEFT, 0.955, heading, size=size, weight="bold", va="top", linespacing=1.1)
    below = 0.955 - (0.062 + 0.057 * heading.count("\n"))
    figure.text(LEFT, below, wrapped(subtitle, SUBTITLE_PT, width_in, 1), size=SUBTITLE_PT, color=QUIET, va="top")
    foot = "  ·  ".join(["predcost", *filter(None, footnotes)])
    figure.text(LEFT, 0.03, wrapped(foot, FOOT_PT, width_in, 2), size=FOOT_PT, color=QUIET)
    return figure


def _footnotes(comparison: Comparison) -> list[str]:
    left_out = len(comparison.plans) - len(shown(comparison))
    notes = [f"the {MOST_PLANS} best ranked of {len(comparison.plans)} plans"] if left_out else []
    notes.append(note_on_boxes(_names_in([comparison])))
    return [*provenance(comparison), *notes]


def diff_footnotes(diff: Diff) -> list[str]:
    """Return what stands at the foot of a chart of two iterations."""
    labels = " -> ".join(map(form.one_line, diff.labels))
    return [labels, *provenance(diff.after), note_on_boxes(_names_in([diff.before, diff.after]))]


def in_picture(comparison: Comparison) -> dict[str, PlanResult]:
    """Return the plans that are drawn, by name: what a title may speak of."""
    return {name: comparison.plans[name] for name in shown(comparison)}


def called(comparison: Comparison, name: str) -> str:
    """Return a plan's name for a sentence, shortened where it is long, and no other plan's."""
    return form.short_names(list(comparison.plans), NAME_LETTERS)[name]


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
            done.append(f"{rest[: _most(rest, lambda part: fits(part + '…'))].rstrip()}…")
            break
        most = len(rest) if fits(rest) else _most(rest, fits)
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
    return _most(name, lambda part: _whole(form.shortened(name, len(part)), size_pt, widest_in, lines))


def _whole(text: str, size_pt: float, widest_in: float, lines: int) -> bool:
    """Return whether bold text fits into its lines."""
    return wrapped(text, size_pt, widest_in, lines + 1, bold=True).count("\n") < lines


def _title_size(text: str, widest_in: float) -> float:
    """Return the largest size at which a title has room in its lines."""
    sizes = (size for size in TITLE_SIZES_PT if _whole(text, size, widest_in, TITLE_LINES))
    return next(sizes, TITLE_SIZES_PT[-1])


def _balanced(text: str, size_pt: float, widest_in: float, lines: int) -> str:
    """Return bold text in as few lines as it needs, about equally long."""
    best = wrapped(text, size_pt, widest_in, lines, bold=True)
    for share in (0.9, 0.8, 0.7, 0.6):
        narrower = wrapped(text, size_pt, widest_in * share, lines, bold=True)
        if narrower.count("\n") > best.count("\n") or narrower.replace("\n", " ") != best.replace("\n", " "):
            break
        best = narrower
    return best


def _most(text: str, fits: Callable[[str], bool]) -> int:
    """Return how many first letters of a text fit; at least one."""
    low, high = 1, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(text[:middle]) else (low, middle - 1)
    return low


@dataclass(frozen=True)
class Entry:
    """A line of the key: a plan, and what the chart has to say about it."""

    name: str
    colour: str
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
        figure.add_artist(
            Line2D([left, left + 0.022], [middle, middle], color=entry.colour, linewidth=6, solid_capstyle="butt")
        )
        at = left + _SWATCH
        figure.text(at, top, block.name, size=sizes.name_pt, weight="bold", va="top", linespacing=_LINE_SPACING)
        below = top - block.name_height
        figure.text(at, below, block.detail, size=sizes.detail_pt, color=QUIET, va="top", linespacing=_LINE_SPACING)
        top -= block.height + gap


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
)
_KEY_GAP = 0.045
_KEY_RIGHT = 0.985
_SWATCH = 0.03
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
    axes: Axes, names: Sequence[str], notes: Mapping[str, str], colour: Mapping[str, str], shift: float = 0.0
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
        ends = [y - half * 0.85, y + half * 0.85]
        figure.add_artist(Line2D([LEFT + 0.006] * 2, ends, color=colour[name], linewidth=6, solid_capstyle="butt"))
        figure.text(LEFT + 0.02, y, text, size=size, weight="bold", va="center", linespacing=_LINE_SPACING)
        if name in notes:
            figure.text(LEFT + 0.02, y - half, notes[name], size=small, color=FORBIDDEN, va="top")


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
