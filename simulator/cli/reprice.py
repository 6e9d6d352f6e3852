"""`predcost reprice`: another bill for the same usage."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from simulator.cli import options
from simulator.cli.interrupts import held


def reprice(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a finished run.", show_default=False)],
    prices: Annotated[
        list[str],
        typer.Option(
            "--prices", metavar="BOOK", help="A bundled book or a file. Repeatable: later ones over earlier ones."
        ),
    ],
    out: Annotated[
        Path | None, typer.Option(help="Keep the run at these prices in this folder.", show_default=False)
    ] = None,
    force: options.Force = False,
    json_: options.Json = False,
) -> None:
    """Price a finished run anew, without simulating it."""
    from rich.console import Console

    from simulator.prices.loading import find_book, load_book
    from simulator.report.reprice_tables import repriced_json, repriced_report
    from simulator.report.scenario_text import print_json
    from simulator.studies.reprice import keep_repriced
    from simulator.studies.reprice import reprice as priced_anew
    from simulator.studies.stored_run import read_run

    book, kept = load_book(prices), read_run(run)
    repriced = priced_anew(kept, book)
    if out is not None:
        with held():
            keep_repriced(repriced, kept, [find_book(each) for each in prices], out, sys.argv, force=force)
    if json_:
        print_json({**repriced_json(repriced), "folder": None if out is None else str(out)})
        return
    console = Console()
    for renderable in repriced_report(repriced):
        console.print(renderable)
    if out is not None:
        console.print(f"Kept in {out}", markup=False, highlight=False, soft_wrap=True)
