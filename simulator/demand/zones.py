"""Names of time zones."""

import functools
import re
import zoneinfo
from typing import Final

from simulator.core.errors import did_you_mean

_ABBREVIATIONS: Final = {
    "PST": ("America/Los_Angeles",),
    "PDT": ("America/Los_Angeles",),
    "PT": ("America/Los_Angeles",),
    "MDT": ("America/Denver",),
    "MT": ("America/Denver",),
    "CST": ("America/Chicago", "Asia/Shanghai"),
    "CDT": ("America/Chicago",),
    "CT": ("America/Chicago",),
    "EDT": ("America/New_York",),
    "ET": ("America/New_York",),
    "AKST": ("America/Anchorage",),
    "AKDT": ("America/Anchorage",),
    "BRT": ("America/Sao_Paulo",),
    "BST": ("Europe/London",),
    "WEST": ("Europe/Lisbon",),
    "CEST": ("Europe/Berlin",),
    "MEZ": ("Europe/Berlin",),
    "MESZ": ("Europe/Berlin",),
    "EEST": ("Europe/Helsinki",),
    "MSK": ("Europe/Moscow",),
    "IST": ("Asia/Kolkata", "Asia/Jerusalem", "Europe/Dublin"),
    "SGT": ("Asia/Singapore",),
    "HKT": ("Asia/Hong_Kong",),
    "JST": ("Asia/Tokyo",),
    "KST": ("Asia/Seoul",),
    "AEST": ("Australia/Sydney",),
    "AEDT": ("Australia/Sydney",),
    "ACST": ("Australia/Adelaide",),
    "AWST": ("Australia/Perth",),
    "NZST": ("Pacific/Auckland",),
    "NZDT": ("Pacific/Auckland",),
}
"""Abbreviations that are no names of the database, by the places that they may mean."""
_OFFSET: Final = re.compile(r"(?:UTC|GMT)?\s*[+-]\d", re.IGNORECASE)


def check_zone(zone: str) -> str:
    """Return the name of a time zone of the IANA database.

    Raises
    ------
    ValueError
        If there is none of that name; the message says which is nearest.
    """
    known = _known_zones()
    if zone not in known:
        raise ValueError(f"there is no time zone '{zone[:80]}'; {_hint(zone, known)}")
    return zone


@functools.cache
def _known_zones() -> frozenset[str]:
    """Return all names; the database is walked once, as that opens every file of it."""
    return frozenset(zoneinfo.available_timezones())


def _hint(zone: str, known: frozenset[str]) -> str:
    meant = _ABBREVIATIONS.get(zone.strip().upper(), ())
    if meant:
        return f"an abbreviation does not say when the clock changes; write a place, e.g. {' or '.join(meant)}"
    if _OFFSET.match(zone.strip()):
        return "an offset does not say when the clock changes; write a place, e.g. America/New_York"
    written = zone.strip().replace(" ", "_").lower()
    same = sorted(name for name in known if written in (name.lower(), name.lower().rpartition("/")[2]))
    if same:
        return f"did you mean '{next((name for name in same if '/' in name), same[0])}'?"
    hint = did_you_mean(zone, {name for name in known if "/" in name})
    return hint if hint.startswith("did") else "write an IANA name such as America/New_York"
