"""What a fit needs to know of a log, counted by group of users: a few thousand numbers, however long the log is."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from simulator.core.arrays import FloatArray
from simulator.core.units import DAY_S, HOUR_S, MINUTE_S
from simulator.studies.calibration.events import DRAWS, GROUPS, US_PER_S, Events
from simulator.studies.calibration.returns import BINS, Pairs, pairs_of
from simulator.studies.calibration.robots import IS_ROBOT
from simulator.studies.calibration.sessions import PER_OCTAVE, Gaps, Valley, valley_of
from simulator.studies.calibration.stays import Stays, stays

HOUR_US: Final = int(HOUR_S) * US_PER_S
MOST_PAIR_LOGINS: Final = 400_000
"""Pairs are counted of as many users as have about so many logins."""
MOST_OF_A_USER: Final = 2_000
"""Whoever logs in more often is left out of them: all pairs of such a one would be millions."""
LONGEST_LAG_S: Final = 7 * DAY_S
LONGEST_LAG_SHARE: Final = 0.25
"""Of the log: pairs that are farther apart are few."""
MOST_REQUESTS: Final = 400
"""Logins with more requests are counted with those."""
GAP_BINS: Final = 90
FIRSTS: Final = 100
"""When users were first seen is told to so much of the log."""


@dataclass(frozen=True)
class Measures:
    """Counts of a log."""

    length_s: float
    resolution_s: float
    """What times are a multiple of. [s]"""
    first_hour: int
    """Since 1970, in UTC."""
    by_zone: FloatArray
    """Logins of each hour, by group and zone of the user, shape (groups, zones, hours)."""
    zones: tuple[str, ...]
    """Where users live; none, and one for all in what is counted, where the log does not say it."""
    users_by_zone: FloatArray
    """How many they are, by group, shape (groups, zones)."""
    covered: FloatArray
    """Share of each hour that the log covers, shape (hours,)."""
    valley: Valley
    gaps: Gaps
    per_login: FloatArray
    """Logins with 0, 1, 2, ... requests, by group, shape (groups, numbers)."""
    think_s: FloatArray
    """Sum of the pauses within logins, of their squares, and how many there are, by group, shape (groups, 3)."""
    per_user: FloatArray
    """A row for each kind of user: group, when first seen (in 1/FIRSTS of the log), logins after the first, users."""
    lag_edge_s: FloatArray
    pairs: FloatArray
    """See `returns.Pairs`; without what chance makes of them, which the profile says."""
    pair_logins: FloatArray
    by_minute: tuple[float, float, float]
    """Over the hours: sums of the mean of a minute's logins, of their variance, and of the mean's square."""
    heaviest: FloatArray
    """Share of the events that the most frequent 0.1 % of users have, and the share of the most frequent one; how many
    users are hardly persons (`robots`), and the share of all these."""
    stays: Stays

    @property
    def by_hour(self) -> FloatArray:
        """Logins of each hour, by group, shape (groups, hours)."""
        return np.asarray(self.by_zone.sum(axis=1))


def measured(events: Events, session_gap_s: float | None = None) -> Measures:
    """Count what a fit needs.

    Parameters
    ----------
    events
        The log, of users.
    session_gap_s
        What tells logins apart; by default the valley in the times between a user's events. [s]
    """
    run = events.connection.execute
    run(
        f"""CREATE OR REPLACE VIEW stepped AS SELECT t, u, g, s, place,
            CASE WHEN u = lag(u) OVER () THEN (t - lag(t) OVER ()) / 1e6 END AS gap_s
        FROM (SELECT t, u, g, s, row_number() OVER () AS place FROM {events.table})"""
    )
    gaps = _gaps(run)
    valley = valley_of(gaps, events.resolution_s) if session_gap_s is None else Valley(session_gap_s, 1.0, "as asked")
    run(
        f"""CREATE OR REPLACE TABLE logins AS
        SELECT t, u, g, s, place FROM stepped WHERE gap_s IS NULL OR gap_s > {valley.gap_s}"""
    )
    length_s = (events.last_us - events.first_us) / US_PER_S
    first_hour = events.first_us // HOUR_US
    hours = events.last_us // HOUR_US - first_hour + 1
    names = events.zones.names if events.zones is not None else ()
    edge_s, pairs, pair_logins = _pairs(run, events, length_s, valley.gap_s)
    return Measures(
        length_s,
        events.resolution_s,
        first_hour,
        _by_zone(run, first_hour, hours, names),
        names,
        _users_by_zone(run, names),
        _covered(events, first_hour, hours),
        valley,
        gaps,
        _per_login(run, events.count),
        _think(run, valley.gap_s),
        _per_user(run, events),
        edge_s,
        pairs,
        pair_logins,
        _by_minute(run),
        _heaviest(run),
        stays(run, events),
    )


def _rows(run: Any, query: str) -> Any:
    return run(query).fetchnumpy()


def _gaps(run: Any) -> Gaps:
    found = _rows(
        run,
        f"""SELECT least(greatest(floor(log2(greatest(gap_s, 1)) * {PER_OCTAVE}), 0), {GAP_BINS - 1})::INT AS b,
            count(*)::DOUBLE AS n
        FROM stepped WHERE gap_s IS NOT NULL GROUP BY b""",
    )
    count = np.bincount(np.asarray(found["b"], dtype=np.int64), np.asarray(found["n"]), GAP_BINS)
    return Gaps(np.asarray(count, dtype=np.float64))


def _by_zone(run: Any, first_hour: int, hours: int, names: tuple[str, ...]) -> FloatArray:
    z, at_home = ("z::INT", "JOIN homes USING (u)") if names else ("0", "")
    found = _rows(
        run,
        f"""SELECT g::INT AS g, {z} AS z, (t // {HOUR_US} - {first_hour})::INT AS h, count(*)::DOUBLE AS n
        FROM logins {at_home} GROUP BY ALL""",
    )
    counts = np.zeros((GROUPS, max(len(names), 1), hours))
    np.add.at(counts, tuple(np.asarray(found[name]) for name in "gzh"), np.asarray(found["n"]))
    return counts


def _users_by_zone(run: Any, names: tuple[str, ...]) -> FloatArray:
    counts = np.zeros((GROUPS, len(names)))
    if names:
        found = _rows(
            run,
            """SELECT g::INT AS g, z::INT AS z, count(DISTINCT u)::DOUBLE AS n
            FROM logins JOIN homes USING (u) GROUP BY ALL""",
        )
        np.add.at(counts, (np.asarray(found["g"]), np.asarray(found["z"])), np.asarray(found["n"]))
    return counts


def _covered(events: Events, first_hour: int, hours: int) -> FloatArray:
    """Return the share of each hour that lies between the first event and the last one."""
    begin = (first_hour + np.arange(hours, dtype=np.float64)) * HOUR_US
    end = begin + HOUR_US
    inside = np.minimum(end, events.last_us) - np.maximum(begin, events.first_us)
    return np.asarray(np.maximum(inside, 1.0) / HOUR_US)


def _per_login(run: Any, events: int) -> FloatArray:
    """Count logins by their requests, which are as many as events lie between it and the next login."""
    found = _rows(
        run,
        f"""SELECT g::INT AS g, least(n, {MOST_REQUESTS})::INT AS k, count(*)::DOUBLE AS c FROM (
            SELECT lag(g) OVER () AS g, place - lag(place) OVER () AS n FROM logins)
        WHERE n IS NOT NULL GROUP BY ALL""",
    )
    counts = np.zeros((GROUPS, MOST_REQUESTS + 1))
    np.add.at(counts, (np.asarray(found["g"]), np.asarray(found["k"])), np.asarray(found["c"]))
    group, place = run("SELECT g, place FROM logins ORDER BY place DESC LIMIT 1").fetchone()
    counts[group, min(events + 1 - place, MOST_REQUESTS)] += 1.0
    return counts


def _think(run: Any, gap_s: float) -> FloatArray:
    found = _rows(
        run,
        "SELECT g::INT AS g, sum(gap_s) AS s, sum(gap_s * gap_s) AS q, count(*)::DOUBLE AS n FROM stepped "
        f"WHERE gap_s <= {gap_s} GROUP BY g",
    )
    sums = np.zeros((GROUPS, 3))
    for place, name in enumerate("sqn"):
        sums[np.asarray(found["g"]), place] = np.asarray(found[name])
    return sums


def _per_user(run: Any, events: Events) -> FloatArray:
    span = max(events.last_us - events.first_us, 1)
    found = _rows(
        run,
        f"""SELECT g::INT AS g, f, n, count(*)::DOUBLE AS c FROM (
            SELECT g, u, count(*) - 1 AS n,
                least(floor((min(t) - {events.first_us})::DOUBLE / {span} * {FIRSTS})::INT, {FIRSTS - 1}) AS f
            FROM logins GROUP BY g, u)
        GROUP BY ALL""",
    )
    return np.stack([np.asarray(found[name], dtype=np.float64) for name in ("g", "f", "n", "c")], axis=1)


def _pairs(run: Any, events: Events, length_s: float, gap_s: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    edge_s = np.geomspace(max(1.5 * gap_s, MINUTE_S), min(LONGEST_LAG_S, LONGEST_LAG_SHARE * length_s), BINS + 1)
    if edge_s[-1] <= edge_s[0]:
        return edge_s[:1], np.zeros((GROUPS, 0)), np.zeros((GROUPS, 0))
    (total,) = run("SELECT count(*) FROM logins").fetchone()
    share = min(1.0, MOST_PAIR_LOGINS / max(total, 1))
    found = _rows(
        run,
        f"""SELECT (t - {events.first_us}) / 1e6 AS t, u::UBIGINT AS u, g::INT AS g FROM logins
        WHERE s < {max(round(share * DRAWS), 1)}
        QUALIFY count(*) OVER (PARTITION BY u) <= {MOST_OF_A_USER} ORDER BY u, t""",
    )
    user = np.unique(np.asarray(found["u"]), return_inverse=True)[1]
    time_s, group = np.asarray(found["t"], dtype=np.float64), np.asarray(found["g"], dtype=np.int64)
    pairs: Pairs = pairs_of(time_s, user, group, edge_s, length_s, np.ones(BINS), GROUPS)
    return edge_s, pairs.count, pairs.logins


def _by_minute(run: Any) -> tuple[float, float, float]:
    """Sum over hours the mean, the variance and the square of the mean of what comes in a minute."""
    found = run(
        """SELECT sum(m), sum(v), sum(m * m) FROM (
            SELECT sum(n) / 60 AS m, (sum(n * n) - sum(n) * sum(n) / 60) / 59 AS v FROM (
                SELECT t // 3600000000 AS h, t // 60000000 AS k, count(*)::DOUBLE AS n FROM logins GROUP BY ALL)
            GROUP BY h)"""
    ).fetchone()
    mean, variance, square = (float(each or 0.0) for each in found)
    return mean, variance, square


def _heaviest(run: Any) -> FloatArray:
    found = run(
        f"""SELECT sum(n) FILTER (place <= greatest(1, users // 1000)) / sum(n), max(n) / sum(n),
            count(*) FILTER ({IS_ROBOT}), sum(n) FILTER ({IS_ROBOT}) / sum(n) FROM (
            SELECT n, row_number() OVER (ORDER BY n DESC) AS place, count(*) OVER () AS users, sum(n) OVER () AS events
            FROM (SELECT u, count(*)::DOUBLE AS n FROM stepped GROUP BY u))"""
    ).fetchone()
    return np.array([float(each or 0.0) for each in found])
