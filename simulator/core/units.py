"""Units at the boundary: people write ``6 h``, ``2 %``, ``100M``; inside there are only s, USD, GiB and fractions.

Each annotated type below reads one dimension. A bare number where a unit is needed is an error that says so.
"""

import functools
import math
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

from simulator.core.input_files.wording import shown

if TYPE_CHECKING:
    import pint

MINUTE_S: Final = 60.0
HOUR_S: Final = 3_600.0
DAY_S: Final = 86_400.0
WEEK_S: Final = 7 * DAY_S
MONTH_S: Final = 30 * DAY_S
"""Money is reported per 30-day month."""
HOURS_PER_DAY: Final = 24
HOURS_PER_WEEK: Final = 168
DAYS_PER_WEEK: Final = 7
NS_PER_S: Final = 10**9
MONTH_DAYS: Final = 30
MONTHLY_ACTIVE_DAYS: Final = 28
"""Whole weeks, so that no window has a weekend more than another."""
KIB_PER_GIB: Final = 2**20

_MULTIPLIERS: Final = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "B": 10**9, "T": 10**12}
_WORDS: Final = {"thousand": 10**3, "million": 10**6, "billion": 10**9}
_DECIMAL: Final = r"[+-]?(?:[0-9][0-9_]*\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?"
_COUNT: Final = re.compile(
    rf"\s*([+-]?[0-9]{{1,3}}(?:,[0-9]{{3}})+|{_DECIMAL})\s*([kMGBT]?|thousand|million|billion)\s*\Z"
)
_SHARE: Final = re.compile(rf"\s*({_DECIMAL})\s*(%|percent|)\s*\Z")
_NUMBER: Final = re.compile(rf"\s*({_DECIMAL}|[+-]?(?:inf|infinity))\s*\Z", re.IGNORECASE)
_TERM: Final = re.compile(rf"\s*({_DECIMAL})\s*([^0-9\s][^0-9]*)?")
_UNIT: Final = re.compile(r"(?:/ *)?[A-Za-z\xb5\u03bc%]+(?:(?: *[/*] *| +)[A-Za-z\xb5\u03bc%]+)*\Z")
"""Names with ``/``, ``*`` or a space in between: no powers, brackets or numbers, which could ask for endless work."""
_SEVERAL: Final = re.compile(r"([kMGBT])(?: ?(?=/)| )(.+)\Z")
"""As in ``50k/s``."""
_DOLLARS: Final = re.compile(rf"\s*\$\s*({_DECIMAL})|(?<=[0-9])\s*\$(?=\s*(?:/|\Z))")
_LONGEST_TEXT: Final = 64
_LARGEST_COUNT: Final = 2**53
"""The last whole number that a float holds with all before it."""
_CLOCK: Final = re.compile(
    r"\s*([01]?[0-9]|2[0-4])(?::([0-5][0-9])(?::([0-5][0-9]))?)?\s*(?:([ap])\.?m\.?)?\s*\Z", re.IGNORECASE
)


_COUNTED: Final = (
    *("request", "row", "prediction", "login", "write", "read", "call", "token", "event", "user", "visit", "query"),
    *("req", "queries"),
)
"""What a rate may be said to be of."""
_UNITS: Final = {
    "s": "us, ms, s, min, h, d, w, month, y",
    "USD": "all money is in US dollars",
    "USD/h": "all money is in US dollars",
    "GiB": "B, kB, MB, GB, KiB, MiB, GiB",
    "1/s": "/s, /min, /h, /day, rps",
    "1/day": "/day, /week, /month",
}
"""What messages list."""
_MISTAKEN: Final = {
    ("s", "m"): "minutes are min, and months are month",
    ("s", "M"): "minutes are min, and months are month",
    ("s", "quarter"): "write 13 w, or 3 months",
    ("s", "quarters"): "write weeks or months",
    ("GiB", "kb"): "bytes are kB or KiB",
    ("GiB", "mb"): "bytes are MB or MiB",
    ("GiB", "gb"): "bytes are GB or GiB",
}


