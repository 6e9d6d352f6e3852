"""The pictures of a page, as many as there is room for."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from markupsafe import Markup

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ROOM = 1_800_000
"""Letters that pictures and data of a page may take, so that all of it stays below two million."""
Drawn = TypeVar("Drawn")
OnPicture: TypeAlias = Callable[[str], None]


@dataclass(frozen=True)
class Picture:
    """A picture to stand in a page."""

    label: str
    svg: Markup


def no_matter(_: str) -> None:
    """Do nothing, where nobody waits."""


def pictures_of(
    drawn: Drawn,
    charts: Mapping[str, Callable[[Drawn], "Figure"]],
    names: Iterable[str],
    on_picture: OnPicture = no_matter,
    taken: int = 0,
) -> tuple[list[Picture], list[str]]:
    """Return the pictures that apply and have room, and the names of those that have none.

    Parameters
    ----------
    drawn
        What they are of.
    charts
        What draws each, by name.
    names
        Which, the first ones first; those that nothing draws are left out.
    on_picture
        Called with the name of each that is drawn.
    taken
        Letters that other things take of their room.
    """
    from simulator.report.charts.look import NoChartError  # noqa: PLC0415  (matplotlib is imported to draw)
    from simulator.report.charts.svg import svg_of  # noqa: PLC0415

    found: list[Picture] = []
    left_out: list[str] = []
    room = ROOM - taken
    for name in names:
        if name not in charts:
            continue
        try:
            svg = svg_of(charts[name](drawn), name.replace("_", "-"))
        except NoChartError:
            continue
        on_picture(name)
        if len(svg) > room:
            left_out.append(name)
            continue
        room -= len(svg)
        label = f"Picture: {name.replace('_', ' ')}"
        found.append(Picture(label, Markup(svg)))  # noqa: S704  (texts are drawn or escaped)
    return found, left_out
