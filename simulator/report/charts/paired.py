"""What pairing is good for: the interval of a difference with the same requests, and as if they were others."""

import math

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from simulator.core.estimate import Estimate
from simulator.report import format as form
from simulator.report.charts.look import BOTTOM, RIGHT, TOP, NoChartError, diff_footnotes, slide_of
from simulator.report.charts.theme import in_style, theme
from simulator.studies.difference import Diff, Pairing

_AXES_LEFT = 0.26
_MARGIN = 0.15


@in_style
def paired(diff: Diff, plan: str, metric: str) -> Figure:
    """Draw how far a metric lies above what it was, with the paired interval and with that of unpaired samples.

    Returns
    -------
    Figure
        Two horizontal intervals below each other, and the difference of every replication as a dot.

    Raises
    ------
    NoChartError
        If the two are not paired, or have one replication.
    """
    change, unpaired = diff.change(plan, metric), diff.unpaired(plan, metric)
    if diff.pairing is Pairing.NONE or math.isnan(unpaired.low):
        raise NoChartError("pairing needs the same seed and at least two replications of each")
    ones, others = diff.samples(plan, metric)
    figure = slide_of(_title(diff, plan, metric), _subtitle(diff, plan, metric), diff_footnotes(diff))
    axes = figure.add_axes((_AXES_LEFT, BOTTOM, RIGHT - _AXES_LEFT, TOP - BOTTOM))
    axes.set_ylim(1.7, -0.7)
    axes.axvline(0, color=theme().ink, linewidth=1.2)
    axes.grid(axis="x")
    axes.spines["left"].set_visible(False)
    axes.set_yticks([0, 1], ["the same requests,\npaired", "as if the requests\nwere others"])
    axes.tick_params(axis="y", length=0, labelcolor=theme().ink)
    _interval(axes, 0, change.estimate, theme().palette[0], metric)
    _interval(axes, 1, unpaired, theme().palette[1], metric)
    gaps = [other - one for one, other in zip(ones, others, strict=True)]
    axes.plot(gaps, [0.3] * len(gaps), "o", color=theme().quiet, markersize=7, label="replications")
    axes.text(
        max(gaps), 0.42, "each replication's own difference", size=12, color=theme().quiet, ha="right", va="center"
    )
    ends = (0.0, unpaired.low, unpaired.high, change.estimate.low, change.estimate.high, *gaps)
    room = _MARGIN * (max(ends) - min(ends) or 1.0)
    axes.set_xlim(min(ends) - room, max(ends) + room)
    axes.xaxis.set_major_formatter(lambda amount, _: form.signed_metric(metric, amount))
    axes.locator_params(axis="x", nbins=6)
    axes.set_xlabel(f"Difference of: {form.metric_label(metric)}")
    return figure


def _interval(axes: Axes, place: int, estimate: Estimate, colour: str, metric: str) -> None:
    around = [[estimate.mean - estimate.low], [estimate.high - estimate.mean]]
    axes.errorbar(estimate.mean, place, xerr=around, fmt="o", color=colour, capsize=8, linewidth=3, markersize=11)
    text = form.signed_interval(metric, estimate.low, estimate.high)
    axes.text(estimate.mean, place - 0.22, text, size=14, weight="bold", color=colour, ha="center")


def _title(diff: Diff, plan: str, metric: str) -> str:
    change, unpaired = diff.change(plan, metric), diff.unpaired(plan, metric)
    write = form.reading(metric).write
    what = f"{form.metric_label(metric)}: {write(change.before)} before, {write(change.after)} now"
    if change.is_decided and unpaired.includes_zero:
        return form.capital(f"{what}: told apart on the same requests, and not on others")
    if change.is_decided:
        return form.capital(f"{what}: told apart, even if the requests were others")
    return form.capital(f"{what}: chance alone may have made that")


def _subtitle(diff: Diff, plan: str, metric: str) -> str:
    saved = diff.pairing_saves(plan, metric)
    count, _ = diff.replications
    often = f"; pairing is worth {form.number(saved)} times the replications" if math.isfinite(saved) else ""
    return f"{form.one_line(plan)}, {count} replications, 95 % intervals of chance alone{often}"
