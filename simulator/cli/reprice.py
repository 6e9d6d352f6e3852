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
        list[str] | None,
        typer.Option(
            "--prices", metavar="BOOK", help="A bundled book or a file. Repeatable: later ones over earlier ones."
        ),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change a price or a weight of the scenario. Repeatable."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Keep the run at these prices in this folder.", show_default=False)
    ] = None,
    force: options.Force = False,
    json_: options.Json = False,
) -> None:
    """Price a finished run anew, and judge it anew, without simulating it."""
    from rich.console import Console

    from simulator.core.errors import UserError
    from simulator.prices.loading import find_book, load_book
    from simulator.report.reprice_tables import repriced_json, repriced_report
    from simulator.report.scenario_text import print_json
    from simulator.scenario.overrides import read_assignment
    from simulator.studies.reprice import keep_repriced
    from simulator.studies.reprice import reprice as priced_anew
    from simulator.studies.stored_run import read_run

    if not prices and not set_:
        raise UserError("nothing is to be other: give --prices BOOK, or --set KEY=VALUE of a price or a weight")
    kept = read_run(run)
    book = load_book(prices) if prices else kept.book
    repriced = priced_anew(kept, book, dict(map(read_assignment, set_ or [])))
    if out is not None:
        with held():
            keep_repriced(repriced, kept, [find_book(each) for each in prices or []], out, sys.argv, force=force)
    if json_:
        print_json({**repriced_json(repriced), "folder": None if out is None else str(out)})
        return
    console = Console()
    for renderable in repriced_report(repriced):
        console.print(renderable)
    if out is not None:
        console.print(f"Kept in {out}", markup=False, highlight=False, soft_wrap=True)
