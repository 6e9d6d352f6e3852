"""`predcost calibrate`: from what people measure to the parts of a scenario."""

from pathlib import Path
from typing import Annotated

import typer

from simulator.cli import documents, log_options, options

app = typer.Typer(name="calibrate", help="From logs and measurements to the parts of a scenario.", no_args_is_help=True)


@app.command("users")
def users(
    logs: Annotated[
        list[Path], typer.Argument(metavar="LOG...", help="Files or folders of events.", show_default=False)
    ],
    time: log_options.Time = None,
    user: log_options.User = None,
    time_format: log_options.TimeFormat = None,
    timezone: log_options.Timezone = "UTC",
    population: log_options.Population = None,
    session_gap: log_options.SessionGap = None,
    scenario: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Whose machines, plans and prices the verdict is for.", show_default=False),
    ] = None,
    fit_only: log_options.FitOnly = False,
    allow_skipped: log_options.AllowSkipped = False,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.yaml", help="Write the parts there.", show_default=False)
    ] = None,
    force: documents.Force = False,
    json_: options.Json = False,
) -> None:
    """Fit population and traffic to a log, and play its end against the fit to its beginning."""
    from simulator.report.calibration_report import calibration_json, calibration_report
    from simulator.report.scenario_text import print_json, say
    from simulator.report.terminal import print_tables

    given = (time, user, time_format, timezone, population, session_gap, scenario)
    result = log_options.calibrated(logs, *given, fit_only=fit_only, allow_skipped=allow_skipped)
    if out is not None:
        result.write(out, force=force)
    if json_:
        print_json(calibration_json(result.calibration))
        return
    print_tables(calibration_report(result.calibration))
    if out is not None:
        say(f"Wrote {out}. Next: put its parts into a scenario, and predcost validate it")
