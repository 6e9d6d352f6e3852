"""What plans would cost if people came more or less often, and where another would be the cheapest."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from simulator.core.units import write_share
from simulator.report import format as form
from simulator.report.charts import closed_form
from simulator.report.charts.labels import Entry, key, line_ends
from simulator.report.charts.look import BOTTOM, TOP, called, looks, shown, slide, ticks_that_fit
from simulator.report.charts.money import money_axis
from simulator.report.charts.theme import in_style, theme
from simulator.studies.comparison import COST, Comparison
from simulator.studies.planner.activity_costs import ALIKE, ActivityCosts, Crossing, activity_costs
from simulator.studies.turns import Proof, Turn
from simulator.studies.words import listed

_AXES_LEFT, _AXES_RIGHT, _KEY_LEFT = 0.105, 0.7, 0.725
CROSSINGS = 3
"""Told in the title and marked."""
SIDES = 2


@in_style
def cost_by_activity(comparison: Comparison) -> Figure:
    """Draw plans' costs along the daily active share or the logins, by closed forms, with what was simulated.

    Raises
    ------
    NoChartError
        If closed forms know nothing, or there is one plan only.
    """
    found = activity_costs(comparison)
    if found is None:
        raise closed_form.nothing_known(comparison, "closed forms know no plan of it")
    names = [name for name in shown(comparison) if name in found.costs_usd]
    figure = slide(comparison, form.capital(_title(comparison, found)), _subtitle(comparison, found))
    axes = figure.add_axes((_AXES_LEFT, BOTTOM, _AXES_RIGHT - _AXES_LEFT, TOP - BOTTOM))
    look = looks(comparison)
    for name in names:
        (line,) = axes.plot(found.values, found.costs_usd[name], linewidth=closed_form.LINE_PT, label=name)
        line.set(color=look[name].colour, linestyle=look[name].line)
    seen = [comparison.plans[name].metrics[COST].mean for name in names]
    money_axis(axes, "Cost per 30-day month", [*seen, *(usd for name in names for usd in found.costs_usd[name])])
    for name in names:
        closed_form.simulated_point(axes, found.axis.now, comparison.plans[name].metrics[COST], look[name])
    _axis(axes, found)
    _crossings(axes, comparison, found)
    entries = [Entry(name, look[name], _said(comparison, name)) for name in names]
    entries += closed_form.entries("lines, whatever bounds they break", f"marks, at {found.axis.text(found.axis.now)}")
    lasts = {name: (float(found.values[-1]), float(found.costs_usd[name][-1])) for name in names}
    key(figure, entries, _KEY_LEFT, line_ends(axes, lasts))
    return figure


def cost_by_activity_title(comparison: Comparison) -> str:
    """Return where another plan is the cheapest, as a sentence that holds for this comparison."""
    found = activity_costs(comparison)
    return "" if found is None else form.capital(_title(comparison, found))


def _title(comparison: Comparison, found: ActivityCosts) -> str:
    """Say what was simulated where something was; else what closed forms expect, and that they do."""
    turns = _turns(comparison, found)
    if turns:
        return _simulated(comparison, found, turns[0])
    low, high = found.axis.short(float(found.values[0])), found.axis.text(float(found.values[-1]))
    best = called(comparison, found.eligible[0])
    if len(found.costs_usd) == 1:
        (costs,) = ([form.usd(float(usd)) for usd in each] for each in found.costs_usd.values())
        return f"by closed form {best} costs {costs[0]} a month at {low}, {costs[-1]} at {high}"
    sides = [(f"below about {_short(found, each)}", each) for each in found.below[:1]]
    sides += [(f"above about {_short(found, each)}", each) for each in found.above[:1]]
    if not sides:
        within = write_share(ALIKE)
        return f"by closed form no plan undercuts {best} by more than {within} from {low} to {high}"
    parts = [
        f"{called(comparison, each.plan)} undercuts {called(comparison, each.instead)} {where}" for where, each in sides
    ]
    return f"by closed form {listed(parts)}"


def _short(found: ActivityCosts, crossing: Crossing) -> str:
    return str(found.axis.text(_round(crossing.value)))


def _turns(comparison: Comparison, found: ActivityCosts) -> tuple[Turn, ...]:
    """Return where simulations showed that another plan becomes the better one along it, the nearest first."""
    turns = () if comparison.turning_points is None else comparison.turning_points.turns
    return tuple(turn for turn in turns if turn.key == found.axis.key and turn.proof is Proof.SIMULATED)


def _simulated(comparison: Comparison, found: ActivityCosts, turn: Turn) -> str:
    best = called(comparison, comparison.turning_points.against) if comparison.turning_points else ""
    words = found.axis.text(turn.far.value).removeprefix(found.axis.short(turn.far.value)).strip()
    where = f"between {turn.near.text} and {turn.far.text} {words}".rstrip()
    return f"{called(comparison, turn.plan)} becomes the better plan than {best} {where}"


def _round(value: float) -> float:
    return float(f"{value:.2g}")


def _subtitle(comparison: Comparison, found: ActivityCosts) -> str:
    unknown = [name for name in comparison.plans if name not in found.costs_usd]
    chosen = (
        "" if len(found.eligible) == len(found.costs_usd) else "; the title tells of those that meet every bound now"
    )
    missing = f"; no closed form of {len(unknown)} of {len(comparison.plans)} plans" if unknown else ""
    return f"Cost per month along {found.axis.key}{chosen}{missing}"


def _said(comparison: Comparison, name: str) -> list[str]:
    return [f"{form.usd(comparison.plans[name].cost_usd_per_month)} simulated"]


def _axis(axes: Axes, found: ActivityCosts) -> None:
    axes.set_xscale("log")
    axes.minorticks_off()
    axes.set_xlim(found.values[0] / 1.06, found.values[-1] * 1.06)
    ticks = ticks_that_fit(axes, found.values.tolist(), found.axis.short)
    axes.set_xticks(ticks, [found.axis.short(each) for each in ticks])
    axes.set_xlabel(f"{_unit(found)} (logarithmic)")


def _unit(found: ActivityCosts) -> str:
    words = found.axis.text(found.axis.now).removeprefix(found.axis.short(found.axis.now)).strip()
    return form.capital(words)


def _crossings(axes: Axes, comparison: Comparison, found: ActivityCosts) -> None:
    """Mark break-evens: dashed by closed form, and a grey band where a simulation has shown one."""
    for each in (*found.below, *found.above)[:CROSSINGS]:
        axes.axvline(each.value, color=theme().ink, linewidth=1.2, linestyle=(0, (4, 3)))
        top = (each.value, axes.get_ylim()[1])
        text = f"break-even, {found.axis.short(_round(each.value))}"
        axes.annotate(text, top, (4, -6), textcoords="offset points", size=11, va="top", rotation=90)
    for turn in _turns(comparison, found)[:SIDES]:
        low, high = sorted((turn.near.value, turn.far.value))
        axes.axvspan(low, high, color=theme().quiet, alpha=0.25, linewidth=0)
