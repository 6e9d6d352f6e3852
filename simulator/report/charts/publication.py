"""When a batch run's rows become visible, and what write capacity has to do with it."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from simulator.core.arrays import FloatArray
from simulator.core.units import HOUR_S, MINUTE_S
from simulator.report import format as form
from simulator.report.charts.labels import Entry, key
from simulator.report.charts.look import BOTTOM, TOP, Look, NoChartError, called, looks, shown, slide
from simulator.report.charts.theme import in_style, theme
from simulator.studies.comparison import Comparison
from simulator.studies.publication import Publication

SPAN = 100.0
"""Write capacities are drawn from the present ones over so much to so many times them."""
POINTS = 161
HARDLY_FRACTION = 0.01
"""Below this share of the makespan writing does not delay a run."""
IN_HOURS_FROM_S = 3 * HOUR_S
_LEFT, _MIDDLE, _RIGHT, _KEY_LEFT = 0.098, 0.39, 0.725, 0.75
_GAP = 0.075


@in_style
def publication(comparison: Comparison) -> Figure:
    """Draw the rows that are visible over the time of a run, and its makespan by write capacity.

    Raises
    ------
    NoChartError
        If no plan has batch runs, or no store limits their writes.
    """
    runs = _runs(comparison)
    figure = slide(comparison, publication_title(comparison), _SUBTITLE)
    over_time = figure.add_axes((_LEFT, BOTTOM, _MIDDLE - _LEFT, TOP - BOTTOM))
    by_capacity = figure.add_axes((_MIDDLE + _GAP, BOTTOM, _RIGHT - _MIDDLE - _GAP, TOP - BOTTOM))
    longest_s = max(run.makespan_s for run in runs.values())
    unit_s, unit = (HOUR_S, "h") if longest_s >= IN_HOURS_FROM_S else (MINUTE_S, "min")
    look = looks(comparison)
    _draw_rows(over_time, runs, look, unit_s)
    over_time.set_xlabel(f"Time from the start of a run, {unit}")
    over_time.set_ylabel("Rows visible")
    _draw_makespans(by_capacity, runs, look, unit_s)
    by_capacity.set_xlabel("Write capacity, rows per second")
    by_capacity.set_ylabel(f"Makespan, {unit}")
    entries = [Entry(name, look[name], _said(run)) for name, run in runs.items()]
    key(figure, entries, _KEY_LEFT)
    return figure


_SUBTITLE = "One run, as expected: solid as it is, dashed if writing took no time; marks: the present write capacity"


def publication_title(comparison: Comparison) -> str:
    """Return what limits publication, as a sentence that holds for this comparison."""
    runs = _runs(comparison)
    name = max(runs, key=lambda each: runs[each].waiting_fraction)
    run = runs[name]
    pipeline_s = run.backend.feature_pipeline.duration_s
    if pipeline_s > max(run.compute_s, run.makespan_s - run.unlimited_s):
        of = f"{form.duration(pipeline_s)} of the {form.duration(run.makespan_s)}"
        return f"The feature pipeline takes {of} until the rows of {called(comparison, name)} are published"
    share, whole = form.about_share(run.waiting_fraction), form.duration(run.makespan_s)
    if run.is_limited_by_writes:
        rows = f"{form.count(run.rows)} rows take {whole}"
        return f"Write capacity limits publishing with {called(comparison, name)}: {rows}, {share} of it for the store"
    if run.waiting_fraction < HARDLY_FRACTION:
        return f"Computing limits publishing with {called(comparison, name)}: writing hardly delays its {whole}"
    return f"Computing limits publishing with {called(comparison, name)}: writing adds {share} of its {whole}"


def _runs(comparison: Comparison) -> dict[str, Publication]:
    """Return the runs that a store limits, by plan."""
    plans = {name: comparison.plans[name].outcomes[0].plan for name in shown(comparison)}
    found = {name: Publication.of(comparison.scenario, plan) for name, plan in plans.items()}
    runs = {name: run for name, run in found.items() if run is not None}
    if not runs:
        raise NoChartError("no plan has batch runs: there is nothing to publish")
    limited = {name: run for name, run in runs.items() if math.isfinite(run.writes_per_s) and run.rows >= 1}
    if not limited:
        raise NoChartError("no store limits how fast runs are published; give 'write_capacity'")
    return limited


def _said(run: Publication) -> list[str]:
    needed = run.writes_needed_per_s
    parts = [
        f"{form.count(run.writes_per_s)} rows/s",
        f"{form.duration(run.makespan_s)}",
        f"{form.duration(run.unlimited_s)} without writes",
    ]
    if needed is not None:
        parts.append(f"deadline: {form.count(needed)} rows/s" if math.isfinite(needed) else "too late anyhow")
    return parts


def _draw_rows(axes: Axes, runs: Mapping[str, Publication], look: Mapping[str, Look], unit_s: float) -> None:
    curves: dict[tuple[object, ...], tuple[FloatArray, FloatArray]] = {}
    for place, (name, run) in enumerate(runs.items()):
        broad = 2.0 + min(1.6, 4 / len(runs)) * (len(runs) - 1 - place)
        for writes_per_s, style, width in ((math.inf, "--", 1.4), (run.writes_per_s, "-", broad)):
            which = (run.backend_name, run.rows, run.publish, writes_per_s)  # plans often have the same run
            if which not in curves:
                curves[which] = run.visible_rows(writes_per_s)
            times_s, rows = curves[which]
            axes.plot(
                times_s / unit_s,
                rows,
                style,
                color=look[name].colour,
                linewidth=width,
                drawstyle="steps-post",
                label=name if style == "-" else f"{name}, writing for nothing",
            )
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(lambda amount, _: form.count(amount))
    axes.locator_params(nbins=5)
    axes.grid(visible=True)


def _draw_makespans(axes: Axes, runs: Mapping[str, Publication], look: Mapping[str, Look], unit_s: float) -> None:
    present = [run.writes_per_s for run in runs.values()]
    low, high = min(present) / SPAN**0.5, max(present) * SPAN**0.5
    capacities = np.geomspace(low, high, POINTS)
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    for place, (name, run) in enumerate(runs.items()):
        broad = len(runs) - 1 - place
        makespans_s = np.array([run.makespan_at_s(float(each)) for each in capacities])
        axes.plot(capacities, makespans_s / unit_s, color=look[name].colour, linewidth=2.0 + broad, label=name)
        axes.plot(
            run.writes_per_s,
            run.makespan_s / unit_s,
            look[name].marker,
            color=look[name].colour,
            markersize=10 + 3 * broad,
        )
    _limit_height(axes, list(runs.values()), unit_s)
    _deadline(axes, list(runs.values()), unit_s)
    axes.set_xticks([], minor=True)
    axes.xaxis.set_major_formatter(lambda amount, _: form.count(amount))
    axes.locator_params(axis="y", nbins=5)
    axes.grid(visible=True)


def _limit_height(axes: Axes, runs: Sequence[Publication], unit_s: float) -> None:
    """Leave out the steep end of the curves, which would flatten the rest."""
    most_s = max(max(run.makespan_s, run.available_s or 0.0) for run in runs)
    axes.set_ylim(0, 1.25 * most_s / unit_s)


def _deadline(axes: Axes, runs: Sequence[Publication], unit_s: float) -> None:
    available_s = {run.available_s for run in runs if run.available_s is not None}
    for each_s in sorted(available_s):
        axes.axhline(each_s / unit_s, color=theme().forbidden, linewidth=1.5, label="deadline")
    if available_s:
        at = (axes.get_xlim()[1], max(available_s) / unit_s)
        axes.annotate("deadline", at, (-4, 4), textcoords="offset points", color=theme().forbidden, size=12, ha="right")
