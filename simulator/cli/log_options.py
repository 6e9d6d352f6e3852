"""What the commands share that read a log."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulator.cli import options
from simulator.cli.interrupts import leaving_nothing

if TYPE_CHECKING:
    from simulator.report.calibrated import CalibrationResult

Time = Annotated[str | None, typer.Option(metavar="COL", help="The column with the times.", show_default=False)]
User = Annotated[str | None, typer.Option(metavar="COL", help="The column with the users.", show_default=False)]
Count = Annotated[
    list[str] | None,
    typer.Option(
        metavar="COL",
        help="A column, or a series of a monitoring system, that counts. Repeatable: they are added up.",
        show_default=False,
    ),
]
CountUnit = Annotated[
    str | None,
    typer.Option(
        metavar="UNIT",
        help="What counts are: count, 1/s, 1/min, or total (a counter that goes on growing).",
        show_default=False,
    ),
]
GapsAreZero = Annotated[
    bool, typer.Option("--gaps-are-zero", help="Take times without a count for 0, not for unknown.")
]
TimeFormat = Annotated[
    str | None,
    typer.Option(metavar="FORMAT", help="How times are written, e.g. '%d/%m/%Y %H:%M'.", show_default=False),
]
ZoneColumn = Annotated[
    str | None,
    typer.Option(
        metavar="COL", help="The column with the users' time zones, e.g. America/New_York.", show_default=False
    ),
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

WithoutRobots = Annotated[
    bool, typer.Option("--without-robots", help="Leave out users who make far more events than a person does.")
]


@dataclass(frozen=True)
class LogSaid:
    """What is said of a log, as it is written on the command line."""

    time: str | None = None
    user: str | None = None
    time_format: str | None = None
    timezone: str = "UTC"
    population: str | None = None
    session_gap: str | None = None
    allow_skipped: bool = False
    count: tuple[str, ...] = ()
    count_unit: str | None = None
    gaps_are_zero: bool = False
    zone_column: str | None = None
    without_robots: bool = False

    def with_counts(self, count: list[str] | None, count_unit: str | None, *, gaps_are_zero: bool) -> "LogSaid":
        """Return it with what is said of counts."""
        return replace(self, count=tuple(count or ()), count_unit=count_unit, gaps_are_zero=gaps_are_zero)

    @property
    def given(self) -> list[str]:
        """The options that are given, as they are written."""
        plain = LogSaid()
        names = [name for name in vars(self) if getattr(self, name) != getattr(plain, name)]
        return [f"--{name.replace('_', '-')}" for name in names]


def calibrated(logs: list[Path], said: LogSaid, scenario: Path | None, *, fit_only: bool) -> "CalibrationResult":
    """Return what logs say of their users, as Python has it; what is wrong with an option is told with its name."""
    from simulator.core.units import read_count, read_seconds
    from simulator.demand.zones import check_zone
    from simulator.report.calibrated import calibrate_users
    from simulator.studies.calibration.count_units import read_unit

    options.checked("--timezone", said.timezone, check_zone)
    if said.population is not None:
        options.checked("--population", said.population, read_count)
    if said.session_gap is not None:
        options.checked("--session-gap", said.session_gap, read_seconds)
    if said.count_unit is not None:
        options.checked("--count-unit", said.count_unit, read_unit)
    with leaving_nothing():
        return calibrate_users(logs, **vars(said), scenario=scenario, fit_only=fit_only)
