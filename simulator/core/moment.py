"""Moments of a scenario: a time from its start, or a date."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Final, TypeAlias

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from simulator.core.input_files.wording import shown
from simulator.core.units import read_seconds, write_duration

TimeOrDate: TypeAlias = float | datetime
"""Seconds from the scenario's start, or a date; one without a time zone is on the clock of the start."""

_DATE: Final = re.compile(
    r"\s*([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([0-9]{2}:[0-9]{2}(?::[0-9]{2})?) ?(Z|[+-][0-9]{2}:?[0-9]{2})?)?\s*\Z"
)
_LIKE_A_DATE: Final = re.compile(r"\s*[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}")
_EXAMPLES: Final = "'3 d 18 h' (from the start) or 2026-11-27T18:00"


def read_moment(value: Any) -> TimeOrDate:
    """Return a moment from ``3 d 18 h``, ``2026-11-27T18:00`` or ``2026-11-27``.

    Raises
    ------
    ValueError
        If it is neither, or before the start.
    """
    if isinstance(value, datetime):
        return value
    match = _DATE.match(value) if isinstance(value, str) else None
    if match is not None:
        day, clock, zone = match[1], match[2] or "00:00", (match[3] or "").replace("Z", "+00:00")
        try:
            return datetime.fromisoformat(f"{day}T{clock}{zone}")
        except ValueError as error:
            raise ValueError(f"{shown(value)} is no date: {error}; write e.g. {_EXAMPLES}") from None
    if isinstance(value, str) and (_LIKE_A_DATE.match(value) or not re.search("[0-9]", value)):
        raise ValueError(f"{shown(value)} is not a moment; write e.g. {_EXAMPLES}")
    seconds = read_seconds(value)
    if seconds < 0:
        raise ValueError(f"{shown(value)} is before the start; write e.g. {_EXAMPLES}")
    return seconds


def write_moment(moment: TimeOrDate) -> str:
    """Return a moment as people write it."""
    if isinstance(moment, datetime):
        return moment.isoformat(timespec="minutes" if moment.second == 0 else "seconds")
    return write_duration(moment)


def from_start_s(moment: TimeOrDate, start: datetime) -> float:
    """Return how long after a start with a time zone a moment comes; below 0 before it. [s]"""
    if not isinstance(moment, datetime):
        return moment
    at = moment if moment.tzinfo else moment.replace(tzinfo=start.tzinfo or UTC)
    return (at - (start if start.tzinfo else start.replace(tzinfo=UTC))).total_seconds()


Moment = Annotated[
    TimeOrDate,
    PlainValidator(read_moment),
    PlainSerializer(write_moment, return_type=str, when_used="json"),
    WithJsonSchema(
        {
            "type": "string",
            "description": "a time from the scenario's start, or a date on its clock",
            "examples": ["3 d 18 h", "2026-11-27T18:00"],
        }
    ),
]
