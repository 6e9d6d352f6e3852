"""For whom to compute ahead: coverage against waste by how recent a login must be, the cheapest starred."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from simulator.core.units import write_share
from simulator.report import format as form
from simulator.report.charts import closed_form
from simulator.report.charts.labels import Entry, key
from simulator.report.charts.look import BOTTOM, TOP, Look, called, looks, slide
from simulator.report.charts.theme import in_style, theme
from simulator.studies.comparison import Comparison
from simulator.studies.planner.windows import Window, Windows, windows_of

_AXES_LEFT, _AXES_RIGHT, _KEY_LEFT = 0.105, 0.7, 0.725
_MARGIN = 0.12
NO_PLAN = "no plan of which closed forms know computes ahead for everyone or for the recently active"
ALIKE = 0.01
"""Costs that differ by less, relative to the smaller, are practically the same."""


@in_style
def coverage_and_waste(comparison: Comparison) -> Figure:
    """Draw the share of requests that precomputed rows answer against the share that nobody reads, by window.

    Raises
    ------
    NoChartError
        If no plan computes for everyone or for the recently active, or closed forms know nothing.
    """
    found = windows_of(comparison)
    if found is None:
        raise closed_form.nothing_known(
            comparison, "no plan of which closed forms know computes ahead for everyone or for the recently active"
        )
    look = looks(comparison)[found.plan]
    figure = slide(comparison, form.capital(_title(comparison, found)), _subtitle(comparison, found))
    axes = figure.add_axes((_AXES_LEFT, BOTTOM, _AXES_RIGHT - _AXES_LEFT, TOP - BOTTOM))
    wasted, covered = ([getattr(each, what) for each in found.windows] for what in ("wasted_fraction", "coverage"))
    axes.plot(wasted, covered, color=look.colour, linewidth=closed_form.LINE_PT)
    for each in found.windows:
        edge = look.colour if each.keeps else theme().forbidden
        axes.plot([each.wasted_fraction], [each.coverage], "o", ms=9, mfc=theme().paper, mec=edge, mew=1.8, zorder=3)
    metrics = comparison.plans[found.plan].metrics
    seen = [[metrics[each].mean] if each in metrics else [] for each in ("wasted_fraction", "coverage")]
    if all(seen):
        axes.plot(*seen, look.marker, color=look.colour, markersize=13, markeredgecolor=theme().ink, zorder=5)
    best = found.cheapest
    if best is not None:
        (star,) = axes.plot([best.wasted_fraction], [best.coverage], "*", zorder=6, markersize=26)
        star.set(markerfacecolor="none", markeredgecolor=theme().ink, markeredgewidth=1.6)
    _frame(axes, [*wasted, *seen[0]], [*covered, *seen[1]])
    _names(axes, found.windows)
    key(figure, _entries(comparison, found, look), _KEY_LEFT)
    return figure


def _title(comparison: Comparison, found: Windows) -> str:
    name, best, now = called(comparison, found.plan), found.cheapest, found.now
    if best is None:
        return f"by closed form no window of {name} keeps every bound"
    cost = f"{form.usd(best.cost_usd)} a month"
    has_usd = comparison.plans[found.plan].cost_usd_per_month if now is None else now.cost_usd
    if best.cost_usd >= (1 - ALIKE) * has_usd:
        within = write_share(ALIKE)
        return f"by closed form no window that keeps every bound saves more than {within} of what {name} costs"
    said = f"by closed form {name} would be cheapest for those active within {_long(best)}, at {cost}"
    there = "everyone" if found.now_s is None else form.exact_duration(found.now_s)
    return (
        f"{said}; it has {there}" if now is None else f"{said} in place of {form.usd(now.cost_usd)} with {_long(now)}"
    )


def _long(window: Window) -> str:
    return form.exact_duration(window.window_s)


def _subtitle(comparison: Comparison, found: Windows) -> str:
    has = "its runs are for everyone" if found.now_s is None else f"its window is {form.exact_duration(found.now_s)}"
    name = form.capital(called(comparison, found.plan))
    return f"{name} by how recent a login must be for a run to compute for a user; {has}"


def _frame(axes: Axes, wasted: Sequence[float], covered: Sequence[float]) -> None:
    for values, limit in ((wasted, axes.set_xlim), (covered, axes.set_ylim)):
        room = _MARGIN * (max(values) - min(values)) or 0.05
        limit(max(min(values) - room, -0.01), min(max(values) + room, 1.04))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda part, _: form.about_share(part) if 0 <= part <= 1 else "")
    axes.set_xlabel("Never read, share of the predictions computed ahead")
    axes.set_ylabel("Answered from precomputed, share of requests")
    axes.grid(visible=True)


def _names(axes: Axes, windows: Sequence[Window]) -> None:
    """Write windows beside their points, as far as they do not touch each other."""
    before: tuple[float, float] | None = None
    for each in reversed(windows):
        x, y = axes.transData.transform((each.wasted_fraction, each.coverage))
        if before is None or abs(before[0] - x) > 34 or abs(before[1] - y) > 16:  # noqa: PLR2004  (pixels)
            axes.annotate(
                _long(each), (each.wasted_fraction, each.coverage), (9, -13), textcoords="offset points", size=11.5
            )
            before = (x, y)


def _as_it_is(comparison: Comparison, found: Windows) -> list[str]:
    """Return what was simulated of the plan as it is, and what the closed form says of that."""
    plan, now = comparison.plans[found.plan], found.now
    said = [f"{form.usd(plan.cost_usd_per_month)} a month simulated"]
    if "wasted_fraction" in plan.metrics:
        closed = [] if now is None else [f"{form.about_share(now.wasted_fraction)} by closed form"]
        said += [f"{form.about_share(plan.metrics['wasted_fraction'].mean)} never read", *closed]
    return said


def _entries(comparison: Comparison, found: Windows, look: Look) -> list[Entry]:
    best, broken = found.cheapest, [each for each in found.windows if not each.keeps]
    entries = [Entry(found.plan, look, _as_it_is(comparison, found))]
    if best is not None:
        cost = f"{form.usd(best.cost_usd)} a month"
        entries.append(
            Entry("starred: the cheapest", Look(theme().ink, marker="*", is_line=False), [_long(best), cost])
        )
    if broken:
        which = "all of them" if len(broken) == len(found.windows) else ", ".join(map(_long, broken))
        entries.append(Entry("breaks a bound", Look(theme().forbidden), [which]))
    return [*entries, *closed_form.entries("line and hollow marks", "the filled mark: as it is")]
