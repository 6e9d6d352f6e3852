"""How large a fleet must be: p99 latency by its number of replicas, and the load of a day."""

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from simulator.core.estimate import Estimate
from simulator.report import format as form
from simulator.report.charts import closed_form
from simulator.report.charts.labels import Entry, key
from simulator.report.charts.look import BOTTOM, TOP, Look, called, looks, slide, ticks_that_fit
from simulator.report.charts.theme import in_style, theme, tint
from simulator.studies.comparison import Comparison
from simulator.studies.planner.fleet_sizes import P99, FleetSizes, fleet_sizes

_AXES_LEFT, _AXES_RIGHT, _KEY_LEFT = 0.105, 0.7, 0.725
_STRIP, _GAP = 0.13, 0.11
ALIKE = 0.05
"""Latencies that differ by less, relative to the smaller, are the same for a title."""
WIDE = 8.0
FAR = 4.0
"""Bounds that are more than so many times what is drawn are only told."""


@in_style
def latency_by_fleet(comparison: Comparison) -> Figure:
    """Draw the p99 latency of the best plan with a fleet by its size, by closed forms, above its load in a day.

    Raises
    ------
    NoChartError
        If no plan has a fleet, or closed forms know nothing.
    """
    found = fleet_sizes(comparison)
    if found is None:
        raise closed_form.nothing_known("no plan has a fleet of replicas whose waits are known")
    look = looks(comparison)[found.plan]
    figure = slide(comparison, form.capital(_title(comparison, found)), _subtitle(comparison, found))
    width = _AXES_RIGHT - _AXES_LEFT
    axes = figure.add_axes((_AXES_LEFT, BOTTOM + _STRIP + _GAP, width, TOP - BOTTOM - _STRIP - _GAP))
    strip = figure.add_axes((_AXES_LEFT, BOTTOM, width, _STRIP))
    axes.plot(found.sizes, found.p99_s * 1000, linestyle=look.line, color=look.colour, linewidth=closed_form.LINE_PT)
    axes.plot(found.sizes, found.p99_s * 1000, "o", ms=7, mfc=theme().paper, mec=look.colour, mew=1.6)
    bound_s = comparison.scenario.slo.latency_p99_s
    _frame(axes, comparison, found, bound_s)
    _load(strip, found, look)
    key(figure, _entries(comparison, found, look, bound_s), _KEY_LEFT)
    return figure


def _title(comparison: Comparison, found: FleetSizes) -> str:
    name, bound_s = called(comparison, found.plan), comparison.scenario.slo.latency_p99_s
    best, least = float(np.nanmin(found.p99_s)), found.smallest
    assert least is not None
    if bound_s is not None:
        enough = found.smallest_within(bound_s)
        bound = form.exact_duration(bound_s)
        if enough is None:
            return f"by closed form no fleet of up to {found.sizes[-1]:,} replicas brings {name} within {bound}"
        verb = "is" if enough == 1 else "are"
        return f"by closed form {_replicas(enough)} all day {verb} enough for {name} to keep p99 within {bound}"
    if float(found.p99_s[found.sizes.index(least)]) <= best * (1 + ALIKE):
        return f"by closed form more than {_replicas(least)} make {name} hardly faster: p99 {form.duration(best)}"
    there = float(found.p99_s[found.sizes.index(least)])
    most = form.duration(best)
    return f"by closed form p99 of {name} is {form.duration(there)} with {_replicas(least)} all day, {most} with many"


def _replicas(count: int) -> str:
    return "1 replica" if count == 1 else f"{count:,} replicas"


def _subtitle(comparison: Comparison, found: FleetSizes) -> str:
    low, high = found.now
    has = f"{low:,}" if low == high else f"{low:,} to {high:,}"
    name, fleet = called(comparison, found.plan), form.one_line(found.backend)
    return f"p99 latency of {name} if backend {fleet} had so many replicas all day; it has {has}"


