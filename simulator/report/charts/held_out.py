"""How far the fit is off on the held-out end of the log, by metric, against what is asked of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from simulator.report import format as form
from simulator.report.charts.calibration import KEY_LEFT, calibration_slide
from simulator.report.charts.labels import Entry, key
from simulator.report.charts.look import BOTTOM, TOP, Look, NoChartError, looks_of
from simulator.report.charts.theme import in_style, theme
from simulator.report.plan_styles import MOST_PLANS
from simulator.studies.calibration.calibrating import Calibration
from simulator.studies.calibration.held_out import Compared, HeldOut

_AXES_LEFT, _AXES_RIGHT = 0.285, 0.7
FARTHEST, LEAST = 1.0, 0.25
"""Errors beyond are drawn at the edge, as arrows; and so far the axis reaches at least."""
ROOM = 1.12
BAND_HEIGHT, SPREAD = 0.84, 0.6
"""Of the band of what is asked, and of the places of plans in it, of a row's height."""
LABEL_PT, LONGEST_NAME = 12, 32
OF_ALL = "all plans alike"
"""What is no plan's own: who comes and when."""


@dataclass(frozen=True)
class _Mark:
    """A number of the held-out end."""

    compared: Compared
    plan: str
    metric: str


@in_style
def held_out(found: Calibration) -> Figure:
    """Draw the error of each metric of each plan, with the bands of what is asked.

    Raises
    ------
    NoChartError
        If nothing was held out.
    """
    verdict = found.verdict
    if verdict is None:
        raise NoChartError("nothing was held out: there is no error to draw")
    marks = [_mark(each) for each in verdict.compared]
    plans = list(dict.fromkeys(each.plan for each in marks if each.plan != OF_ALL))[:MOST_PLANS]
    look = {OF_ALL: Look(theme().ink, marker="o", is_line=False), **_marks_of(plans)}
    held = form.exact_duration(verdict.length_s)
    near = "grey: as near as is asked; hollow: farther than chance or one point of a share explains"
    subtitle = f"Error on the last {held}; {near}"
    figure = calibration_slide(found, held_out_title(verdict), subtitle)
    axes = figure.add_axes((_AXES_LEFT, BOTTOM, _AXES_RIGHT - _AXES_LEFT, TOP - BOTTOM))
    asked = {each.metric for each in marks if each.compared.good_within is not None}
    rows = list(dict.fromkeys(each.metric for each in marks))
    rows.sort(key=lambda metric: metric not in asked)
    limit = min(ROOM * max(LEAST, *(abs(each.compared.error) for each in marks if each.metric in asked)), FARTHEST)
    for row, metric in enumerate(rows):
        inside = [each for each in marks if each.metric == metric and each.plan in look]
        _row(axes, row, inside, look, limit)
    _axes(axes, rows, limit)
    for metric, label in zip(rows, axes.get_yticklabels(), strict=True):
        label.set_color(theme().ink if metric in asked else theme().quiet)
    key(figure, [_entry(plan, look[plan], marks) for plan in look], KEY_LEFT)
    return figure


def held_out_title(verdict: HeldOut) -> str:
    """Return whether one may decide by the fit, and what is farthest off."""
    said = _said_of_plans(verdict)
    if not verdict.bad:
        unsure = "what is farther off than is asked may be chance"
        return f"{said}; {unsure if verdict.unsure else 'every number is as near as is asked'}"
    mark = _mark(verdict.bad[0])
    whose = "" if mark.plan == OF_ALL else f" of {form.shortened(form.one_line(mark.plan), LONGEST_NAME)}"
    label = _label(mark.metric).replace(", mean", " mean")
    return f"{said}; farthest off is {label}{whose}, {_error(mark.compared)}"


def _said_of_plans(verdict: HeldOut) -> str:
    if not verdict.knows_users:
        return "rates on the log's end and on the fit, as the log names no users"
    same = "another plan" if verdict.recommendation_changes else "the same plan"
    if verdict.on_log is None and verdict.on_fit is None:
        same = "no plan, as none meets every bound,"
    return f"the log's end and the fit recommend {same}"


def _mark(compared: Compared) -> _Mark:
    plan, colon, metric = compared.metric.rpartition(": ")
    return _Mark(compared, plan if colon else OF_ALL, metric)


def _error(compared: Compared) -> str:
    return f"{compared.error:+.0%}".replace("%", " %") if compared.log else "above 0 where the log has none"


def _label(metric: str) -> str:
    what, _, piece = metric.partition(" in ")
    return f"{what} in {form.exact_duration(float(piece.split()[0]))}" if piece else form.metric_label(metric)


def _marks_of(plans: Sequence[str]) -> dict[str, Look]:
    return {name: Look(look.colour, look.marker, is_line=False) for name, look in looks_of(plans).items()}


def _row(axes: Axes, row: int, marks: Sequence[_Mark], look: dict[str, Look], limit: float) -> None:
    within = marks[0].compared.good_within if marks else None
    if within is not None:
        box = Rectangle((-within, row - BAND_HEIGHT / 2), 2 * within, BAND_HEIGHT, color=theme().faint, linewidth=0)
        axes.add_patch(box)
    step = SPREAD / max(len(marks) - 1, 1)
    for place, mark in enumerate(marks):
        error, how = mark.compared.error, look[mark.plan]
        y = row if len(marks) == 1 else row - SPREAD / 2 + place * step
        is_beyond = abs(error) > limit
        shape = ("<" if error < 0 else ">") if is_beyond else how.marker
        face = theme().paper if mark.compared.is_off else how.colour
        x = max(min(error, 0.985 * limit), -0.985 * limit)
        axes.plot([x], [y], shape, ms=7, mec=how.colour, mew=1.6, mfc=face, zorder=3, clip_on=False)
    _beyond(axes, row, [each.compared for each in marks if each.compared.error > limit], limit)
    _beyond(axes, row, [each.compared for each in marks if each.compared.error < -limit], -limit)


def _beyond(axes: Axes, row: int, found: Sequence[Compared], limit: float) -> None:
    """Say how far those are off that the axis does not reach."""
    if not found:
        return
    farthest = max(found, key=lambda compared: abs(compared.error))
    text = _error(farthest) if len(found) == 1 else f"to {_error(farthest)}"
    at = 10 if limit < 0 else -10
    said = axes.annotate(text, (limit, row), (at, 0), textcoords="offset points", size=10.5, va="center")
    said.set_horizontalalignment("left" if limit < 0 else "right")


def _axes(axes: Axes, rows: Sequence[str], limit: float) -> None:
    axes.set_xlim(-limit, limit)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.axvline(0, color=theme().ink, linewidth=1.2)
    axes.set_yticks(range(len(rows)), [form.capital(_label(each)) for each in rows])
    axes.tick_params(axis="y", length=0, labelcolor=theme().ink, labelsize=LABEL_PT)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x")
    axes.xaxis.set_major_formatter(lambda part, _: f"{part * 100:+.0f} %" if part else "0")
    axes.locator_params(axis="x", nbins=7)
    axes.set_xlabel("Error of the fit, relative to the log")


def _entry(plan: str, look: Look, marks: Sequence[_Mark]) -> Entry:
    own = [each.compared for each in marks if each.plan == plan and each.compared.good_within is not None]
    bad, good = sum(each.is_off for each in own), sum(each.is_good for each in own)
    near = f"all {len(own)} near" if good == len(own) else f"{good} of {len(own)} near, else by chance"
    return Entry(plan, look, [f"{bad} of {len(own)} farther off" if bad else near] if own else [])
