"""`predcost reprice`: another bill for the same usage."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from simulator.cli import completing, options
from simulator.cli.interrupts import held


def reprice(
    run: Annotated[
        Path,
        typer.Argument(
            metavar="RUN",
            help="The folder of a finished run, or of a sweep.",
            show_default=False,
            autocompletion=completing.runs,
        ),
    ],
    prices: Annotated[
        list[str] | None,
        typer.Option(
            "--prices",
            metavar="BOOK",
            help="A bundled book or a file. Repeatable: later ones over earlier ones.",
            autocompletion=completing.books,
        ),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Change a price or a weight of the scenario. Repeatable.",
            autocompletion=completing.keys,
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Keep the run at these prices in this folder.", show_default=False)
    ] = None,
    force: options.Force = False,
    bill: options.Bill = None,
    json_: options.Json = False,
) -> None:
    """Price a finished run or sweep anew, and judge it anew, without simulating it."""
    from simulator.core.errors import UserError
    from simulator.prices.loading import find_book, load_book
    from simulator.report.reprice_tables import repriced_json, repriced_report
    from simulator.report.scenario_text import print_json, say
    from simulator.report.terminal import print_tables
    from simulator.scenario.overrides import read_assignment
    from simulator.studies.reprice import keep_repriced
    from simulator.studies.reprice import reprice as priced_anew
    from simulator.studies.stored_run import read_run
    from simulator.studies.stored_sweep import manifest_of_sweep

    if not prices and not set_:
        raise UserError("nothing is to be other: give --prices BOOK, or --set KEY=VALUE of a price or a weight")
    about = manifest_of_sweep(run)
    if about is not None:
        _sweep(run, about, prices, set_, out, force=force, json=json_)
        return
    kept = read_run(run)
    wanted = options.bills(bill, kept.scenario.plans)
    book = load_book(prices) if prices else kept.book
    repriced = priced_anew(kept, book, dict(map(read_assignment, set_ or [])))
    if out is not None:
        with held():
            keep_repriced(repriced, kept, [find_book(each) for each in prices or []], out, sys.argv, force=force)
    if json_:
        print_json({**repriced_json(repriced), "folder": None if out is None else str(out)})
        return
    print_tables(repriced_report(repriced, wanted))
    if out is not None:
        say(f"Kept in {out}")


def _sweep(
    folder: Path,
    about: Mapping[str, Any],
    prices: list[str] | None,
    sets: list[str] | None,
    out: Path | None,
    *,
    force: bool,
    json: bool,
) -> None:
    """Price every point of a sweep anew."""
    from simulator.core.errors import UserError
    from simulator.prices.loading import load_book
    from simulator.report.scenario_text import print_json, say
    from simulator.report.sweep_keeping import keep_sweep
    from simulator.report.sweep_tables import sweep_json, sweep_report
    from simulator.report.sweep_words import newly_best
    from simulator.report.terminal import print_tables
    from simulator.studies.run_place import claimed
    from simulator.studies.stored_sweep import read_sweep, sweep_at_prices
    from simulator.studies.sweep_folder import sweep_digest

    if sets or not prices:
        raise UserError(f"{folder} holds a sweep, of which only the prices can be other: give --prices BOOK, no --set")
    book = load_book(prices)
    before = read_sweep(folder, about)
    after = sweep_at_prices(before, book)
    if out is not None:
        digest = sweep_digest(after.scenario, after.factors, adaptive=after.adaptive)
        with held(), claimed(out, digest, force=force) as claim:
            keep_sweep(claim, after, book, sys.argv)
    if json:
        print_json({**sweep_json(after), "folder": None if out is None else str(out)})
        return
    print_tables(sweep_report(after))
    say(newly_best(before, after, book.name))
    if out is not None:
        say(f"Kept in {out}")
