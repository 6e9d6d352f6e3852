"""What becomes of a replayed file's times: where its clock is kept, from when to when it is moved, how it is spread."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from simulator.core.units import about_duration, write_duration
from simulator.scenario.schema import QUARTER_MIN, Scenario

DATED_FROM = datetime(2000, 1, 1)  # noqa: DTZ001  (of whatever clock)
"""Numbers that would be dates before count from a moment of their own."""
WORTH_TELLING_S = 0.1
"""Rows that are spread over less are told of where all is told."""


@dataclass(frozen=True)
class Move:
    """From when to when a file's first row is moved, both on the file's clock."""

    first: datetime
    to: datetime
    offset: str = ""
    """What the file's clock is ahead of UTC when it begins, as a start states it; empty for UTC or an unknown zone."""

    @property
    def changes(self) -> str:
        """What no longer is as in the file, in words; empty where all is."""
        day, clock = self.first.weekday() != self.to.weekday(), self.first.time() != self.to.time()
        return " and ".join(["days of the week"] * day + ["times of day"] * clock)

    @property
    def advice(self) -> str:
        """What to do about it; empty where nothing changes."""
        if not self.changes:
            return ""
        past = timedelta(minutes=self.first.minute % QUARTER_MIN, seconds=self.first.second)
        own = (self.first - past).replace(microsecond=0)
        return f"{self.changes} are not the file's; start: {own:%Y-%m-%dT%H:%M}{self.offset} keeps them"


def move_of(scenario: Scenario) -> Move | None:
    """Return how a replay's file is moved; None where its clock is kept, or it has no dates."""
    first_s, demand, replay = scenario.demand.recorded_at_s, scenario.demand, scenario.traffic.replay
    if replay is None or demand.recorded is None or first_s is None or first_s == demand.recorded_from_s:
        return None
    recorded, start = demand.recorded, demand.home_start
    first = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=recorded.first_ns // 1000)
    if recorded.are_moments:
        zone = ZoneInfo(replay.timezone) if replay.timezone else start.tzinfo
        first, start = first.astimezone(zone), start.astimezone(zone)
    offset = first.isoformat()[-6:] if first.utcoffset() else ""
    move = Move(first.replace(tzinfo=None), start.replace(tzinfo=None), offset)
    return None if replay.unit and move.first < DATED_FROM else move


def replay_facts(scenario: Scenario) -> Iterator[tuple[str, str]]:
    """Yield what happens to the times of a replay's file: what, and its value."""
    replay, recorded, move = scenario.traffic.replay, scenario.demand.recorded, move_of(scenario)
    if replay is None or recorded is None:
        return
    if move is not None:
        yield "clock of the file", f"moved: its first row from {_said(move.first)} to {_said(move.to)}"
    elif scenario.demand.recorded_from_s or scenario.demand.recorded_at_s == 0:
        from_s = scenario.demand.recorded_from_s
        late = f", {about_duration(abs(from_s))} {'after' if from_s > 0 else 'before'} the start" if from_s else ""
        yield "clock of the file", f"kept: its first row comes at its own time{late}"
    else:
        yield "clock of the file", "none: its numbers count from the start on"
    if recorded.resolution_s:
        rounded = f"rounded to {write_duration(recorded.resolution_s)}"
        asked = "" if replay.resolution_s else "; 'resolution: 0 s' takes them as they are"
        yield "times in the file", f"{rounded}, over which rows are spread at random{asked}"


def replay_warnings(scenario: Scenario) -> Iterator[str]:
    """Yield what a run's reader must know of it."""
    replay, recorded, move = scenario.traffic.replay, scenario.demand.recorded, move_of(scenario)
    if replay is None or recorded is None:
        return
    if move is not None:
        said = f"The replayed file's first row is moved from {_said(move.first)} to {_said(move.to)}"
        advice = move.advice if replay.speed == 1 else ""
        yield f"{said}: {advice}." if advice else f"{said}."
    if recorded.resolution_s >= WORTH_TELLING_S and replay.resolution_s is None:
        yield (
            f"The replayed file's times are rounded to {write_duration(recorded.resolution_s)}: its rows are spread "
            "over it at random, as else all of them would come at once (traffic.replay.resolution)."
        )


def _said(moment: datetime) -> str:
    seconds = f"{moment:%S.%f}".rstrip("0").rstrip(".")
    return f"{moment:%a %Y-%m-%d %H:%M}" + (f":{seconds}" if seconds != "00" and seconds else "")
