"""When runs should start, and how many there should be in a day: how old that leaves what is served."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from simulator.report import format as form
from simulator.report.charts import closed_form
from simulator.report.charts.lettering import width_in
from simulator.report.charts.look import BOTTOM, TOP, WIDTH_IN, called, looks, slide
from simulator.report.charts.theme import in_style, ink_on, theme, tint
from simulator.studies.comparison import Comparison
from simulator.studies.planner.run_hours import HOURS, RunHours, run_hours

_AXES_LEFT, _AXES_RIGHT = 0.11, 0.79
PALEST = 0.92
CELL_PT = (12.0, 11.0, 10.0, 9.0)
ALIKE = 0.02
"""Ages that differ by less, relative to the smaller, are the same for a title."""


@in_style
def age_by_run_hour(comparison: Comparison) -> Figure:
    """Draw the mean age of what is served, by the hour of the first run of a day and by the runs a day.

    Raises
    ------
    NoChartError
        If no plan computes ahead, or closed forms know nothing.
    """
    found = run_hours(comparison)
    if found is None:
        raise closed_form.nothing_known("no plan computes ahead")
    figure = slide(comparison, form.capital(_title(comparison, found)), _subtitle(comparison, found))
    axes = figure.add_axes((_AXES_LEFT, BOTTOM, _AXES_RIGHT - _AXES_LEFT, TOP - BOTTOM))
    colour = looks(comparison)[found.plan].colour
    ends = [tint(colour, PALEST), tint(colour, 0.0)]
    shades = LinearSegmentedColormap.from_list("ages", ends, bad=theme().faint)
    oldest = float(np.nanmax(found.age_mean_s))
    mesh = np.ma.masked_invalid(found.age_mean_s)
    axes.pcolormesh(mesh, cmap=shades, vmin=0, vmax=oldest, edgecolors=theme().paper, linewidth=1)
    _write(axes, found, lambda age_s: to_hex(shades(age_s / oldest)))
    _frame(axes, found)
    _costs(axes, found)
    _mark_now(axes, found)
    closed = Rectangle((0.84, 0.075), 0.022, 0.018, transform=figure.transFigure, facecolor=theme().quiet)
    closed.set(hatch=closed_form.HATCH, edgecolor=theme().paper, linewidth=0)
    figure.add_artist(closed)
    figure.text(0.867, 0.084, "closed form", size=12, weight="bold", va="center")
    return figure


def _title(comparison: Comparison, found: RunHours) -> str:
    name, row = called(comparison, found.plan), found.row
    ages = found.age_mean_s[row]
    best, worst = float(np.nanmin(ages)), float(np.nanmax(ages))
    runs = "one run a day" if found.runs[row] == 1 else f"{found.runs[row]} runs a day"
    young, old = form.duration(best), form.duration(worst)
    if worst <= best * (1 + ALIKE):
        return f"by closed form the hour of its runs hardly matters to {name}: {young} old on average with {runs}"
    at = f"{found.best_hour:02d}:00"
    return f"by closed form {name} is freshest with {runs} if it starts at {at}: {young} old on average, {old} at worst"


def _subtitle(comparison: Comparison, found: RunHours) -> str:
    seen = comparison.plans[found.plan].metrics.get("age_mean_s")
    simulated = "" if seen is None else f"; {form.duration(seen.mean)} simulated as it is, {_now(found)}"
    return f"Mean age of the predictions served{simulated}"


def _now(found: RunHours) -> str:
    hour, minute = int(found.now_hour), round(found.now_hour % 1 * 60)
    runs = f"{found.now_runs:g} runs a day" if found.now_runs != 1 else "one run a day"
    return f"{runs} from {hour:02d}:{minute:02d}"


def _write(axes: Axes, found: RunHours, shade: object) -> None:
    assert callable(shade)
    room_in = (_AXES_RIGHT - _AXES_LEFT) * WIDTH_IN / len(HOURS) - 0.08
    texts = {age_s: form.duration(age_s) for age_s in found.age_mean_s.flat if np.isfinite(age_s)}
    size = next(
        (each for each in CELL_PT if all(width_in(text, each) <= room_in for text in texts.values())), CELL_PT[-1]
    )
    for (row, column), age_s in np.ndenumerate(found.age_mean_s):
        if np.isfinite(age_s):
            colour = ink_on(shade(age_s))
            axes.text(column + 0.5, row + 0.5, texts[age_s], size=size, color=colour, ha="center", va="center")


def _frame(axes: Axes, found: RunHours) -> None:
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.tick_params(length=0)
    axes.set_xticks([place + 0.5 for place in range(len(HOURS))], [f"{hour:02d}:00" for hour in HOURS])
    axes.set_yticks([place + 0.5 for place in range(len(found.runs))], [str(runs) for runs in found.runs])
    axes.set_xlabel("Time of day at which a run starts, h")
    axes.set_ylabel("Runs a day")


def _costs(axes: Axes, found: RunHours) -> None:
    """Write what so many runs a day cost beside their row."""
    axes.text(len(HOURS) + 0.3, -0.1, "a month", size=12, color=theme().quiet, va="top")
    for row, usd in enumerate(found.cost_usd):
        axes.text(len(HOURS) + 0.3, row + 0.5, form.usd(float(usd)), size=13, va="center")


def _mark_now(axes: Axes, found: RunHours) -> None:
    """Outline where the plan is now, as far as the grid has it."""
    if found.now_runs not in found.runs:
        return
    period_h = 24 / found.now_runs
    for column, hour in enumerate(HOURS):
        if hour % period_h <= found.now_hour < hour % period_h + HOURS[1]:
            box = Rectangle(
                (column + 0.03, found.row + 0.03), 0.94, 0.94, fill=False, edgecolor=theme().ink, linewidth=2.2
            )
            axes.add_patch(box)
