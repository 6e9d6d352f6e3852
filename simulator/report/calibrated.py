"""What a log says of its users, for Python and Jupyter: the numbers, a verdict, pictures, a scenario."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from simulator.core.errors import UserError
from simulator.core.units import read_count, read_seconds
from simulator.demand.zones import check_zone
from simulator.report import format as form
from simulator.report.arguments import read_argument
from simulator.report.calibrated_parts import parts_text, source_lines
from simulator.report.calibration_report import held_out_rows, parameter_rows, verdict_sentence
from simulator.report.documents import write_text
from simulator.report.fitted_parts import FittedParts
from simulator.report.log_frames import FRAME, files_of
from simulator.report.log_scenario import log_scenario_text
from simulator.report.notebook import folded, html_table, paragraphs, picture_html, shown
from simulator.scenario.schema import Scenario
from simulator.studies.calibration.calibrating import Calibration, calibrate
from simulator.studies.calibration.count_units import read_unit
from simulator.studies.calibration.events import Asked
from simulator.studies.calibration.fitted_scenario import following_parts, scenario_with
from simulator.studies.calibration.fitting import Fitted, UserFit
from simulator.studies.calibration.held_out import Compared
from simulator.studies.outcome_store import default_store

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class CalibrationPlots:
    """The pictures of a calibration; each is a matplotlib Figure of a slide's size, or a NoChartError that says why."""

    found: Calibration
    is_dark: bool = False

    @property
    def dark(self) -> "CalibrationPlots":
        """The same for a dark background: ``result.plot.dark.profile()``."""
        return replace(self, is_dark=True)

    def profile(self) -> "Figure":
        """Draw the hours of the week on the users' clock: the log's, the fit's, and those unlike all others."""
        return self._draw("profile")

    def gaps(self) -> "Figure":
        """Draw the times between a user's events, and the valley at which logins are told apart."""
        return self._draw("gaps")

    def held_out(self) -> "Figure":
        """Draw how far the fit is off on the held-out end of the log, against what is asked."""
        return self._draw("held_out")

    def _draw(self, name: str) -> "Figure":
        from simulator.report.charts.catalogue import drawn  # noqa: PLC0415  (matplotlib is imported to draw)

        return drawn(self.found, name, is_dark=self.is_dark)


@dataclass(frozen=True, repr=False)
class CalibrationResult(FittedParts):
    """What a log says of its users, and whether one may decide by it; in Jupyter it shows itself."""

    calibration: Calibration
    """What was found, with everything that was counted."""

    @override
    def _numbers(self) -> Mapping[str, Fitted]:
        return self.calibration.fit.parameters

    @override
    def _compared(self) -> Sequence[Compared]:
        return self.calibration.verdict.compared if self.calibration.verdict else ()

    @override
    def _parts_text(self) -> str:
        return parts_text(self.calibration)

    @property
    def verdict(self) -> str:
        """Whether one may decide by the fit, as a sentence."""
        return verdict_sentence(self.calibration)

    @property
    def fits(self) -> bool | None:
        """Whether the held-out end is as the fit says, as far as is asked; None where nothing was held out."""
        return self.calibration.fits if self.calibration.verdict else None

    @property
    def recommendation_changes(self) -> bool | None:
        """Whether the log's end and the fit recommend different plans; None where nothing was held out."""
        verdict = self.calibration.verdict
        return verdict.recommendation_changes if verdict else None

    @property
    @override
    def why(self) -> tuple[str, ...]:
        """What speaks against the fit, and what to do about it."""
        return self.calibration.why

    @property
    @override
    def parts(self) -> dict[str, Any]:
        """``population`` and ``traffic``, as a scenario's file states them."""
        return self.calibration.parts

    def scenario(self, base: Scenario | str | Path | None = None) -> Scenario:
        """Return a scenario of the log's users from the Monday after it on, to `run`.

        Parameters
        ----------
        base
            Whose machines, plans, prices and bounds it has: a scenario, or the path of its file; by default the
            starter's. Its start, population and traffic are replaced.

        Raises
        ------
        UserError
            If the scenario is not valid with them.
        """
        found = self.calibration
        return scenario_with(_base(base, "scenario"), following_parts(found.fit, found.last))

    def write_scenario(self, path: str | Path, *, force: bool = False) -> Path:
        """Write a whole commented scenario, as ``predcost new --from-log`` does, and return the path.

        Parameters
        ----------
        path
            Where to.
        force
            Whether a file that is there may be replaced.

        Raises
        ------
        UserError
            If something else is there, or it cannot be written.
        """
        return write_text(log_scenario_text(self.calibration, Path(path).parent), Path(path), replaces=force)

    @property
    def plot(self) -> CalibrationPlots:
        """The pictures: ``result.plot.profile()``, ``.gaps()``, ``.held_out()``."""
        return CalibrationPlots(self.calibration)

    @override
    def __repr__(self) -> str:
        fit = self.calibration.fit
        users = f"{form.count(fit.seen_users)} users" if isinstance(fit, UserFit) else "a log without users"
        return f"<CalibrationResult of {users}; {self.verdict}>"

    def _repr_html_(self) -> str:
        found = self.calibration
        first, second, _, *against = source_lines(found)
        compared = html_table(*held_out_rows(found.verdict.compared)) if found.verdict else ""
        return shown(
            f"<p><strong>{escape(self.verdict)}</strong></p>",
            html_table(*parameter_rows(found)),
            picture_html(self.plot.held_out(), self.verdict) if found.verdict else "",
            paragraphs(against),
            folded("the held-out end", compared) if found.verdict else "",
            f"<p><small>{escape(f'{first} {second}')}</small></p>",
        )


