"""What a plan's bill has changed by, line by line, from before to now."""

import math
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from simulator.report import format as form
from simulator.report.charts.lettering import width_in, wrapped
from simulator.report.charts.look import BOTTOM, HEIGHT_IN, RIGHT, TOP, WIDTH_IN, NoChartError, diff_footnotes, slide_of
from simulator.report.charts.theme import in_style, theme
from simulator.report.diff_words import change_said, told_first
from simulator.studies.comparison import COST
from simulator.studies.difference import Diff, ItemChange, MetricChange

MOST_LINES = 9
"""Of a bill; what the others change is one bar."""
_AXES_LEFT = 0.3
_LABEL_IN = 3.1
_ROOM_IN = 1.1
"""For the amounts, on both sides of what is drawn. [inches]"""
_HIGHEST_IN = 0.62
"""Of a bar. [inches]"""
_GAP = 0.008
_BESIDE_IN = 0.35
_AMOUNT_PT = 13.0
_NARROWEST = 0.004
"""Half an interval narrower than this share of the axis is only written."""


@dataclass(frozen=True)
class _Bar:
    label: str
    amount: float
    begin: float


@in_style
def waterfall(diff: Diff, plan: str | None = None) -> Figure:
    """Draw what each line of a plan's bill adds to the difference, the largest first, and their sum.

    Parameters
    ----------
    plan
        By default the best one now, or that whose cost has changed most.

    Returns
    -------
    Figure
        One horizontal bar per line, each beginning where the one before ends; the last is the whole difference.

    Raises
    ------
    NoChartError
        If the plan costs the same.
    """
    name = plan or told_first(diff)
    bars = [] if name is None else _bars(diff, name)
    if name is None or not bars:
        raise NoChartError(
            f"{'every plan' if name is None else name} costs the same as before; there is nothing to draw"
        )
    change = diff.change(name)
    figure = slide_of(form.capital(change_said(change)), _subtitle(change), diff_footnotes(diff))
    axes = figure.add_axes((_AXES_LEFT, BOTTOM, RIGHT - _AXES_LEFT, TOP - BOTTOM))
    axes.set_ylim(len(bars) + 0.6, -0.6)
    axes.spines["left"].set_visible(False)
    axes.axvline(0, color=theme().ink, linewidth=1.2)
    axes.grid(axis="x")
    axes.xaxis.set_major_formatter(lambda amount, _: form.signed_usd(amount).removesuffix(".00") if amount else "0")
    axes.locator_params(axis="x", nbins=6)
    axes.set_xlabel("Difference of the cost, USD per 30-day month")
    _set_span(axes, bars, change)
    for place, bar in enumerate(bars):
        _line(axes, place, bar)
    _total(axes, len(bars), change)
    labels = [wrapped(bar.label, 13, _LABEL_IN, 2) for bar in bars]
    axes.set_yticks(range(len(bars) + 1), [*labels, "all of it"])
    axes.tick_params(axis="y", length=0, labelcolor=theme().ink)
    axes.get_yticklabels()[-1].set_fontweight("bold")
    return figure


def _bars(diff: Diff, plan: str) -> list[_Bar]:
    items = [item for item in diff.items(plan) if item.estimate.mean != 0]
    amounts = [(_label(item), item.estimate.mean) for item in items]
    if len(amounts) > MOST_LINES:
        rest = math.fsum(amount for _, amount in amounts[MOST_LINES:])
        amounts = [*amounts[:MOST_LINES], (f"{len(amounts) - MOST_LINES} other lines", rest)]
    begins = [math.fsum(amount for _, amount in amounts[:place]) for place in range(len(amounts))]
    return [_Bar(label, amount, begin) for (label, amount), begin in zip(amounts, begins, strict=True)]


def _label(item: ItemChange) -> str:
    return f"{item.item}: {form.usd_on_bill(item.before_usd)} -> {form.usd_on_bill(item.after_usd)}"


def _subtitle(change: MetricChange) -> str:
    was, now = form.usd(change.before), form.usd(change.after)
    interval = "" if math.isnan(change.estimate.low) else "; the whisker is its 95 % interval, of chance alone"
    return f"{was} a month before, {now} now: what each line of the bill adds{interval}"


def _set_span(axes: Axes, bars: list[_Bar], change: MetricChange) -> None:
    known = () if math.isnan(change.estimate.low) else (change.estimate.low, change.estimate.high)
    ends = [0.0, change.estimate.mean, *known, *(end for bar in bars for end in (bar.begin, bar.begin + bar.amount))]
    rooms_in = [_ROOM_IN, _ROOM_IN]
    rooms_in[change.estimate.mean > 0] = width_in(_total_text(change), _AMOUNT_PT, bold=True) + _BESIDE_IN
    usd_per_in = (max(ends) - min(ends) or 1.0) / ((RIGHT - _AXES_LEFT) * WIDTH_IN - sum(rooms_in))
    axes.set_xlim(min(ends) - rooms_in[0] * usd_per_in, max(ends) + rooms_in[1] * usd_per_in)


def _height(axes: Axes) -> float:
    """Return how high a bar is. [rows]"""
    bottom, top = axes.get_ylim()
    return min(0.62, _HIGHEST_IN * abs(bottom - top) / ((TOP - BOTTOM) * HEIGHT_IN))


def _line(axes: Axes, place: int, bar: _Bar) -> None:
    end = bar.begin + bar.amount
    axes.barh(
        place,
        bar.amount,
        _height(axes),
        bar.begin,
        color=theme().more if bar.amount > 0 else theme().less,
        label=bar.label,
    )
    axes.plot([end, end], [place, place + 1], color=theme().quiet, linewidth=0.8, zorder=0.9)
    _write(axes, place, bar.amount, end, form.signed_metric(COST, bar.amount))


def _total(axes: Axes, place: int, change: MetricChange) -> None:
    gap = change.estimate
    axes.barh(place, gap.mean, _height(axes), color=theme().palette[0], label="all of it")
    ends, span = [gap.mean], axes.get_xlim()[1] - axes.get_xlim()[0]
    if gap.half_width > _NARROWEST * span:
        around = [[gap.mean - gap.low], [gap.high - gap.mean]]
        axes.errorbar(gap.mean, place, xerr=around, color=theme().ink, capsize=5, linewidth=1.5)
        ends += [gap.low, gap.high]
    end = max(ends) if gap.mean > 0 else min(ends)
    _write(axes, place, gap.mean, end, _total_text(change), weight="bold")


def _total_text(change: MetricChange) -> str:
    share = form.relative_change(change.before, change.after)
    return f"{form.signed_metric(COST, change.estimate.mean)}{f', {share}' if share else ''}"


def _write(axes: Axes, place: int, amount: float, end: float, text: str, weight: str = "normal") -> None:
    span, side = axes.get_xlim()[1] - axes.get_xlim()[0], 1 if amount > 0 else -1
    align = "left" if amount > 0 else "right"
    white = {"facecolor": theme().paper, "edgecolor": "none", "pad": 1.0}
    axes.text(end + side * _GAP * span, place, text, size=_AMOUNT_PT, weight=weight, ha=align, va="center", bbox=white)
