"""What the same predictions would cost to keep on every medium that the price book knows."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from simulator.report import format as form
from simulator.report.charts.labels import Entry, key
from simulator.report.charts.lettering import width_in, wrapped
from simulator.report.charts.look import (
    BOTTOM,
    LEFT,
    TOP,
    WIDTH_IN,
    Look,
    NoChartError,
    called,
    looks,
    shown,
    slide,
)
from simulator.report.charts.theme import in_style, theme
from simulator.studies.comparison import Comparison
from simulator.studies.store_mediums import Repriced, repriced

LARGE, SMALL = 13.0, 8.5
"""Sizes of the points of the plan in the title, and of the others. [pt]"""
LEAST_FACTOR = 1.1
"""Below this the medium makes no difference worth a title."""
_AXES_LEFT, _AXES_RIGHT, _KEY_LEFT = 0.25, 0.73, 0.755
_MARGIN = 2.5
"""Room on the axis beyond the points, as a factor."""
_NAME_PT, _HOW_PT = (12.5, 11.5, 10.5, 9.5, 8.5), (10.0, 9.0, 8.0)
_BESIDE_PT = 12
"""Amounts stand so far beside their point. [pt]"""
_TOLD_LANE, _LANES = -0.2, (0.06, 0.42)
"""Where points stand from the middle of their rows, so that equal ones can all be seen: those of the plan that the
title tells of, and from where to where those of the others. [rows]"""

Prices = Mapping[str, tuple[Repriced, ...]]
Medium = tuple[str, str]
"""A store's name, and how it is paid."""


@in_style
def store_mediums(comparison: Comparison) -> Figure:
    """Draw what each plan's store costs on every medium of the price book, on a logarithmic axis.

    Raises
    ------
    NoChartError
        If no plan keeps predictions, or the book has prices for fewer than two mediums.
    """
    found = _found(comparison)
    first = _told(comparison, found)
    mediums = _ordered(found, first)
    figure = slide(comparison, store_mediums_title(comparison), _SUBTITLE)
    axes = figure.add_axes((_AXES_LEFT, BOTTOM, _AXES_RIGHT - _AXES_LEFT, TOP - BOTTOM))
    _frame(axes, len(mediums), [one.usd_per_month for prices in found.values() for one in prices])
    _media(axes, mediums)
    others = [name for name in found if name != first]
    lanes = dict(zip(others, np.linspace(*_LANES, len(others)).tolist(), strict=True)) | {first: _TOLD_LANE}
    for name in lanes:
        _points(axes, mediums, found[name], looks(comparison)[name], lanes[name])
    entries = [Entry(name, looks(comparison)[name], _said(found[name])) for name in found]
    key(figure, entries, _KEY_LEFT)
    return figure


_SUBTITLE = "Writes, reads, storage and nodes, by where predictions are kept; ringed: what the plan has"


def store_mediums_title(comparison: Comparison) -> str:
    """Return how much the medium decides, as a sentence that holds for this comparison."""
    found = _found(comparison)
    name = _told(comparison, found)
    low, high = _ends(found[name])
    if high.usd_per_month < LEAST_FACTOR * low.usd_per_month:
        return f"Where predictions are kept hardly changes the bill: {form.usd(high.usd_per_month)} a month"
    return form.capital(f"{called(comparison, name)}{_against_the_cheapest(found[name])}")


def _against_the_cheapest(prices: Sequence[Repriced]) -> str:
    """Compare what a plan has with the cheapest, or that with the next: the dearest nobody would take."""
    ordered = sorted(prices, key=lambda one: one.usd_per_month)
    low, present = ordered[0], next((one for one in ordered if one.is_present), ordered[0])
    cost = form.usd(present.usd_per_month)
    if present.usd_per_month >= LEAST_FACTOR * low.usd_per_month:
        instead = f"{_where(low, present)} it would cost {form.usd(low.usd_per_month)}"
        return f"'s store costs {cost} a month in {present.name}; {instead}"
    following = next((one for one in ordered if one.name != present.name), ordered[-1])
    instead = f"{_where(following, present)} it would cost {form.usd(following.usd_per_month)}"
    return f" keeps its predictions in the cheapest store, {present.name}, at {cost} a month; {instead}"


def _where(one: Repriced, present: Repriced) -> str:
    """Return a medium in words; how it is paid only where the name is the same."""
    return f"paid {one.how}" if one.name == present.name else f"in {one.name}"