_PLAIN: Final[Mapping[tuple[str, str], float]] = {
    ("ms", "s"): 1e-3,
    ("s", "s"): 1.0,
    ("min", "s"): MINUTE_S,
    ("h", "s"): HOUR_S,
    ("d", "s"): DAY_S,
    ("KiB", "GiB"): 2.0**-20,
    ("MiB", "GiB"): 2.0**-10,
    ("GiB", "GiB"): 1.0,
    ("/s", "1/s"): 1.0,
    ("USD", "USD"): 1.0,
}
"""What most scenarios make do with, so that reading one need not import pint: what pint says of them."""


@functools.cache
def _registry() -> "pint.UnitRegistry[float]":
    import pint  # noqa: PLC0415  (0.2 s that only reading a file needs)

    registry: pint.UnitRegistry[float] = pint.UnitRegistry(cache_folder=":auto:", on_redefinition="ignore")
    registry.define("USD = [currency]")
    registry.define("bit = [information]")  # pint's own has no dimension, so that 5 % would be a size
    registry.define("month = 30 * day = mo")  # a month is 30 days wherever money is reported
    registry.define("year = 365 * day = y = yr")
    registry.define("week = 7 * day = w = wk")
    registry.define("dollar = USD = usd")
    for unit, binary in (("K", 10), ("M", 20), ("G", 30), ("T", 40)):
        registry.define(f"{unit}i = {2**binary} * byte")
    registry.define("KB = 1000 * byte")
    for counted in _COUNTED:
        registry.define(f"{counted} = []")
    registry.define("rps = request / second = qps")  # pint's own are revolutions
    registry.define("rpm = request / minute = qpm")
    return registry


def _parse_quantity(text: str, unit: str, example: str) -> float:
    """Return ``text`` (one or several terms, as in ``4 d 18 h``) in ``unit``."""
    text = _DOLLARS.sub(r"\1 USD", text) if "USD" in unit else text
    total, position, end = 0.0, 0, len(text.rstrip())
    while position < end:
        term = _TERM.match(text, position)
        if term is None:
            raise ValueError(f"{shown(text)} is not a quantity; write e.g. '{example}'")
        number, name = float(term[1].replace("_", "")), (term[2] or "").strip()
        if not name:
            raise ValueError(f"{shown(text)} has no unit; write e.g. '{example}'")
        size = _size(name, unit)
        if size is None:
            raise ValueError(_no_such_unit(text, name, unit, example))
        total += number * size
        position = term.end()
    return total


@functools.lru_cache(maxsize=256)
def _size(name: str, unit: str) -> float | None:
    """Return what one ``name`` is in ``unit``; None where it is no such unit."""
    plain = _PLAIN.get((name, unit))
    if plain is not None:
        return plain
    import pint  # noqa: PLC0415

    several = _SEVERAL.match(name)
    if several is not None and unit.startswith("1/"):
        return _times(_MULTIPLIERS[several[1]], _size(several[2].strip(), unit))
    if not _UNIT.match(name):
        return None
    written = f"1{name}" if name.startswith("/") else f"1 {name}"
    try:
        return float(_registry().Quantity(written).to(unit).magnitude)
    except (pint.errors.PintError, AttributeError, ValueError, TypeError, AssertionError, ZeroDivisionError):
        return None


def _times(factor: int, size: float | None) -> float | None:
    return None if size is None else factor * size


def _no_such_unit(text: str, name: str, unit: str, example: str) -> str:
    """Return what to tell about a unit that is none of those that are wanted."""
    hint = _MISTAKEN.get((unit, name))
    if hint is None and name.startswith(","):
        hint = "write 1.5, not 1,5, and 1_000, not 1,000"
    told = f"{shown(text)} is not a quantity in a unit like '{unit}'; write e.g. '{example}'"
    return f"{told} ({hint or _UNITS[unit]})"


def _reader(unit: str, example: str) -> Callable[[Any], float]:
    def read(value: Any) -> float:
        value = _number_or_short_text(value, "a quantity", example)
        if not isinstance(value, str):
            raise ValueError(f"{shown(value)} has no unit; write e.g. '{example}'")  # noqa: TRY004
        return _finite(_parse_quantity(value, unit, example), value)

    return read


