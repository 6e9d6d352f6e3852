"""Traffic, batch runs and replicas, hour by hour."""

import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from simulator.core.arrays import FloatArray
from simulator.core.units import DAY_S, DAYS_PER_WEEK, HOUR_S
from simulator.report import format as form
from simulator.report.charts.labels import Entry, key
from simulator.report.charts.look import BOTTOM, TOP, Look, called, in_picture, looks, shown, slide, ticks_that_fit
from simulator.report.charts.theme import TICK_PT, in_style, theme, tint
from simulator.studies.comparison import Comparison, PlanResult

EVEN = 1.15
"""Below this ratio of the busiest hour to the mean the traffic is called even."""
SHORT_DAYS, NAMED_DAYS, LONGEST_DAYS = 2, 14, 400
"""Horizons up to here are marked by hours, by weekdays, by Mondays; longer ones by nothing."""
MOST_MONDAYS = 8
MOST_AREAS = 3
"""With more fleets the busy replicas are dotted lines in place of areas."""
_AXES_LEFT, _AXES_RIGHT, _KEY_LEFT = 0.105, 0.72, 0.745
_GAP = 0.035
_CLOCK_HOURS, NOON = (0, 6, 12, 18), 12
_STEP_S = HOUR_S / 4
"""Clocks differ by quarters of an hour."""


@in_style
def week(comparison: Comparison) -> Figure:
    """Draw the horizon hour by hour: requests, batch runs, and the replicas that are billed and busy."""
    names = shown(comparison)
    plans = {name: comparison.plans[name] for name in names}
    fleets = {name: plan for name, plan in plans.items() if plan.outcomes[0].fleets}
    batches = {name: plan for name, plan in plans.items() if plan.outcomes[0].batch is not None}
    figure = slide(comparison, week_title(comparison), _subtitle(comparison, bool(fleets), bool(batches)))
    panels = _panels(figure, bool(fleets), len(batches))
    _traffic(panels[0], comparison)
    if batches:
        _runs(panels[1], batches, looks(comparison))
    if fleets:
        _replicas(panels[-1], fleets, looks(comparison))
    for axes in panels:
        _days(axes, comparison, labelled=axes is panels[-1])
    entries = [Entry(name, looks(comparison)[name], _said(comparison, plan)) for name, plan in plans.items()]
    key(figure, entries, _KEY_LEFT)
    return figure


def week_title(comparison: Comparison) -> str:
    """Return when the peak is, and how busy the first-ranked fleet is, as a sentence that holds for this comparison."""
    start_s, end_s, per_s = _requests_per_s(comparison)
    mean = float((per_s * (end_s - start_s)).sum() / (end_s[-1] - start_s[0]))
    busiest = int(np.argmax(per_s))
    if mean == 0:
        said = "Nobody comes"
    elif per_s[busiest] < EVEN * mean:
        said = f"Traffic is even, at {form.number(mean)} requests a second"
    else:
        at = _local(comparison, float(start_s[busiest]))
        said = f"Traffic peaks on {at:%A} at {at:%H:%M}, at {per_s[busiest] / mean:.1f} times its mean"
    drawn = in_picture(comparison)
    fleets = [name for name in comparison.ranking if name in drawn and "utilisation" in drawn[name].metrics]
    if not fleets:
        return said
    busy = comparison.plans[fleets[0]].metrics["utilisation"].mean
    what = "fleet" if _machines(comparison, [comparison.plans[fleets[0]]]) == "replicas billed" else "live instances"
    return f"{said}; {called(comparison, fleets[0])} keeps its {what} {form.about_share(busy)} busy"


def _machines(comparison: Comparison, plans: Iterable[PlanResult]) -> str:
    """Return what the plans' online backends are made of."""
    uses = [use for plan in plans for use in plan.outcomes[0].fleets]
    live = [comparison.scenario.online(use.backend).most_instances > 0 for use in uses]
    return "instances live" if all(live) else "replicas billed or instances live" if any(live) else "replicas billed"


def _subtitle(comparison: Comparison, fleets: bool, batches: bool) -> str:  # noqa: FBT001
    drawn = in_picture(comparison).values()
    machines = _machines(comparison, drawn)
    parts = ["requests per second", *(["batch runs"] * batches), *([f"{machines} (line) and busy (area)"] * fleets)]
    if fleets and sum(bool(plan.outcomes[0].fleets) for plan in drawn) > MOST_AREAS:
        parts[-1] = f"{machines} (line) and busy (dotted)"
    return f"Hour by hour, mean over replications: {form.listed(parts)}"


