"""`predcost show`: a kept run's answer again."""

from pathlib import Path
from typing import Annotated

import typer

from simulator.cli import completing, options
from simulator.cli.interrupts import InterruptedRunError, held
from simulator.cli.streams import reader_may_leave
from simulator.report.chart_choice import ChartChoice


def show(
    run: Annotated[
        Path,
        typer.Argument(metavar="RUN", help="The folder of a run.", show_default=False, autocompletion=completing.runs),
    ],
    charts: Annotated[
        ChartChoice, typer.Option(help="Draw its charts again, too: the four of a deck, or all.")
    ] = ChartChoice.NONE,
    bill: options.Bill = None,
    full: options.Full = False,
    format_: options.How = options.Format.TABLE,
    json_: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Print a kept run's answer again, or its bills; nothing is simulated."""
    from simulator.cli.answer import Answer
    from simulator.studies.stored_run import read_run

    comparison = read_run(run).comparison
    how = options.Format.JSON if json_ else format_
    answer = Answer(how, quiet, full, options.bills(bill, comparison.plans))
    with reader_may_leave():
        answer.begin(comparison)
        answer.end(comparison, run)
    if charts is ChartChoice.NONE:
        return
    from simulator.cli.drawing import draw
    from simulator.studies.run_folder import digest
    from simulator.studies.run_place import claimed

    with held() as waiting, claimed(run, digest(comparison.scenario)) as claim:
        interrupted = draw(claim, comparison, charts, None, waiting, shown=answer.is_all)
    if interrupted:
        raise InterruptedRunError(f"interrupted; the run in {run} is as it was, and some charts are drawn")
