"""How long users were seen to come: from their first login to their last one, and to the end of the log."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from simulator.core.arrays import FloatArray
from simulator.studies.calibration.events import DRAWS, GROUPS, Events
from simulator.theory.lifetimes import Purchases

MOST_USERS: Final = 200_000
"""Of about so many users it is counted."""
FIRSTS: Final = 60
EXACT: Final = 32
"""Users are told apart by when they were first seen, in so many parts of the log, and by their logins up to so many."""
PER_OCTAVE: Final = 6
"""More logins, and the time since the last one, are told apart by so many steps per doubling."""
LEAST: Final = 1e-4
"""Of the log: a last login nearer to its end is told from none."""


@dataclass(frozen=True)
class Stays:
    """Users by when they were first and last seen and how often they came; times are shares of the log's length."""

    first: FloatArray
    """When the first login was, on average over the users of a kind, shape (kinds,)."""
    last: FloatArray
    """When the last one was."""
    again: FloatArray
    """Logins after the first."""
    users: FloatArray
    """How many users of a kind there are in each group, shape (kinds, groups)."""
    by_half: FloatArray
    """Of those who were first seen in the first three quarters of the log: users, and their later logins in the first
    half and in the second half of their own time, which begins with the first login; shape (3,)."""

    def seen(self, length: float, per_cluster: float) -> Purchases:
        """Return what users did after they were first seen, as purchases.

        Parameters
        ----------
        length
            Of the log, in the unit that times are wanted in.
        per_cluster
            Mean logins of a cluster of return visits, which counts as one.
        """
        return Purchases(self.again / per_cluster, (self.last - self.first) * length, (1.0 - self.first) * length)


def stays(run: Any, events: Events) -> Stays:
    """Count how long users were seen to come.

    Parameters
    ----------
    run
        Runs SQL where there is a table ``logins`` of the log.
    events
        The log.
    """
    span = max(events.last_us - events.first_us, 1)
    (users,) = run("SELECT count(DISTINCT u) FROM logins").fetchone()
    kept = min(1.0, MOST_USERS / max(users, 1))
    by_group = ", ".join(f"count(*) FILTER (g = {group})::DOUBLE AS g{group}" for group in range(GROUPS))
    found = run(
        f"""SELECT avg(first) AS first, avg(last) AS last, avg(n)::DOUBLE AS again, {by_group} FROM (
            SELECT g, (min(t) - {events.first_us})::DOUBLE / {span} AS first,
                (max(t) - {events.first_us})::DOUBLE / {span} AS last, count(*) - 1 AS n
            FROM logins WHERE s < {max(round(kept * DRAWS), 1)} GROUP BY g, u)
        GROUP BY floor(first * {FIRSTS}),
            CASE WHEN n = 0 THEN NULL ELSE floor(log2(1 - last + {LEAST}) * {PER_OCTAVE}) END,
            CASE WHEN n <= {EXACT} THEN n ELSE {EXACT} + floor(log2(n) * {PER_OCTAVE}) END
        ORDER BY 1, 2, 3"""
    ).fetchnumpy()
    first, last, again = (np.asarray(found[name], dtype=np.float64) for name in ("first", "last", "again"))
    each = np.stack([np.asarray(found[f"g{group}"], dtype=np.float64) for group in range(GROUPS)], axis=1)
    return Stays(first, last, again, each, _by_half(run, events, span, kept))


def _by_half(run: Any, events: Events, span: int, kept: float) -> FloatArray:
    found = run(
        f"""SELECT count(DISTINCT u)::DOUBLE, count(*) FILTER (t > begun AND 2 * t <= begun + {events.last_us})::DOUBLE,
            count(*) FILTER (t > begun AND 2 * t > begun + {events.last_us})::DOUBLE
        FROM (SELECT u, t, min(t) OVER (PARTITION BY u) AS begun FROM logins
            WHERE s < {max(round(kept * DRAWS), 1)})
        WHERE begun < {events.first_us + span * 3 // 4}"""
    ).fetchone()
    return np.array([float(each) for each in found])
