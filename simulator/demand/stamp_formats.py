"""How times are written that are not ISO 8601: formats that are stated, and what a time could mean without one."""

import re
from datetime import datetime
from typing import Final

from simulator.core.input_files.wording import shown
from simulator.core.units import DAY_S, HOUR_S, MINUTE_S

LONGEST_S: Final = 20 * 366 * DAY_S
"""A file that spans more is taken for one whose times are in another unit. [s]"""
_KNOWN: Final = "YymbBdjHIMSfpzZaA%"
_EXAMPLE: Final = "%d/%m/%Y %H:%M"
_DATE: Final = re.compile(r"(\d{1,4})([./-])(\d{1,2}|[A-Za-z]{3})\2(\d{1,4})(?!\d)")
_DIGITS: Final = re.compile(r"(?:19|20)\d{6}(?=\D|\Z)")
_CLOCKS: Final = (
    "",
    *(f"{between}{clock}" for between in (" ", "T", ", ", ":") for clock in (
        "%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%I:%M %p", "%I:%M:%S %p", "%H:%M:%S %z", "%H:%M %z", "%H%M%S", "%H%M",
    )),
)  # fmt: skip
_READINGS: Final = ("day first", "month first")


def check_format(written: str) -> str:
    """Return a format by which times can be read.

    Raises
    ------
    ValueError
        If it leaves out a part of the date, or has something that is not read.
    """
    directives = re.findall(r"%(.?)", written)
    for directive in directives:
        if not directive or directive not in _KNOWN:
            raise ValueError(
                f"{shown(written)} has %{directive}, which is not read; write it with %Y %m %d %H %M %S, as {_EXAMPLE}"
            )
    twice = sorted({each for each in directives if each != "%" and directives.count(each) > 1})
    if twice:
        raise ValueError(f"{shown(written)} has %{twice[0]} twice")
    has = set(directives)
    dated = has & {"Y", "y"} and ("j" in has or ("d" in has and has & {"m", "b", "B"}))
    if not dated:
        raise ValueError(f"{shown(written)} must tell year, month and day, as {_EXAMPLE}")
    if ("I" in has) != ("p" in has):
        raise ValueError(f"{shown(written)}: a clock of 12 hours needs %I and %p (AM or PM), one of 24 hours %H")
    if "Z" in has:
        raise ValueError(f"{shown(written)}: names of zones (%Z) are not read; give 'timezone' and leave them out")
    return written


def states_zone(written: str) -> bool:
    """Return whether times of a format state their zone."""
    return "%z" in written


def finest_s(written: str) -> float:
    """Return the smallest difference that a format can write. [s]"""
    parts = (("%f", 1e-6), ("%S", 1.0), ("%M", MINUTE_S), ("%H", HOUR_S), ("%I", HOUR_S))
    return next((size_s for part, size_s in parts if part in written), DAY_S)


def reading_hint(text: str) -> str:
    """Return what a time that is not ISO 8601 could mean, and how to say which; empty where nothing fits."""
    if _DIGITS.match(text):
        found = next((f"%Y%m%d{clock}" for clock in _CLOCKS if _parsed(text, f"%Y%m%d{clock}")), None)
        number = ", or if it is a number, its 'unit'" if text.isdigit() else ""
        return f"is not ISO 8601; if it is a date, say format: '{found}'{number}" if found else ""
    match = _DATE.match(text)
    if match is None:
        return ""
    first, mark, middle, last = match.groups()
    if len(first) == 4:  # noqa: PLR2004  (digits of a year)
        found = _whole(text, f"%Y{mark}%m{mark}%d")
        return f"is not ISO 8601; if the year is first, say format: '{found}'" if found else ""
    year = "%Y" if len(last) == 4 else "%y"  # noqa: PLR2004
    if not middle.isdigit():
        found = _whole(text, f"%d{mark}%b{mark}{year}")
        return f"is not ISO 8601; say format: '{found}'" if found else ""
    return _both(text, (f"%d{mark}%m{mark}{year}", f"%m{mark}%d{mark}{year}"))


def _both(text: str, dates: tuple[str, str]) -> str:
    said, formats = [], []
    for reading, date in zip(_READINGS, dates, strict=True):
        found = _whole(text, date)
        moment = _parsed(text, found) if found else None
        if found is None or moment is None:
            said.append(f"{reading} it is no time")
            continue
        said.append(f"{reading} it is {moment.day} {moment:%B %Y}")
        formats.append(f"'{found}'")
    if not formats:
        return ""
    return f"is not ISO 8601 and is not guessed: {', '.join(said)}; say which with format: {' or '.join(formats)}"


def _whole(text: str, date: str) -> str | None:
    return next((date + clock for clock in _CLOCKS if _parsed(text, date + clock)), None)


def _parsed(text: str, written: str) -> datetime | None:
    try:
        return datetime.strptime(text, written)  # noqa: DTZ007  (only its day is told)
    except (ValueError, re.error):
        return None