def _panels(figure: Figure, fleets: bool, batches: int) -> list[Axes]:  # noqa: FBT001
    """Return the panels from top to bottom, on one time axis."""
    strip = 0.0 if not batches else 0.05 + 0.015 * batches
    rest = TOP - BOTTOM - (strip + _GAP if batches else 0.0) - (_GAP if fleets else 0.0)
    heights = [rest / 2 if fleets else rest, *([strip] if batches else []), *([rest / 2] if fleets else [])]
    panels: list[Axes] = []
    top = TOP
    for height in heights:
        box = (_AXES_LEFT, top - height, _AXES_RIGHT - _AXES_LEFT, height)
        panels.append(figure.add_axes(box, sharex=panels[0] if panels else None))
        top -= height + _GAP
    return panels


def _arrivals(plan: PlanResult) -> FloatArray:
    return np.asarray(np.mean([outcome.traffic.arrivals for outcome in plan.outcomes], axis=0))


def _spans(comparison: Comparison) -> tuple[FloatArray, FloatArray]:
    """Return when the hours begin and end; the last may be cut off by the horizon. [s]"""
    start_s = next(iter(comparison.plans.values())).outcomes[0].hours.start_s
    return start_s, np.append(start_s[1:], comparison.scenario.horizon_s)


def _requests_per_s(comparison: Comparison) -> tuple[FloatArray, FloatArray, FloatArray]:
    start_s, end_s = _spans(comparison)
    return start_s, end_s, _arrivals(next(iter(comparison.plans.values()))) / (end_s - start_s)


def _traffic(axes: Axes, comparison: Comparison) -> None:
    start_s, end_s, per_s = _requests_per_s(comparison)
    edges = np.append(start_s, end_s[-1])
    axes.stairs(per_s, edges, fill=True, color=tint(theme().quiet, 0.65))
    axes.stairs(per_s, edges, color=theme().ink, linewidth=1.2, label="requests")
    axes.set_ylim(0, max(float(per_s.max()) * 1.08, 1e-9))
    axes.yaxis.set_major_formatter(lambda amount, _: f"{amount:,.6g}")
    axes.locator_params(axis="y", nbins=4)
    axes.set_ylabel("Requests\nper second")


def _runs(axes: Axes, batches: Mapping[str, PlanResult], look: Mapping[str, Look]) -> None:
    for place, (name, plan) in enumerate(batches.items()):
        batch = plan.outcomes[0].batch
        assert batch is not None
        spans = [(run.due_s, run.makespan_s) for run in batch.runs]
        axes.broken_barh(spans, (place + 0.15, 0.7), color=look[name].colour, linewidth=1, label=name)
    axes.set_ylim(len(batches), 0)
    axes.set_yticks([])
    axes.set_ylabel("Batch\nruns", rotation=0, ha="right", va="center", labelpad=12)


def _replicas(axes: Axes, fleets: Mapping[str, PlanResult], look: Mapping[str, Look]) -> None:
    most = 0.0
    for place, (name, plan) in enumerate(fleets.items()):
        hours = plan.outcomes[0].hours
        edges = np.append(hours.start_s, plan.outcomes[0].horizon_s)
        length_s = np.diff(edges)
        billed = np.mean([outcome.provisioned_replica_s for outcome in plan.outcomes], axis=0) / length_s
        busy = np.mean([outcome.busy_replica_s for outcome in plan.outcomes], axis=0) / length_s
        broad = 1.8 + 1.6 * (len(fleets) - 1 - place)
        axes.stairs(
            billed,
            edges,
            color=look[name].colour,
            linewidth=broad,
            linestyle=look[name].line,
            label=f"{name}: billed",
            baseline=None,
        )
        if len(fleets) <= MOST_AREAS:
            axes.stairs(busy, edges, fill=True, color=look[name].colour, alpha=0.45, label=f"{name}: busy")
        else:
            axes.stairs(
                busy, edges, color=look[name].colour, linestyle=":", linewidth=1.5, label=f"{name}: busy", baseline=None
            )
        most = max(most, float(billed.max()))
    axes.set_ylim(0, max(most * 1.12, 1.0))
    axes.locator_params(axis="y", nbins=4, integer=True)
    axes.set_ylabel("Replicas")


