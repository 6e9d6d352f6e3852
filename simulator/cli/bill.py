"""`predcost bill`: a plan's bill of a kept run, for people and for the tools that read invoices."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from simulator.cli import completing, documents


class BillFormat(StrEnum):
    """How a bill is written."""

    TABLE = "table"
    JSON = "json"
    FOCUS = "focus"


def bill(
    run: Annotated[
        Path,
        typer.Argument(metavar="RUN", help="The folder of a run.", show_default=False, autocompletion=completing.runs),
    ],
    plan: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Whose; by default the recommended plan's.",
            show_default=False,
            autocompletion=completing.plans,
        ),
    ] = None,
    format_: Annotated[
        BillFormat, typer.Option("--format", help="For people, for programs, or in FOCUS 1.2 (CSV).")
    ] = BillFormat.TABLE,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Where to; by default it is printed.", show_default=False),
    ] = None,
    force: documents.Force = False,
) -> None:
    """Print or write a plan's bill; nothing is simulated."""
    from simulator.report.documents import written_whole
    from simulator.report.plan_bill import bill_text
    from simulator.report.scenario_text import say
    from simulator.studies.stored_run import read_run

    text = bill_text(read_run(run).comparison, plan, format_)
    if out is None:
        sys.stdout.write(text)
        return
    with written_whole(out, replaces=force) as staged:
        staged.write_text(text, encoding="utf-8")
    say(f"Wrote {out}")
