"""What the command line prints."""

import io
import shlex
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console, RenderableType

from simulator.report.answer import ALL, Wanted, answer_report, changes_report
from simulator.report.names import one_line
from simulator.report.scenario_text import say
from simulator.report.tables import WIDTH
from simulator.studies.comparison import Comparison
from simulator.studies.headline import verdict_lines


def print_verdict(comparison: Comparison) -> None:
    """Print the recommendation in two lines."""
    for line in verdict_lines(comparison, {name: one_line(name) for name in comparison.plans}):
        say(line)


def print_answer(comparison: Comparison, wanted: Wanted) -> None:
    """Print what is known as soon as all is simulated."""
    print_tables(answer_report(comparison, wanted))


def print_changes(comparison: Comparison, wanted: Wanted, folder: Path | None) -> None:
    """Print what would change the recommendation, where the run is kept, if it is, and where the rest is."""
    print_tables(changes_report(comparison, wanted))
    if folder is None:
        return
    say(f"Kept in {folder}")
    place = shlex.quote(str(folder))
    if not (wanted.full or wanted.bills):
        say(f"Bills: predcost show {place} --bill")
    say(f"More: predcost {'' if wanted.full else 'show --full, '}report, workbook, slides or charts {place}")


def comparison_text(comparison: Comparison) -> str:
    """Return all that there is to print of a run, as plain text of 80 columns."""
    text = io.StringIO()
    console = Console(file=text, width=WIDTH, color_system=None, force_terminal=False, legacy_windows=False)
    for renderable in (*answer_report(comparison, ALL), *changes_report(comparison, ALL)):
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
