"""What each item of the bill adds to the difference between the best plan and the next, as a waterfall."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from simulator.core.estimate import CONFIDENCE, Estimate
from simulator.report import format as form
from simulator.report.brief import Brief
from simulator.report.slides.cost_slides import by_item, largest_first
from simulator.report.slides.deck import Axis, Bars, Column, Label, Paint, Series, Slide
from simulator.report.slides.intervals import chance_caption, ends_of, whiskers, with_interval
from simulator.report.slides.naming import called
from simulator.report.slides.scales import money_axis, usd_format
from simulator.studies.comparison import COST, Comparison

MOST_ITEMS = 9
"""Of a difference; what the others add is one bar."""
FADING = 0.45
MORE, LESS = Paint("#D55E00", "#E8690B", fading=FADING), Paint("#009E73", "#12B886", fading=FADING)
WHOLE = Paint("#595959", "#BFBFBF", fading=FADING)


@dataclass(frozen=True)
class Pair:
    """Two plans of a comparison, and how far their costs are apart."""

    cheap: str
    dear: str
    gap: Estimate
    """What the dear one costs more, paired by replication. [USD per 30-day month]"""
    confidence: float
    """Of its interval."""


@dataclass(frozen=True)
class _Step:
    item: str
    change: float
    begin: float


def compared_pair(comparison: Comparison) -> Pair | None:
    """Return the best plan and the next that is not as good; None where there is one plan, or they cost the same."""
    best, *others = comparison.ranking
    if not others:
        return None
    near = {*comparison.selection.as_good, *comparison.selection.near}
    following = next((name for name in others if name not in near), others[0])
    cheap, dear = sorted((best, following), key=lambda name: comparison.plans[name].cost_usd_per_month)
    is_choice = cheap == best and not comparison.weighs_value and dear in comparison.selection.against
    gap = comparison.gap(dear) if is_choice else comparison.difference(dear, cheap, COST)
    return (
        Pair(cheap, dear, gap, comparison.selection.confidence if is_choice else CONFIDENCE) if gap.mean > 0 else None
    )


def difference_slide(brief: Brief) -> Iterator[Slide]:
    """Yield it where there are two plans to compare.

    Every step begins where the one before ends, on a part that cannot be seen; what adds comes first, so that none lies
    below 0.
    """
    comparison = brief.comparison
    pair = compared_pair(comparison)
    if pair is None:
        return
    steps = _steps(by_item(comparison.plans[pair.cheap]), by_item(comparison.plans[pair.dear]))
    dear, cheap = called(comparison, pair.dear), called(comparison, pair.cheap)
    tops = [step.begin + max(step.change, 0.0) for step in steps]
    axis = money_axis("Difference of the cost, USD per 30-day month", [*ends_of([pair.gap]), *tops])
    notes = [f"{step.item}: {form.signed_usd(step.change)}" for step in steps]
    notes.append(f"All of it: {with_interval(COST, pair.gap, pair.confidence)}")
    caption = f"What each item adds to the cost of {dear}, per month{chance_caption(comparison, pair.confidence)}"
    bars = _waterfall(steps, pair.gap, axis, f"Waterfall chart. {'; '.join(notes)}.")
    yield Slide("difference", _title(pair.gap, dear, cheap), bars, caption, notes)


def _title(gap: Estimate, dear: str, cheap: str) -> str:
    from simulator.report.charts.claims import interval  # noqa: PLC0415  (as in cost_slides)

    said = f"{form.capital(dear)} costs {form.usd(gap.mean)} a month more than {cheap}"
    if math.isnan(gap.half_width) or not gap.includes_zero:
        return said + interval(gap)
    return f"{said}, by chance perhaps"


def _steps(before: dict[str, float], after: dict[str, float]) -> list[_Step]:
    """Return the items that differ; those that add first, the largest first."""
    gaps = {item: after.get(item, 0.0) - before.get(item, 0.0) for item in {**before, **after}}
    told = [item for item in largest_first(gaps) if gaps[item]]
    if len(told) > MOST_ITEMS:
        others = told[MOST_ITEMS - 1 :]
        told = [*told[: MOST_ITEMS - 1], f"{len(others)} other items"]
        gaps[told[-1]] = math.fsum(gaps[item] for item in others)
    told.sort(key=lambda item: gaps[item] < 0)
    begins = [math.fsum(gaps[item] for item in told[:place]) for place in range(len(told))]
    return [_Step(item, gaps[item], begin) for item, begin in zip(told, begins, strict=True)]


def _waterfall(steps: Sequence[_Step], gap: Estimate, axis: Axis, spoken: str) -> Bars:
    """Return the steps and their sum; in its workbook all follows from column G, that of the changes."""
    count, rows = len(steps), range(2, len(steps) + 2)
    unseen, unsaid = [None] * (count + 1), [None] * (count + 1)
    said = [Label(usd_format(step.change, "+" if step.change > 0 else "-"), beyond=True) for step in steps]

    def part(
        name: str, values: list[float], paints: Sequence[Paint | None], labels: Sequence[Label | None], formula: str
    ) -> Series:
        return Series(
            name, [*values, 0.0], paints, labels, formulas=[*(formula.format(row - 1, row) for row in rows), ""]
        )

    series = (
        part(
            "lift (not shown)",
            [max(min(step.begin, step.begin + step.change), 0.0) for step in steps],
            unseen,
            unsaid,
            "=MIN(SUM(G$1:G{0}),SUM(G$1:G{1}))",
        ),
        part("adds", [max(step.change, 0.0) for step in steps], [MORE] * (count + 1), unsaid, "=MAX(G{1},0)"),
        part("saves", [max(-step.change, 0.0) for step in steps], [LESS] * (count + 1), unsaid, "=MAX(-G{1},0)"),
        part("label (not shown)", [abs(step.change) for step in steps], unseen, [*said, None], "=ABS(G{1})"),
        Series(
            "all of it",
            [*[0.0] * count, gap.mean],
            [WHOLE] * (count + 1),
            [*unsaid[:-1], Label(usd_format(gap.mean, "+"))],
            [*[None] * count, *whiskers([gap])] if whiskers([gap]) else (),
            formulas=[*[""] * count, f"=SUM(G2:G{count + 1})"],
        ),
    )
    change = Column("change: edit this", [*(step.change for step in steps), None])
    return Bars([*(step.item for step in steps), "all of it"], series, axis, spoken, stacked=True, beside=[change])
