"""A sweep drawn: what each plan costs along a key, and which plan is best over two."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from simulator.report import format as form
from simulator.report.charts.labels import Entry, key
from simulator.report.charts.look import BOTTOM, TOP, Look, NoChartError, looks_of, slide_of, ticks_that_fit
from simulator.report.charts.theme import TICK_PT, in_style, theme, tint
from simulator.report.plan_styles import MOST_PLANS
from simulator.report.provenance import provenance_of
from simulator.report.sweep_tables import plans_with_room
from simulator.report.sweep_words import finding
from simulator.studies.comparison import PlanResult
from simulator.studies.factors import Factor
from simulator.studies.sweep import Point, Sweep

_AXES_LEFT, _AXES_RIGHT, _KEY_LEFT = 0.105, 0.7, 0.725
_MAP_LEFT = 0.14
STRIP = 0.025
"""Height of the strip that shows the best plan, as a share of the axes."""
WIDE_COSTS = 30.0
"""Costs of which the largest is so many times the smallest are drawn on a logarithmic axis."""
HATCH = "////"
LIGHT = 0.25
MOST_TICKS = 24


def lines(sweep: Sweep) -> Figure:
    """Draw what decides, for each plan along the key, with its interval, and below it which plan is best.

    Raises
    ------
    NoChartError
        If the sweep is over two keys.
    """
    if len(sweep.factors) != 1:
        raise NoChartError("lines are drawn over one key; a sweep over two is drawn by .plot.map()")
    return _lines(sweep)


def winner_map(sweep: Sweep) -> Figure:
    """Draw which plan is best over two keys, hatched where no plan is better with confidence.

    Raises
    ------
    NoChartError
        If the sweep is over one key.
    """
    if len(sweep.factors) == 1:
        raise NoChartError("a map is drawn over two keys; a sweep over one is drawn by .plot.lines()")
    return _map(sweep)


def plan_looks(sweep: Sweep) -> dict[str, Look]:
    """Return how each plan looks that is drawn: by the scenario's order, as in every chart."""
    looks = looks_of(sweep.scenario.plans)
    return {name: looks[name] for name in plans_with_room(sweep, MOST_PLANS)}


@in_style
def _lines(sweep: Sweep) -> Figure:
    factor, look = sweep.factors[0], plan_looks(sweep)
    what = form.metric_label(sweep.judged_by)
    subtitle = f"{form.capital(what)} along {factor.key}, with 95 % intervals of chance alone; below, the best plan"
    figure = slide_of(finding(sweep), subtitle, footnotes(sweep))
    axes = figure.add_axes((_AXES_LEFT, BOTTOM, _AXES_RIGHT - _AXES_LEFT, TOP - BOTTOM))
    places = places_of(factor, sweep.points)
    for name in look:
        _line(axes, places, [point.comparison.plans[name] for point in sweep.points], sweep.judged_by, look[name])
    _money_axis(axes, sweep, list(look))
    key_axis(axes, factor, places, [point.levels[0].text for point in sweep.points])
    _strip(axes, sweep, places, look)
    entries = [Entry(name, look[name], _said(sweep, name)) for name in look]
    key(figure, entries, _KEY_LEFT)
    return figure


def places_of(factor: Factor, points: Sequence[Point]) -> list[float]:
    """Return where the points are on the axis of a key; one of words has them side by side."""
    return [point.levels[0].number if factor.is_number else float(point.place[0]) for point in points]


def _line(axes: Axes, places: Sequence[float], plans: Sequence[PlanResult], metric: str, look: Look) -> None:
    found = [plan.metrics[metric] for plan in plans]
    axes.plot(places, [each.mean for each in found], color=look.colour, linestyle=look.line, linewidth=2.5, zorder=3)
    if not any(math.isnan(each.low) for each in found):
        low, high = [each.low for each in found], [each.high for each in found]
        axes.fill_between(places, low, high, color=look.colour, alpha=0.25, linewidth=0)
    for place, plan, each in zip(places, plans, found, strict=True):
        is_fit = plan.meets_slo and not plan.is_overloaded
        face = look.colour if is_fit else theme().paper
        axes.plot([place], [each.mean], look.marker, ms=8, mec=look.colour, mew=1.8, mfc=face, zorder=4)


def _money_axis(axes: Axes, sweep: Sweep, names: Sequence[str]) -> None:
    means = [point.comparison.plans[name].metrics[sweep.judged_by].mean for point in sweep.points for name in names]
    axes.set_ylabel(f"{form.capital(form.metric_label(sweep.judged_by))}, USD")
    axes.yaxis.set_major_formatter(lambda amount, _: form.usd(amount).removesuffix(".00"))
    if min(means) > 0 and max(means) / min(means) > WIDE_COSTS:
        axes.set_yscale("log")
        axes.yaxis.set_minor_formatter(lambda *_: "")
    elif min(means) >= 0:
        axes.set_ylim(bottom=0)
    axes.grid(axis="y")


def key_axis(axes: Axes, factor: Factor, places: Sequence[float], texts: Sequence[str]) -> None:
    """Label the axis of a key with its values."""
    if factor.is_wide:
        axes.set_xscale("log")
    axes.minorticks_off()
    written = dict(zip(places, texts, strict=True))
    low, high = places[0], places[-1]
    margin = 0.0 if factor.is_wide else 0.03 * (high - low or 1.0)
    axes.set_xlim((low / 1.05, high * 1.05) if factor.is_wide else (low - margin, high + margin))
    ticks = ticks_that_fit(axes, list(places), lambda place: written[place])
    axes.set_xticks(ticks, [written[place] for place in ticks])
    axes.set_xlabel(f"{factor.key}{' (logarithmic)' if factor.is_wide else ''}")


