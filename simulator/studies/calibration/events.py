"""Events of a log, as a table of times and users that may be larger than memory.

DuckDB reads, parses and sorts: it spills to disk what has no room, takes every core, and reads CSV, JSON and Parquet,
plain or compressed with gzip or zstd; bzip2 and xz are unpacked first. Users are known by a hash with a salt of the
run, and what they are called is never kept. Events are sorted once, by user and time, and stay so: whatever looks at an
event and the one before it (``lag() OVER ()``) needs no other order.
"""

import bz2
import lzma
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from simulator.core.errors import UserError
from simulator.core.input_files.wording import shown
from simulator.core.tables import column_names, head_of, is_parquet, name_of
from simulator.core.units import DAY_S, HOUR_S, MINUTE_S
from simulator.demand.stamp_formats import LONGEST_S
from simulator.studies.calibration.count_units import Unit
from simulator.studies.calibration.formats import (
    CLIENT,
    TIME_NAMES,
    USER_NAMES,
    Format,
    column_of,
    recognised,
    shown_columns,
    stored_column,
)
from simulator.studies.calibration.moments import moment_of
from simulator.studies.calibration.user_zones import Zones, gathered, housed, known_zone
from simulator.studies.executor import cores

if TYPE_CHECKING:
    import duckdb

GROUPS: Final = 40
"""Users are dealt into so many groups, whose statistics tell by how much chance may have moved an estimate."""
MEMORY: Final = "400MB"
"""What DuckDB may hold; Python, its libraries and what DuckDB does not count come on top, up to as much again."""
MOST_THREADS: Final = 8
"""Each needs memory of its own."""
US_PER_S: Final = 1_000_000
MOST_SKIPPED_FRACTION: Final = 0.01
"""A log of which more is left out is refused, unless that is allowed."""
SAMPLE_ROWS: Final = 2_000
EARLIEST_S: Final = -30_600_000_000.0
LATEST_S: Final = 190_300_000_000.0
"""About the years 1000 and 8000, from 1970. [s]"""
CELLS: Final = "a line with too few or too many cells"
LEAST_USERS: Final = 200
_STEPS_US: Final = tuple(seconds * US_PER_S for seconds in (int(DAY_S), int(HOUR_S), int(MINUTE_S), 1))
_UNPACKED: Final[dict[bytes, Any]] = {b"BZh": bz2.open, b"\xfd7zXZ\x00": lzma.open}
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


@dataclass
class Events:
    """The events of a log; `connection` has them as table ``events`` of t [us], u and g, in order of g, u and t."""

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
                FROM (SELECT t, (u IS DISTINCT FROM lag(u) OVER ())::INT AS begins FROM {self.table}) ORDER BY t)
            TO '{target}' (FORMAT parquet)"""
        )


@dataclass(frozen=True)
class OpenedLog:
    """Files that DuckDB can read, and what they are."""

    connection: "duckdb.DuckDBPyConnection"
    kind: Format
    files: Sequence[Path]
    """As they are, or what was unpacked of them."""
    called: Path
    """The first of them, as the user calls it."""

    @property
    def relation(self) -> str:
        """SQL of their rows."""
        listed = "[" + ", ".join("'{}'".format(str(file).replace("'", "''")) for file in self.files) + "]"
        return self.kind.relation.replace("{files}", listed)

    @property
    def rejected(self) -> int:
        """How many lines had too few or too many cells, once all have been read."""
        try:
            found: Any = self.connection.execute("SELECT count(DISTINCT line) FROM reject_errors").fetchone()
        except Exception:  # noqa: BLE001  (the table is there for delimited text alone)
            return 0
        return int(found[0])


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
def opened_log(paths: Sequence[Path], asked: Asked) -> Iterator[OpenedLog]:
    """Give the files, or all files in the folders, as long as the context lasts.

    Raises
    ------
    UserError
        If a file cannot be read, or is no log.
    """
    try:
        import duckdb  # noqa: PLC0415  (an extra, which only logs need)
    except ImportError:
        raise UserError("logs are read by DuckDB: pip install '.[logs]' in the folder of predcost") from None

    files = log_files(paths)
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="predcost-")))
        plain = [_plain(file, folder) for file in files]
        kind = format_of(plain[0], files[0])
        connection = opened.enter_context(duckdb.connect(str(folder / "events.db")))
        connection.execute(f"SET memory_limit = '{MEMORY}'")
        connection.execute("SET enable_progress_bar = false")  # it would stand in what is printed
        connection.execute(f"SET threads = {min(cores(), MOST_THREADS)}")
        connection.execute(f"SET temp_directory = '{folder}'")
        connection.execute(f"SET TimeZone = '{asked.timezone}'")
        try:
            yield OpenedLog(connection, kind, plain, files[0])
        except duckdb.Error as error:
            raise UserError(f"{name_of(files[0])} cannot be read: {str(error).splitlines()[0]}") from error


@contextmanager
def read_events(paths: Sequence[Path], asked: Asked = Asked()) -> Iterator[Events]:
    """Give the events of files, or of all files in folders, as long as the context lasts.

    Raises
    ------
    UserError
        If a file cannot be read, if it is not clear what is time and user, or if too much of it is left out.
    """
    with opened_log(paths, asked) as log:
        yield _loaded(log, asked)


def log_files(paths: Sequence[Path]) -> list[Path]:
    """Return files, and all files in folders.

    Raises
    ------
    UserError
        If one is not there, or if there is none.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(each for each in path.rglob("*") if each.is_file() and not each.name.startswith("."))
            if not inside:
                raise UserError(f"{name_of(path)} is a folder without files")
            found += inside
        elif path.is_file():
            found.append(path)
        else:
            raise UserError(f"there is no file {name_of(path)}")
    if not found:
        raise UserError("there is no log; give files or folders")
    return found


