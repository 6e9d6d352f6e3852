"""The rows of a difference as text, for whatever kind of table."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from simulator.core.estimate import Estimate
from simulator.report import format as form
from simulator.studies.comparison import COST, NET_VALUE, VALUE
from simulator.studies.consumption import WASTED
from simulator.studies.difference import Diff, MetricChange
from simulator.studies.metric_kinds import is_better

LEADING = (
    *(NET_VALUE, VALUE, COST, WASTED, "wasted_fraction", "coverage", "cache_hit_ratio", "default_fraction"),
    *("stale_fraction", "age_p95_s", "latency_p99_s", "slo_attainment", "quality_mean"),
)
"""What a reader asks for first, in this order; all else is listed when all is asked for."""
HEADS = ("", "before", "now", "difference", "95 % interval", "")
MOST_ITEMS = 8
"""Lines of a bill; what the others change is summed."""
PARTS = ("by prices", "by all else")
"""Of a difference of cost, where both have changed."""
CHANCE, UNKNOWN = "chance?", "no interval"


@dataclass(frozen=True)
class Row:
    """A line of a table."""

    cells: tuple[str, ...]
    """As `HEADS` says."""
    is_decided: bool
    is_item: bool = False
    """Whether it is a part of the row above it."""


def rows_of(diff: Diff, plan: str, *, is_all: bool = False) -> list[Row]:
    """Return how a plan's metrics have changed, the leading ones first, the bill's lines below its cost.

    Parameters
    ----------
    is_all
        Whether all metrics are listed; else the leading ones that are not the same.
    """
    return [row for change in _listed(diff, plan, is_all=is_all) for row in _rows(diff, change, is_all=is_all)]


def _listed(diff: Diff, plan: str, *, is_all: bool) -> Sequence[MetricChange]:
    metrics = diff.metrics(plan)
    leading = [metric for metric in LEADING if metric in metrics]
    if is_all:
        return [diff.change(plan, metric) for metric in dict.fromkeys((*leading, *metrics))]
    changes = [diff.change(plan, metric) for metric in leading]
    return [change for change in changes if not _is_nothing(change.estimate)]


def _is_nothing(estimate: Estimate) -> bool:
    """Return whether there is no difference at all, in no replication."""
    return estimate.mean == 0 and (math.isnan(estimate.low) or estimate.low == estimate.high)


def _rows(diff: Diff, change: MetricChange, *, is_all: bool) -> Iterator[Row]:
    metric, label = change.metric, form.metric_label(change.metric)
    write = form.reading(metric).write
    yield Row(_cells(label, metric, write(change.before), write(change.after), change.estimate), change.is_decided)
    if metric != COST:
        return
    for label, part in zip(PARTS, diff.by_prices(change.plan) or (), strict=False):
        yield Row(_cells(f"  {label}", COST, "", "", part), _is_decided(part), is_item=True)
    items = [each for each in diff.items(change.plan) if is_all or not _is_nothing(each.estimate)]
    for item in items[: len(items) if is_all else MOST_ITEMS]:
        was, now = (form.usd_on_bill(each) for each in (item.before_usd, item.after_usd))
        yield Row(_cells(f"  {item.item}", COST, was, now, item.estimate), _is_decided(item.estimate), is_item=True)
    left = items[MOST_ITEMS:] if not is_all else []
    if left:
        rest = math.fsum(each.estimate.mean for each in left)
        cells = (f"  {len(left)} other lines", "", "", form.signed_metric(COST, rest), "", "")
        yield Row(cells, is_decided=False, is_item=True)


def _is_decided(estimate: Estimate) -> bool:
    return not (math.isnan(estimate.low) or estimate.includes_zero)


def _cells(label: str, metric: str, before: str, after: str, estimate: Estimate) -> tuple[str, ...]:
    difference = form.signed_metric(metric, estimate.mean)
    return (label, before, after, difference, interval(metric, estimate), word(metric, estimate))


def interval(metric: str, estimate: Estimate) -> str:
    """Return ``-$14 to -$10``; empty where there is none, or nothing to tell."""
    if math.isnan(estimate.low) or _is_nothing(estimate):
        return ""
    return form.signed_interval(metric, estimate.low, estimate.high)


def word(metric: str, estimate: Estimate) -> str:
    """Return whether a difference is for the better, or may be chance alone."""
    if _is_nothing(estimate):
        return ""
    if math.isnan(estimate.low):
        return UNKNOWN
    if estimate.includes_zero:
        return CHANCE
    better = is_better(metric, estimate.mean)
    return "differs" if better is None else "better" if better else "worse"
