"""A break-even drawn: what plans cost along the key, and where they cross."""

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from simulator.core.estimate import Estimate
from simulator.report import format as form
from simulator.report.breakeven_words import finding, set_text, value_text
from simulator.report.charts.labels import Entry, key
from simulator.report.charts.look import BOTTOM, TOP, Look, looks_of, slide_of, ticks_that_fit
from simulator.report.charts.sweep import WIDE_COSTS
from simulator.report.charts.theme import in_style, theme
from simulator.report.plan_styles import MOST_PLANS
from simulator.report.provenance import provenance_of
from simulator.studies.breakeven import BreakEven
from simulator.studies.factors import is_wide, spaced

_AXES_LEFT, _AXES_RIGHT, _KEY_LEFT = 0.105, 0.7, 0.725
_TICKS = 8


@in_style
def cost_lines(found: BreakEven) -> Figure:
    """Draw what decides, for each plan at the values that were looked at, and the crossings with their sets."""
    names = list(found.plans)[:MOST_PLANS]
    look = looks_of(found.scenario.plans)
    what = "Net value" if found.weighs_value else "Cost"
    subtitle = f"{what} per month along {found.key}, with 95 % intervals of chance alone; grey: where they cross"
    figure = slide_of(finding(found), subtitle, footnotes(found))
    axes = figure.add_axes((_AXES_LEFT, BOTTOM, _AXES_RIGHT - _AXES_LEFT, TOP - BOTTOM))
    for name in names:
        _line(axes, found, name, look[name])
    for turn in found.turns:
        if not math.isnan(turn.crossing.low):
            axes.axvspan(turn.crossing.low, turn.crossing.high, color=theme().quiet, alpha=0.3, linewidth=0)
        axes.axvline(turn.crossing.value, color=theme().ink, linewidth=1.2, linestyle=(0, (4, 3)))
    _axis_of_key(axes, found)
    _axis_of_money(axes, found, what)
    entries = [Entry(name, look[name], _said(found, name)) for name in names]
    crossing = Look(theme().quiet)
    entries += [
        Entry(value_text(found, turn), crossing, [set_text(found, turn).strip(" ()")]) for turn in found.turns[:3]
    ]
    key(figure, entries, _KEY_LEFT)
    return figure


def _line(axes: Axes, found: BreakEven, name: str, look: Look) -> None:
    sign = -1.0 if found.weighs_value else 1.0
    estimates = [Estimate.of((sign * each.losses_usd[name]).tolist()) for each in found.seen.values()]
    values = list(found.seen)
    axes.plot(
        values,
        [each.mean for each in estimates],
        marker=look.marker,
        linestyle=look.line,
        ms=6,
        color=look.colour,
        linewidth=2.5,
    )
    if not any(math.isnan(each.low) for each in estimates):
        low, high = [each.low for each in estimates], [each.high for each in estimates]
        axes.fill_between(values, low, high, color=look.colour, alpha=0.25, linewidth=0)


def _axis_of_key(axes: Axes, found: BreakEven) -> None:
    low, high = found.low.number, found.high.number
    in_ratios = is_wide(low, high)
    if in_ratios:
        axes.set_xscale("log")
    axes.set_xlim(low, high)
    axes.minorticks_off()
    texts = {
        level.number: level.text
        for level in (found.scale.level(each, 3) for each in _ticks(low, high, in_ratios=in_ratios))
    }
    ticks = ticks_that_fit(axes, list(texts), lambda place: texts[place])
    axes.set_xticks(ticks, [texts[place] for place in ticks])
    axes.set_xlabel(f"{found.key}{' (logarithmic)' if in_ratios else ''}")


def _ticks(low: float, high: float, *, in_ratios: bool) -> list[float]:
    return spaced(low, high, _TICKS, in_ratios=in_ratios)


def _axis_of_money(axes: Axes, found: BreakEven, what: str) -> None:
    means = np.array([standing.mean_usd(name) for standing in found.seen.values() for name in found.plans])
    axes.yaxis.set_major_formatter(lambda amount, _: form.usd(amount).removesuffix(".00"))
    if not found.weighs_value and means.min() > 0 and means.max() / means.min() > WIDE_COSTS:
        axes.set_yscale("log")
        axes.yaxis.set_minor_formatter(lambda *_: "")
    elif not found.weighs_value:
        axes.set_ylim(bottom=0)
    axes.set_ylabel(f"{what}, USD per 30-day month")
    axes.grid(axis="y")


def _said(found: BreakEven, name: str) -> list[str]:
    better = sum(found.better_at(value) == name for value in found.seen)
    return [f"better at {better} of {len(found.seen)} looked at"] if better else []


def footnotes(found: BreakEven) -> list[str]:
    """Return where the numbers come from."""
    looks = f"{len(found.seen)} values looked at, {found.simulations} simulations"
    return [*provenance_of(found.scenario, found.replications, found.prices, [found.key]), looks]
