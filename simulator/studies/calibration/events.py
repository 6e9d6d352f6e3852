"""Events of a log, as a table of times and users that may be larger than memory.

DuckDB reads, parses and sorts: it spills to disk what has no room, takes every core, and reads CSV, JSON and Parquet,
plain or compressed with gzip or zstd; bzip2 and xz are unpacked first. Users are known by a hash with a salt of the
run, and what they are called is never kept. Events are sorted once, by user and time, and stay so: whatever looks at an
event and the one before it (``lag() OVER ()``) needs no other order.
"""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from simulator.core.errors import UserError
from simulator.core.input_files.wording import shown
from simulator.core.tables import name_of
from simulator.core.units import DAY_S, HOUR_S, MINUTE_S
from simulator.demand.stamp_formats import LONGEST_S
from simulator.studies.calibration.count_units import Unit
from simulator.studies.calibration.formats import (
    CLIENT,
    TIME_NAMES,
    USER_NAMES,
    Format,
    column_of,
    shown_columns,
    stored_column,
)
from simulator.studies.calibration.moments import moment_of
from simulator.studies.calibration.opening import OpenedLog, opened_log, said_of
from simulator.studies.calibration.user_zones import Zones, gathered, housed, known_zone

if TYPE_CHECKING:
    import duckdb

GROUPS: Final = 40
"""Users are dealt into so many groups, whose statistics tell by how much chance may have moved an estimate."""
DRAWS: Final = 2**16
"""Each user has one of so many numbers that are the same in every run: by it some users are taken for all, and users of
one moment are put in order."""
US_PER_S: Final = 1_000_000
MOST_SKIPPED_FRACTION: Final = 0.01
"""A log of which more is left out is refused, unless that is allowed."""
SAMPLE_ROWS: Final = 2_000
EARLIEST_S: Final = -30_600_000_000.0
LATEST_S: Final = 190_300_000_000.0
"""About the years 1000 and 8000, from 1970. [s]"""
LEAST_USERS: Final = 200
_STEPS_US: Final = tuple(seconds * US_PER_S for seconds in (int(DAY_S), int(HOUR_S), int(MINUTE_S), 1))
_STORED: Final = ("TIMESTAMP", "DATE", "BIGINT", "INTEGER", "UBIGINT", "UINTEGER", "DOUBLE", "FLOAT")
"""Kinds of columns that are moments or numbers as they are, and need not become text first."""
_REASONS: Final = ("no time", "a time that is not understood", "no user")
"""Why rows are left out, as they are numbered from 1."""


@dataclass(frozen=True)
class Asked:
    """What a user says of a log."""

    time: str | None = None
    user: str | None = None
    time_format: str | None = None
    timezone: str = "UTC"
    """The zone of times that state none."""
    allows_skipped: bool = False
    counts: tuple[str, ...] = ()
    """Columns or series of counts, which are added up; a log of events has none."""
    count_unit: Unit | None = None
    """What such numbers are, where their name does not say it."""
    gaps_are_zero: bool = False
    """Whether nothing came at times of which there is no count."""
    zone: str | None = None
    """The column that says in which time zone the user of a row is."""
    without_robots: bool = False
    """Whether users who are hardly persons are left out."""


