"""Pictures as files: equal figures give equal bytes."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from simulator.core.errors import UserError
from simulator.report.chart_choice import Format
from simulator.report.charts.look import Slide
from simulator.report.charts.theme import MISSING_GLYPH

DPI = 150
QUICK = 2
"""Level of PNG compression: a tenth larger than the best, in a third of the time."""
HASH_SALT = "predcost"


def save_figure(figure: Figure, stem: Path, formats: Sequence[Format] = tuple(Format)) -> list[Path]:
    """Write a figure as PNG (2000 x 1125), SVG or both, and return the files; equal figures give equal bytes."""
    told: dict[Format, dict[str, Any]] = {
        Format.PNG: {"dpi": DPI, "metadata": {"Software": None}, "pil_kwargs": {"compress_level": QUICK}},
        Format.SVG: {"metadata": {"Date": None, "Creator": None}},
    }
    files = [stem.with_name(f"{stem.name}.{each}") for each in formats]
    style = dict(figure.theme.style) if isinstance(figure, Slide) else {}
    settings = {**style, "svg.hashsalt": HASH_SALT, "svg.fonttype": "path"}
    with warnings.catch_warnings(), mpl.rc_context(settings):  # type: ignore[arg-type]
        warnings.filterwarnings("ignore", message=MISSING_GLYPH)
        for each, path in zip(formats, files, strict=True):
            figure.savefig(path, format=each, **told[each])
    return files


def write_figure(figure: Figure, path: Path) -> None:
    """Write a figure as what the end of the path says, PNG or SVG; what is there stays until it is whole.

    Raises
    ------
    UserError
        If it cannot be written.
    """
    try:
        with TemporaryDirectory(dir=path.parent, prefix=".") as folder:
            for part in save_figure(figure, Path(folder) / path.stem, (Format(path.suffix.lower().lstrip(".")),)):
                part.replace(path)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror or error}") from error
