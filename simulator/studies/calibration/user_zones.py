"""Where users live, from a column of time zones: each in that of most of his rows, of two alike in the later one.

Rows of a user of whom none says a zone are left out. Zones of few users are put together with the one of the others
whose clock is nearest over the log.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo, available_timezones

import numpy as np

from simulator.core.arrays import FloatArray
from simulator.core.errors import UserError
from simulator.core.units import HOUR_S
from simulator.demand.zones import check_zone

if TYPE_CHECKING:
    import duckdb

LEAST_FRACTION: Final = 0.005
"""Zones of a smaller share of the users are put together with others."""
MOMENTS: Final = 60
"""At so many moments of the log clocks are compared."""
NO_ZONE: Final = "no time zone, nor has any row of their user"
NOT_UNDERSTOOD: Final = "a time zone that is not understood, as are all of their user"
_NONE, _UNKNOWN = -1, -2
"""What stands for a zone in rows without one, and in those of another value."""


@dataclass(frozen=True)
class Homes:
    """Where users live, as the log says it."""

    users: Mapping[str, int]
    """How many there are by zone."""
    several: int
    """Users with rows of more than one zone."""
    rows_without: int
    """Rows without a zone whose users have one by others."""
    rows_unknown: int
    """Rows of a value that is no zone, likewise."""
    example: str | None
    """A value that is no zone."""
    left_out: Mapping[str, int]
    """Rows of users who have no zone by any, by reason."""


@dataclass(frozen=True)
class Zones:
    """The zones that users are taken to live in."""

    names: tuple[str, ...]
    """As the database of IANA has them, that of most users first."""
    homes: Homes
    few: tuple[str, ...]
    """Zones of too few users, whose users were put into others."""
    few_fraction: float
    """Share of the users who live there."""
    farthest_h: float
    """By how much their clocks are off the one that they were given, at most, on average over the log. [h]"""


def known_zone(connection: "duckdb.DuckDBPyConnection", column: str) -> str:
    """Return SQL of the number of a row's zone, from its column; below 0 where there is none."""
    listed = ", ".join(f"'{name}'" for name in sorted(available_timezones()))
    connection.execute(f"CREATE TYPE zone_name AS ENUM ({listed})")
    text = f"nullif(trim({column}::VARCHAR), '')"
    number = f"coalesce(enum_code(TRY_CAST({text} AS zone_name)), {_UNKNOWN})"
    return f"(CASE WHEN {text} IS NULL THEN {_NONE} ELSE {number} END)::SMALLINT"


def housed(connection: "duckdb.DuckDBPyConnection", values: str, column: str) -> Homes:
    """Say where users live: table ``events`` loses its z, and ``dwelling`` has it by u.

    Parameters
    ----------
    connection
        Has ``events`` of t, u and z, as `known_zone` numbers zones.
    values
        SQL of all values of the log's column.
    column
        What the log calls it.

    Raises
    ------
    UserError
        If no row says a zone.
    """
    run: Any = connection.execute
    run(
        """CREATE TABLE dwelling AS SELECT u, arg_max(z, (n, last)) AS z, count(*) AS zones
        FROM (SELECT u, z, count(*) AS n, max(t) AS last FROM events WHERE z >= 0 GROUP BY u, z) GROUP BY u"""
    )
    of_none = f"count(*) FILTER (z = {_NONE}), count(*) FILTER (z = {_UNKNOWN})"
    without, unknown = run(f"SELECT {of_none} FROM events").fetchone()
    is_left_out = "u NOT IN (SELECT u FROM dwelling)"
    left = run(f"SELECT {of_none} FROM events WHERE {is_left_out}").fetchone()
    example = _example(run, values) if unknown else None
    users = dict(
        run(
            """SELECT enum_range(NULL::zone_name)[z + 1] AS name, count(*) AS n FROM dwelling GROUP BY z
            ORDER BY n DESC, name"""
        ).fetchall()
    )
    if not users:
        _refuse(column, example)
    run(f"DELETE FROM events WHERE {is_left_out}")
    run("ALTER TABLE events DROP COLUMN z")
    (several,) = run("SELECT count(*) FILTER (zones > 1) FROM dwelling").fetchone()
    left_out = {why: count for why, count in zip((NO_ZONE, NOT_UNDERSTOOD), left, strict=True) if count}
    return Homes(users, several, without - left[0], unknown - left[1], example, left_out)


def _example(run: Any, values: str) -> str | None:
    """Return the commonest value that is no zone."""
    found = run(
        f"""SELECT v FROM (SELECT trim(value::VARCHAR) AS v FROM ({values}) AS every(value))
        WHERE v <> '' AND TRY_CAST(v AS zone_name) IS NULL GROUP BY v ORDER BY count(*) DESC, v LIMIT 1"""
    ).fetchone()
    return None if found is None else str(found[0])


def _refuse(column: str, example: str | None) -> None:
    if example is None:
        raise UserError(f"--zone-column: '{column}' has no value in any row; say with --timezone where users live")
    try:
        check_zone(example)
    except ValueError as error:
        raise UserError(f"--zone-column: no row of '{column}' has a time zone: {error}") from None


def gathered(connection: "duckdb.DuckDBPyConnection", homes: Homes, first_s: float, last_s: float) -> Zones:
    """Put zones of few users together with others; table ``homes`` has the number of each user's.

    Parameters
    ----------
    connection
        Has ``dwelling``, as `housed` leaves it.
    homes
        Where users live.
    first_s, last_s
        When the log begins and ends, since 1970 in UTC. [s]
    """
    total = sum(homes.users.values())
    names = [name for name, users in homes.users.items() if users >= LEAST_FRACTION * total] or [*homes.users][:1]
    few = [name for name in homes.users if name not in names]
    apart_h = _apart_h(few, names, first_s, last_s)
    number = {name: place for place, name in enumerate(names)}
    number |= {name: int(apart_h[place].argmin()) for place, name in enumerate(few)}
    pairs = ", ".join(f"('{name}'::zone_name, {place})" for name, place in number.items())
    connection.execute(
        f"""CREATE TABLE homes AS SELECT u, place::SMALLINT AS z
        FROM dwelling JOIN (VALUES {pairs}) AS given(name, place) ON z = enum_code(name)"""
    )
    connection.execute("DROP TABLE dwelling")
    farthest_h = float(apart_h.min(axis=1).max()) if few else 0.0
    return Zones(tuple(names), homes, tuple(few), sum(homes.users[name] for name in few) / total, farthest_h)


def _apart_h(some: Sequence[str], others: Sequence[str], first_s: float, last_s: float) -> FloatArray:
    """Return how far clocks are apart on average, shape (some, others); a date more is a day. [h]"""
    days = [datetime.fromtimestamp(each, UTC) for each in np.linspace(first_s, last_s, MOMENTS)]
    clocks = [
        np.array([_offset_h(day, ZoneInfo(name)) for name in names for day in days]).reshape(len(names), len(days))
        for names in (some, others)
    ]
    return np.asarray(np.abs(clocks[0][:, None, :] - clocks[1][None, :, :]).mean(axis=2))


def _offset_h(moment: datetime, zone: ZoneInfo) -> float:
    offset = moment.astimezone(zone).utcoffset()
    assert offset is not None
    return offset.total_seconds() / HOUR_S
