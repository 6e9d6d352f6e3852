"""What the command line prints."""

from pathlib import Path

import typer
from rich.console import Console

from simulator.report import tables
from simulator.studies.comparison import Comparison
from simulator.studies.recommendation import recommendation


def print_recommendation(comparison: Comparison) -> None:
    """Print the recommendation, a sentence a line."""
    for sentence in recommendation(comparison):
        typer.echo(sentence)


def print_comparison(comparison: Comparison, folder: Path) -> None:
    """Print the comparison, every plan's bill, the recommendation, and where the run is kept."""
    console = Console()
    for renderable in tables.comparison_report(comparison):
        console.print(renderable)
    console.print(f"Kept in {folder}", markup=False, highlight=False, soft_wrap=True)
