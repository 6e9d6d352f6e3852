"""The charts of a run that is kept, with a line that tells how far they are."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from simulator.cli.interrupts import cut_short
from simulator.cli.progress import progress_line

if TYPE_CHECKING:
    from simulator.report.chart_choice import ChartChoice
    from simulator.studies.comparison import Comparison
    from simulator.studies.run_place import Claim


def draw(
    claim: "Claim",
    comparison: "Comparison",
    choice: "ChartChoice",
    workers: int | None,
    waiting: list[int],
    *,
    shown: bool,
) -> bool:
    """Draw the charts until an interrupt comes; return whether one did.

    Parameters
    ----------
    claim, comparison
        Where to, and what of.
    choice
        Which charts.
    workers
        Processes; by default one a core.
    waiting
        Interrupts that are held.
    shown
        Whether somebody looks on.
    """
    from simulator.report.keeping import chosen, keep_charts

    def do(_: Callable[[], None]) -> None:
        with progress_line("drawing charts", shown=shown) as step:
            keep_charts(claim, comparison, chosen(comparison, choice), workers, step)

    return cut_short(do, waiting)
