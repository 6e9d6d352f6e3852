"""From the files of a log to what a scenario says of its users, with a verdict."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from simulator.core.errors import UserError
from simulator.core.units import DAY_S
from simulator.scenario.schema import Scenario
from simulator.studies.calibration.counting import read_counts
from simulator.studies.calibration.doubts import doubts
from simulator.studies.calibration.events import US_PER_S, Asked, Events, read_events
from simulator.studies.calibration.fitting import UserFit, fit_users
from simulator.studies.calibration.held_out import HeldOut, held_out
from simulator.studies.calibration.held_out_rates import Recorded, held_out_rates, recorded_counts, recorded_events
from simulator.studies.calibration.measures import Measures, measured
from simulator.studies.calibration.parts import parts_of, parts_of_rates
from simulator.studies.calibration.rate_doubts import check_population, rate_doubts
from simulator.studies.calibration.rates import RateFit, fit_rates
from simulator.studies.calibration.robots import Robots, leave_out_robots
from simulator.studies.calibration.sessions import histogram_lines
from simulator.studies.calibration.user_zones import Zones
from simulator.studies.outcome_store import OutcomeStore

LEAST_VERDICT_S = 2 * DAY_S
"""Of a shorter log nothing is held out."""


@dataclass(frozen=True)
class Calibration:
    """What a log says."""

    recognised: str
    rows: int
    skipped: dict[str, int]
    first: datetime
    last: datetime
    fit: UserFit | RateFit
    """Of users, or of rates alone where the log names none."""
    parts: dict[str, Any]
    """``traffic``, and ``population`` as far as it is known."""
    verdict: HeldOut | None
    """None where the log is too short to hold anything out, or where it was not asked for."""
    why: tuple[str, ...]
    """What speaks against it."""
    gap_histogram: tuple[str, ...]
    measures: Measures | None
    """What was counted of the users of the whole log; None where it names none."""
    logs: tuple[Path, ...]
    """Its files and folders."""
    columns: tuple[str, str | None] = ("", None)
    """What the log's own columns of times and users are called, where it has users."""
    zones: Zones | None = None
    """What was made of its column of time zones, where one is given."""
    robots: Robots | None = None
    """Who was left out as hardly a person; None where that was not asked for."""

    @property
    def fits(self) -> bool:
        """Whether the held-out end of the log is as the fit says, as far as was asked."""
        return self.verdict is not None and not self.verdict.bad


def calibrate(
    paths: Sequence[Path],
    asked: Asked,
    population: float | None = None,
    session_gap_s: float | None = None,
    base: Scenario | Path | None = None,
    kept: OutcomeStore | None = None,
    *,
    judges: bool = True,
) -> Calibration:
    """Return what a log says of its users.

    Parameters
    ----------
    paths
        Files and folders.
    asked
        What is said of them.
    population
        How many users there are, those who never came included; by default as many as follows from the log.
    session_gap_s
        What tells logins apart; by default the valley in the times between a user's events. [s]
    base, kept
        See `held_out`.
    judges
        Whether the end of the log is played against the fit to its beginning.

    Raises
    ------
    UserError
        If the log cannot be read, has too few users, or is too short; if there are to be fewer users than came, or
        logins are to be told apart by no time.
    """
    if session_gap_s is not None and not session_gap_s > 0:
        raise UserError(f"session gap(={session_gap_s:g} s) must be above 0 s, such as 30 min")
    _check_one_clock(asked)
    counts = read_counts(paths, asked)
    if counts is not None:
        _check_users_only(counts.recognised, asked, session_gap_s)
        return _of_rates(paths, recorded_counts(counts), asked, population, base, kept, judges=judges)
    with read_events(paths, asked) as events:
        _check_no_counts(events.recognised, asked)
        events.check_span()
        if not events.has_users:
            _check_users_only(events.recognised, asked, session_gap_s)
            return _of_rates(paths, recorded_events(events), asked, population, base, kept, judges=judges)
        return _of_users(paths, events, asked, population, session_gap_s, base, kept, judges=judges)


def _of_users(
    paths: Sequence[Path],
    events: Events,
    asked: Asked,
    population: float | None,
    session_gap_s: float | None,
    base: Scenario | Path | None,
    kept: OutcomeStore | None,
    *,
    judges: bool,
) -> Calibration:
    """Return what a log says that names its users."""
    robots = leave_out_robots(events) if asked.without_robots else None
    events.check_users()
    if population is not None and population < events.users:
        raise UserError(
            f"population(={population:,.0f}) must be at least the {events.users:,} users who came: it counts those "
            "who never came, too"
        )
    measures = measured(events, session_gap_s)
    fit = fit_users(measures, asked.timezone, population)
    verdict = None
    if judges and measures.length_s >= LEAST_VERDICT_S:
        verdict = held_out(events, asked.timezone, population, session_gap_s, base, kept)
    first, last = (datetime.fromtimestamp(each / US_PER_S, UTC) for each in (events.first_us, events.last_us))
    return Calibration(
        events.recognised,
        events.rows,
        events.skipped,
        first,
        last,
        fit,
        parts_of(fit),
        verdict,
        tuple(doubts(events, measures, fit, verdict)),
        tuple(histogram_lines(measures.gaps, measures.valley)),
        measures,
        tuple(paths),
        events.columns,
        events.zones,
        robots,
    )


def _check_no_counts(recognised: str, asked: Asked) -> None:
    given = "--count-unit" if asked.count_unit is not None else "--gaps-are-zero" if asked.gaps_are_zero else None
    if given is not None:
        raise UserError(f"{given}: {recognised}: its rows are events; say with --count which column counts")


def _check_one_clock(asked: Asked) -> None:
    if asked.zone is not None and asked.timezone != "UTC":
        raise UserError(
            f"--zone-column {asked.zone} and --timezone {asked.timezone}: either a column says where each user "
            "lives, or all live by one clock; leave one of them out (beside a column times that state no zone are UTC)"
        )


def _check_users_only(recognised: str, asked: Asked, session_gap_s: float | None) -> None:
    if asked.zone is not None:
        raise UserError(
            f"--zone-column: {recognised}: without users nobody lives anywhere; say with --timezone which clock they "
            "all live by, or with --user which column has the users"
        )
    if session_gap_s is not None:
        raise UserError(f"--session-gap: {recognised}: without users nothing tells logins apart; leave it out")
    if asked.without_robots:
        raise UserError(f"--without-robots: {recognised}: without users nothing tells robots from people; leave it out")


def _of_rates(
    paths: Sequence[Path],
    recorded: Recorded,
    asked: Asked,
    population: float | None,
    base: Scenario | Path | None,
    kept: OutcomeStore | None,
    *,
    judges: bool,
) -> Calibration:
    """Return what a log says that names no users."""
    counts = recorded.counts
    fit = fit_rates(counts, asked.timezone, population)
    check_population(fit)
    verdict = None
    if judges and counts.length_s >= LEAST_VERDICT_S:
        verdict = held_out_rates(recorded, asked.timezone, population, base, kept)
    first, last = (datetime.fromtimestamp(each, UTC) for each in (counts.first_s, counts.last_s))
    return Calibration(
        counts.recognised,
        counts.rows,
        dict(counts.skipped),
        first,
        last,
        fit,
        parts_of_rates(fit),
        verdict,
        tuple(rate_doubts(counts, fit, verdict, judged=judges and counts.length_s >= LEAST_VERDICT_S)),
        (),
        None,
        tuple(paths),
    )
