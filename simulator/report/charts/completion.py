"""When batch runs are through: how long many of them take, against the deadline, by how the workers are bought."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from simulator.backends.answers.runs import Purchase
from simulator.core.units import HOUR_S, MINUTE_S, write_clock
from simulator.report import format as form
from simulator.report.charts.labels import Entry, key
from simulator.report.charts.look import BOTTOM, TOP, Look, NoChartError, called, looks, shown, slide, ticks_that_fit
from simulator.report.charts.theme import in_style, theme, tint
from simulator.report.plan_styles import MOST_PLANS
from simulator.studies.comparison import Comparison
from simulator.studies.completion import Completion, completion_times

MOST_SHARDS = 30_000
"""About so many shards are run for the chart, over all its curves: more would take seconds."""
MOST_RUNS = 1000
"""For each curve."""
_AXES_LEFT, _AXES_RIGHT, _KEY_LEFT = 0.105, 0.7, 0.725


@dataclass(frozen=True)
class _Line:
    dash: tuple[float, ...]
    name: tuple[str, ...]
    """For the key, where it must be said."""
    pale: float


_LINES: Mapping[Purchase, _Line] = MappingProxyType(
    {
        Purchase.CONFIGURED: _Line((), (), 0.0),
        Purchase.ON_DEMAND: _Line((6, 2), ("dashed",), 0.35),
        Purchase.SPOT: _Line((1.5, 1.5), ("dotted",), 0.35),
    }
)
_MARGIN = 0.06
"""Left and right of what is drawn, as a share of it."""
_STEPS_S = (
    *(1.0, 2.0, 5.0, 10.0, 20.0, 30.0),
    *(minutes * MINUTE_S for minutes in (1, 2, 5, 10, 20, 30)),
    *(hours * HOUR_S for hours in (1, 2, 3, 6, 12, 24, 48)),
)
_MOST_TICKS = 9


@dataclass(frozen=True)
class _Curve:
    """The runs of a plan with workers bought in one way."""

    plan: str
    runs: Completion

    @property
    def name(self) -> str:
        return f"{self.plan}, {self.runs.bought}" if self.runs.workers else self.plan

    @property
    def is_configured(self) -> bool:
        return self.runs.purchase is Purchase.CONFIGURED

    @property
    def spreads(self) -> bool:
        """Whether some runs take longer than others."""
        return bool(self.runs.makespans_s.min() < self.runs.makespans_s.max())

    @property
    def spare_s(self) -> float:
        """The least time between a run's end and its deadline; below 0 where one is late. [s]"""
        return float((self.runs.allowed_s - self.runs.makespans_s).min())


@in_style
def completion_cdf(comparison: Comparison) -> Figure:
    """Draw the share of a plan's batch runs that are through by each time from their start, and the deadline.

    The runs are drawn for the chart, without requests: so many that the work is bounded.

    Raises
    ------
    NoChartError
        If no plan computes anything ahead.
    """
    curves = _curves(comparison)
    if not curves:
        raise NoChartError("no plan computes anything ahead: there are no batch runs")
    if comparison.scenario.slo.batch_deadline_s is None and not any(curve.spreads for curve in curves):
        raise NoChartError("every batch run takes as long as the others, and there is no deadline to compare it with")
    figure = slide(comparison, _title(comparison, curves), _subtitle(curves))
    axes = figure.add_axes((_AXES_LEFT, BOTTOM, _AXES_RIGHT - _AXES_LEFT, TOP - BOTTOM))
    deadlines_s = _deadlines_s(curves)
    _time_axis(axes, curves, deadlines_s)
    drawn = {curve.name: _look(curve, looks(comparison)[curve.plan]) for curve in curves}
    _draw(axes, curves, drawn)
    axes.set_ylim(0, 1.02)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 0.95, 1], ["0 %", "25 %", "50 %", "75 %", "95 %", "100 %"])
    axes.set_ylabel("Runs, % published by then")
    axes.set_xlabel("Time from a run's start to its last publication")
    axes.grid(visible=True)
    entries = [Entry(curve.name, drawn[curve.name], _said(curve)) for curve in curves]
    clock_s = comparison.scenario.slo.batch_deadline_s
    if clock_s is not None and deadlines_s:
        _draw_deadlines(axes, deadlines_s)
        after = [f"{_long_text(deadline_s)} after the start" for deadline_s in deadlines_s]
        entries.append(Entry("deadline", Look(theme().forbidden), [write_clock(clock_s), *after]))
    key(figure, entries, _KEY_LEFT)
    return figure


