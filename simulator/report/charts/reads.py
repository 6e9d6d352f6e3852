"""How many predictions each plan computes, and how many of them anybody reads."""

from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from simulator.report import format as form
from simulator.report.charts.labels import plan_labels
from simulator.report.charts.lettering import width_in
from simulator.report.charts.look import (
    BOTTOM,
    HEIGHT_IN,
    RIGHT,
    TOP,
    WIDTH_IN,
    NoChartError,
    called,
    hatched,
    in_picture,
    looks,
    on_area,
    shown,
    slide,
)
from simulator.report.charts.theme import in_style, theme, tint
from simulator.studies.comparison import Comparison, PlanResult

UNREAD_LIGHTNESS = 0.78
_AXES_LEFT = 0.25
_SPLIT, _GAP = 0.6, 0.03
_AMOUNT_IN = 1.5
"""Room for the amount, right of the longest bar. [inches]"""


@dataclass(frozen=True)
class Reads:
    """Predictions computed within the horizon, by whether they are ever read.

    Those that are computed before the horizon and end unread within it stand for those that are computed within it and
    not yet read at its end, as in ``wasted_fraction``; where there are more of them than were computed, all count as
    unread.
    """

    computed: float
    unread: float

    @classmethod
    def of(cls, plan: PlanResult) -> "Reads":
        """Return the means over replications."""
        computed = plan.metrics["predictions_computed"].mean
        return cls(computed, min(plan.metrics["predictions_wasted"].mean, computed))

    @property
    def read(self) -> float:
        """Those that are read."""
        return self.computed - self.unread

    @property
    def unread_fraction(self) -> float:
        """Share of those computed that nobody reads; 0 where nothing is computed."""
        return self.unread / self.computed if self.computed else 0.0


@in_style
def read_and_unread(comparison: Comparison) -> Figure:
    """Draw the predictions that each plan computes, read and never read: how many on the left, the shares on the right.

    Raises
    ------
    NoChartError
        If no plan computes a prediction.
    """
    reads = {name: Reads.of(comparison.plans[name]) for name in shown(comparison)}
    if not any(one.computed for one in reads.values()):
        raise NoChartError("no plan computes a prediction: there is nothing to read")
    if not any(_keeps(comparison, plan) for plan in in_picture(comparison).values()):
        raise NoChartError("no plan keeps a prediction: each is read once, when it is computed")
    names = sorted(reads, key=lambda name: -reads[name].computed)
    horizon = form.exact_duration(comparison.scenario.horizon_s)
    figure = slide(
        comparison,
        read_title(comparison),
        f"Predictions computed in {horizon}, split into those read (full colour) and those never read (pale)",
    )
    height, width = TOP - BOTTOM, RIGHT - _AXES_LEFT
    counts = figure.add_axes((_AXES_LEFT, BOTTOM, width * _SPLIT - _GAP, height))
    shares = figure.add_axes((_AXES_LEFT + width * _SPLIT + _GAP, BOTTOM, width * (1 - _SPLIT) - _GAP, height))
    for axes in (counts, shares):
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.grid(axis="x")
    size = 13.0 if len(names) <= 5 else 11.0  # noqa: PLR2004
    _draw_counts(counts, comparison, names, reads, size)
    _draw_shares(shares, comparison, names, reads, size)
    plan_labels(counts, names, {}, looks(comparison))
    return figure


def _keeps(comparison: Comparison, plan: PlanResult) -> bool:
    return comparison.scenario.plans[plan.outcomes[0].plan].has_store


def read_title(comparison: Comparison) -> str:
    """Return who computes for nobody, and how much, as a sentence that holds for this comparison."""
    reads = {name: Reads.of(plan) for name, plan in in_picture(comparison).items()}
    worst = max(reads, key=lambda name: reads[name].unread_fraction)
    if reads[worst].unread == 0:
        name = f"{form.capital(called(comparison, worst))} computes" if len(reads) == 1 else "No plan computes"
        return f"{name} {'no' if len(reads) == 1 else 'a'} prediction that nobody reads"
    lost = form.about_share(reads[worst].unread_fraction)
    said = f"Nobody reads {lost} of what {called(comparison, worst)} computes"
    others = [name for name in reads if name != worst]
    if not others:
        return said
    if len(others) > 1 and not any(reads[name].unread for name in others):
        return f"{said}; the others compute nothing in vain"
    least = min(others, key=lambda name: reads[name].unread_fraction)
    if reads[least].unread == 0:
        return f"{said}; {called(comparison, least)} computes nothing in vain"
    return f"{said}, and {form.about_share(reads[least].unread_fraction)} of what {called(comparison, least)} does"


def _draw_counts(axes: Axes, comparison: Comparison, names: list[str], reads: dict[str, Reads], size: float) -> None:
    room_in = axes.get_position().width * WIDTH_IN
    most = max(one.computed for one in reads.values())
    axes.set_xlim(0, most * room_in / (room_in - _AMOUNT_IN))
    axes.xaxis.set_major_formatter(lambda amount, _: form.count(amount))
    axes.locator_params(axis="x", nbins=5)
    axes.set_xlabel(f"Predictions computed in {form.exact_duration(comparison.scenario.horizon_s)}")
    for place, name in enumerate(names):
        one, look = reads[name], looks(comparison)[name]
        axes.barh(place, one.read, _height(names), color=look.colour, label="read", **hatched(look))
        axes.barh(
            place, one.unread, _height(names), one.read, color=tint(look.colour, UNREAD_LIGHTNESS), label="never read"
        )
        offset = 0.1 / room_in * axes.get_xlim()[1]
        axes.text(one.computed + offset, place, form.count(one.computed), size=size + 4, weight="bold", va="center")


def _draw_shares(axes: Axes, comparison: Comparison, names: list[str], reads: dict[str, Reads], size: float) -> None:
    room_in = axes.get_position().width * WIDTH_IN
    axes.set_xlim(0, 1)
    axes.set_xticks([0, 0.5, 1], ["0 %", "50 %", "100 %"])
    axes.set_xlabel("Share of the predictions computed")
    for place, name in enumerate(names):
        one, look = reads[name], looks(comparison)[name]
        if not one.computed:
            axes.text(0.5, place, "computes nothing", size=size, color=theme().quiet, ha="center", va="center")
            continue
        pale, read_fraction = tint(look.colour, UNREAD_LIGHTNESS), 1 - one.unread_fraction
        axes.barh(place, read_fraction, _height(names), color=look.colour, label="read", **hatched(look))
        axes.barh(place, one.unread_fraction, _height(names), read_fraction, color=pale, label="never read")
        unread_text = f"{form.about_share(one.unread_fraction)} never read"
        if width_in(unread_text, size) + 0.2 <= one.unread_fraction * room_in:
            middle = read_fraction + one.unread_fraction / 2
            on_area(axes, (middle, place), unread_text, pale, size)
        read_text = f"{form.about_share(read_fraction)} read"
        if width_in(read_text, size) + 0.2 <= read_fraction * room_in:
            on_area(axes, (read_fraction / 2, place), read_text, look.colour, size)


def _height(names: list[str]) -> float:
    row_in = (TOP - BOTTOM) * HEIGHT_IN / len(names)
    return min(0.6, 1.1 / row_in)
