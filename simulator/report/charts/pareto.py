"""Cost against freshness against latency: which plans no other plan beats in all three."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from simulator.core.estimate import Estimate
from simulator.report import format as form
from simulator.report.charts.distributions import duration_ticks
from simulator.report.charts.labels import Entry, key
from simulator.report.charts.look import BOTTOM, TOP, Look, NoChartError, called, looks, shown, slide
from simulator.report.charts.money import money_axis
from simulator.report.charts.theme import in_style, theme
from simulator.studies.comparison import COST, Comparison
from simulator.studies.words import listed

AGE, P99 = "age_p95_s", "latency_p99_s"
JUDGED = (COST, AGE, P99)
ALIKE = 0.01
"""Means that differ by less, relative to the smaller, are practically the same."""
YOUNGEST_S = 1.0
"""Younger predictions are drawn here: a logarithmic axis has no 0. [s]"""
NAMED = 3
_AXES_LEFT, _AXES_RIGHT, _KEY_LEFT = 0.105, 0.7, 0.725
SMALLEST_PT, LARGEST_PT = 10.0, 22.0


@dataclass(frozen=True)
class _Beaten:
    """Plans that others beat, each with one that does."""

    by: dict[str, str]

    def __contains__(self, name: object) -> bool:
        return name in self.by


@in_style
def pareto(comparison: Comparison) -> Figure:
    """Draw every plan's cost against the age of what it serves; the larger the mark, the longer users wait.

    Raises
    ------
    NoChartError
        If fewer than two plans serve predictions.
    """
    names = _judged(comparison)
    beaten = _beaten(comparison, names)
    figure = slide(comparison, form.capital(_title(comparison, names, beaten)), _SUBTITLE)
    axes = figure.add_axes((_AXES_LEFT, BOTTOM, _AXES_RIGHT - _AXES_LEFT, TOP - BOTTOM))
    look, sizes = looks(comparison), _sizes(comparison, names)
    ages = [max(comparison.plans[name].metrics[AGE].mean, YOUNGEST_S) for name in names]
    money_axis(axes, "Cost per 30-day month", [comparison.plans[name].metrics[COST].mean for name in names])
    axes.set_xscale("log")
    axes.set_xlim(min(ages) / 2, max(ages) * 2)
    ticks, texts = duration_ticks(axes)
    axes.set_xticks(ticks, texts)
    axes.set_xticks([], minor=True)
    axes.set_xlabel("Age of the predictions served, p95 (logarithmic)")
    axes.grid(visible=True)
    for name, age_s in zip(names, ages, strict=True):
        _point(axes, comparison, name, age_s, look[name], sizes[name], hollow=name in beaten)
    _bounds(axes, comparison)
    key(figure, _entries(comparison, names, beaten, look), _KEY_LEFT)
    return figure


def pareto_title(comparison: Comparison) -> str:
    """Return which plans are beaten in all three, as a sentence that holds for this comparison."""
    names = _judged(comparison)
    return form.capital(_title(comparison, names, _beaten(comparison, names)))


_SUBTITLE = (
    "Cost against freshness; the larger the mark, the later the answers; hollow: beaten by another plan in all three"
)


def _judged(comparison: Comparison) -> list[str]:
    names = [name for name in shown(comparison) if set(JUDGED) <= set(comparison.plans[name].metrics)]
    if len(names) < 2:  # noqa: PLR2004  (one has nothing to be compared with)
        raise NoChartError("fewer than two plans serve predictions: there is nothing to weigh up")
    return names


def _beaten(comparison: Comparison, names: Sequence[str]) -> _Beaten:
    """Return plans that another is surely no worse than in all three, and surely better in one of them."""
    found = dict[str, str]()
    for name in names:
        better = [other for other in names if other != name and _beats(comparison, other, name)]
        if better:
            found[name] = min(better, key=comparison.ranking.index)
    return _Beaten(found)


def _beats(comparison: Comparison, one: str, other: str) -> bool:
    gaps = {metric: comparison.difference(other, one, metric) for metric in JUDGED}
    least = {metric: ALIKE * comparison.plans[one].metrics[metric].mean for metric in JUDGED}
    no_worse = all(_low(gap) >= -least[metric] for metric, gap in gaps.items())
    return no_worse and any(_low(gap) > least[metric] for metric, gap in gaps.items())


def _low(gap: Estimate) -> float:
    """Return the low end of a difference; the difference itself where there is one replication."""
    return gap.mean if gap.low != gap.low else gap.low


def _title(comparison: Comparison, names: Sequence[str], beaten: _Beaten) -> str:
    front = [name for name in names if name not in beaten]
    if not beaten.by:
        every = "both plans" if len(names) == 2 else f"all {len(names)} plans"  # noqa: PLR2004
        return f"{every} have their case: none beats another in cost, freshness and latency at once"
    first = next(iter(beaten.by))
    if len(front) == 1:
        return f"{called(comparison, front[0])} is no worse than any other plan in cost, freshness and latency"
    if len(beaten.by) == 1:
        by = called(comparison, beaten.by[first])
        no_case = f"{called(comparison, first)} has no case"
        return f"{no_case}: {by} is no worse in cost, freshness and latency, and better in one"
    who = (
        listed([called(comparison, name) for name in front])
        if len(front) <= NAMED
        else f"{len(front)} of {len(names)} plans"
    )
    return f"only {who} have their case: another plan beats each of the rest in cost, freshness and latency"


def _sizes(comparison: Comparison, names: Sequence[str]) -> dict[str, float]:
    """Return sizes of marks by p99 latency, in its logarithm. [pt]"""
    p99s = np.log([max(comparison.plans[name].metrics[P99].mean, 1e-6) for name in names])
    span = float(p99s.max() - p99s.min())
    parts = (p99s - p99s.min()) / span if span > ALIKE else np.full(len(names), 0.3)
    return {
        name: SMALLEST_PT + float(part) * (LARGEST_PT - SMALLEST_PT) for name, part in zip(names, parts, strict=True)
    }


def _point(
    axes: Axes, comparison: Comparison, name: str, age_s: float, look: Look, size: float, *, hollow: bool
) -> None:
    cost = comparison.plans[name].metrics[COST]
    if cost.half_width > 0:
        around = [[cost.half_width], [cost.half_width]]
        axes.errorbar(age_s, cost.mean, yerr=around, color=theme().ink, capsize=3, linewidth=1.0, zorder=3)
    face = theme().paper if hollow else look.colour
    edge = look.colour if hollow else theme().paper
    axes.plot(
        [age_s], [cost.mean], look.marker, ms=size, mfc=face, mec=edge, mew=2.0 if hollow else 0.8, zorder=4, label=name
    )


def _bounds(axes: Axes, comparison: Comparison) -> None:
    bound_s = comparison.scenario.slo.age_p95_s
    if bound_s is not None and bound_s < axes.get_xlim()[1]:
        axes.axvspan(bound_s, axes.get_xlim()[1], color=theme().forbidden, alpha=0.1, linewidth=0)
        axes.axvline(bound_s, color=theme().forbidden, linewidth=1.5, label="bound")


def _entries(comparison: Comparison, names: Sequence[str], beaten: _Beaten, look: dict[str, Look]) -> list[Entry]:
    entries = []
    for name in names:
        metrics = comparison.plans[name].metrics
        said = [f"{form.duration(metrics[AGE].mean)} old", f"p99 {form.duration(metrics[P99].mean)}"]
        said += [f"beaten by {called(comparison, beaten.by[name])}"] if name in beaten else []
        entries.append(Entry(name, look[name], said))
    bound_s = comparison.scenario.slo.age_p95_s
    if bound_s is not None:
        entries.append(Entry("bound", Look(theme().forbidden), [f"95 % within {form.exact_duration(bound_s)}"]))
    return entries
