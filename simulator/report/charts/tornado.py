"""What a choice hangs on: every input a tenth lower and higher, the largest effect on top."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from simulator.core.units import write_share
from simulator.report import format as form
from simulator.report.charts import closed_form
from simulator.report.charts.lettering import width_in
from simulator.report.charts.look import BOTTOM, HEIGHT_IN, RIGHT, TOP, called, slide
from simulator.report.charts.theme import in_style, theme, tint
from simulator.studies.comparison import COST, Comparison
from simulator.studies.planner.swings import STEP, Swing, Swings, swings_of

_AXES_LEFT = 0.34
_LABEL_IN, LABEL_PT = 3.8, 12
_MARGIN = 0.22
_HEIGHT, HIGHEST_IN = 0.62, 0.55
"""Of a bar. [rows, inches]"""
PALE = 0.45
KEY_LETTERS = 44
LONGEST = 135
"""Letters of a title."""


@in_style
def tornado(comparison: Comparison) -> Figure:
    """Draw how far each input, a tenth lower and higher, moves the saving against the next plan, or the cost.

    Raises
    ------
    NoChartError
        If nothing moves it, or nothing is known of it.
    """
    found = swings_of(comparison)
    if found is None:
        raise closed_form.nothing_known(comparison, "no input that closed forms or a bill know moves the cost")
    figure = slide(comparison, form.capital(_title(comparison, found)), _subtitle(comparison, found))
    axes = figure.add_axes((_AXES_LEFT, BOTTOM, RIGHT - _AXES_LEFT, TOP - BOTTOM))
    axes.set_ylim(len(found.swings) - 0.4, -0.6)
    axes.spines["left"].set_visible(False)
    axes.axvline(0, color=theme().ink, linewidth=1.2)
    axes.grid(axis="x")
    ends = [end for swing in found.swings for end in (swing.lower_usd, swing.higher_usd)]
    room = _MARGIN * (max(ends) - min(ends) or 1.0)
    axes.set_xlim(min(*ends, 0.0) - room, max(*ends, 0.0) + room)
    axes.xaxis.set_major_formatter(lambda amount, _: form.signed_usd(amount).removesuffix(".00") if amount else "0")
    axes.locator_params(axis="x", nbins=6)
    axes.set_xlabel(f"Change of {'the cost' if found.against is None else 'the saving'}, USD per 30-day month")
    for place, swing in enumerate(found.swings):
        _bars(axes, place, swing)
    _turn(axes, comparison, found)
    axes.set_yticks(range(len(found.swings)), [_label(swing) for swing in found.swings])
    axes.tick_params(axis="y", length=0, labelcolor=theme().ink, labelsize=LABEL_PT)
    return figure


def _title(comparison: Comparison, found: Swings) -> str:
    first, name, step = found.swings[0], called(comparison, found.plan), write_share(STEP)
    source = "re-billed" if first.is_rebilled else "by closed form"
    key, size = form.shortened(form.one_line(first.key), KEY_LETTERS), form.usd(first.size_usd)
    if found.against is None:
        return f"{key}, {step} higher or lower, moves the cost of {name} most: by {size} a month, {source}"
    saving, other = _saving(comparison, found), called(comparison, found.against)
    turning = [swing for swing in found.swings if min(swing.lower_usd, swing.higher_usd) < -saving]
    if turning:
        turns = form.shortened(form.one_line(turning[0].key), KEY_LETTERS)
        source = "re-billed" if turning[0].is_rebilled else "by closed form"
        return f"{turns}, {step} higher or lower, makes {other} cheaper than {name}, {source}"
    said = f"no single input {step} higher or lower makes {other} cheaper than {name}"
    most = f"; {key} moves the gap most, by {size} a month"
    return said + most if len(said + most) <= LONGEST else said


def _label(swing: Swing) -> str:
    """Return an input's name with its end, which tells more than its middle."""
    text = form.one_line(swing.key)
    fits = (form.shortened(text, letters) for letters in range(len(text), 1, -1))
    return next(each for each in fits if width_in(each, LABEL_PT) <= _LABEL_IN)


def _saving(comparison: Comparison, found: Swings) -> float:
    """Return how much less the plan costs than the next. [USD per month]"""
    assert found.against is not None
    return comparison.difference(found.against, found.plan, COST).mean


def _subtitle(comparison: Comparison, found: Swings) -> str:
    if found.against is None:
        cost = form.usd(comparison.plans[found.plan].cost_usd_per_month)
        what = f"Of a cost of {cost} a month"
    else:
        what = f"Of a saving of {form.usd(_saving(comparison, found))} a month"
    return f"{what}: each input {write_share(STEP)} lower (pale) and higher; hatched by closed form, others re-billed"


def _bars(axes: Axes, place: int, swing: Swing) -> None:
    colour, span = theme().palette[0], axes.get_xlim()[1] - axes.get_xlim()[0]
    bottom, top = axes.get_ylim()
    height = min(_HEIGHT, HIGHEST_IN * abs(bottom - top) / ((TOP - BOTTOM) * HEIGHT_IN))
    for usd, fill in ((swing.lower_usd, tint(colour, PALE)), (swing.higher_usd, colour)):
        hatch = {} if swing.is_rebilled else {"hatch": closed_form.HATCH, "edgecolor": theme().paper, "linewidth": 0.0}
        axes.barh(place, usd, height, color=fill, **hatch)  # type: ignore[arg-type]
    for side in (-1, 1):
        there = [usd for usd in (swing.lower_usd, swing.higher_usd) if usd * side > 0]
        if there:
            usd = max(there, key=abs)
            beside = usd + side * 0.008 * span
            align = "left" if side > 0 else "right"
            patch = {"facecolor": theme().paper, "edgecolor": "none", "pad": 0.8}
            axes.text(beside, place, form.signed_usd(usd), size=12, ha=align, va="center", bbox=patch)


def _turn(axes: Axes, comparison: Comparison, found: Swings) -> None:
    """Mark how far the saving may fall until the next plan is as cheap, where that is in the picture."""
    if found.against is None:
        return
    at = -_saving(comparison, found)
    if axes.get_xlim()[0] < at < axes.get_xlim()[1]:
        axes.axvline(at, color=theme().forbidden, linewidth=1.5, linestyle=(0, (4, 3)))
        text = f"{called(comparison, found.against)} as cheap"
        where = (at, axes.get_ylim()[1])
        axes.annotate(
            text,
            where,
            (0, 3),
            textcoords="offset points",
            size=11.5,
            ha="center",
            color=theme().forbidden,
            va="bottom",
        )
