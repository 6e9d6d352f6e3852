"""`predcost calibrate`: from what people measure to the parts of a scenario."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from simulator.cli import documents, options

app = typer.Typer(name="calibrate", help="From logs and measurements to the parts of a scenario.", no_args_is_help=True)


class Shape(StrEnum):
    """What service times are written as."""

    AFFINE = "affine"
    TABLE = "table"
    TOGETHER = "together"


@app.command("users")
def users(
    logs: Annotated[
        list[Path],
        typer.Argument(metavar="LOG...", help="Files or folders of events, or of counts.", show_default=False),
    ],
    time: Annotated[
        str | None, typer.Option(metavar="COL", help="The column with the times.", show_default=False)
    ] = None,
    user: Annotated[
        str | None, typer.Option(metavar="COL", help="The column with the users.", show_default=False)
    ] = None,
    count: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COL",
            help="A column, or a series of a monitoring system, that counts. Repeatable: they are added up.",
            show_default=False,
        ),
    ] = None,
    count_unit: Annotated[
        str | None,
        typer.Option(
            metavar="UNIT",
            help="What counts are: count, 1/s, 1/min, or total (a counter that goes on growing).",
            show_default=False,
        ),
    ] = None,
    gaps_are_zero: Annotated[
        bool, typer.Option("--gaps-are-zero", help="Take times without a count for 0, not for unknown.")
    ] = False,
    time_format: Annotated[
        str | None,
        typer.Option(metavar="FORMAT", help="How times are written, e.g. '%d/%m/%Y %H:%M'.", show_default=False),
    ] = None,
    timezone: Annotated[
        str, typer.Option(metavar="ZONE", help="The clock that the users live by, e.g. Europe/Berlin.")
    ] = "UTC",
    population: Annotated[
        str | None,
        typer.Option(metavar="N", help="How many users there are, those who never came too.", show_default=False),
    ] = None,
    session_gap: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="What tells logins apart; by default the valley.", show_default=False),
    ] = None,
    scenario: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Whose machines, plans and prices the verdict is for.", show_default=False),
    ] = None,
    fit_only: Annotated[bool, typer.Option("--fit-only", help="Hold nothing out, and give no verdict.")] = False,
    allow_skipped: Annotated[
        bool, typer.Option("--allow-skipped", help="Take a log of which more than 1 % is left out.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.yaml", help="Write the parts there.", show_default=False)
    ] = None,
    force: documents.Force = False,
    json_: options.Json = False,
) -> None:
    """Fit population and traffic to a log, and play its end against the fit to its beginning.

    Of events with users all of it; of events or counts without users how many come and when.
    """
    from simulator.core.units import read_count, read_seconds
    from simulator.demand.zones import check_zone
    from simulator.report.calibration_report import calibration_json, calibration_report, parts_text
    from simulator.report.documents import written_whole
    from simulator.report.scenario_text import print_json, say
    from simulator.report.terminal import print_tables
    from simulator.studies.calibration.calibrating import calibrate
    from simulator.studies.calibration.count_units import read_unit
    from simulator.studies.calibration.events import Asked
    from simulator.studies.outcome_store import default_store

    asked = Asked(
        time,
        user,
        time_format,
        options.checked("--timezone", timezone, check_zone),
        allow_skipped,
        tuple(count or ()),
        None if count_unit is None else options.checked("--count-unit", count_unit, read_unit),
        gaps_are_zero,
    )
    found = calibrate(
        logs,
        asked,
        None if population is None else options.checked("--population", population, read_count),
        None if session_gap is None else options.checked("--session-gap", session_gap, read_seconds),
        scenario,
        default_store(),
        judges=not fit_only,
    )
    if out is not None:
        with written_whole(out, replaces=force) as staged:
            staged.write_text(parts_text(found), encoding="utf-8")
    if json_:
        print_json(calibration_json(found))
        return
    print_tables(calibration_report(found))
    if out is not None:
        say(f"Wrote {out}. Next: put its parts into a scenario, and predcost validate it")


@app.command("service")
def service(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="What one benchmark wrote.", show_default=False)
    ],
    batch_size: Annotated[
        list[str] | None,
        typer.Option(metavar="N", help="Predictions in a request: one for all files, or repeated, one for each."),
    ] = None,
    clients: Annotated[
        list[str] | None,
        typer.Option(metavar="N", help="How many wait for answers: one for all files, or repeated, one for each."),
    ] = None,
    where: Annotated[
        list[str] | None, typer.Option(metavar="COL=VALUE", help="Only rows that have this there. Repeatable.")
    ] = None,
    time: Annotated[
        str | None, typer.Option(metavar="COL", help="The column with the times, of a table.", show_default=False)
    ] = None,
    unit: Annotated[
        str | None, typer.Option(metavar="UNIT", help="Its unit: s, ms, us or ns.", show_default=False)
    ] = None,
    slots: Annotated[
        str | None,
        typer.Option(metavar="N", help="Requests that the server works on at a time.", show_default=False),
    ] = None,
    shape: Annotated[
        Shape | None,
        typer.Option("--as", help="What service times are; by default a line where it fits, else a table."),
    ] = None,
    name: Annotated[str, typer.Option(metavar="NAME", help="What the fleet is called.")] = "measured",
    instance: Annotated[str, typer.Option(metavar="TYPE", help="The instance that was measured.")] = "g4dn.xlarge",
    fit_only: Annotated[bool, typer.Option("--fit-only", help="Do not play what was measured.")] = False,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.yaml", help="Write the parts there.", show_default=False)
    ] = None,
    force: documents.Force = False,
    json_: options.Json = False,
) -> None:
    """Fit a fleet to what a benchmark measured, and play it in the loop in which that was done."""
    from simulator.core.units import read_count
    from simulator.report.documents import written_whole
    from simulator.report.scenario_text import print_json, say
    from simulator.report.service_report import service_json, service_parts_text, service_report
    from simulator.report.terminal import print_tables
    from simulator.scenario.overrides import split_assignment
    from simulator.studies.calibration.service.calibrating import calibrate_service
    from simulator.studies.calibration.service.reading import Said

    said = Said(
        [options.checked("--batch-size", each, read_count) for each in batch_size or ()],
        [options.checked("--clients", each, read_count) for each in clients or ()],
        tuple(split_assignment(each, "--where", "model=DLRM") for each in where or ()),
        time,
        unit,
    )
    found = calibrate_service(
        files,
        said,
        shape=None if shape is None else shape.value,
        slots=None if slots is None else options.checked("--slots", slots, read_count),
        name=name,
        instance=instance,
        plays=not fit_only,
    )
    if out is not None:
        with written_whole(out, replaces=force) as staged:
            staged.write_text(service_parts_text(found), encoding="utf-8")
    if json_:
        print_json(service_json(found))
        return
    print_tables(service_report(found))
    if out is not None:
        say(f"Wrote {out}. Next: put its parts below 'backends' of a scenario, and predcost validate it")
