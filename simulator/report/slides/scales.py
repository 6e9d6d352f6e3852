"""Axes of money and of time, and the number formats that a spreadsheet shows their values in."""

import math
from collections.abc import Sequence
from dataclasses import replace

from simulator.core.units import DAY_S, HOUR_S, MINUTE_S
from simulator.report.format import BARE_FROM, CENTS_BELOW_USD, MILLIONS_FROM_USD, SHORT_FROM
from simulator.report.slides.deck import Axis

MOST_STEPS = 6
ROOM_FOR_LABELS = 1.12
"""Beyond the longest bar."""
_TIMES = ((2 * DAY_S, DAY_S, "d"), (HOUR_S, HOUR_S, "h"), (MINUTE_S, MINUTE_S, "min"), (1.0, 1.0, "s"))
_SIZES = ((1e12, ",,,,", "T"), (1e9, ",,,", "B"), (1e6, ",,", "M"))
_DIGITS = 3
_GAP = '"  "'
LEAST_TOLD = 1e-3
"""Of the longest time; a shorter one is only said to be short."""


def span_of(title: str, number_format: str, ends: Sequence[float], room: float = ROOM_FOR_LABELS) -> Axis:
    """Return an axis with 0 on it, and room for a label beyond each end."""
    low, high = min(0.0, *ends), max(0.0, *ends)
    if low == high:
        return Axis(title, number_format, 0.0, 1.0, 1.0)
    step = _step((high - low) * room / MOST_STEPS)
    return Axis(title, number_format, 0.0 - _ceil(-low, step, room), _ceil(high, step, room), step)


def money_axis(title: str, ends: Sequence[float], room: float = ROOM_FOR_LABELS) -> Axis:
    """Return an axis of amounts of money. [USD]"""
    found = span_of(title, "", ends, room)
    return replace(found, number_format=usd_axis_format(found.step or 1.0))


def count_axis(title: str, ends: Sequence[float]) -> Axis:
    """Return an axis of counts."""
    found = span_of(title, "", ends)
    return replace(found, number_format=count_format(found.step or 1.0, 1))


def _ceil(end: float, step: float, room: float) -> float:
    return max(math.ceil(end * room / step - 1e-9), 0) * step


def _step(least: float) -> float:
    power = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= least * (1 - 1e-9))


def away(number_format: str) -> str:
    """Return a format with a gap before the number, so that it does not touch what it stands at."""
    return f"{_GAP}{number_format}"


def usd_format(amount: float, sign: str = "") -> str:
    """Return the number format of an amount of money, as reports write it."""
    size = abs(amount)
    if size >= MILLIONS_FROM_USD:
        return away(f"{sign}${_scaled(size)}")
    places = 0 if size >= CENTS_BELOW_USD or size == 0 else 2 if size >= 1 else max(_decimals(size, 2), 2)
    return away(f"{sign}$#,##0{_places(places)}")


def signed_usd_format(amount: float) -> str:
    """Return the number format of an amount that may be below 0, and then stands left of its bar."""
    above = usd_format(amount)
    return above if amount >= 0 else f"{above};-{above.removeprefix(_GAP)}{_GAP}"


def usd_axis_format(step: float) -> str:
    """Return the number format of an axis of money."""
    if step >= MILLIONS_FROM_USD / 10:
        return f"${_scaled(step, 1)}"
    return f"$#,##0{_places(0 if step >= 1 else _decimals(step, 2))}"


def time_unit(times_s: Sequence[float]) -> tuple[float, str]:
    """Return the unit in which the longest of some times is best written: its seconds and its name."""
    longest = max(times_s, default=0.0)
    for start, unit_s, name in _TIMES:
        if longest >= start:
            return unit_s, name
    return (1e-3, "ms") if longest >= 1e-3 or longest == 0 else (1e-6, "µs")  # noqa: PLR2004


def time_format(value: float, unit: str, longest: float) -> str:
    """Return the number format of a time in a unit; of one that is next to nothing beside the longest it says that."""
    least = 10.0 ** math.floor(math.log10(longest * LEAST_TOLD)) if longest > 0 else 0.0
    if 0 < value < least:
        return f'[<{least:.12g}]"  <{least:.12g} {unit}";{away(f"General{_quoted(unit)}")}'
    places = 0 if value >= BARE_FROM else 1 if value >= 1 or value == 0 else _decimals(value, 2)
    return away(f"0{_places(places)}{_quoted(unit)}")


def _quoted(unit: str) -> str:
    return f'" {unit}"'


def count_format(amount: float, digits: int = _DIGITS) -> str:
    """Return the number format of a count: ``61.4M``."""
    if abs(amount) >= SHORT_FROM:
        return _scaled(amount, digits)
    return "#,##0" if abs(amount) >= BARE_FROM or amount == round(amount) else "0.0"


def _scaled(amount: float, digits: int = _DIGITS) -> str:
    """Return the number format of millions or more."""
    least, commas, letter = next(size for size in _SIZES if abs(amount) >= size[0] or size is _SIZES[-1])
    return f'0{_places(_decimals(amount / least, digits))}{commas}"{letter}"'


def _decimals(value: float, digits: int = _DIGITS) -> int:
    """Return how many decimals show so many digits of a number."""
    return 0 if value == 0 else max(0, digits - 1 - math.floor(math.log10(abs(value))))


def _places(count: int) -> str:
    return f".{'0' * count}" if count else ""