@dataclass
class Events:
    """The events of a log; `connection` has them as table ``events`` of t [us], u, g and s, in order of g, u and t."""

    connection: "duckdb.DuckDBPyConnection"
    recognised: str
    has_users: bool
    rows: int = 0
    """Rows of the log, those left out too."""
    skipped: dict[str, int] = field(default_factory=dict)
    first_us: int = 0
    last_us: int = 0
    resolution_s: float = 0.0
    """What all times are a multiple of: a day, an hour, a minute, a second, or 0. [s]"""
    table: str = "events"
    columns: tuple[str, str | None] = ("", None)
    """What the log's own columns of times and users are called; no users where it has none."""
    zones: Zones | None = None
    """Where users live, where a column says that; `connection` has it as table ``homes`` of u and z."""

    @property
    def count(self) -> int:
        """How many events there are."""
        return self.rows - sum(self.skipped.values())

    def check_users(self) -> None:
        """Refuse a log that tells no users apart, or only one.

        Raises
        ------
        UserError
            If it does.
        """
        if not self.has_users:
            raise UserError(
                f"{self.recognised}: without users nothing can be said of who comes back, which decides what a cache "
                "and a nightly run are worth; bring events with a user each, and say with --user which column that is"
            )
        if self.users < LEAST_USERS:
            raise UserError(
                f"{self.recognised}: {self.users} users are too few to fit anything; at least {LEAST_USERS}"
            )

    def check_span(self) -> None:
        """Refuse a log of so many years that its times must be something else.

        Raises
        ------
        UserError
            If it is one.
        """
        check_span(self.recognised, self.first_us / US_PER_S, self.last_us / US_PER_S)

    @property
    def users(self) -> int:
        """How many users there are in it."""
        found: Any = self.connection.execute(
            f"""SELECT count(*) FROM (SELECT u, lag(u) OVER () AS before FROM {self.table})
            WHERE u IS DISTINCT FROM before"""
        ).fetchone()
        return int(found[0])

    def look_at_times(self) -> None:
        """Find out from when to when its events are, and what their times are a multiple of."""
        run: Any = self.connection.execute
        span = run(f"SELECT min(t), max(t) FROM {self.table}").fetchone()
        self.first_us, self.last_us = (int(each or 0) for each in span)
        steps = ", ".join(
            f"bool_and(epoch_us(make_timestamptz(t) AT TIME ZONE current_setting('TimeZone')) % {step} = 0)"
            for step in _STEPS_US
        )
        whole = run(f"SELECT {steps} FROM (SELECT t FROM {self.table} LIMIT {10 * SAMPLE_ROWS})").fetchone()
        self.resolution_s = next((step / US_PER_S for step, holds in zip(_STEPS_US, whole, strict=True) if holds), 0.0)

    def before(self, end_us: int) -> "Events":
        """Return those before a moment, likewise."""
        self.connection.execute(f"CREATE OR REPLACE VIEW early AS SELECT * FROM {self.table} WHERE t < {end_us}")
        found: Any = self.connection.execute("SELECT count(*), min(t), max(t) FROM early").fetchone()
        rows, first, last = (int(each or 0) for each in found)
        return replace(self, rows=rows, skipped={}, first_us=first, last_us=last, table="early")

    def write(self, path: Path) -> None:
        """Write times and users, in order of time, as Parquet; users are numbers that say nothing."""
        target = str(path).replace("'", "''")
        self.connection.execute(
            f"""COPY (
                SELECT make_timestamp(t) AS time, (sum(begins) OVER (ROWS UNBOUNDED PRECEDING))::INT AS user
                FROM (SELECT t, g, s, (u IS DISTINCT FROM lag(u) OVER ())::INT AS begins FROM {self.table})
                ORDER BY t, g, s)
            TO '{target}' (FORMAT parquet)"""
        )


def check_span(name: str, first_s: float, last_s: float) -> None:
    """Refuse times that are too far apart, or too far from now.

    Raises
    ------
    UserError
        If they are.
    """
    if last_s - first_s > LONGEST_S or not EARLIEST_S < first_s <= last_s < LATEST_S:
        some = ", ".join(f"{each:.4g} s" for each in (first_s, last_s))
        raise UserError(
            f"{name}: its first and last time are {some} from 1970; a log is of at most {LONGEST_S / DAY_S:,.0f} days "
            "in the years 1000 to 8000; some of its times are none, or in another unit"
        )


@contextmanager
def read_events(paths: Sequence[Path], asked: Asked = Asked()) -> Iterator[Events]:
    """Give the events of files, or of all files in folders, as long as the context lasts.

    Raises
    ------
    UserError
        If a file cannot be read, if it is not clear what is time and user, or if too much of it is left out.
    """
    with opened_log(paths, asked.timezone) as log:
        yield _loaded(log, asked)