def read_seconds(value: Any) -> float:
    """Return a duration such as ``6 h`` or ``1 d 19 h``, which may be below 0. [s]"""
    return _reader("s", "6 h")(value)


def read_amount_usd(value: Any) -> float:
    """Return an amount of money such as ``30 USD`` or ``$30``. [USD]"""
    return _reader("USD", "30 USD")(value)


def read_rate_per_s(value: Any) -> float:
    """Return a rate such as ``50/s`` or ``20/min``. [1/s]"""
    return _reader("1/s", "50/s")(value)


def _number_or_short_text(value: Any, what: str, example: str) -> str | int | float:
    """Return a value that may be ``what``; everything else ends here, with a hint."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError(f"{shown(value)} is not {what}; write e.g. '{example}'")  # noqa: TRY004
    if isinstance(value, str) and not value.strip():
        raise ValueError(f"is empty; write e.g. '{example}'")
    if isinstance(value, str) and len(value) > _LONGEST_TEXT:
        raise ValueError(f"is {len(value)} characters long; write e.g. '{example}'")
    return value


def _finite(number: float, written: object) -> float:
    if not math.isfinite(number):
        raise ValueError(f"{shown(written)} is not finite")
    return number


def _as_float(value: float, what: str, example: str) -> float:
    try:
        return float(value)
    except OverflowError:
        raise ValueError(f"{shown(value)} is not {what}; write e.g. '{example}'") from None


def read_fraction(value: Any) -> float:
    """Return a fraction: ``2 %`` or a bare ``0.02``. Above 1 the percent sign is needed, for a bare 2 may mean 2 %."""
    value = _number_or_short_text(value, "a share", "2 %")
    if not isinstance(value, str):
        return _bare_share(_finite(_as_float(value, "a share", "2 %"), value), value)
    match = _SHARE.match(value)
    if match is None:
        raise ValueError(f"{shown(value)} is not a share; write e.g. '2 %'")
    number = _finite(float(match[1].replace("_", "")), value)
    return number / 100.0 if match[2] else _bare_share(number, value)


def _bare_share(number: float, written: object) -> float:
    if abs(number) > 1:
        raise ValueError(
            f"{shown(written)} without a percent sign is {number * 100:.6g} %; write '{number:.6g} %' if that is meant"
        )
    return number


def read_count(value: Any) -> int:
    """Return a whole number: ``100M``, ``50_000`` or ``12``."""
    value = _number_or_short_text(value, "a count", "100M")
    number: Decimal | int | float
    if isinstance(value, str):
        match = _COUNT.match(value)
        if match is None:
            raise ValueError(f"{shown(value)} is not a count; write e.g. '100M'")
        number = Decimal(match[1].replace("_", "").replace(",", "")) * {**_MULTIPLIERS, **_WORDS}[match[2]]
    else:
        number = value
    if number > _LARGEST_COUNT or number < -_LARGEST_COUNT:
        raise ValueError(f"{shown(value)} is too large a count; write e.g. '100M'")
    if math.isnan(number) or number != round(number):
        raise ValueError(f"{shown(value)} is not a whole number")
    return round(number)


def read_number(value: Any) -> float:
    """Return a bare number without a dimension; ``inf`` is one."""
    value = _number_or_short_text(value, "a number", "0.5")
    if isinstance(value, str):
        match = _NUMBER.match(value)
        if match is None:
            share = _SHARE.match(value)
            example = f"{float(share[1].replace('_', '')) / 100:.12g}" if share else "0.5"
            raise ValueError(f"{shown(value)} is not a number; write e.g. '{example}'")
        number = float(match[1].replace("_", ""))
        if math.isinf(number) and "i" not in match[1].lower():
            raise ValueError(f"{shown(value)} is too large a number; write e.g. '0.5', or inf")
        return number
    number = _as_float(value, "a number", "0.5")
    if math.isnan(number):
        raise ValueError(f"{value} is not a number; write e.g. '0.5'")
    return number


def read_clock(value: Any) -> float:
    """Return seconds since midnight from a time of day such as ``"02:00"`` or ``2 am``."""
    match = _CLOCK.match(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"{shown(value)} is not a time of day; write e.g. '\"02:00\"', in quotes")
    hours, half = int(match[1]), (match[4] or "").lower()
    if match[2] is None and not half:
        raise ValueError(f"{shown(value)} is not a time of day; write e.g. '\"{hours:02d}:00\"', in quotes")
    if half:
        if not 1 <= hours <= HOURS_PER_DAY // 2:
            raise ValueError(f"'{value}' is not a time of day; with am or pm the hour is from 1 to 12")
        hours = hours % (HOURS_PER_DAY // 2) + (HOURS_PER_DAY // 2 if half == "p" else 0)
    seconds = hours * HOUR_S + int(match[2] or 0) * MINUTE_S + int(match[3] or 0)
    if seconds > DAY_S:
        raise ValueError(f"'{value}' is after midnight; the last time of a day is 24:00")
    return seconds % DAY_S


_DURATIONS: Final = (("d", DAY_S), ("h", HOUR_S), ("min", MINUTE_S), ("s", 1.0), ("ms", 1e-3), ("us", 1e-6))
_LONGEST_COMPOUND_S: Final = 1e9
_SIZES: Final = (("GiB", 1.0), ("MiB", 1 / 2**10), ("KiB", 1 / KIB_PER_GIB), ("B", 1 / 2**30))
_DECIMAL_SIZES: Final = (("TB", 1e12 / 2**30), ("GB", 1e9 / 2**30), ("MB", 1e6 / 2**30), ("kB", 1e3 / 2**30))


def write_quantity(number: float, units: tuple[tuple[str, float], ...]) -> str:
    """Return ``number`` in the largest of ``units`` that is not above it; reading it again gives the same number.

    A number that rounding keeps from that is written in the unit of size 1, which ``units`` must have.
    """
    base = next(name for name, size in units if size == 1.0)
    if number == 0:
        return f"0 {base}"
    name, size = next(((name, size) for name, size in units if abs(number) >= size), units[-1])
    texts = (f"{number / size:.12g}", repr(float(number / size)))
    return next((f"{text} {name}" for text in texts if float(text) * size == number), f"{float(number)!r} {base}")


def write_duration(seconds: float) -> str:
    """Return seconds as people write them, such as ``6 h`` or ``1 d 19 h``; reading it again gives the same number."""
    plain = write_quantity(seconds, _DURATIONS)
    if _is_plain(plain.split()[0]) or not MINUTE_S <= seconds < _LONGEST_COMPOUND_S:
        return plain
    compound = _compound(seconds)
    return compound if _parse_quantity(compound, "s", "6 h") == seconds else f"{float(seconds)!r} s"


def _is_plain(number: str) -> bool:
    """Return whether a number is whole or has one decimal."""
    whole, _, decimals = number.partition(".")
    return whole.isdigit() and len(decimals) <= 1


def _compound(seconds: float) -> str:
    """Return seconds in days, hours, minutes and what is left, in seconds with their decimals."""
    left, parts = Decimal(repr(float(seconds))), list[str]()
    for name, size in _DURATIONS[:3]:
        whole, left = divmod(left, int(size))
        parts += [f"{whole:f} {name}"] if whole else []
    parts += [f"{left.normalize():f} s"] if left else []
    return " ".join(parts)


def about_duration(seconds: float) -> str:
    """Return seconds to three significant digits, for sentences."""
    name, size = next(((name, size) for name, size in _DURATIONS if abs(seconds) >= size), _DURATIONS[-1])
    return f"{seconds / size:.3g} {name}"


def write_size(gib: float) -> str:
    """Return GiB as people write them, such as ``1 KiB`` or ``2 MB``."""
    binary = write_quantity(gib, _SIZES)
    others = (f"{gib / size:.12g} {name}" for name, size in _DECIMAL_SIZES if gib >= size)
    same = [text for text in others if _is_plain(text.split()[0]) and _parse_quantity(text, "GiB", "1 KiB") == gib]
    return min([binary, *same], key=len)


def _write_rate(rate: float, unit: str, others: tuple[str, ...]) -> str:
    """Return a rate in ``unit``, or in the first of ``others`` in which it is a plain number and in ``unit`` is not."""
    short = f"{rate:.12g}"
    if float(short) != rate:
        texts = ((f"{rate / (_size(f'/{other}', f'1/{unit}') or 1.0):.12g}", other) for other in others)
        for text, other in texts:
            if _is_plain(text) and _parse_quantity(f"{text}/{other}", f"1/{unit}", "1/s") == rate:
                return f"{text}/{other}"
    return f"{short if float(short) == rate else repr(float(rate))}/{unit}"


def write_share(fraction: float) -> str:
    """Return a fraction as people write it, such as ``2 %``."""
    short = f"{fraction * 100:.12g} %"
    return short if read_fraction(short) == fraction else repr(float(fraction))


def write_clock(seconds: float) -> str:
    """Return seconds since midnight as a time of day, such as ``02:00``."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}" + (f":{rest:02d}" if rest else "")


