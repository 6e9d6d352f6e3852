"""Exports of analytics products, told from their columns: which is the time, and which of several ids the user."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Export:
    """How a product writes events."""

    name: str
    signs: frozenset[str]
    """Columns that tell it from others."""
    time: str
    users: tuple[str, ...]
    """Columns with an id of the user: the one that is taken, and one of the device for events that lack it."""
    is_utc: bool = False
    """Whether its times are UTC and do not say so."""


EXPORTS: Final = (
    Export(
        "Google Analytics 4", frozenset({"event_timestamp", "user_pseudo_id"}), "event_timestamp", ("user_pseudo_id",)
    ),
    Export("Amplitude", frozenset({"event_time", "amplitude_id"}), "event_time", ("amplitude_id",), is_utc=True),
    Export(
        "Mixpanel",
        frozenset({"properties.time", "properties.distinct_id"}),
        "properties.time",
        ("properties.distinct_id",),
    ),
    Export("Segment", frozenset({"messageId", "timestamp"}), "timestamp", ("userId", "anonymousId")),
    Export("Segment", frozenset({"original_timestamp", "timestamp"}), "timestamp", ("user_id", "anonymous_id")),
)
"""Of Google Analytics and of Amplitude every event has the id that is taken, and `user_id` only those of users who have
logged in; of Segment an event has one id, or the other, or both."""


_NO_OFFSET: Final = r"(:\d\d(?:\.\d+)?)$"
"""Of a time that ends with its seconds."""


@dataclass(frozen=True)
class Recognised:
    """An export as it is read here."""

    name: str
    relation: str
    """SQL of its rows; where two ids are taken, with one for the user."""
    columns: Mapping[str, str]
    """SQL of each column, and of the id for the user."""
    time: str
    user: str


def export_of(relation: str, columns: Mapping[str, str]) -> Recognised | None:
    """Return which product's export a file is, by its columns and the SQL of their text; None for no known one."""
    for each in EXPORTS:
        ids = [name for name in each.users if name in columns]
        if not ids or not each.signs <= set(columns):
            continue
        if each.is_utc:
            stated = f"regexp_replace(trim({columns[each.time]}), '{_NO_OFFSET}', '\\1Z')"
            columns = {**columns, each.time: stated}
        if len(ids) == 1:
            return Recognised(each.name, relation, columns, each.time, ids[0])
        user, device = ids
        said = f"{user}, else that of the same {device}, else {device}"
        return Recognised(
            each.name, _as_one(relation, columns[user], columns[device]), {**columns, said: "one_id"}, each.time, said
        )
    return None


def _as_one(relation: str, user: str, device: str) -> str:
    """Return rows with one id: of events before a login that of whoever logs in on the device, where that is one."""
    rows = f"SELECT *, nullif(trim({user}), '') AS own_id, nullif(trim({device}), '') AS device_id FROM ({relation})"
    owners = (
        f"SELECT device_id, min(own_id) AS owner_id FROM ({rows}) GROUP BY device_id HAVING min(own_id) = max(own_id)"
    )
    one = "coalesce(own_id, owner_id, device_id) AS one_id"
    return f"SELECT each_row.*, {one} FROM ({rows}) AS each_row LEFT JOIN ({owners}) AS owned USING (device_id)"