def _said(comparison: Comparison, plan: PlanResult) -> list[str]:
    first, lines = plan.outcomes[0], []
    if first.batch is not None:
        runs, makespan = len(first.batch.runs), plan.metrics.get("batch_makespan_mean_s")
        length = f" of {form.duration(makespan.mean)}" if makespan else ""
        missed = f", {first.batch.missed} missed" if first.batch.missed else ""
        lines.append(f"{runs} run{'' if runs == 1 else 's'}{length}{missed}")
    if first.fleets:
        mean, peak = plan.metrics["replicas_mean"].mean, plan.metrics["replicas_peak"].mean
        what = _machines(comparison, [plan]).split()[0]
        lines.append(f"{form.number(mean).removesuffix('.0')} {what}, peak {form.count(peak)}")
        if "utilisation" in plan.metrics:
            lines.append(f"{form.about_share(plan.metrics['utilisation'].mean)} busy")
    return lines


def _local(comparison: Comparison, time_s: float) -> datetime:
    """Return the clock of the scenario's start at a simulated time."""
    start = comparison.scenario.demand.home_start
    return (start.astimezone(UTC) + timedelta(seconds=time_s)).astimezone(start.tzinfo)


def _days(axes: Axes, comparison: Comparison, *, labelled: bool) -> None:
    horizon_s = comparison.scenario.horizon_s
    axes.set_xlim(0, horizon_s)
    lines, labels = _lines_and_labels(comparison)
    align = "left" if horizon_s > NAMED_DAYS * DAY_S else "center"
    axes.xaxis.remove_overlapping_locs = False
    axes.set_xticks(lines, [""] * len(lines))
    written = dict(labels)
    kept = ticks_that_fit(axes, list(written), written.__getitem__)
    axes.set_xticks(kept, [written[time_s] for time_s in kept], minor=True, ha=align)
    axes.grid(axis="x")
    axes.tick_params(axis="x", which="both", length=0, labelbottom=labelled)
    axes.tick_params(axis="x", which="minor", labelsize=TICK_PT, pad=7)
    if labelled:
        axes.set_xlabel(f"{'Day' if horizon_s > SHORT_DAYS * DAY_S else 'Time'}, {_clock(comparison)}")


def _clock(comparison: Comparison) -> str:
    """Return whose clock the axis has: that of ``start``, which is the users' own only where all live by it."""
    start = comparison.scenario.demand.home_start
    name = start.strftime("%Z")
    zone = f"UTC{name}" if name[:1] in "+-" else name
    homes = comparison.scenario.traffic.timezones
    offsets = {start.astimezone(ZoneInfo(home)).utcoffset() for home in homes}
    return f"local time ({zone})" if offsets == {start.utcoffset()} else zone


def _lines_and_labels(comparison: Comparison) -> tuple[list[float], list[tuple[float, str]]]:
    """Return where to draw lines, and where to write what: hours, weekdays or Mondays as the horizon is long."""
    days = comparison.scenario.horizon_s / DAY_S
    if days > LONGEST_DAYS:
        return [], []
    times_s = map(float, np.arange(0.0, comparison.scenario.horizon_s, _STEP_S))
    clocks = [(time_s, _local(comparison, time_s)) for time_s in times_s]
    full = [(time_s, clock) for time_s, clock in clocks if clock.minute == 0]
    midnights = [(time_s, clock) for time_s, clock in full if clock.hour == 0]
    if days <= SHORT_DAYS:
        hours = [(time_s, f"{clock:%a %H:%M}") for time_s, clock in full if clock.hour in _CLOCK_HOURS]
        return [time_s for time_s, _ in hours], hours
    if days <= NAMED_DAYS:
        day = "%A" if days <= DAYS_PER_WEEK else "%a"
        noons = [(time_s, clock.strftime(day)) for time_s, clock in full if clock.hour == NOON]
        return [time_s for time_s, _ in midnights], noons
    mondays = [(time_s, f"Mon {clock.day} {clock:%b}") for time_s, clock in midnights if clock.weekday() == 0]
    mondays = mondays[:: math.ceil(len(mondays) / MOST_MONDAYS) or 1]
    return [time_s for time_s, _ in mondays], mondays
