"""What all charts share: slide, colours, type, key, footnote."""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.textpath import text_to_path

from simulator.core.errors import UserError
from simulator.report import format as form
from simulator.report.provenance import provenance
from simulator.studies.comparison import Comparison

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
TITLE_PT, SUBTITLE_PT, AXIS_PT, TICK_PT, FOOT_PT = 25, 15, 14, 13, 10.5

STYLE: Mapping[str, object] = {
    "text.parse_math": False,
    "text.usetex": False,
    "font.family": ["DejaVu Sans"],
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

P = ParamSpec("P")
R = TypeVar("R")


class NoChartError(UserError):
    """A chart does not apply to a comparison; the message says why."""


def in_style(draw: Callable[P, R]) -> Callable[P, R]:
    """Let a function draw with the style of all charts, whatever the user's matplotlib settings are."""

    @functools.wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> R:
        with mpl.rc_context():
            mpl.rcdefaults()
            mpl.rcParams.update(dict(STYLE))  # type: ignore[arg-type]
            return draw(*args, **kwargs)

    return drawn


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


def slide(comparison: Comparison, title: str, subtitle: str) -> Figure:
    """Return an empty slide with the finding as its title, and where the numbers come from at its foot."""
    figure = Figure(figsize=(WIDTH_IN, HEIGHT_IN))
    FigureCanvasAgg(figure)
    width_in = (RIGHT - LEFT) * WIDTH_IN
    heading = wrapped(title, TITLE_PT, width_in, lines=2, bold=True)
    figure.text(LEFT, 0.955, heading, size=TITLE_PT, weight="bold", va="top", linespacing=1.1)
    below = 0.955 - (0.062 + 0.057 * heading.count("\n"))
    figure.text(LEFT, below, wrapped(subtitle, SUBTITLE_PT, width_in, 1), size=SUBTITLE_PT, color=QUIET, va="top")
    figure.text(LEFT, 0.03, wrapped(_footnote(comparison), FOOT_PT, width_in, 2), size=FOOT_PT, color=QUIET)
    return figure


def _footnote(comparison: Comparison) -> str:
    left_out = len(comparison.plans) - len(shown(comparison))
    note = (f"the {MOST_PLANS} best ranked of {len(comparison.plans)} plans",) if left_out else ()
    return "predcost  ·  " + "  ·  ".join((*provenance(comparison), *note))


def called(name: str, longest: int = 34) -> str:
    """Return a plan's name for a sentence, shortened where it is long."""
    clean = form.one_line(name)
    return clean if len(clean) <= longest else f"{clean[: longest - 1].rstrip()}…"


def width_in(text: str, size_pt: float, *, bold: bool = False) -> float:
    """Return how wide a line of text is. [inches]"""
    font = FontProperties(family=["DejaVu Sans"], size=size_pt, weight="bold" if bold else "normal")
    points, _, _ = text_to_path.get_text_width_height_descent(text, font, ismath=False)
    return float(points) / POINTS_PER_INCH


def wrapped(text: str, size_pt: float, widest_in: float, lines: int, *, bold: bool = False) -> str:
    """Return text in at most so many lines, each no wider than ``widest_in``; what does not fit becomes an ellipsis."""

    def fits(line: str) -> bool:
        return width_in(line, size_pt, bold=bold) <= widest_in

    done: list[str] = []
    rest = form.one_line(text)
    while rest and len(done) < lines:
        if len(done) == lines - 1 and not fits(rest):
            return "\n".join([*done, f"{rest[: _most(rest, lambda part: fits(part + '…'))].rstrip()}…"])
        most = len(rest) if fits(rest) else _most(rest, fits)
        place = rest.rfind(" ", 0, most + 1) if most < len(rest) else most
        place = place if place > 0 else max(rest.rfind("-", 0, most) + 1, 0) or most
        done.append(rest[:place].rstrip())
        rest = rest[place:].lstrip()
    return "\n".join(done)


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


def key(figure: Figure, entries: Sequence[Entry], left: float, top: float, bottom: float) -> None:
    """Write the key to the right of a chart, a block for each plan; positions as shares of the slide."""
    most_lines = max(len(entry.detail) for entry in entries)
    step = min((top - bottom) / len(entries), 0.055 + 0.035 * (2 + most_lines))
    room = step * HEIGHT_IN * POINTS_PER_INCH
    roomy = room >= (2 + most_lines) * 17 + 10
    size, small = (14.0, 12.5) if roomy else (11.0, 10.0)
    name_lines = 2 if room >= (2 + most_lines) * (size + 2) + 4 else 1
    text_left = left + 0.03
    widest_in = (RIGHT + 0.015 - text_left) * WIDTH_IN
    for place, entry in enumerate(entries):
        y = top - place * step
        name = wrapped(entry.name, size, widest_in, name_lines, bold=True)
        line_height = size * 1.25 / POINTS_PER_INCH / HEIGHT_IN
        swatch = [left, left + 0.022], [y - line_height / 2] * 2
        figure.add_artist(Line2D(*swatch, color=entry.colour, linewidth=6, solid_capstyle="butt"))
        figure.text(text_left, y, name, size=size, weight="bold", va="top", linespacing=1.05)
        below = y - line_height * (name.count("\n") + 1) - 0.004
        detail = "\n".join(wrapped(line, small, widest_in, 1) for line in entry.detail)
        figure.text(text_left, below, detail, size=small, color=QUIET, va="top", linespacing=1.15)


def plan_labels(axes: Axes, names: Sequence[str], notes: Mapping[str, str], colour: Mapping[str, str]) -> None:
    """Write plan names left of horizontal bars at 0, 1, ..., with a swatch and a note below where there is one."""
    figure = axes.figure
    box = axes.get_position()
    rows_in = box.height * HEIGHT_IN / len(names)
    size, small = (14.0, 11.5) if rows_in >= 0.8 else (11.0, 9.5)  # noqa: PLR2004  (inches)
    lines = max(1, int((rows_in * 0.92 - 0.18) / (size * 1.25 / POINTS_PER_INCH)))
    widest_in = (box.x0 - LEFT) * WIDTH_IN - 0.35
    for place, name in enumerate(names):
        y = box.y1 - (place + 0.5) * box.height / len(names)
        text = wrapped(name, size, widest_in, min(lines, 3), bold=True)
        half = (text.count("\n") + 1) * size * 1.22 / POINTS_PER_INCH / HEIGHT_IN / 2
        lift = 0.5 * small * 1.25 / POINTS_PER_INCH / HEIGHT_IN if name in notes else 0.0
        assert figure is not None
        figure.text(LEFT + 0.02, y + lift, text, size=size, weight="bold", va="center", linespacing=1.1)
        figure.add_artist(
            Line2D(
                [LEFT + 0.006] * 2,
                [y + lift - half, y + lift + half],
                color=colour[name],
                linewidth=6,
                solid_capstyle="butt",
            )
        )
        if name in notes:
            figure.text(LEFT + 0.02, y + lift - half - 0.002, notes[name], size=small, color=FORBIDDEN, va="top")


def verdicts(comparison: Comparison) -> dict[str, str]:
    """Return what to note at a plan that breaks bounds."""
    found = {name: len(result.violations) for name, result in comparison.plans.items()}
    return {
        name: "breaks a bound" if count == 1 else f"breaks {count} bounds" for name, count in found.items() if count
    }
