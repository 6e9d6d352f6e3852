"""A sweep's folder: what it found, in words, as tables and as a picture."""

import io
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from simulator.prices.book import PriceBook
from simulator.report.chart_choice import ChartChoice
from simulator.report.keeping import CHARTS, SUMMARY, chosen
from simulator.report.sweep_tables import WIDTH, sweep_report, sweep_rows
from simulator.studies.run_place import Claim
from simulator.studies.sweep import Sweep
from simulator.studies.sweep_folder import write_sweep


def keep_sweep(claim: Claim, sweep: Sweep, book: PriceBook, command: Sequence[str]) -> bool:
    """Put a sweep in its place; return False where a whole one of the same stays there.

    Parameters
    ----------
    claim
        The place.
    sweep, book
        What to keep, and the prices of the scenario before any key was changed.
    command
        The command line that made it.
    """

    def write(folder: Path) -> None:
        write_sweep(sweep, book, sweep_rows(sweep), folder, command)
        (folder / SUMMARY).write_text(sweep_text(sweep), encoding="utf-8")
        _draw(sweep, folder / CHARTS)

    return claim.publish(write, complete=sweep.complete)


def sweep_text(sweep: Sweep) -> str:
    """Return all that is printed of a sweep, as plain text."""
    text = io.StringIO()
    console = Console(file=text, width=WIDTH, color_system=None, force_terminal=False, legacy_windows=False)
    for renderable in sweep_report(sweep):
        console.print(renderable)
    return "".join(f"{line.rstrip()}\n" for line in text.getvalue().splitlines())


def _draw(sweep: Sweep, folder: Path) -> None:
    from simulator.report.charts.catalogue import save_chart  # noqa: PLC0415  (matplotlib is imported to draw)

    folder.mkdir()
    for name in chosen(sweep, ChartChoice.DECK):
        save_chart(sweep, name, folder)
