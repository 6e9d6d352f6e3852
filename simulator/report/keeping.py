"""A run's folder: the tables, the text, and then the charts."""

from collections.abc import Callable, Sequence
from pathlib import Path

from simulator.report.chart_choice import DECK, ChartChoice
from simulator.report.terminal import comparison_text
from simulator.studies.comparison import Comparison
from simulator.studies.run_folder import write_run
from simulator.studies.run_place import Claim

SUMMARY = "summary.txt"
CHARTS = "charts"


def keep_run(claim: Claim, comparison: Comparison, command: Sequence[str], asked: str | None = None) -> bool:
    """Put a run with all but its charts in its place; return False where a whole run of the scenario stays there.

    Parameters
    ----------
    claim
        The place.
    comparison
        What to keep.
    command
        The command line that made it.
    asked
        The digest of the scenario as it was asked for; by default that of the comparison's.
    """

    def write(folder: Path) -> None:
        write_run(comparison, folder, command, asked)
        (folder / SUMMARY).write_text(comparison_text(comparison), encoding="utf-8")

    return claim.publish(write, complete=comparison.complete)


def keep_charts(
    claim: Claim,
    comparison: Comparison,
    choice: ChartChoice,
    workers: int | None = None,
    on_chart: Callable[[str], None] | None = None,
) -> None:
    """Draw a kept run's charts, and put each in its place when it is whole.

    Parameters
    ----------
    claim
        The place of the run.
    comparison
        What to draw.
    choice
        Which charts.
    workers
        Processes; by default one a core.
    on_chart
        Called with the name of every chart when it is in its place.
    """
    if choice is ChartChoice.NONE:
        return
    from simulator.report.charts import catalogue  # noqa: PLC0415  (matplotlib is imported to draw)
    from simulator.report.charts.drawing import draw_charts  # noqa: PLC0415

    def take(name: str) -> None:
        claim.take(CHARTS, name)
        if on_chart is not None:
            on_chart(name)

    with claim.writing():
        names = DECK if choice is ChartChoice.DECK else tuple(catalogue.CHARTS)
        draw_charts(comparison, claim.hidden, names, workers, take)
