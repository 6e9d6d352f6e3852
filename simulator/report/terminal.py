"""What the command line prints."""

import io
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console, RenderableType

from simulator.report import tables
from simulator.report.scenario_text import say
from simulator.studies.comparison import Comparison
from simulator.studies.recommendation import recommendation


def print_recommendation(comparison: Comparison) -> None:
    """Print the recommendation, a sentence a line."""
    for sentence in recommendation(comparison):
        say(sentence)


def print_answer(comparison: Comparison) -> None:
    """Print the comparison, every plan's bill and the recommendation."""
    print_tables(tables.answer_report(comparison))


def print_changes(comparison: Comparison, folder: Path | None) -> None:
    """Print what would change the recommendation, and where the run is kept, if it is."""
    from simulator.report.closed_form_words import (  # noqa: PLC0415  (the planner, which the answer needs not)
        apart_sentences,
    )

    print_tables(tables.changes_report(comparison))
    print_tables(tables.sentences("Simulation and closed form are apart", apart_sentences(comparison)))
    if folder is not None:
        Console().print(f"Kept in {folder}", markup=False, highlight=False, soft_wrap=True)


def comparison_text(comparison: Comparison) -> str:
    """Return all that is printed of a run, as plain text of 80 columns."""
    text = io.StringIO()
    console = Console(file=text, width=tables.WIDTH, color_system=None, force_terminal=False, legacy_windows=False)
    for renderable in tables.comparison_report(comparison):
        console.print(renderable)
    return "".join(f"{line.rstrip()}\n" for line in text.getvalue().splitlines())


def terminal_width() -> int:
    """Return how many columns the terminal has, 80 where there is none."""
    return Console().width


def print_tables(renderables: Iterable[RenderableType]) -> None:
    """Print one thing below the other."""
    console = Console()
    for renderable in renderables:
        console.print(renderable)