def calibrate_users(  # noqa: PLR0913  (what the command takes)
    logs: "str | Path | Sequence[str | Path] | pd.DataFrame",
    *,
    time: str | None = None,
    user: str | None = None,
    count: str | Sequence[str] = (),
    count_unit: str | None = None,
    gaps_are_zero: bool = False,
    time_format: str | None = None,
    zone_column: str | None = None,
    timezone: str = "UTC",
    population: int | str | None = None,
    session_gap: str | None = None,
    scenario: Scenario | str | Path | None = None,
    fit_only: bool = False,
    allow_skipped: bool = False,
    without_robots: bool = False,
) -> CalibrationResult:
    """Fit population and traffic to a log, and play its end against the fit to its beginning.

    Parameters
    ----------
    logs
        Files or folders of events: a path, or several; or a pandas DataFrame with a row for each event.
    time, user
        The columns of times and users; by default those that are called so.
    count, count_unit, gaps_are_zero
        The columns or series that count, of a log of counts: what is added up; what they are (``"count"``, ``"1/s"``,
        ``"1/min"`` or ``"total"``); whether times without a count are 0, and not unknown.
    time_format
        How times are written that are not ISO 8601, such as ``"%d/%m/%Y %H:%M"``.
    zone_column
        The column that says in which time zone the user of a row is, such as ``"America/New_York"``; each user lives in
        that of most of his rows. Not with ``timezone``.
    timezone
        The clock that the users live by, such as ``"Europe/Berlin"``.
    population
        How many users there are, those who never came too: ``2_000_000`` or ``"2M"``; by default as follows from the
        log.
    session_gap
        What tells a user's logins apart, such as ``"30 min"``; by default the valley in the times between events.
    scenario
        Whose machines, plans and prices the verdict is for: a scenario, or the path of its file; by default the
        starter's.
    fit_only
        Whether to hold nothing out, and give no verdict.
    allow_skipped
        Whether to take a log of which more than 1 % is left out.
    without_robots
        Whether to leave out users who make more than 1 % of all events and more than 100 times as many as users do on
        average; `calibration.robots` says how many they are, and which share of the events is theirs.

    Raises
    ------
    UserError
        If the log cannot be read, says too little, or anything else is not valid.
    """
    asked = Asked(
        time,
        user,
        time_format,
        read_argument("timezone", timezone, check_zone),
        allow_skipped,
        (count,) if isinstance(count, str) else tuple(count),
        None if count_unit is None else read_argument("count_unit", count_unit, read_unit),
        gaps_are_zero,
        zone_column,
        without_robots,
    )
    users = None if population is None else read_argument("population", population, read_count)
    gap_s = None if session_gap is None else read_argument("session_gap", session_gap, read_seconds)
    base = _base(scenario, "calibrate_users")
    with files_of(logs) as files:
        found = calibrate(files, asked, users, gap_s, base, default_store(), judges=not fit_only)
    if isinstance(logs, (str, Path, Sequence)):
        return CalibrationResult(found)
    return CalibrationResult(replace(found, recognised=found.recognised.replace("Parquet", FRAME, 1)))


def _base(scenario: Any, by: str) -> Scenario | Path | None:
    if scenario is None or isinstance(scenario, (Scenario, Path)):
        return scenario
    if isinstance(scenario, str):
        return Path(scenario)
    raise UserError(f"{by}() takes a scenario or the path of its file, not a {type(scenario).__name__}")
