"""How old predictions are when they are served, and how long users wait: distributions on logarithmic time axes."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from simulator.core.arrays import FloatArray
from simulator.core.histogram import Histogram
from simulator.core.units import DAY_S, HOUR_S, MINUTE_S, about_duration
from simulator.report import format as form
from simulator.report.charts.labels import Entry, key
from simulator.report.charts.look import (
    BOTTOM,
    TOP,
    Look,
    NoChartError,
    called,
    in_picture,
    looks,
    overlap,
    shown,
    slide,
)
from simulator.report.charts.theme import in_style, theme
from simulator.studies.comparison import Comparison, PlanResult

AGE_FLOOR_S, LATENCY_FLOOR_S = 1.0, 1e-4
"""Shorter times are drawn here: a logarithmic axis has no 0. [s]"""
TAIL_REQUESTS = 10
"""The tail is drawn as far as so many requests lie beyond it."""
FINEST_TAIL = 1e-4
ALIKE = 0.05
"""Times that differ by less than this, relative to the smaller, are about the same."""
THINNEST_PT = 2.5
_AXES_LEFT, _AXES_RIGHT, _KEY_LEFT = 0.105, 0.7, 0.725
_MOST_TICKS = 10.5
_ROUNDEST_S = (
    *(1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0, MINUTE_S, 10 * MINUTE_S, HOUR_S, DAY_S),
    *(7 * DAY_S, 30 * DAY_S, 365 * DAY_S, 3650 * DAY_S),
)
_ROUND_S = (
    *(value * scale for scale in (1e-4, 1e-3, 1e-2, 0.1, 1.0) for value in (2, 5)),
    *(30.0, 2 * MINUTE_S, 5 * MINUTE_S, 30 * MINUTE_S),
    *(6 * HOUR_S, 2 * HOUR_S, 3 * HOUR_S, 12 * HOUR_S, 18 * HOUR_S, 2 * DAY_S, 3 * DAY_S, 14 * DAY_S, 90 * DAY_S),
)


@in_style
def age_cdf(comparison: Comparison) -> Figure:
    """Draw how old predictions are when they are served: the share up to each age, by plan.

    Raises
    ------
    NoChartError
        If no plan serves a prediction.
    """
    plans = {name: comparison.plans[name] for name in shown(comparison) if comparison.plans[name].age.count}
    if not plans:
        raise NoChartError("no plan serves a prediction: there is no age to draw")
    figure = slide(
        comparison, age_title(comparison), "Age of the predictions at the moment they are served: share up to each age"
    )
    axes = figure.add_axes((_AXES_LEFT, BOTTOM, _AXES_RIGHT - _AXES_LEFT, TOP - BOTTOM))
    curves = {name: _curve(plan.age, AGE_FLOOR_S) for name, plan in plans.items()}
    _draw(axes, curves, looks(comparison))
    bound_s = comparison.scenario.slo.age_p95_s
    _time_axis(axes, [ages for ages, _ in curves.values()], bound_s, AGE_FLOOR_S)
    axes.set_xlabel("Age when served (logarithmic)")
    axes.set_ylim(0, 1.02)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 0.95, 1], ["0 %", "25 %", "50 %", "75 %", "95 %", "100 %"])
    axes.set_ylabel("Predictions served, % up to that age")
    if bound_s is not None:
        _bound(axes, bound_s, (0, 0.95))
    entries = [Entry(name, looks(comparison)[name], _said(plan, "age", ("p50", "p95"))) for name, plan in plans.items()]
    if bound_s is not None:
        entries.append(Entry("bound", Look(theme().forbidden), [f"95 % within {form.exact_duration(bound_s)}"]))
    key(figure, entries, _KEY_LEFT)
    return figure


@in_style
def latency_cdf(comparison: Comparison) -> Figure:
    """Draw how long users wait, by plan, with the tail stretched out: 50 %, 90 %, 99 %, 99.9 % are as far apart.

    Raises
    ------
    NoChartError
        If there are no requests.
    """
    plans = {name: comparison.plans[name] for name in shown(comparison) if comparison.plans[name].latency.count}
    if not plans:
        raise NoChartError("there are no requests: there is no latency to draw")
    figure = slide(
        comparison, latency_title(comparison), "What users wait for an answer: share answered within each latency"
    )
    axes = figure.add_axes((_AXES_LEFT, BOTTOM, _AXES_RIGHT - _AXES_LEFT, TOP - BOTTOM))
    tail = max(FINEST_TAIL, TAIL_REQUESTS / max(plan.latency.count for plan in plans.values()))
    curves = {name: _tail_curve(plan.latency, tail) for name, plan in plans.items()}
    _draw(axes, curves, looks(comparison))
    bound_s = comparison.scenario.slo.latency_p99_s
    _time_axis(axes, [times for times, _ in curves.values()], bound_s, LATENCY_FLOOR_S)
    axes.set_xlabel("Latency (logarithmic)")
    axes.set_yscale("log")
    axes.set_ylim(1, min(tail, 0.009))
    beyond = [share for share in (1.0, 0.5, 0.1, 0.01, 1e-3, 1e-4) if share >= min(tail, 0.009) * 0.999]
    axes.set_yticks(beyond, [form.share(1 - share).replace(".0 ", " ") for share in beyond])
    axes.set_yticks([], minor=True)
    axes.set_ylabel("Requests, % answered within that time")
    if bound_s is not None:
        _bound(axes, bound_s, (1, 0.01))
    entries = [
        Entry(name, looks(comparison)[name], _said(plan, "latency", ("p50", "p99"))) for name, plan in plans.items()
    ]
    if bound_s is not None:
        entries.append(Entry("bound", Look(theme().forbidden), [f"99 % within {form.exact_duration(bound_s)}"]))
    key(figure, entries, _KEY_LEFT)
    return figure


def age_title(comparison: Comparison) -> str:
    """Return how old predictions are, as a sentence that holds for this comparison."""
    broken = _broken(comparison, "age_p95_s", "age", "of its predictions are older than", 0.95)
    if broken:
        return broken
    medians = _values(comparison, "age_p50_s")
    if not medians:
        return "Some replications served no prediction at all"
    young, old = min(medians, key=medians.__getitem__), max(medians, key=medians.__getitem__)
    if len(medians) == 1:
        median = form.duration(medians[young])
        return f"Half of the predictions that {called(comparison, young)} serves are older than {median}"
    if _alike(medians[young], medians[old]):
        return f"Predictions are about as old with every plan: {form.duration(medians[old])} at the median"
    if _apart_by_chance(comparison, old, young, "age_p50_s"):
        ends = f"{form.duration(medians[young])} to {form.duration(medians[old])}"
        return f"Chance alone may set the plans' ages apart: {ends} at the median"
    return (
        f"The median prediction is {form.duration(medians[old])} old with {called(comparison, old)}, "
        f"{form.duration(medians[young])} with {called(comparison, young)}"
    )


def latency_title(comparison: Comparison) -> str:
    """Return how long users wait, as a sentence that holds for this comparison."""
    broken = _broken(comparison, "latency_p99_s", "latency", "of its answers take longer than", 0.99)
    if broken:
        return broken
    p99s = _values(comparison, "latency_p99_s")
    if not p99s:
        return "Some replications had no request at all"
    fast, slow = min(p99s, key=p99s.__getitem__), max(p99s, key=p99s.__getitem__)
    bound_s = comparison.scenario.slo.latency_p99_s
    if bound_s is not None:
        who = form.capital(called(comparison, slow)) if len(p99s) == 1 else "Every plan"
        return (
            f"{who} answers 99 % of requests within {form.duration(p99s[slow])}, "
            f"inside the bound of {form.exact_duration(bound_s)}"
        )
    return _without_bound(comparison, fast, slow, p99s)


def _without_bound(comparison: Comparison, fast: str, slow: str, p99s: Mapping[str, float]) -> str:
    """Return how long users wait with the fastest and the slowest plan."""
    most, least = form.duration(p99s[slow]), form.duration(p99s[fast])
    if len(p99s) == 1:
        return f"{form.capital(called(comparison, slow))} answers 99 % of requests within {most}"
    if _alike(p99s[fast], p99s[slow]):
        return f"All plans are about as fast: 99 % of requests within {most}"
    if _apart_by_chance(comparison, slow, fast, "latency_p99_s"):
        return f"Chance alone may set the plans' latencies apart: 99 % of requests within {least} to {most}"
    first = form.capital(called(comparison, fast))
    return f"{first} answers 99 % of requests within {least}, {called(comparison, slow)} within {most}"


def _values(comparison: Comparison, metric: str) -> dict[str, float]:
    return {name: plan.metrics[metric].mean for name, plan in in_picture(comparison).items() if metric in plan.metrics}


def _alike(small: float, large: float) -> bool:
    return large - small <= ALIKE * small


def _broken(comparison: Comparison, metric: str, what: str, tail: str, share: float) -> str:
    """Return who breaks a bound; empty where nobody does."""
    found = [
        (name, violation)
        for name, plan in in_picture(comparison).items()
        for violation in plan.violations
        if violation.metric == metric and metric not in plan.unsure_bounds
    ]
    if not found:
        return _unsure(comparison, metric, what)
    name, worst = max(found, key=lambda pair: pair[1].value)
    bound, value = form.exact_duration(worst.bound), form.duration(worst.value)
    if len(found) == 1:
        more = f"{(1 - share) * 100:.0f} %"
        return f"{form.capital(called(comparison, name))} breaks the {what} bound of {bound}: {more} {tail} {value}"
    drawn = len(shown(comparison))
    who = "All" if len(found) == drawn else f"{len(found)} of {drawn}"
    at = f"p{share * 100:.0f}"
    return f"{who} plans break the {what} bound of {bound}; {at} is up to {value}, with {called(comparison, name)}"


def _unsure(comparison: Comparison, metric: str, what: str) -> str:
    """Return of whom chance decides whether a bound is kept; empty where that is sure of everybody."""
    found = [name for name, plan in in_picture(comparison).items() if metric in plan.unsure_bounds]
    if not found:
        return ""
    who = called(comparison, found[0]) if len(found) == 1 else f"{len(found)} plans"
    verb = "keeps" if len(found) == 1 else "keep"
    return f"Chance does not decide whether {who} {verb} the {what} bound"


def _apart_by_chance(comparison: Comparison, one: str, other: str, metric: str) -> bool:
    """Return whether chance alone may be what sets two plans apart."""
    return comparison.replications > 1 and comparison.difference(one, other, metric).includes_zero


def _said(plan: PlanResult, what: str, quantiles: Sequence[str]) -> list[str]:
    metrics = plan.metrics
    names = {"p50": "median"}
    return [
        f"{names.get(which, which)} {form.duration(metrics[f'{what}_{which}_s'].mean)}"
        for which in quantiles
        if f"{what}_{which}_s" in metrics
    ]


def _curve(histogram: Histogram, floor_s: float) -> tuple[FloatArray, FloatArray]:
    """Return times and the share up to each, from 0 to 1."""
    edges_s, shares = histogram.curve()
    times_s = np.maximum(edges_s, floor_s)
    return np.concatenate([times_s[:1], times_s]), np.concatenate([[0.0], shares])


def _tail_curve(histogram: Histogram, tail: float) -> tuple[FloatArray, FloatArray]:
    """Return times and the share of requests that take longer, from 1 down to at most ``tail``."""
    times_s, shares = _curve(histogram, LATENCY_FLOOR_S)
    beyond = np.maximum(1 - shares, tail / 2)
    last = int(np.argmax(beyond <= tail)) + 1 if (beyond <= tail).any() else beyond.size
    return times_s[:last], beyond[:last]


def _draw(axes: Axes, curves: Mapping[str, tuple[FloatArray, FloatArray]], look: Mapping[str, Look]) -> None:
    """Draw the curves as steps, the first the broadest, so that curves which coincide can all be seen."""
    for place, (name, (times_s, shares)) in enumerate(curves.items()):
        broad = THINNEST_PT + min(1.6, 4 / len(curves)) * (len(curves) - 1 - place)
        each, marked = look[name], (0.02 * (place + 1), 0.16)
        (line,) = axes.step(times_s, shares, where="post", color=each.colour, linewidth=broad, label=name)
        line.set(linestyle=each.line, solid_capstyle="butt", dash_capstyle="butt", markevery=marked)
        line.set(marker=each.marker, markersize=9, markeredgecolor=theme().paper)


def _time_axis(axes: Axes, times: Sequence[FloatArray], bound_s: float | None, floor_s: float) -> None:
    low = min(float(each[0]) for each in times)
    high = max([float(each[-1]) for each in times] + ([bound_s] if bound_s is not None else []))
    low, high = low / 1.6, high * 1.6
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    floored = any(float(each[0]) <= floor_s for each in times)

    def text(tick_s: float) -> str:
        return f"{'≤ ' if floored and tick_s == floor_s else ''}{_tick_text(tick_s)}"

    ticks = _ticks_s(axes, text)
    axes.set_xticks(ticks, [text(tick) for tick in ticks])
    axes.set_xticks([], minor=True)
    axes.grid(visible=True)


def _ticks_s(axes: Axes, write: Callable[[float], str]) -> list[float]:
    """Return round times on the axis, as many as there is room for, the roundest first."""
    low_s, high_s = axes.get_xlim()
    least = np.log(high_s / low_s) / _MOST_TICKS
    chosen: list[float] = []
    for tick in (*_ROUNDEST_S, *_ROUND_S):
        apart = all(abs(np.log(tick / other)) >= least and not overlap(axes, tick, other, write) for other in chosen)
        if low_s <= tick <= high_s and apart:
            chosen.append(tick)
    return sorted(chosen)


def duration_ticks(axes: Axes) -> tuple[list[float], list[str]]:
    """Return round times on the logarithmic axis below, and their texts."""
    ticks = _ticks_s(axes, _tick_text)
    return ticks, [_tick_text(tick) for tick in ticks]


def _tick_text(time_s: float) -> str:
    return about_duration(time_s).replace("us", "µs")


def _bound(axes: Axes, bound_s: float, shares: tuple[float, float]) -> None:
    """Mark where no curve may pass: later than the bound, below its share."""
    end_s = axes.get_xlim()[1]
    corner, height = (bound_s, shares[0]), shares[1] - shares[0]
    axes.add_patch(Rectangle(corner, end_s - bound_s, height, color=theme().forbidden, alpha=0.1, linewidth=0))
    axes.plot(
        [bound_s, bound_s, end_s],
        [shares[0], shares[1], shares[1]],
        color=theme().forbidden,
        linewidth=1.5,
        label="bound",
    )
