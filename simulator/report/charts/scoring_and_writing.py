"""What computing predictions ahead costs, against writing them into the store."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from simulator.report import format as form
from simulator.report.charts.labels import plan_labels
from simulator.report.charts.look import (
    BOTTOM,
    HEIGHT_IN,
    RIGHT,
    ROOMY_ROW_IN,
    TOP,
    Look,
    NoChartError,
    called,
    hatched,
    looks,
    shown,
    slide,
)
from simulator.report.charts.theme import in_style, theme, tint
from simulator.studies.comparison import Comparison, PlanResult

ALIKE = 1.1
"""Costs whose ratio is below this are about the same."""
PALE = 0.6
_AXES_LEFT = 0.25
_LANES = (-0.21, 0.21)
"""Where scoring and writing stand in a row. [rows]"""
_BAR = 0.34
_ROOM = 1.45
"""Length of the axis, of the longest bar."""
_GAP = 0.01


@dataclass(frozen=True)
class Ahead:
    """What a plan spends on batch runs. [USD per 30-day month]"""

    scoring_usd: float
    """To compute: workers or tokens; the feature pipeline is left out."""
    writing_usd: float
    """To write: requests, or the write capacity that is kept for it."""
    holding_usd: float
    """The rest of the store's bill."""

    @classmethod
    def of(cls, plan: PlanResult) -> "Ahead":
        """Return what the bill says."""
        by_line = {(usage.item, usage.meter): usage for usage in plan.bill.usages}
        scoring = writing = holding = 0.0
        for line in plan.bill.lines:
            usage = by_line.get((line.item, line.meter))
            if usage is None:
                continue
            by_runs = usage.computes_ahead and not usage.after_events
            scoring += line.usd_per_month if by_runs and usage.item.startswith("batch ") and not usage.stores else 0.0
            writing += line.usd_per_month if by_runs and usage.stores else 0.0
            holding += line.usd_per_month if usage.stores and not by_runs else 0.0
        return cls(scoring, writing, holding)

    @property
    def dearer(self) -> float:
        """How many times what scoring costs, writing does; 0 where one of them costs nothing."""
        return self.writing_usd / self.scoring_usd if self.scoring_usd > 0 else 0.0


@in_style
def scoring_and_writing(comparison: Comparison) -> Figure:
    """Draw, for every plan with batch runs, what computing the predictions costs and what writing them costs.

    Raises
    ------
    NoChartError
        If no plan has batch runs, or they cost nothing.
    """
    found = _found(comparison)
    names = sorted(found, key=lambda name: -found[name].writing_usd - found[name].scoring_usd)
    figure = slide(comparison, scoring_and_writing_title(comparison), _SUBTITLE)
    axes = figure.add_axes((_AXES_LEFT, BOTTOM, RIGHT - _AXES_LEFT, TOP - BOTTOM))
    axes.set_xlim(0, _ROOM * max(max(one.scoring_usd, one.writing_usd) for one in found.values()))
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_formatter(lambda amount, _: form.usd(amount).removesuffix(".00"))
    axes.locator_params(axis="x", nbins=6)
    axes.grid(axis="x")
    axes.set_xlabel("USD per 30-day month")
    size = 14.0 if (TOP - BOTTOM) * HEIGHT_IN / len(names) >= ROOMY_ROW_IN else 9.5
    for place, name in enumerate(names):
        _row(axes, place, found[name], looks(comparison)[name], size)
    plan_labels(axes, names, {}, looks(comparison))
    return figure


_SUBTITLE = "What batch runs cost per 30-day month: to compute the predictions, and to write them into the store"


def scoring_and_writing_title(comparison: Comparison) -> str:
    """Return which of the two costs more, as a sentence that holds for this comparison."""
    found = _found(comparison)
    name = max(found, key=lambda each: found[each].scoring_usd + found[each].writing_usd)
    one = found[name]
    scoring, writing = form.usd(one.scoring_usd), form.usd(one.writing_usd)
    with_plan = f"with {called(comparison, name)}: "
    if one.dearer >= ALIKE:
        said = f"writing predictions costs {form.ratio(one.writing_usd, one.scoring_usd)} what computing them costs "
        return form.capital(f"{said}{with_plan}{writing} against {scoring} a month")
    if one.writing_usd == 0:
        return form.capital(f"writing predictions costs nothing {with_plan}computing them {scoring} a month")
    if one.scoring_usd == 0:
        return form.capital(f"computing predictions costs nothing {with_plan}writing them {writing} a month")
    if one.dearer * ALIKE > 1:
        return form.capital(f"computing and writing predictions cost about the same {with_plan}{scoring} a month each")
    said = f"computing predictions costs {form.ratio(one.scoring_usd, one.writing_usd)} what writing them costs "
    return form.capital(f"{said}{with_plan}{scoring} against {writing} a month")


def _found(comparison: Comparison) -> dict[str, Ahead]:
    plans = {name: comparison.plans[name] for name in shown(comparison)}
    found = {name: Ahead.of(plan) for name, plan in plans.items() if plan.outcomes[0].batch is not None}
    if not found:
        raise NoChartError("no plan has batch runs: there is nothing to compute ahead and to write")
    if not any(one.scoring_usd + one.writing_usd for one in found.values()):
        raise NoChartError("batch runs cost nothing at these prices")
    return found


def _row(axes: Axes, place: int, one: Ahead, look: Look, size: float) -> None:
    held = f"; the store costs {form.usd(one.holding_usd)}" if one.writing_usd == 0 and one.holding_usd else ""
    parts: Sequence[tuple[str, float, str, str]] = (
        ("computing", one.scoring_usd, tint(look.colour, PALE), ""),
        ("writing", one.writing_usd, look.colour, held),
    )
    for lane, (what, usd, fill, more) in zip(_LANES, parts, strict=True):
        axes.barh(place + lane, usd, _BAR, color=fill, label=what, **hatched(look))
        beside = usd + _GAP * axes.get_xlim()[1]
        amount = axes.text(beside, place + lane, f"{what} {form.usd(usd)}", size=size, weight="bold", va="center")
        if more:
            amount.set_text(f"{what} {form.usd(usd)}{more}")
            amount.set_color(theme().quiet)
