"""Means with their intervals: as bars with whiskers, and in the speaker's notes."""

import math
from collections.abc import Iterator, Sequence

from simulator.core.estimate import CONFIDENCE, Estimate
from simulator.report import format as form
from simulator.report.brief import Brief
from simulator.report.slides.deck import Axis, Label, Paint, Series
from simulator.studies.comparison import Comparison
from simulator.studies.words import of_chance

WIDE = 0.008
"""A whisker that is longer than this share of the axis would cross a number beyond the end of its bar."""
LONG = 0.12
"""A bar that is longer than this share of the axis has room for a number."""


def interval_series(
    name: str, found: Sequence[Estimate], paints: Sequence[Paint], formats: Sequence[str], axis: Axis, unit: float = 1.0
) -> Series:
    """Return a bar for each mean, with its interval and its number; ``unit`` is what 1 on the axis stands for."""
    span = axis.span * unit
    inside = [each.half_width > WIDE * span and abs(each.mean) > LONG * span for each in found]
    labels = [Label(text, inside=is_inside) for text, is_inside in zip(formats, inside, strict=True)]
    reach = [None if each is None else (each[0] / unit, each[1] / unit) for each in whiskers(found)]
    return Series(name, [each.mean / unit for each in found], paints, labels, reach)


def whiskers(found: Sequence[Estimate]) -> tuple[tuple[float, float] | None, ...]:
    """Return how far intervals reach below and above their means; nothing where no mean has one."""
    reach = tuple(
        None if math.isnan(each.half_width) else (each.mean - each.low, each.high - each.mean) for each in found
    )
    return reach if any(reach) else ()


def ends_of(found: Sequence[Estimate]) -> list[float]:
    """Return all that is drawn: means, and the ends of their intervals where there are any."""
    return [end for each in found for end in (each.mean, each.low, each.high) if not math.isnan(end)]


def with_interval(metric: str, found: Estimate, confidence: float = CONFIDENCE) -> str:
    """Return a mean with its interval, for the notes."""
    mean = form.metric_text(metric, found.mean)
    if math.isnan(found.half_width):
        return mean
    ends = f"{form.metric_text(metric, found.low)} to {form.metric_text(metric, found.high)}"
    return f"{mean} ({of_chance(confidence)}: {ends})"


def interval_notes(brief: Brief, metric: str, names: Sequence[str]) -> Iterator[str]:
    """Yield a line for each plan that has a metric."""
    for name in names:
        found = brief.comparison.plans[name].metrics.get(metric)
        if found is not None:
            yield f"{brief.plan_names[name]}: {with_interval(metric, found)}"


def chance_caption(comparison: Comparison, confidence: float = CONFIDENCE) -> str:
    """Return what whiskers are, where there are any."""
    return f"; whiskers: {of_chance(confidence)}" if comparison.replications > 1 else ""
