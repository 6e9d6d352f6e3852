"""The pictures of a page, as many as there is room for."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from markupsafe import Markup

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ROOM = 1_500_000
"""Letters that all pictures of a page may take."""
Drawn = TypeVar("Drawn")


@dataclass(frozen=True)
class Picture:
    """A picture to stand in a page."""

    label: str
    svg: Markup


def pictures_of(
    drawn: Drawn, charts: Mapping[str, Callable[[Drawn], "Figure"]], names: Iterable[str]
) -> tuple[list[Picture], list[str]]:
    """Return the pictures that apply and have room, and the names of those that have none.

    Parameters
    ----------
    drawn
        What they are of.
    charts
        What draws each, by name.
    names
        Which, the first ones first.
    """
    from simulator.report.charts.look import NoChartError  # noqa: PLC0415  (matplotlib is imported to draw)
    from simulator.report.charts.svg import svg_of  # noqa: PLC0415

    found: list[Picture] = []
    left_out: list[str] = []
    room = ROOM
    for name in names:
        try:
            svg = svg_of(charts[name](drawn), name.replace("_", "-"))
        except NoChartError:
            continue
        if len(svg) > room:
            left_out.append(name)
            continue
        room -= len(svg)
        label = f"Picture: {name.replace('_', ' ')}"
        found.append(Picture(label, Markup(svg)))  # noqa: S704  (texts are drawn or escaped)
    return found, left_out
