"""How closed forms look beside what was simulated: hatched areas, thin lines and hollow marks."""

from collections.abc import Sequence

from matplotlib.axes import Axes

from simulator.core.estimate import Estimate
from simulator.report.charts.labels import Entry
from simulator.report.charts.look import Look, NoChartError
from simulator.report.charts.theme import theme

HATCH = "////"
"""Of areas that no simulation has shown."""
LINE_PT = 1.6
NOTHING = "closed forms have nothing to say here: of replayed traffic, of too little, or of such plans"


def nothing_known(what: str) -> NoChartError:
    """Return why a picture of closed forms cannot be drawn."""
    return NoChartError(f"{what}; or {NOTHING}")


def entries(lines: str, marks: str) -> Sequence[Entry]:
    """Return what the key says of closed forms and of what was simulated."""
    closed = Entry("closed form", Look(theme().quiet, hatch=HATCH), [lines])
    return (closed, Entry("simulated", Look(theme().quiet, marker="o", is_line=False), [marks])) if marks else (closed,)


def simulated_point(axes: Axes, at: float, seen: Estimate, look: Look, size: float = 11.0) -> None:
    """Draw what was simulated: a filled mark, with its interval where there is one to be seen."""
    low, high = (seen.mean if end != end else end for end in (seen.low, seen.high))  # noqa: PLR0124  (NaN)
    around = [[max(seen.mean - low, 0.0)], [max(high - seen.mean, 0.0)]]
    axes.errorbar(at, seen.mean, yerr=around, color=theme().ink, capsize=4, linewidth=1.2, zorder=5)
    axes.plot([at], [seen.mean], look.marker, color=look.colour, markersize=size, zorder=6, markeredgecolor=theme().ink)