def _found(comparison: Comparison) -> Prices:
    found = {name: repriced(comparison, name) for name in shown(comparison)}
    priced = {name: tuple(one for one in prices if one.usd_per_month > 0) for name, prices in found.items()}
    several = {name: prices for name, prices in priced.items() if len(prices) > 1}
    if not any(found.values()):
        raise NoChartError("no plan keeps predictions: there is no store to price")
    if not several:
        raise NoChartError("the price book has prices above 0 for fewer than two mediums of a store")
    return several


def _ends(prices: Sequence[Repriced]) -> tuple[Repriced, Repriced]:
    """Return the cheapest and the dearest."""
    ordered = sorted(prices, key=lambda one: one.usd_per_month)
    return ordered[0], ordered[-1]


def _told(comparison: Comparison, found: Prices) -> str:
    """Return the plan that the title tells of: with batch runs and in the scenario's store, and of most money."""
    scenario = comparison.scenario
    plans = {name: scenario.plans[comparison.plans[name].outcomes[0].plan] for name in found}

    def at_stake(name: str) -> tuple[bool, bool, float]:
        low, high = _ends(found[name])
        return plans[name].precompute is not None, plans[name].store is None, high.usd_per_month - low.usd_per_month

    return max(found, key=at_stake)


def _said(prices: Sequence[Repriced]) -> list[str]:
    low, high = _ends(prices)
    present = [f"now {form.usd(one.usd_per_month)}" for one in prices if one.is_present]
    return [*present, f"{form.usd(low.usd_per_month)} to {form.usd(high.usd_per_month)}"]


def _ordered(found: Prices, first: str) -> list[Medium]:
    """Return the mediums, those dearest for one plan on top; then what only other plans could have."""
    costs = {(one.name, one.how): one.usd_per_month for one in found[first]}
    others = {(one.name, one.how): one.usd_per_month for prices in found.values() for one in prices}
    return sorted(others, key=lambda medium: (medium not in costs, -costs.get(medium, others[medium])))


def _frame(axes: Axes, mediums: int, costs: Sequence[float]) -> None:
    axes.set_xscale("log")
    axes.set_xlim(min(costs) / _MARGIN, max(costs) * _MARGIN)
    axes.set_ylim(mediums - 0.5, -0.5)
    axes.set_yticks([])
    axes.xaxis.set_major_formatter(lambda amount, _: form.usd(amount).removesuffix(".00"))
    axes.set_xticks([], minor=True)
    axes.grid(axis="x")
    axes.set_xlabel("USD per 30-day month (logarithmic)")


def _media(axes: Axes, mediums: Sequence[Medium]) -> None:
    """Write the mediums left of their rows."""
    figure = axes.figure
    assert figure is not None
    box = axes.get_position()
    widest_in = (_AXES_LEFT - LEFT - 0.015) * WIDTH_IN
    top = axes.get_ylim()[1]
    for place, (name, how) in enumerate(mediums):
        y = box.y1 - (place - top) * box.height / (len(mediums) - 0.5 - top)
        for text, sizes, weight, side in (
            (name, _NAME_PT, "bold", "bottom"),
            (f"paid {how}", _HOW_PT, "normal", "top"),
        ):
            size = next((each for each in sizes if width_in(text, each, bold=True) <= widest_in), sizes[-1])
            short = wrapped(text, size, widest_in, 1, bold=weight == "bold")
            below = 0.0 if side == "bottom" else 0.003
            colour = theme().ink if weight == "bold" else theme().quiet
            figure.text(LEFT, y - below, short, size=size, weight=weight, va=side, color=colour)
        axes.axhline(place, color=theme().faint, linewidth=0.6, zorder=0)


def _points(axes: Axes, mediums: Sequence[Medium], prices: Sequence[Repriced], look: Look, lane: float) -> None:
    """Draw a plan's points, those of the plan that the title tells of larger and with their amounts."""
    is_told, size = lane == _TOLD_LANE, LARGE if lane == _TOLD_LANE else SMALL
    low, high = axes.get_xlim()
    for one in prices:
        place, usd = mediums.index((one.name, one.how)) + lane, one.usd_per_month
        ring = (
            {"markeredgecolor": theme().ink, "markeredgewidth": 2.2}
            if one.is_present
            else {"markeredgecolor": theme().paper}
        )
        axes.plot(usd, place, look.marker, color=look.colour, markersize=size, label=one.name, **ring)
        if is_told:
            side = -1 if usd**2 > low * high else 1
            beside, towards = (side * _BESIDE_PT, 0), "left" if side > 0 else "right"
            axes.annotate(
                form.usd(usd),
                (usd, place),
                beside,
                textcoords="offset points",
                size=12,
                weight="bold",
                ha=towards,
                va="center",
            )
