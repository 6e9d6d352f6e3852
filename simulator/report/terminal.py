"""What the command line prints."""

from collections.abc import Iterable
from pathlib import Path

import typer
from rich.console import Console, RenderableType

from simulator.report import tables
from simulator.studies.comparison import Comparison
from simulator.studies.recommendation import recommendation


def print_recommendation(comparison: Comparison) -> None:
    """Print the recommendation, a sentence a line."""
    for sentence in recommendation(comparison):
        typer.echo(sentence)


def print_comparison(comparison: Comparison, folder: Path) -> None:
    """Print the comparison, every plan's bill, the recommendation, and where the run is kept."""
    print_tables(tables.comparison_report(comparison))
    Console().print(f"Kept in {folder}", markup=False, highlight=False, soft_wrap=True)


def print_tables(renderables: Iterable[RenderableType]) -> None:
    """Print one thing below the other."""
    console = Console()
    for renderable in renderables:
        console.print(renderable)