def _writer(write: Callable[[float], str]) -> PlainSerializer:
    return PlainSerializer(write, return_type=str, when_used="json")


def _text_schema(description: str, *examples: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "description": description, "examples": list(examples)})


Seconds = Annotated[
    float,
    BeforeValidator(_reader("s", "6 h")),
    Field(ge=0),
    _text_schema("a duration", "20 ms", "6 h", "4 d 18 h"),
    _writer(write_duration),
]
PositiveSeconds = Annotated[
    float,
    BeforeValidator(_reader("s", "6 h")),
    Field(gt=0),
    _text_schema("a duration above 0", "20 ms", "6 h"),
    _writer(write_duration),
]
Usd = Annotated[
    float,
    BeforeValidator(_reader("USD", "30 USD")),
    Field(ge=0),
    _text_schema("an amount of money", "30 USD"),
    _writer(lambda usd: write_quantity(usd, (("USD", 1.0),))),
]
UsdPerHour = Annotated[
    float,
    BeforeValidator(_reader("USD/h", "5 USD/h")),
    Field(ge=0),
    _text_schema("an amount of money per hour", "5 USD/h"),
    _writer(lambda usd_per_h: write_quantity(usd_per_h, (("USD/h", 1.0),))),
]
Gib = Annotated[
    float,
    BeforeValidator(_reader("GiB", "1 KiB")),
    Field(gt=0),
    _text_schema("a size", "1 KiB", "2 MiB"),
    _writer(write_size),
]
PerSecond = Annotated[
    float,
    BeforeValidator(_reader("1/s", "50_000/s")),
    Field(gt=0),
    _text_schema("a rate", "50_000/s", "20/min"),
    _writer(lambda rate: _write_rate(rate, "s", ("min", "h", "day"))),
]
PerDay = Annotated[
    float,
    BeforeValidator(_reader("1/day", "0.3/day")),
    Field(gt=0),
    _text_schema("a rate per day", "0.3/day", "2/week"),
    _writer(lambda rate: _write_rate(rate, "day", ("week", "month", "h"))),
]
Fraction = Annotated[
    float,
    BeforeValidator(read_fraction),
    Field(ge=0, le=1),
    WithJsonSchema({"type": ["string", "number"], "description": "a share from 0 to 1", "examples": ["2 %", 0.02]}),
    _writer(write_share),
]
Count = Annotated[
    int,
    BeforeValidator(read_count),
    Field(ge=1),
    WithJsonSchema({"type": ["string", "integer"], "description": "a whole number from 1", "examples": ["100M", 12]}),
]
Number = Annotated[
    float,
    BeforeValidator(read_number),
    WithJsonSchema({"type": ["number", "string"], "description": "a number", "examples": [0.5, "inf"]}),
]
ClockSeconds = Annotated[
    float, BeforeValidator(read_clock), _text_schema("a time of day", "02:00", "18:30"), _writer(write_clock)
]
