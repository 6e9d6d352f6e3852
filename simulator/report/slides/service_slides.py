"""What nobody reads, how old answers are, and how long users wait."""

from collections.abc import Iterator, Sequence

from simulator.report import format as form
from simulator.report.brief import Brief
from simulator.report.plan_styles import drawn_plans, plan_styles
from simulator.report.slides.deck import Bars, Column, Label, Paint, Series, Slide
from simulator.report.slides.intervals import chance_caption, ends_of, interval_notes, interval_series
from simulator.report.slides.naming import ROOMY, beside_bars
from simulator.report.slides.scales import away, count_axis, count_format, span_of, time_format, time_unit

PALE = 0.72
"""Fading of what is never read, and of a median beside its tail."""
LEAST_LABELLED = 0.1
"""A part of a bar has its number in it where it is so long, as a share of the axis."""


def service_slides(brief: Brief) -> Iterator[Slide]:
    """Yield those that apply."""
    from simulator.report.charts.distributions import age_title, latency_title  # noqa: PLC0415  (as in cost_slides)

    slo = brief.comparison.scenario.slo
    both = len(drawn_plans(brief.comparison)) <= ROOMY  # of more, the tail alone has room
    yield from _waste_slide(brief)
    metrics = ("age_p95_s", "age_p50_s") if both else ("age_p95_s",)
    caption = f"Age when served: {_shown('p95', slo.age_p95_s, both=both)}"
    yield from _times(brief, "freshness", age_title(brief.comparison), caption, metrics)
    metrics = ("latency_p99_s", "latency_p50_s") if both else ("latency_p99_s",)
    caption = f"What users wait: {_shown('p99', slo.latency_p99_s, both=both)}"
    yield from _times(brief, "latency", latency_title(brief.comparison), caption, metrics)


def _shown(tail: str, bound_s: float | None, *, both: bool) -> str:
    bound = "" if bound_s is None else f"; bound: {form.exact_duration(bound_s)} at {tail}"
    return f"{f'{tail} (full colour), median (pale)' if both else tail}{bound}"


def _waste_slide(brief: Brief) -> Iterator[Slide]:
    """Yield the predictions of each plan, read and never read, where any plan keeps what it computes."""
    from simulator.report.charts.reads import Reads, read_title  # noqa: PLC0415

    comparison = brief.comparison
    reads = {name: Reads.of(comparison.plans[name]) for name in drawn_plans(comparison)}
    keeps = any(comparison.scenario.plans[name].has_store for name in reads)
    if not keeps or not any(one.computed for one in reads.values()):
        return
    names = sorted(reads, key=lambda name: -reads[name].computed)
    horizon, styles = form.exact_duration(comparison.scenario.horizon_s), plan_styles(comparison)
    computed = [reads[name].computed for name in names]
    axis = count_axis(f"Predictions computed in {horizon}", computed)
    parts = {
        "read": ([reads[name].read for name in names], 0.0),
        "never read": ([reads[name].unread for name in names], PALE),
    }
    series = [
        Series(what, values, [Paint.of(styles[name], fading) for name in names], _counts(values, axis.span))
        for what, (values, fading) in parts.items()
    ]
    said = [Label(away(count_format(amount)), beyond=True) for amount in computed]
    sums = [f"=B{row}+C{row}" for row in range(2, len(names) + 2)]
    series.append(Series("computed (not shown)", computed, [None] * len(names), said, formulas=sums))
    notes = [_read_said(brief, name, reads[name].computed, reads[name].unread_fraction) for name in names]
    labels, shares = beside_bars(names), Column("share never read", [reads[name].unread_fraction for name in names])
    spoken = f"Stacked bars of the predictions that each plan computes, read and never read. {'; '.join(notes)}."
    bars = Bars([labels[name] for name in names], series, axis, spoken, stacked=True, beside=[shares])
    spent = interval_notes(brief, "wasted_usd_per_month", names)
    notes += ["Spent on the never read, per month, its storage included:", *spent]
    caption = f"Predictions computed in {horizon}: read (full colour) and never read (pale)"
    yield Slide("waste", read_title(comparison), bars, caption, notes)


def _read_said(brief: Brief, name: str, computed: float, unread_fraction: float) -> str:
    never = f"{form.about_share(unread_fraction)} never read"
    return f"{brief.plan_names[name]}: {form.count(computed)} computed, {never}"


def _counts(values: Sequence[float], span: float) -> list[Label | None]:
    return [Label(count_format(value)) if value > LEAST_LABELLED * span else None for value in values]


def _times(brief: Brief, name: str, title: str, caption: str, metrics: Sequence[str]) -> Iterator[Slide]:
    """Yield a bar for each metric of each plan, the tail and the median, where any plan has them."""
    comparison = brief.comparison
    plans = [plan for plan in drawn_plans(comparison) if all(m in comparison.plans[plan].metrics for m in metrics)]
    if not plans:
        return
    plans.sort(key=lambda plan: comparison.plans[plan].metrics[metrics[0]].mean)
    found = {metric: [comparison.plans[plan].metrics[metric] for plan in plans] for metric in metrics}
    unit_s, unit = time_unit([each.mean for each in found[metrics[0]]])
    ends = [max(end, 0.0) / unit_s for metric in metrics for end in ends_of(found[metric])]
    what = "Age" if name == "freshness" else "Latency"
    axis, styles = span_of(f"{what}, {unit}", "General", ends), plan_styles(comparison)
    series = [
        interval_series(
            form.metric_label(metric),
            found[metric],
            [Paint.of(styles[plan], fading) for plan in plans],
            [time_format(each.mean / unit_s, unit, axis.span) for each in found[metric]],
            axis,
            unit_s,
        )
        for metric, fading in zip(metrics, (0.0, PALE), strict=False)
    ]
    notes = [
        f"{form.metric_label(metric)}, {text}" for metric in metrics for text in interval_notes(brief, metric, plans)
    ]
    labels = beside_bars(plans)
    bars = Bars([labels[plan] for plan in plans], series, axis, f"Bar chart of each plan's times. {'; '.join(notes)}.")
    yield Slide(name, title, bars, caption + chance_caption(comparison), notes)
