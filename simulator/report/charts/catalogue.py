"""All charts of a comparison, and how they are kept."""

import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType

import matplotlib as mpl
from matplotlib.figure import Figure

from simulator.core.errors import UserError
from simulator.report.charts.activity import cost_by_activity
from simulator.report.charts.completion import completion_cdf
from simulator.report.charts.cost import cost
from simulator.report.charts.coverage import coverage_and_waste
from simulator.report.charts.distributions import age_cdf, latency_cdf
from simulator.report.charts.fleet_size import latency_by_fleet
from simulator.report.charts.look import NoChartError
from simulator.report.charts.net_value import net_value
from simulator.report.charts.pareto import pareto
from simulator.report.charts.publication import publication
from simulator.report.charts.reads import read_and_unread
from simulator.report.charts.run_hours import age_by_run_hour
from simulator.report.charts.scoring_and_writing import scoring_and_writing
from simulator.report.charts.store_mediums import store_mediums
from simulator.report.charts.theme import MISSING_GLYPH
from simulator.report.charts.tornado import tornado
from simulator.report.charts.week import week
from simulator.studies.comparison import Comparison

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
DPI = 150
QUICK = 2
"""Level of PNG compression: a tenth larger than the best, in a third of the time."""
HASH_SALT = "predcost"


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
    return tuple(path for name in CHARTS for path in save_chart(comparison, name, folder))


def save_chart(comparison: Comparison, name: str, folder: Path) -> tuple[Path, ...]:
    """Write one chart into an existing folder, and return its files; nothing where it does not apply."""
    try:
        figure = CHARTS[name](comparison)
    except NoChartError:
        return ()
    return tuple(save_figure(figure, folder / name))


def write_figure(figure: Figure, path: Path) -> None:
    """Write a figure as what the end of the path says, PNG or SVG; what is there stays until it is whole.

    Raises
    ------
    UserError
        If it cannot be written.
    """
    try:
        with TemporaryDirectory(dir=path.parent, prefix=".") as folder:
            for part in save_figure(figure, Path(folder) / path.stem):
                if part.suffix == path.suffix.lower():
                    part.replace(path)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror or error}") from error


def save_figure(figure: Figure, stem: Path) -> list[Path]:
    """Write a figure as PNG and SVG, and return the files; equal figures give equal bytes."""
    png, svg = stem.with_suffix(".png"), stem.with_suffix(".svg")
    with warnings.catch_warnings(), mpl.rc_context({"svg.hashsalt": HASH_SALT, "svg.fonttype": "path"}):
        warnings.filterwarnings("ignore", message=MISSING_GLYPH)
        figure.savefig(png, dpi=DPI, metadata={"Software": None}, pil_kwargs={"compress_level": QUICK})
        figure.savefig(svg, metadata={"Date": None, "Creator": None})
    return [png, svg]
