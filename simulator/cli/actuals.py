"""`predcost actuals`: what a plan was forecast to cost, against what the invoice says."""

from pathlib import Path
from typing import Annotated

import typer

from simulator.cli import completing, documents, options


def actuals(
    run: Annotated[
        Path,
        typer.Argument(metavar="RUN", help="The folder of a run.", show_default=False, autocompletion=completing.runs),
    ],
    bill: Annotated[
        Path,
        typer.Option(metavar="FILE", help="The invoice: FOCUS, or AWS' cost and usage report 2.0.", show_default=False),
    ],
    plan: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Whose forecast; by default the recommended plan's.", autocompletion=completing.plans
        ),
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN=VALUE", help="Only such rows, e.g. Tags.team=feed. Repeatable."),
    ] = None,
    rate: Annotated[str, typer.Option(help="Which cost: contracted, effective or list.")] = "effective",
    days: Annotated[
        float | None, typer.Option(min=0.01, help="How many days the invoice is for; by default what its rows say.")
    ] = None,
    map_: Annotated[
        Path | None, typer.Option("--map", metavar="FILE.yaml", help="Which meter counts what.", show_default=False)
    ] = None,
    write_map: Annotated[
        Path | None, typer.Option(metavar="FILE.yaml", help="Write such a map of the invoice, to edit.")
    ] = None,
    force: documents.Force = False,
    json_: options.Json = False,
) -> None:
    """Compare a plan's forecast with an invoice, meter by meter: by price, by volume, and what either lacks."""
    from simulator.core.errors import UserError, did_you_mean
    from simulator.prices.importers.invoices import RATES, Where
    from simulator.report.actuals_tables import actuals_json, actuals_report, usage_map_text
    from simulator.report.documents import written_whole
    from simulator.report.plan_bill import plan_of
    from simulator.report.scenario_text import print_json, say
    from simulator.report.terminal import print_tables
    from simulator.studies.actuals import compare_actuals, read_invoice, read_mapping
    from simulator.studies.stored_run import read_run

    if rate not in RATES:
        raise UserError(f"--rate: there is no rate '{rate}'; {did_you_mean(rate, RATES)}")
    result = plan_of(read_run(run).comparison, plan)
    invoice = read_invoice(bill, rate, [Where.read(each) for each in where or []])
    found = compare_actuals(result, invoice, read_mapping(map_) if map_ else (), days)
    if write_map is not None:
        with written_whole(write_map, replaces=force) as staged:
            staged.write_text(usage_map_text(invoice), encoding="utf-8")
    if json_:
        print_json(actuals_json(found))
        return
    print_tables(actuals_report(found))
    if write_map is not None:
        say(f"Wrote {write_map}. Next: edit it, and give it as --map {write_map}")