def _frame(axes: Axes, comparison: Comparison, found: FleetSizes, bound_s: float | None) -> None:
    _axis(axes, found)
    metrics = comparison.plans[found.plan].metrics
    seen = metrics[P99].mean if P99 in metrics else 0.0
    high = 1000 * max(seen, float(np.nanmax(found.p99_s)))
    if bound_s is not None and bound_s * 1000 <= FAR * high:
        high = max(high, bound_s * 1000)
        axes.axhspan(bound_s * 1000, 10 * high, color=theme().forbidden, alpha=0.1, linewidth=0)
        axes.axhline(bound_s * 1000, color=theme().forbidden, linewidth=1.5, label="bound")
    if P99 in metrics and "replicas_mean" in metrics:
        low, most = axes.get_xlim()
        at, p99 = min(max(metrics["replicas_mean"].mean, low), most), metrics[P99]
        ms = Estimate(p99.mean * 1000, p99.low * 1000, p99.high * 1000)
        closed_form.simulated_point(axes, at, ms, looks(comparison)[found.plan])
    axes.set_ylim(0, high * 1.15)
    axes.locator_params(axis="y", nbins=5)
    axes.set_ylabel("p99 latency, ms")
    axes.grid(visible=True)


def _axis(axes: Axes, found: FleetSizes) -> None:
    low, high = found.sizes[0], found.sizes[-1]
    wide, margin = high / low > WIDE, 0.04 * (high - low) or 0.5
    if wide:
        axes.set_xscale("log")
        axes.minorticks_off()
    axes.set_xlim(*((low / 1.1, high * 1.1) if wide else (low - margin, high + margin)))
    ticks = ticks_that_fit(axes, list(map(float, found.sizes)), lambda size: f"{size:,.0f}")
    axes.set_xticks(ticks, [f"{size:,.0f}" for size in ticks])
    axes.set_xlabel(f"Replicas{' (logarithmic)' if wide else ''}")


def _load(strip: Axes, found: FleetSizes, look: Look) -> None:
    edges = np.arange(25)
    strip.stairs(found.busy_replicas, edges, fill=True, color=tint(look.colour, 0.4))
    strip.set_xlim(0, 24)
    strip.set_ylim(0, float(found.busy_replicas.max()) * 1.1 or 1.0)
    strip.set_xticks(range(0, 25, 3), [f"{hour:02d}:00" for hour in range(0, 25, 3)])
    strip.locator_params(axis="y", nbins=2)
    strip.yaxis.set_major_formatter(lambda amount, _: np.format_float_positional(amount, 3, fractional=False, trim="-"))
    strip.set_xlabel("Time of day")
    strip.set_ylabel("Replicas\nbusy")


def _entries(comparison: Comparison, found: FleetSizes, look: Look, bound_s: float | None) -> list[Entry]:
    metrics = comparison.plans[found.plan].metrics
    said = [f"p99 {form.duration(metrics[P99].mean)} simulated"] if P99 in metrics else []
    if "replicas_mean" in metrics:
        said.append(f"with {form.number(metrics['replicas_mean'].mean)} replicas on average")
    entries = [Entry(found.plan, look, said)]
    known = [place for place, usd in enumerate(found.cost_usd) if math.isfinite(usd)]
    if known:
        low, high = known[0], known[-1]
        costs = [
            f"{form.usd(float(found.cost_usd[place]))} with {_replicas(found.sizes[place])}" for place in (low, high)
        ]
        entries.append(Entry("cost a month", Look(theme().quiet, hatch=closed_form.HATCH), costs))
    if bound_s is not None:
        entries.append(Entry("bound", Look(theme().forbidden), [f"99 % within {form.exact_duration(bound_s)}"]))
    if int(np.isnan(found.p99_s).sum()):
        entries.append(Entry("not drawn", Look(theme().faint), ["fleets that do not keep up"]))
    return [*entries, *closed_form.entries("line and hollow marks", "filled mark, and the load of a day")]