def _loaded(log: OpenedLog, asked: Asked) -> Events:
    connection, kind, relation = log.connection, log.kind, log.relation
    with said_of(log.called):
        time, user = _columns(kind, asked)
    log.check_time(time)
    text = kind.columns[time]
    stored = stored_column(text) or text
    sample = connection.execute(f"SELECT {text}, typeof({stored}) FROM ({relation}) LIMIT {SAMPLE_ROWS}").fetchall()
    texts = [text.strip() for text, _ in sample if text is not None and text.strip()]
    with said_of(log.called):
        moment = moment_of("written", texts, time, kind.time_format or asked.time_format)
    written = stored if sample[0][1].startswith(_STORED) else text
    who = _trimmed(kind.columns[user]) if user else "'nobody'"
    where = column_of(kind.columns, asked.zone, (), "--zone-column")
    there = known_zone(log.connection, kind.columns[where]) if where else "0"
    salt = secrets.token_hex(16)
    connection.execute(
        f"""CREATE TABLE events AS
        SELECT t, hash('{salt}' || who) AS u, (hash(who) % {GROUPS})::UTINYINT AS g,
            (hash(who) // {GROUPS} % {DRAWS})::USMALLINT AS s, CASE
            WHEN t IS NULL THEN CASE WHEN written IS NULL OR trim(written::VARCHAR) = '' THEN 1 ELSE 2 END
            WHEN who IS NULL THEN 3 ELSE 0 END::UTINYINT AS why{", z" if where else ""}
        FROM (SELECT {moment} AS t, written, who, z
            FROM (SELECT {written} AS written, {who} AS who, {there} AS z FROM ({relation})))
        ORDER BY g, u, t"""
    )
    recognised = kind.recognised_as(time, user) + (f", time zones in '{where}'" if where else "")
    events = Events(connection, recognised, user is not None, columns=(time, user))
    _count(events, log, where if user else None)
    if not events.count:
        first = shown(texts[0] if texts else "")
        raise UserError(f"{name_of(log.called)}: no row has a time that is understood; the first is {first}")
    check_left_out(name_of(log.called), events.rows, events.skipped, asked)
    return events


def _trimmed(column: str) -> str:
    """Return SQL of a text without blanks around it, NULL where nothing is left; most have none, which costs less."""
    return f"nullif(CASE WHEN contains({column}, ' ') THEN trim({column}) ELSE {column} END, '')"


def _columns(kind: Format, asked: Asked) -> tuple[str, str | None]:
    time = column_of(kind.columns, asked.time, (kind.time,) if kind.time else TIME_NAMES, "--time")
    if time is None:
        raise UserError(
            f"none of its columns ({shown_columns(kind.columns)}) is called as times are; say which with --time"
        )
    user = column_of(kind.columns, asked.user, (kind.user,) if kind.user else USER_NAMES, "--user")
    if asked.user is None and user is None and not kind.time and CLIENT not in kind.columns and len(kind.columns) > 1:
        return time, None
    return time, user


def _count(events: Events, log: OpenedLog, zone: str | None) -> None:
    run: Any = events.connection.execute
    counts = ", ".join(f"count(*) FILTER (why = {number})" for number in range(1, len(_REASONS) + 1))
    told: Any = run(f"SELECT count(*), {counts} FROM events").fetchone()
    events.rows = int(told[0])
    events.skipped = {why: int(count) for why, count in zip(_REASONS, told[1:], strict=True) if count}
    rejected = log.rejected
    events.skipped |= rejected
    events.rows += sum(rejected.values())
    run("DELETE FROM events WHERE why > 0")
    run("ALTER TABLE events DROP COLUMN why")
    homes = None
    if zone is not None and events.count:
        homes = housed(events.connection, f"SELECT {log.kind.columns[zone]} FROM ({log.relation})", zone)
        events.skipped |= homes.left_out
    events.look_at_times()
    if homes is not None:
        events.zones = gathered(events.connection, homes, events.first_us / US_PER_S, events.last_us / US_PER_S)


def check_left_out(name: str, rows: int, skipped: Mapping[str, int], asked: Asked) -> None:
    """Refuse a log of which too much is left out, unless that is allowed.

    Raises
    ------
    UserError
        If it is.
    """
    left_out = sum(skipped.values())
    if left_out > MOST_SKIPPED_FRACTION * rows and not asked.allows_skipped:
        reasons = ", ".join(f"{count:,} {why}" for why, count in skipped.items())
        what = f"{left_out:,} of {rows:,} rows would be left out ({reasons})"
        raise UserError(f"{name}: {what}; --allow-skipped does so")
