"""The times between a user's events: pauses within a login, absences between logins, and the valley between them."""

import textwrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from simulator.core.arrays import FloatArray
from simulator.core.units import DAY_S, HOUR_S, MINUTE_S
from simulator.report import format as form
from simulator.report.charts.calibration import AXES_LEFT, AXES_RIGHT, KEY_LEFT, calibration_slide, measures_of
from simulator.report.charts.labels import Entry, key
from simulator.report.charts.look import BOTTOM, TOP, Look, NoChartError, ticks_that_fit
from simulator.report.charts.theme import in_style, theme
from simulator.studies.calibration.calibrating import Calibration
from simulator.studies.calibration.sessions import PER_OCTAVE

TICKS_S = (1.0, 10.0, MINUTE_S, 10 * MINUTE_S, HOUR_S, 6 * HOUR_S, DAY_S, 7 * DAY_S, 30 * DAY_S, 365 * DAY_S)
HEADROOM = 1.15
DETAIL_LETTERS = 31


@in_style
def login_gaps(found: Calibration) -> Figure:
    """Draw how long after an event of a user the next one comes, and where logins are told apart.

    Raises
    ------
    NoChartError
        If no user came twice, or the log names none.
    """
    gaps, valley = measures_of(found).gaps, measures_of(found).valley
    if not gaps.count.any():
        raise NoChartError("no user has two events: there is no time between them to draw")
    is_cut = gaps.count[-1] > 0
    ends = "first and last bars have the shorter and longer ones" if is_cut else "the first bar has all shorter ones"
    subtitle = f"Times from an event of a user to the next one; {ends}, too"
    figure = calibration_slide(found, gaps_title(found), subtitle)
    axes = figure.add_axes((AXES_LEFT, BOTTOM, AXES_RIGHT - AXES_LEFT, TOP - BOTTOM))
    last = int(np.flatnonzero(gaps.count)[-1]) + 1
    edges = 2.0 ** (np.arange(last + 1) / PER_OCTAVE)
    within, between = _colours()
    middle = np.sqrt(edges[:-1] * edges[1:])
    for colour, inside in ((within, middle <= valley.gap_s), (between, middle > valley.gap_s)):
        axes.bar(edges[:-1][inside], gaps.count[:last][inside], np.diff(edges)[inside], align="edge", color=colour)
    axes.axvline(valley.gap_s, color=theme().ink, linewidth=1.6, linestyle=(0, (4, 3)))
    _axes(axes, edges, gaps.count[:last])
    key(figure, _entries(found), KEY_LEFT)
    return figure


def gaps_title(found: Calibration) -> str:
    """Return where logins are told apart, and why there."""
    valley = measures_of(found).valley
    at = form.duration(valley.gap_s)
    if valley.depth < 1:
        return f"a user's events more than {at} apart are two logins: there pauses end and absences begin"
    return f"a user's events more than {at} apart are two logins: {valley.why.partition(';')[0]}"


def _colours() -> tuple[str, str]:
    return theme().palette[0], theme().palette[1]


def _axes(axes: Axes, edges: FloatArray, count: FloatArray) -> None:
    axes.set_xscale("log")
    axes.set_xlim(edges[0], edges[-1])
    axes.minorticks_off()
    inside = [each for each in TICKS_S if edges[0] <= each <= edges[-1]]
    ticks = ticks_that_fit(axes, inside, form.exact_duration)
    axes.set_xticks(ticks, [form.exact_duration(each) for each in ticks])
    axes.set_xlabel("Time to the user's next event (logarithmic)")
    axes.set_ylim(0, HEADROOM * float(count.max()))
    axes.yaxis.set_major_formatter(lambda amount, _: form.count(amount))
    axes.locator_params(axis="y", nbins=5)
    axes.set_ylabel("Pairs of events")
    axes.grid(axis="y")


def _entries(found: Calibration) -> list[Entry]:
    gaps, valley = measures_of(found).gaps, measures_of(found).valley
    is_within = gaps.begin_s * 2 ** (0.5 / PER_OCTAVE) <= valley.gap_s
    shares = [float(gaps.count[inside].sum() / gaps.count.sum()) for inside in (is_within, ~is_within)]
    within, between = (Look(colour) for colour in _colours())
    line = Look(theme().ink, dash=(2.0, 1.5))
    return [
        Entry("within a login", within, [f"{form.about_share(shares[0])} of the times"]),
        Entry("between logins", between, [f"{form.about_share(shares[1])} of the times"]),
        Entry(f"told apart at {form.duration(valley.gap_s)}", line, textwrap.wrap(valley.why, DETAIL_LETTERS)),
    ]