def _look(curve: _Curve, plan: Look) -> Look:
    """Return how a curve looks: as its plan, and dashed by how the workers are bought."""
    line = _LINES[curve.runs.purchase]
    return Look(tint(plan.colour, line.pale), plan.marker, line.dash)


def _draw(axes: Axes, curves: Sequence[_Curve], look: Mapping[str, Look]) -> None:
    for place, curve in enumerate(curves):
        each, times_s = look[curve.name], np.sort(curve.runs.makespans_s)
        shares = np.arange(1, times_s.size + 1) / times_s.size
        ends = np.array([axes.get_xlim()[0], *times_s, max(axes.get_xlim()[1], times_s[-1])])
        (line,) = axes.step(ends, np.array([0.0, *shares, shares[-1]]), where="post", color=each.colour)
        line.set(linestyle=each.line, linewidth=2.5 + min(1.6, 4 / len(curves)) * (len(curves) - 1 - place))
        line.set(label=curve.name, zorder=2.5 if curve.is_configured else 2.6)
        line.set(marker=each.marker, markersize=9, markeredgecolor=theme().paper, markevery=(0.05 * (place + 1), 0.2))


def completion_title(comparison: Comparison) -> str:
    """Return when batch runs are through, as a sentence that holds for this comparison."""
    return _title(comparison, _curves(comparison))


def _curves(comparison: Comparison) -> list[_Curve]:
    """Return what is drawn: for each plan as configured, and otherwise bought where there is room for all."""
    scenario = comparison.scenario
    ahead = {name for name, plan in scenario.plans.items() if plan.precompute is not None}
    names = [name for name in shown(comparison) if name in ahead]
    found = [
        _Curve(name, runs)
        for name in names
        for runs in completion_times(scenario, name, MOST_RUNS, MOST_SHARDS / (2 * len(names))).values()
    ]
    return found if len(found) <= MOST_PLANS else [curve for curve in found if curve.is_configured]


def _title(comparison: Comparison, curves: Sequence[_Curve]) -> str:
    configured = [curve for curve in curves if curve.is_configured]
    clock_s = comparison.scenario.slo.batch_deadline_s
    if clock_s is None:
        slow = max(configured, key=lambda curve: float(curve.runs.makespans_s.mean()))
        return form.capital(
            f"{called(comparison, slow.plan)} takes {_typical(slow.runs)} from a run's start to its end"
        )
    clock = write_clock(clock_s)
    late = max(configured, key=lambda curve: curve.runs.late_fraction)
    if late.runs.late_fraction > 0:
        return form.capital(
            f"{called(comparison, late.plan)} misses {clock} {_how_often(late.runs)}{_elsewise(late, curves)}"
        )
    close = min(curves, key=lambda curve: curve.spare_s)
    if close.spare_s < 0:
        return form.capital(
            f"{called(comparison, close.plan)} keeps {clock} as configured; {close.runs.purchase} it misses it "
            f"{_how_often(close.runs)}"
        )
    how, spare = _bought(close, curves), f"with {_long_text(close.spare_s)} to spare"
    if len(configured) == 1:
        return form.capital(f"every run of {called(comparison, close.plan)}{how} is through by {clock}, {spare}")
    return form.capital(
        f"every plan is through by {clock}; {called(comparison, close.plan)}{how} is the closest, {spare}"
    )


def _bought(one: _Curve, curves: Sequence[_Curve]) -> str:
    """Return how the workers are bought, where the plan is drawn with others too."""
    if sum(curve.plan == one.plan for curve in curves) == 1:
        return ""
    if one.runs.on_demand_workers in {0, one.runs.workers}:
        return " on demand" if one.runs.on_demand_workers else " on spot"
    return f" with {one.runs.on_demand_workers:,} of {one.runs.workers:,} on demand"


def _how_often(runs: Completion) -> str:
    if runs.late_fraction == 1:
        return "in every run"
    return f"in {form.about_share(runs.late_fraction)} of its runs" if runs.late_fraction else "in no run"


