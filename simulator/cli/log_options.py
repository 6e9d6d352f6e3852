"""What the commands share that read a log of users."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulator.cli import options

if TYPE_CHECKING:
    from simulator.report.calibrated import CalibrationResult

Time = Annotated[str | None, typer.Option(metavar="COL", help="The column with the times.", show_default=False)]
User = Annotated[str | None, typer.Option(metavar="COL", help="The column with the users.", show_default=False)]
TimeFormat = Annotated[
    str | None,
    typer.Option(metavar="FORMAT", help="How times are written, e.g. '%d/%m/%Y %H:%M'.", show_default=False),
]
Timezone = Annotated[str, typer.Option(metavar="ZONE", help="The clock that the users live by, e.g. Europe/Berlin.")]
Population = Annotated[
    str | None,
    typer.Option(metavar="N", help="How many users there are, those who never came too.", show_default=False),
]
SessionGap = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="What tells logins apart; by default the valley.", show_default=False),
]
FitOnly = Annotated[bool, typer.Option("--fit-only", help="Hold nothing out, and give no verdict.")]
AllowSkipped = Annotated[bool, typer.Option("--allow-skipped", help="Take a log of which more than 1 % is left out.")]


def calibrated(
    logs: list[Path],
    time: str | None,
    user: str | None,
    time_format: str | None,
    timezone: str,
    population: str | None,
    session_gap: str | None,
    scenario: Path | None,
    *,
    fit_only: bool,
    allow_skipped: bool,
) -> "CalibrationResult":
    """Return what logs say of their users, as Python has it; what is wrong with an option is told with its name."""
    from simulator.core.units import read_count, read_seconds
    from simulator.demand.zones import check_zone
    from simulator.report.calibrated import calibrate_users

    options.checked("--timezone", timezone, check_zone)
    if population is not None:
        options.checked("--population", population, read_count)
    if session_gap is not None:
        options.checked("--session-gap", session_gap, read_seconds)
    return calibrate_users(
        logs,
        time=time,
        user=user,
        time_format=time_format,
        timezone=timezone,
        population=population,
        session_gap=session_gap,
        scenario=scenario,
        fit_only=fit_only,
        allow_skipped=allow_skipped,
    )