def _plain(file: Path, folder: Path) -> Path:
    """Return a file that DuckDB can read: the file, or what was unpacked of it."""
    with file.open("rb") as stream:
        head = stream.read(6)
    unpack = next((opener for start, opener in _UNPACKED.items() if head.startswith(start)), None)
    if unpack is None:
        return file
    with tempfile.NamedTemporaryFile(dir=folder, delete=False, suffix=".log") as target:
        try:
            with unpack(file, "rb") as source:
                shutil.copyfileobj(source, target, 2**20)
        except (OSError, EOFError, lzma.LZMAError) as error:
            raise UserError(f"{name_of(file)} cannot be unpacked: {error}") from error
        return Path(target.name)


def format_of(file: Path, called: Path) -> Format:
    """Return what a file is; messages call it as the user does."""
    try:
        return recognised(head_of(file), column_names(file) if is_parquet(file) else None)
    except UserError as error:
        raise UserError(f"{name_of(called)}: {error}") from None


def _loaded(log: OpenedLog, asked: Asked) -> Events:
    connection, kind, relation = log.connection, log.kind, log.relation
    time, user = _columns(kind, asked)
    text = kind.columns[time]
    stored = stored_column(text) or text
    sample = connection.execute(f"SELECT {text}, typeof({stored}) FROM ({relation}) LIMIT {SAMPLE_ROWS}").fetchall()
    texts = [text.strip() for text, _ in sample if text is not None and text.strip()]
    moment = moment_of("written", texts, time, kind.time_format or asked.time_format)
    written = stored if sample[0][1].startswith(_STORED) else text
    who = _trimmed(kind.columns[user]) if user else "'nobody'"
    where = column_of(kind.columns, asked.zone, (), "--zone-column")
    there = known_zone(log.connection, kind.columns[where]) if where else "0"
    salt = secrets.token_hex(16)
    connection.execute(
        f"""CREATE TABLE events AS
        SELECT t, hash('{salt}' || who) AS u, (hash(who) % {GROUPS})::UTINYINT AS g, CASE
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
    if log.rejected:
        events.skipped[CELLS] = log.rejected
        events.rows += log.rejected
    run("DELETE FROM events WHERE why > 0")
    run("ALTER TABLE events DROP COLUMN why")
    homes = None
    if zone is not None and events.count:
        homes = housed(events.connection, f"SELECT {log.kind.columns[zone]} FROM ({log.relation})", zone)
        events.skipped |= homes.left_out
    span: Any = run("SELECT min(t), max(t) FROM events").fetchone()
    events.first_us, events.last_us = (int(each or 0) for each in span)
    if homes is not None:
        events.zones = gathered(events.connection, homes, events.first_us / US_PER_S, events.last_us / US_PER_S)
    steps = ", ".join(
        f"bool_and(epoch_us(make_timestamptz(t) AT TIME ZONE current_setting('TimeZone')) % {step} = 0)"
        for step in _STEPS_US
    )
    whole: Any = run(f"SELECT {steps} FROM (SELECT t FROM events LIMIT {10 * SAMPLE_ROWS})").fetchone()
    events.resolution_s = next((step / US_PER_S for step, holds in zip(_STEPS_US, whole, strict=True) if holds), 0.0)


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
