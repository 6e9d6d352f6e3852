"""Names of time zones."""

import zoneinfo

from simulator.core.errors import did_you_mean


def check_zone(zone: str) -> str:
    """Return the name of a time zone of the IANA database.

    Raises
    ------
    ValueError
        If there is none of that name; the message says which is nearest.
    """
    known = zoneinfo.available_timezones()
    if zone not in known:
        hint = did_you_mean(zone, known)
        hint = hint if hint.startswith("did") else "write an IANA name such as America/New_York"
        raise ValueError(f"there is no time zone '{zone[:80]}'; {hint}")
    return zone
