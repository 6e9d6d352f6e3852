"""All charts of a comparison, of a sweep and of a calibration, by name."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType

from matplotlib.figure import Figure

from simulator.report.chart_choice import AS_ALWAYS, Rendering
from simulator.report.charts.activity import cost_by_activity
from simulator.report.charts.completion import completion_cdf
from simulator.report.charts.cost import cost
from simulator.report.charts.coverage import coverage_and_waste
from simulator.report.charts.distributions import age_cdf, latency_cdf
from simulator.report.charts.fleet_size import latency_by_fleet
from simulator.report.charts.held_out import held_out
from simulator.report.charts.login_gaps import login_gaps
from simulator.report.charts.login_hours import login_hours
from simulator.report.charts.look import NoChartError
from simulator.report.charts.net_value import net_value
from simulator.report.charts.pareto import pareto
from simulator.report.charts.publication import publication
from simulator.report.charts.reads import read_and_unread
from simulator.report.charts.run_hours import age_by_run_hour
from simulator.report.charts.saving import save_figure
from simulator.report.charts.scoring_and_writing import scoring_and_writing
from simulator.report.charts.store_mediums import store_mediums
from simulator.report.charts.sweep import lines, winner_map
from simulator.report.charts.theme import DARK, LIGHT, drawn_in
from simulator.report.charts.tornado import tornado
from simulator.report.charts.week import week
from simulator.studies.calibration.calibrating import Calibration
from simulator.studies.comparison import Comparison
from simulator.studies.sweep import Sweep

CHARTS: Mapping[str, Callable[[Comparison], Figure]] = MappingProxyType(
    {
        "cost": cost,
        "net_value": net_value,
        "scoring_and_writing": scoring_and_writing,
        "store_mediums": store_mediums,
        "read_and_unread": read_and_unread,
        "publication": publication,
        "age_cdf": age_cdf,
        "latency_cdf": latency_cdf,
        "completion_cdf": completion_cdf,
        "week": week,
        "pareto": pareto,
        "cost_by_activity": cost_by_activity,
        "tornado": tornado,
        "coverage_and_waste": coverage_and_waste,
        "age_by_run_hour": age_by_run_hour,
        "latency_by_fleet": latency_by_fleet,
    }
)
"""By name, in the order of a deck; each raises NoChartError where it does not apply."""
SWEEP_CHARTS: Mapping[str, Callable[[Sweep], Figure]] = MappingProxyType({"lines": lines, "map": winner_map})
"""Those of a sweep: over one key, and over two."""

CALIBRATION_CHARTS: Mapping[str, Callable[[Calibration], Figure]] = MappingProxyType(
    {"profile": login_hours, "gaps": login_gaps, "held_out": held_out}
)
"""Those of a log and of what is fitted to it."""

Study = Comparison | Sweep | Calibration


def charts_of(study: Study) -> tuple[str, ...]:
    """Return the names of all charts that a study may have."""
    if isinstance(study, Calibration):
        return tuple(CALIBRATION_CHARTS)
    return tuple(SWEEP_CHARTS if isinstance(study, Sweep) else CHARTS)


def drawn(study: Study, name: str, *, is_dark: bool = False) -> Figure:
    """Return a chart by its name.

    Raises
    ------
    NoChartError
        If it does not apply to the study.
    """
    with drawn_in(DARK if is_dark else LIGHT):
        if isinstance(study, Calibration):
            return CALIBRATION_CHARTS[name](study)
        return SWEEP_CHARTS[name](study) if isinstance(study, Sweep) else CHARTS[name](study)


def save_charts(comparison: Comparison, folder: Path) -> tuple[Path, ...]:
    """Write every chart that applies as PNG (2000 x 1125) and SVG; equal comparisons give equal bytes.

    Parameters
    ----------
    comparison
        What to draw.
    folder
        Where to; it is made if it is not there.

    Returns
    -------
    tuple of Path
        The files written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files: list[Path] = []
    for name in CHARTS:
        with suppress(NoChartError):
            files += save_chart(comparison, name, folder)
    return tuple(files)


def save_chart(study: Study, name: str, folder: Path, rendering: Rendering = AS_ALWAYS) -> tuple[Path, ...]:
    """Write one chart into an existing folder, and return its files.

    Raises
    ------
    NoChartError
        If it does not apply to the study.
    """
    figure = drawn(study, name, is_dark=rendering.is_dark)
    return tuple(save_figure(figure, folder / rendering.stem(name), rendering.formats))
