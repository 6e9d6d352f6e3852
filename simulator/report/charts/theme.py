"""The two themes of charts, light and dark: what every colour is on the background of a slide."""

import functools
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

import matplotlib as mpl
from matplotlib.colors import to_hex, to_rgb

from simulator.report.charts.fonts import families
from simulator.report.plan_styles import DARK_PALETTE, PALETTE
from simulator.scenario.schema import Scenario

AXIS_PT, TICK_PT = 14, 13
MISSING_GLYPH = "Glyph .* missing from"
"""What matplotlib warns of when a name has letters that no font here has; the foot of the slide says so."""
DARK_INK = "#111111"
"""Of letters on a light area, in either theme."""

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Theme:
    """The colours of a slide."""

    paper: str
    """The background."""
    ink: str
    """What is said."""
    quiet: str
    """What is said beside it."""
    faint: str
    """Grids, and what has no colour."""
    forbidden: str
    """Of bounds."""
    more: str
    """Of what costs more."""
    less: str
    palette: tuple[str, ...]
    """Of plans, by their place in the scenario."""

    @property
    def is_dark(self) -> bool:
        """Whether colours are to be those for a dark background."""
        return self.palette == DARK_PALETTE

    @property
    def style(self) -> Mapping[str, object]:
        """Matplotlib's settings."""
        return {
            "text.parse_math": False,
            "text.usetex": False,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.facecolor": self.paper,
            "axes.edgecolor": self.quiet,
            "axes.labelcolor": self.ink,
            "axes.labelsize": AXIS_PT,
            "axes.axisbelow": True,
            "grid.color": self.faint,
            "grid.linewidth": 0.8,
            "hatch.linewidth": 1.2,
            "xtick.labelsize": TICK_PT,
            "ytick.labelsize": TICK_PT,
            "xtick.color": self.quiet,
            "ytick.color": self.quiet,
            "text.color": self.ink,
            "figure.facecolor": self.paper,
        }


LIGHT = Theme("#FFFFFF", "#1A1A1A", "#595959", "#D9D9D9", "#B3261E", PALETTE[1], PALETTE[2], PALETTE)
DARK = Theme("#16191D", "#F2F2F2", "#B4B8BC", "#3C4147", "#FF8A80", DARK_PALETTE[1], DARK_PALETTE[2], DARK_PALETTE)

_CURRENT = ContextVar("theme", default=LIGHT)


def theme() -> Theme:
    """Return the theme that is drawn in."""
    return _CURRENT.get()


@contextmanager
def drawn_in(wanted: Theme) -> Iterator[None]:
    """Let all that is drawn meanwhile be of a theme."""
    token = _CURRENT.set(wanted)
    try:
        yield
    finally:
        _CURRENT.reset(token)


def in_style(draw: Callable[P, R]) -> Callable[P, R]:
    """Let a function draw with the style of all charts, whatever the user's matplotlib settings are."""

    @functools.wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> R:
        with mpl.rc_context(), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=MISSING_GLYPH)
            mpl.rcdefaults()
            mpl.rcParams.update(dict(theme().style))  # type: ignore[arg-type]
            mpl.rcParams["font.family"] = list(families(names_in(args)))
            return draw(*args, **kwargs)

    return drawn


def names_in(arguments: Sequence[object]) -> str:
    """Return every name that a chart may write which is not the program's own."""
    stated = [each for each in arguments if isinstance(getattr(each, "scenario", None), Scenario)]
    scenarios = [each.scenario for each in stated]  # type: ignore[attr-defined]
    named = [*scenarios, *stated]
    return "".join(text for each in named for text in (getattr(each, "name", ""), *getattr(each, "plans", ())))


def tint(colour: str, lightness: float) -> str:
    """Return a colour mixed with the background: 0 = as it is, 1 = the background."""
    pairs = zip(to_rgb(colour), to_rgb(theme().paper), strict=True)
    red, green, blue = (channel + (paper - channel) * lightness for channel, paper in pairs)
    return to_hex((red, green, blue))


def ink_on(colour: str) -> str:
    """Return the colour of text on an area: that of the two with the larger contrast."""
    return max(("#FFFFFF", DARK_INK), key=lambda ink: contrast(ink, colour))


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, from 1 to 21 (WCAG 2.2)."""
    dark, light = sorted(_luminance(each) for each in (one, other))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4  # noqa: PLR2004  (sRGB)
        for channel in to_rgb(colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