def _strip(axes: Axes, sweep: Sweep, places: Sequence[float], look: Mapping[str, Look]) -> None:
    """Show the best plan around each value in a strip below the lines, hatched where chance may decide."""
    left, right = axes.get_xlim()
    middles = [math.sqrt(a * b) if sweep.factors[0].is_wide else (a + b) / 2 for a, b in pairwise(places)]
    edges = [left, *middles, right]
    for point, begin, end in zip(sweep.points, edges[:-1], edges[1:], strict=True):
        best = Look(theme().faint) if point.recommended is None else look[point.recommended]
        hatch = None if point.is_decided or point.recommended is None else HATCH
        axes.axvspan(
            begin, end, 0, STRIP, facecolor=best.colour, edgecolor=theme().paper, linewidth=0, hatch=hatch, zorder=5
        )


def _said(sweep: Sweep, name: str) -> list[str]:
    """Return what the key says of a plan."""
    best = sweep.winners.get(name, 0)
    found = [f"best at {best} of {len(sweep.points)}"] if best else []
    plans = [point.comparison.plans[name] for point in sweep.points]
    broken = sum(not plan.meets_slo or plan.is_overloaded for plan in plans)
    return [
        *found,
        *([f"fails at {broken} (hollow)" if len(sweep.factors) == 1 else f"fails at {broken}"] if broken else []),
    ]


@in_style
def _map(sweep: Sweep) -> Figure:
    look = plan_looks(sweep)
    across, up = sweep.factors
    subtitle = f"The best plan that meets every bound, over {across.key} and {up.key}"
    figure = slide_of(finding(sweep), subtitle, footnotes(sweep))
    axes = figure.add_axes((_MAP_LEFT, BOTTOM, _AXES_RIGHT - _MAP_LEFT, TOP - BOTTOM))
    winner_at = sweep.winner_at
    drawn = [None, *look]
    cells = [
        [
            drawn.index(winner_at[column, row]) if winner_at[column, row] in drawn else 0
            for column in range(len(across.levels))
        ]
        for row in range(len(up.levels))
    ]
    palette = [theme().faint, *(tint(look[name].colour, LIGHT) for name in look)]
    axes.pcolormesh(
        cells, cmap=ListedColormap(palette), vmin=-0.5, vmax=len(palette) - 0.5, edgecolors=theme().paper, linewidth=0.6
    )
    _mark_points(axes, sweep, look)
    _cell_ticks(axes, across, up)
    entries = [Entry(name, look[name], _said(sweep, name)) for name in look if name in sweep.winners]
    if None in sweep.winners:
        none = [f"at {sweep.winners[None]} of {len(sweep.points)}"]
        entries.append(Entry("no plan meets every bound", Look(theme().faint), none))
    if sweep.undecided:
        unsure = [f"at {sweep.undecided} of {len(sweep.points)}"]
        entries.append(Entry("hatched: chance may decide", Look(theme().quiet), unsure))
    if sweep.adaptive:
        entries.append(Entry("dots: simulated", Look(theme().ink), [f"{len(sweep.points)} of {sweep.grid_points}"]))
    key(figure, entries, _KEY_LEFT)
    return figure


def _mark_points(axes: Axes, sweep: Sweep, look: Mapping[str, Look]) -> None:
    """Hatch what chance may decide, and mark each point with its plan, so that grey prints are read, too."""
    size = min(9.0, 300 / max(len(factor.levels) for factor in sweep.factors))
    for point in sweep.points:
        column, row = point.place
        best = look.get(point.recommended or "")
        if best is not None:
            (mark,) = axes.plot([column + 0.5], [row + 0.5], best.marker, color=best.colour, markersize=size, zorder=5)
            mark.set_markeredgecolor(theme().paper)
        if point.recommended is not None and not point.is_decided:
            axes.add_patch(
                Rectangle((column, row), 1, 1, fill=False, hatch=HATCH, edgecolor=theme().paper, linewidth=0, zorder=3)
            )
        if sweep.adaptive:
            axes.plot([column + 0.5], [row + 0.5], "o", ms=4, color=theme().ink, zorder=4)


def _cell_ticks(axes: Axes, across: Factor, up: Factor) -> None:
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.tick_params(length=0)
    texts = {number + 0.5: level.text for number, level in enumerate(across.levels)}
    ticks = ticks_that_fit(axes, list(texts), lambda place: texts[place])
    axes.set_xticks(ticks, [texts[place] for place in ticks])
    step = max(1, math.ceil(len(up.levels) / MOST_TICKS))
    rows = range(0, len(up.levels), step)
    axes.set_yticks([row + 0.5 for row in rows], [up.levels[row].text for row in rows], size=TICK_PT)
    axes.set_xlabel(across.key)
    axes.set_ylabel(up.key)


def footnotes(sweep: Sweep) -> list[str]:
    """Return where the numbers come from."""
    first, keys = sweep.points[0].comparison, [factor.key for factor in sweep.factors]
    of_grid = "" if len(sweep.points) == sweep.grid_points else f" of {sweep.grid_points}"
    return [
        *provenance_of(sweep.scenario, first.replications, first.book.name, keys),
        f"{len(sweep.points)}{of_grid} points",
    ]
