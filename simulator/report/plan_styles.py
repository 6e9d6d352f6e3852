"""How a plan looks in every picture, page and slide: colour, mark, dash and hatch by its place in the scenario."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulator.studies.comparison import Comparison

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999999")
"""Okabe and Ito's colours, which colour-blind readers tell apart (https://jfly.uni-koeln.de/color/, read 2026-07), with
a grey in place of the yellow, which is lost on white."""
DARK_PALETTE = ("#2E86C9", "#E8690B", "#12B886", "#D98CB6", "#F2B01E", "#8AD0F8", "#FFFFFF", "#7E848A")
"""The same hues on a dark background: each has a contrast of 4.5 with it, and deuteranopes tell all of them apart."""
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*", "p", "h", "<", ">")
"""Matplotlib's names; each shape once before one comes again, so that a grey print is read, too."""
DASHES: tuple[tuple[float, ...], ...] = ((), (6, 2), (1.5, 1.5), (6, 2, 1.5, 2), (3, 1.5))
"""Lengths of dashes and gaps, in line widths; () is a solid line."""
HATCHES = ("", "..", "xx")
"""Of the first eight plans, the next eight, and so on. Slanting lines mean a closed form, and never a plan."""
MOST_PLANS = 12
"""So many plans are drawn: where there are more, the first of the ranking."""


@dataclass(frozen=True)
class PlanStyle:
    """How a plan looks: no two of the first 24 plans have colour and hatch, or colour and mark, in common."""

    colour: str
    """On a light background: ``#0072B2``."""
    colour_on_dark: str
    marker: str
    """A matplotlib marker: ``o``, ``s``, ``^``, ..."""
    dash: tuple[float, ...]
    """Dashes and gaps in line widths; () is a solid line."""
    hatch: str
    """A matplotlib hatch for areas; empty for the first eight plans."""


def styles_of(names: Iterable[str]) -> dict[str, PlanStyle]:
    """Return the style of each plan, by name; ``names`` are all plans in the scenario's order."""
    return {name: _style(place) for place, name in enumerate(names)}


def plan_styles(comparison: "Comparison") -> dict[str, PlanStyle]:
    """Return the style of each plan of a comparison: the same in every picture of the scenario."""
    return styles_of(comparison.plans)


def drawn_plans(comparison: "Comparison") -> tuple[str, ...]:
    """Return the plans that have room in a picture, in the scenario's order: all, or the best ranked."""
    best = set(comparison.ranking[:MOST_PLANS])
    return tuple(name for name in comparison.plans if name in best)


def _style(place: int) -> PlanStyle:
    colour = place % len(PALETTE)
    return PlanStyle(
        PALETTE[colour],
        DARK_PALETTE[colour],
        MARKERS[place % len(MARKERS)],
        DASHES[place % len(DASHES)],
        HATCHES[place // len(PALETTE) % len(HATCHES)],
    )
