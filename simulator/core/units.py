"""Units at the boundary: people write ``6 h``, ``2 %``, ``100M``; inside there are only s, USD, GiB and fractions.

Each annotated type below reads one dimension. A bare number where a unit is needed is an error that says so.
"""

import functools
import math
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

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
MONTH_DAYS: Final = 30
KIB_PER_GIB: Final = 2**20

_MULTIPLIERS: Final = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "B": 10**9, "T": 10**12}
_COUNT: Final = re.compile(r"^\s*([+-]?[\d_,]*\.?\d+(?:[eE][+-]?\d+)?)\s*([kMGBT]?)\s*$")
_TERM: Final = re.compile(r"\s*([+-]?[\d_]*\.?\d+(?:[eE][+-]?\d+)?)\s*([^\d\s][^\d]*)?\s*")
_LONGEST_TEXT: Final = 64
_CLOCK: Final = re.compile(r"^\s*([01]?\d|2[0-4]):([0-5]\d)(?::([0-5]\d))?\s*$")


@functools.cache
def _registry() -> "pint.UnitRegistry[float]":
    import pint  # noqa: PLC0415  (0.2 s that only reading a file needs)

    registry: pint.UnitRegistry[float] = pint.UnitRegistry(cache_folder=":auto:")
    registry.define("USD = [currency]")
    registry.define("request = [] = requests = row = rows = prediction = predictions")
    return registry


def _parse_quantity(text: str, unit: str, example: str) -> float:
    """Return ``text`` (one or several terms, as in ``4 d 18 h``) in ``unit``."""
    import pint  # noqa: PLC0415

    if len(text) > _LONGEST_TEXT:
        raise ValueError(f"is {len(text)} characters long; write e.g. '{example}'")
    total, position = 0.0, 0
    while position < len(text):
        term = _TERM.match(text, position)
        if term is None or term.end() == position:
            raise ValueError(f"'{text}' is not a quantity; write e.g. '{example}'")
        number, name = float(term[1].replace("_", "")), (term[2] or "").strip()
        if not name:
            raise ValueError(f"'{text}' has no unit; write e.g. '{example}'")
        try:
            written = f"1 {name}" if not name.startswith("/") else f"1{name}"
            total += number * float(_registry().Quantity(written).to(unit).magnitude)
        except (
            pint.errors.PintError,
            AttributeError,
            ValueError,
            TypeError,
            AssertionError,
            ZeroDivisionError,
        ) as error:
            raise ValueError(f"'{text}' is not a quantity in a unit like '{unit}'; write e.g. '{example}'") from error
        position = term.end()
    if position == 0:
        raise ValueError(f"is empty; write e.g. '{example}'")
    return total


def _reader(unit: str, example: str) -> Callable[[Any], float]:
    def read(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            raise ValueError(f"{_shown(value)} is not a quantity; write e.g. '{example}'")  # noqa: TRY004
        if isinstance(value, (int, float)):
            raise ValueError(f"{value} has no unit; write e.g. '{example}'")  # noqa: TRY004
        return _finite(_parse_quantity(value.replace("µ", "u"), unit, example), value)

    return read


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST_TEXT else f"a {type(value).__name__}"


def _finite(number: float, written: object) -> float:
    if not math.isfinite(number):
        raise ValueError(f"{written} is not finite")
    return number


def read_fraction(value: Any) -> float:
    """Return a fraction: ``2 %`` or a bare ``0.02``."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError(f"{_shown(value)} is not a share; write e.g. '2 %'")  # noqa: TRY004
    if isinstance(value, str):
        text = value.strip()
        body = text.removesuffix("%").strip().replace("_", "")
        try:
            return _finite(float(body) / (100.0 if text.endswith("%") else 1.0), value)
        except ValueError:
            raise ValueError(f"'{value[:_LONGEST_TEXT]}' is not a share; write e.g. '2 %'") from None
    return _finite(float(value), value)


def read_count(value: Any) -> int:
    """Return a whole number: ``100M``, ``50_000`` or ``12``."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError(f"{_shown(value)} is not a count; write e.g. '100M'")  # noqa: TRY004
    match = _COUNT.match(value[:_LONGEST_TEXT]) if isinstance(value, str) else None
    if isinstance(value, str) and match is None:
        raise ValueError(f"'{value[:_LONGEST_TEXT]}' is not a count; write e.g. '100M'")
    number = float(match[1].replace("_", "").replace(",", "")) * _MULTIPLIERS[match[2]] if match else float(value)
    if not math.isfinite(number) or number != round(number):
        raise ValueError(f"{value} is not a whole number")
    return round(number)


def read_number(value: Any) -> float:
    """Return a bare number without a dimension; ``inf`` is one."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError(f"{_shown(value)} is not a number")  # noqa: TRY004
    try:
        number = float(value)
    except ValueError:
        raise ValueError(f"'{value[:_LONGEST_TEXT]}' is not a number") from None  # type: ignore[index]
    if math.isnan(number):
        raise ValueError(f"{value} is not a number")
    return number


def read_clock(value: Any) -> float:
    """Return seconds since midnight from a time of day such as ``"02:00"``."""
    match = _CLOCK.match(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"{_shown(value)} is not a time of day; write e.g. '\"02:00\"', in quotes")
    seconds = int(match[1]) * HOUR_S + int(match[2]) * MINUTE_S + int(match[3] or 0)
    if seconds > DAY_S:
        raise ValueError(f"'{value}' is after midnight; the last time of a day is 24:00")
    return seconds % DAY_S


_DURATIONS: Final = (("d", DAY_S), ("h", HOUR_S), ("min", MINUTE_S), ("s", 1.0), ("ms", 1e-3), ("us", 1e-6))
_SIZES: Final = (("GiB", 1.0), ("MiB", 1 / 2**10), ("KiB", 1 / KIB_PER_GIB), ("B", 1 / 2**30))


def write_quantity(number: float, units: tuple[tuple[str, float], ...]) -> str:
    """Return ``number`` in the largest of ``units`` that is not above it; reading it again gives the same number."""
    name, size = next(((name, size) for name, size in units if abs(number) >= size), units[-1])
    if number == 0:
        name, size = units[-1] if len(units) == 1 else next(unit for unit in units if unit[1] == 1.0)
    short = f"{number / size:.12g}"
    return f"{short if float(short) * size == number else repr(number / size)} {name}"


def write_duration(seconds: float) -> str:
    """Return seconds as people write them, such as ``6 h``."""
    return write_quantity(seconds, _DURATIONS)


def about_duration(seconds: float) -> str:
    """Return seconds to three significant digits, for sentences."""
    name, size = next(((name, size) for name, size in _DURATIONS if abs(seconds) >= size), _DURATIONS[-1])
    return f"{seconds / size:.3g} {name}"


def write_size(gib: float) -> str:
    """Return GiB as people write them, such as ``1 KiB``."""
    return write_quantity(gib, _SIZES)


def write_share(fraction: float) -> str:
    """Return a fraction as people write it, such as ``2 %``."""
    short = f"{fraction * 100:.12g} %"
    return short if read_fraction(short) == fraction else repr(fraction)


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
    _writer(lambda rate: f"{rate!r}/s"),
]
PerDay = Annotated[
    float,
    BeforeValidator(_reader("1/day", "0.3/day")),
    Field(gt=0),
    _text_schema("a rate per day", "0.3/day", "2/week"),
    _writer(lambda rate: f"{rate!r}/day"),
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