def _elsewise(late: _Curve, curves: Sequence[_Curve]) -> str:
    """Return what the share of late runs would be if all workers were bought on demand."""
    for other in curves:
        if other.plan == late.plan and other.runs.purchase is Purchase.ON_DEMAND:
            return f", and {_how_often(other.runs)} with all workers on demand"
    return ""


def _typical(runs: Completion) -> str:
    low, high = _median_and_p95(runs)
    return low if low == high else f"{low} (median) to {high} (p95)"


def _median_and_p95(runs: Completion) -> tuple[str, str]:
    """Return quantiles in words: values of the sample, as one of them may be infinite."""
    low_s, high_s = np.quantile(runs.makespans_s, (0.5, 0.95), method="inverted_cdf").tolist()
    return _long_text(low_s), _long_text(high_s)


def _subtitle(curves: Sequence[_Curve]) -> str:
    counts = sorted({curve.runs.runs for curve in curves})
    many = f"{counts[0]:,}" if len(counts) == 1 else f"{counts[0]:,} to {counts[-1]:,}"
    runs = "run" if counts[-1] == 1 else "runs"
    error = "; ± is the standard error" if any(curve.runs.late_error_fraction for curve in curves) else ""
    return f"Batch runs from their start to their last publication, simulated alone: {many} {runs} each{error}"


def _said(curve: _Curve) -> list[str]:
    runs = curve.runs
    median, p95 = _median_and_p95(runs)
    found = [*_LINES[runs.purchase].name, f"median {median}", f"p95 {p95}"]
    if runs.reclaims_mean:
        found.append(f"{form.number(runs.reclaims_mean)} reclaims a run")
    if math.isfinite(runs.allowed_s.min()):
        error = f" ± {form.share(runs.late_error_fraction)}" if runs.late_error_fraction else ""
        found.append(f"late: {form.share(runs.late_fraction)}{error}" if runs.late_fraction else "never late")
    return found


def _deadlines_s(curves: Sequence[_Curve]) -> list[float]:
    """Return how long after their start runs must be through, the shortest time of each plan. [s]"""
    found = {float(curve.runs.allowed_s.min()) for curve in curves}
    return sorted(deadline_s for deadline_s in found if math.isfinite(deadline_s))


def _time_axis(axes: Axes, curves: Sequence[_Curve], deadlines_s: Sequence[float]) -> None:
    times_s = np.concatenate([curve.runs.makespans_s for curve in curves])
    ends_s = [*times_s[np.isfinite(times_s)].tolist(), *deadlines_s]
    low_s, high_s = min(ends_s, default=0.0), max(ends_s, default=HOUR_S)
    room_s = _MARGIN * ((high_s - low_s) or high_s or 1.0)
    low_s, high_s = max(low_s - room_s, 0.0), high_s + room_s
    axes.set_xlim(low_s, high_s)
    span_s = high_s - low_s
    step_s = next((step for step in _STEPS_S if span_s / step <= _MOST_TICKS), span_s / _MOST_TICKS)
    ticks = np.arange(math.ceil(low_s / step_s), math.floor(high_s / step_s) + 1) * step_s
    ticks = ticks_that_fit(axes, ticks.tolist(), _tick_text)
    axes.set_xticks(ticks, [_tick_text(tick) for tick in ticks])


def _long_text(time_s: float) -> str:
    """Return hours and minutes where there are some: ``3 h 20 min``, ``4.2 min``."""
    if not HOUR_S <= time_s < math.inf:
        return form.duration(time_s)
    return _tick_text(round(time_s / MINUTE_S) * MINUTE_S)


def _tick_text(time_s: float) -> str:
    """Return hours and minutes: ``3 h 20 min``; or seconds where they are not whole."""
    minutes, seconds = divmod(round(time_s), 60)
    if seconds or time_s < MINUTE_S:
        return f"{time_s:g} s"
    hours, minutes = divmod(minutes, 60)
    return " ".join(part for part in (f"{hours} h" if hours else "", f"{minutes} min" if minutes else "") if part)


def _draw_deadlines(axes: Axes, deadlines_s: Sequence[float]) -> None:
    axes.axvspan(deadlines_s[0], axes.get_xlim()[1], color=theme().forbidden, alpha=0.1, linewidth=0)
    for deadline_s in deadlines_s:
        axes.axvline(deadline_s, color=theme().forbidden, linewidth=1.5, label="deadline")
