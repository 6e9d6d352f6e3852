"""Users who come so often that they are hardly persons, and a log without them."""

from dataclasses import dataclass
from typing import Any, Final

from simulator.studies.calibration.events import Events

ROBOT_FRACTION: Final = 0.01
ROBOT_TIMES: Final = 100.0
"""Whoever makes more than that of all events, and so many times as many as users do on average, is hardly a person."""
ROBOT: Final = "a user who is hardly a person"
IS_ROBOT: Final = f"n > greatest({ROBOT_FRACTION}, {ROBOT_TIMES} / users) * events"
"""SQL of a user's events `n`, where all users have so many `events` together."""


@dataclass(frozen=True)
class Robots:
    """Who was left out of a log as hardly a person."""

    users: int
    events: int
    """All events of theirs."""
    fraction: float
    """These over the events of all users."""


def leave_out_robots(events: Events) -> Robots:
    """Take those who are hardly persons out of a log, and return who they were.

    It is looked again until nobody is left who makes so much, as the largest robot hides smaller ones.
    """
    run: Any = events.connection.execute
    before, users = events.count, 0
    while True:
        run(
            f"""CREATE OR REPLACE TEMP TABLE robots AS SELECT u FROM (
                SELECT u, n, count(*) OVER () AS users, sum(n) OVER () AS events
                FROM (SELECT u, count(*)::DOUBLE AS n FROM {events.table} GROUP BY u))
            WHERE {IS_ROBOT}"""
        )
        (found,) = run("SELECT count(*) FROM robots").fetchone()
        if not found:
            break
        users += int(found)
        run(f"DELETE FROM {events.table} WHERE u IN (SELECT u FROM robots)")
    (left,) = run(f"SELECT count(*) FROM {events.table}").fetchone()
    gone = before - int(left)
    if gone:
        events.skipped[ROBOT] = gone
        events.look_at_times()
    return Robots(users, gone, gone / before)
