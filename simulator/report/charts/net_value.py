"""What each plan brings in less than the best one, where the scenario says what answers are worth."""

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from simulator.core.estimate import Estimate
from simulator.report import format as form
from simulator.report.charts.claims import choice
from simulator.report.charts.labels import plan_labels
from simulator.report.charts.look import (
    BOTTOM,
    HEIGHT_IN,
    RIGHT,
    ROOMY_ROW_IN,
    TOP,
    Look,
    NoChartError,
    called,
    hatched,
    looks,
    shown,
    slide,
    verdicts,
)
from simulator.report.charts.theme import in_style, theme, tint
from simulator.studies.comparison import COST, NET_VALUE, VALUE, Comparison
from simulator.studies.words import of_chance

PALE = 0.62
_AXES_LEFT = 0.25
_BAR = 0.2
"""Height of a bar. [rows]"""
_LANES = (-0.27, -0.02, 0.23)
"""Where value, cost and net value stand in a row. [rows]"""
_MARGIN = 0.3
"""Room for the amounts, left and right of what is drawn, as a share of it."""
_GAP = 0.008
"""Between a bar and its amount, as a share of the axis."""
_NARROWEST = 0.004
"""Half an interval narrower than this share of the axis is only written, for its whisker would be a blot."""


@in_style
def net_value(comparison: Comparison) -> Figure:
    """Draw every plan's value, cost and net value less those of the best ranked plan, paired by replication.

    Returns
    -------
    Figure
        One row per plan, the best on top, which states its amounts; to the right is what a plan brings in more.

    Raises
    ------
    NoChartError
        If the scenario does not say what answers are worth, or has one plan only.
    """
    if not comparison.weighs_value:
        raise NoChartError("the scenario does not say what answers are worth; give 'value'")
    names = [name for name in comparison.ranking if name in shown(comparison)]
    if len(names) == 1:
        raise NoChartError("there is one plan only, and nothing to compare its net value with")
    figure = slide(comparison, net_value_title(comparison), _subtitle(comparison))
    axes = figure.add_axes((_AXES_LEFT, BOTTOM, RIGHT - _AXES_LEFT, TOP - BOTTOM))
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.axvline(0, color=theme().ink, linewidth=1.2)
    axes.grid(axis="x")
    axes.xaxis.set_major_formatter(lambda amount, _: form.signed_usd(amount).removesuffix(".00") if amount else "0")
    axes.locator_params(axis="x", nbins=6)
    axes.set_xlabel(f"USD per 30-day month, against {called(comparison, names[0])}")
    _set_span(axes, comparison, names)
    size = 13.0 if (TOP - BOTTOM) * HEIGHT_IN / len(names) >= ROOMY_ROW_IN else 9.5
    _best(axes, comparison, names[0], size)
    for place, name in enumerate(names[1:], 1):
        _row(axes, place, _Gaps(comparison, name), looks(comparison)[name], size)
    plan_labels(axes, names, verdicts(comparison), looks(comparison))
    return figure


def net_value_title(comparison: Comparison) -> str:
    """Return which plan brings in most, as a sentence that holds for this comparison."""
    best = comparison.recommended
    if best is None:
        return form.capital(f"no plan meets every bound; {called(comparison, comparison.ranking[0])} brings in most")
    return form.capital(choice(comparison))


class _Gaps:
    """How far a plan is from the best: what its answers are worth more, what it saves, and both together."""

    def __init__(self, comparison: Comparison, name: str) -> None:
        best = comparison.ranking[0]
        self.value = comparison.difference(name, best, VALUE)
        self.saved = comparison.difference(best, name, COST)
        self.net = comparison.difference(name, best, NET_VALUE)

    @property
    def ends(self) -> tuple[float, ...]:
        """All that is drawn. [USD per 30-day month]"""
        return self.value.mean, self.saved.mean, self.net.mean, *_known(self.net)


def _known(estimate: Estimate) -> tuple[float, ...]:
    return () if math.isnan(estimate.low) else (estimate.low, estimate.high)


def _subtitle(comparison: Comparison) -> str:
    interval = f"; ± is {of_chance()}" if comparison.replications > 1 else ""
    return f"Value by the scenario's own weights, which are no facts, less cost; against the best ranked{interval}"


def _set_span(axes: Axes, comparison: Comparison, names: Sequence[str]) -> None:
    ends = [end for name in names[1:] for end in _Gaps(comparison, name).ends]
    low, high = min(0.0, *ends), max(0.0, *ends)
    room = _MARGIN * (high - low or 1.0)
    axes.set_xlim(low - room, high + room)


def _best(axes: Axes, comparison: Comparison, name: str, size: float) -> None:
    metrics = comparison.plans[name].metrics
    net, value, cost = (form.usd(metrics[metric].mean) for metric in (NET_VALUE, VALUE, COST))
    text = f"{net} a month: value {value} less cost {cost}"
    middle = sum(axes.get_xlim()) / 2
    box = {"facecolor": theme().paper, "edgecolor": "none", "pad": 2.0}
    axes.text(middle, 0, text, size=size, weight="bold", ha="center", va="center", bbox=box)


def _row(axes: Axes, place: int, gaps: _Gaps, look: Look, size: float) -> None:
    span = axes.get_xlim()[1] - axes.get_xlim()[0]
    wide = gaps.net.half_width > _NARROWEST * span
    net = f"net {form.signed_usd(gaps.net.mean)} {form.usd_within(gaps.net)}".rstrip()
    cost = f"cost {form.signed_usd(-gaps.saved.mean)}" if gaps.saved.mean else "cost the same"
    lanes = (
        (
            gaps.value.mean,
            tint(look.colour, PALE),
            f"value {form.signed_usd(gaps.value.mean)}",
            theme().quiet,
            "normal",
        ),
        (gaps.saved.mean, tint(look.colour, PALE), cost, theme().quiet, "normal"),
        (gaps.net.mean, look.colour, net, theme().ink, "bold"),
    )
    for lane, (amount, fill, text, ink, weight) in zip(_LANES, lanes, strict=True):
        axes.barh(place + lane, amount, _BAR, color=fill, **hatched(look))
        ends = (amount, *_known(gaps.net)) if text == net and wide else (amount,)
        end, side = (max(ends), "left") if amount > 0 else (min(ends), "right")
        beside = end + _GAP * span * (1 if amount > 0 else -1)
        axes.text(beside, place + lane, text, size=size, color=ink, weight=weight, ha=side, va="center")
    if wide:
        around = [[gaps.net.mean - gaps.net.low], [gaps.net.high - gaps.net.mean]]
        axes.errorbar(gaps.net.mean, place + _LANES[2], xerr=around, color=theme().ink, capsize=4, linewidth=1.4)
