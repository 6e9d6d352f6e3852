"""`predcost calibrate`: from what people measure to the parts of a scenario."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from simulator.cli import documents, log_options, options

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
    time: log_options.Time = None,
    user: log_options.User = None,
    count: log_options.Count = None,
    count_unit: log_options.CountUnit = None,
    gaps_are_zero: log_options.GapsAreZero = False,
    time_format: log_options.TimeFormat = None,
    timezone: log_options.Timezone = "UTC",
    zone_column: log_options.ZoneColumn = None,
    population: log_options.Population = None,
    session_gap: log_options.SessionGap = None,
    scenario: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Whose machines, plans and prices the verdict is for.", show_default=False),
    ] = None,
    fit_only: log_options.FitOnly = False,
    allow_skipped: log_options.AllowSkipped = False,
    without_robots: log_options.WithoutRobots = False,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.yaml", help="Write the parts there.", show_default=False)
    ] = None,
    force: documents.Force = False,
    json_: options.Json = False,
) -> None:
    """Fit population and traffic to a log, and play its end against the fit to its beginning.

    Of events with users all of it; of events or counts without users how many come and when.
    """
    from simulator.report.calibration_report import calibration_json, calibration_report
    from simulator.report.scenario_text import print_json, say
    from simulator.report.terminal import print_tables

    said = log_options.LogSaid(
        time,
        user,
        time_format,
        timezone,
        population,
        session_gap,
        allow_skipped,
        zone_column=zone_column,
        without_robots=without_robots,
    ).with_counts(count, count_unit, gaps_are_zero=gaps_are_zero)
    result = log_options.calibrated(logs, said, scenario, fit_only=fit_only)
    if out is not None:
        result.write(out, force=force)
    if json_:
        print_json(calibration_json(result.calibration))
        return
    print_tables(calibration_report(result.calibration))
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
    from simulator.report.calibrated_service import calibrate_service
    from simulator.report.scenario_text import print_json, say
    from simulator.report.service_report import service_json, service_report
    from simulator.report.terminal import print_tables
    from simulator.scenario.overrides import split_assignment

    for each in where or ():
        split_assignment(each, "--where", "model=DLRM")
    result = calibrate_service(
        files,
        batch_size=[options.checked("--batch-size", each, read_count) for each in batch_size or ()],
        clients=[options.checked("--clients", each, read_count) for each in clients or ()],
        where=where or (),
        time=time,
        unit=unit,
        slots=None if slots is None else options.checked("--slots", slots, read_count),
        as_=None if shape is None else shape.value,
        name=name,
        instance=instance,
        fit_only=fit_only,
    )
    if out is not None:
        result.write(out, force=force)
    if json_:
        print_json(service_json(result.calibration))
        return
    print_tables(service_report(result.calibration))
    if out is not None:
        say(f"Wrote {out}. Next: put its parts below 'backends' of a scenario, and predcost validate it")
