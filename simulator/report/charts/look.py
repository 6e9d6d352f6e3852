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
from matplotlib.figure import Figure

from simulator.core.errors import UserError
from simulator.report import format as form
from simulator.report.charts.fonts import note_on_boxes
from simulator.report.charts.lettering import (
    TITLE_LINES,
    balanced,
    title_size,
    width_in,
    wrapped,
)
from simulator.report.charts.theme import TICK_PT, Theme, ink_on, names_in, theme
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
SUBTITLE_SIZES_PT, FOOT_PT = (15.0, 14.0, 13.0, 12.0, 11.0), 10.5
HINTED = 0.94
"""Small letters are drawn as whole pixels, and so a line may be wider than it measures."""

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
    is_line: bool = True
    """Whether the key shows a line, too; else the mark alone."""

    @property
    def line(self) -> Dashes:
        """Matplotlib's line style."""
        return (0.0, self.dash) if self.dash else "-"


def hatched(look: Look) -> Mapping[str, Any]:
    """Return how a bar has its plan's hatch; nothing for plans that have none."""
    return {"hatch": look.hatch, "edgecolor": theme().paper, "linewidth": 0.0} if look.hatch else {}


def on_area(axes: Axes, at: tuple[float, float], text: str, fill: str, size: float) -> None:
    """Write into an area, on a patch of its colour where it is hatched or not."""
    patch = {"facecolor": fill, "edgecolor": "none", "pad": 1.0}
    axes.text(*at, text, size=size, color=ink_on(fill), ha="center", va="center", bbox=patch)


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
    widest_in = (RIGHT - LEFT) * WIDTH_IN
    size = title_size(title, widest_in)
    heading = balanced(title, size, widest_in, TITLE_LINES)
    figure.text(LEFT, 0.955, heading, size=size, weight="bold", va="top", linespacing=1.1)
    below = 0.955 - (0.062 + 0.057 * heading.count("\n"))
    small = next(
        (size for size in SUBTITLE_SIZES_PT if width_in(subtitle, size) <= HINTED * widest_in), SUBTITLE_SIZES_PT[-1]
    )
    figure.text(LEFT, below, wrapped(subtitle, small, widest_in, 1), size=small, color=theme().quiet, va="top")
    foot = "  ·  ".join(["predcost", *filter(None, footnotes)])
    figure.text(LEFT, 0.03, wrapped(foot, FOOT_PT, HINTED * widest_in, 2), size=FOOT_PT, color=theme().quiet)
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
    return {name: _broken(result) for name, result in comparison.plans.items() if result.violations}


def _broken(result: PlanResult) -> str:
    sure = sum(violation.metric not in result.unsure_bounds for violation in result.violations)
    count = sure or len(result.violations)
    breaks = "breaks" if sure else "may break"
    return f"{breaks} a bound" if count == 1 else f"{breaks} {count} bounds"
