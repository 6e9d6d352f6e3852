"""What a number of a monitoring system stands for: told from its name where names say it, else asked for."""

import re
from enum import StrEnum
from typing import Final

from simulator.core.errors import UserError
from simulator.core.input_files.wording import one_line, shortened, shown


class Unit(StrEnum):
    """What a number says of the piece of time that it stands at."""

    COUNT = "count"
    """How many came in it."""
    PER_S = "1/s"
    """How many came a second, on average."""
    PER_MIN = "1/min"
    TOTAL = "total"
    """How many had come until then, since a counter began."""

    @property
    def said(self) -> str:
        """What it is called in a sentence."""
        return {
            Unit.COUNT: "counts of each piece of time",
            Unit.PER_S: "rates per second",
            Unit.PER_MIN: "rates per minute",
            Unit.TOTAL: "a counter that goes on growing",
        }[self]


ASK: Final = "say with --count-unit what they are: count, 1/s, 1/min, or total for a counter that goes on growing"
_PER_S: Final = re.compile(
    r"(?:^|[^a-z])(?:rps|qps|tps|per_?s(?:ec(?:ond)?)?|req/s|1/s)(?:[^a-z]|$)|/s(?:ec)?$", re.IGNORECASE
)
_PER_MIN: Final = re.compile(r"(?:^|[^a-z])(?:rpm|qpm|per_?min(?:ute)?)(?:[^a-z]|$)|/min$", re.IGNORECASE)
_RULE_RATE: Final = re.compile(r":i?rate\d+[smhd]?$|:rate$", re.IGNORECASE)
_COUNTERS: Final = ("_total", "_count", "_sum")


def read_unit(text: str) -> Unit:
    """Return a unit that is asked for.

    Raises
    ------
    ValueError
        If it is none.
    """
    try:
        return Unit(text.strip().lower())
    except ValueError:
        raise ValueError(f"{shown(text)} is none of {', '.join(Unit)}") from None


def unit_of_column(name: str) -> Unit:
    """Return what the numbers of a table's column are: counts, unless its name says a rate."""
    if _PER_S.search(name):
        return Unit.PER_S
    return Unit.PER_MIN if _PER_MIN.search(name) else Unit.COUNT


def unit_of_metric(name: str | None) -> Unit:
    """Return what the numbers of a metric of Prometheus are; counters end in _total, recorded rates in :rate5m.

    Raises
    ------
    UserError
        If its name does not say it, as of what a function such as rate() or increase() gives.
    """
    if name is None:
        raise UserError(f"its series have no name, as what rate(), increase() or sum() give has none; {ASK}")
    if _RULE_RATE.search(name) or _PER_S.search(name):
        return Unit.PER_S
    if _PER_MIN.search(name):
        return Unit.PER_MIN
    if name.endswith(_COUNTERS):
        if name.endswith("_sum"):
            raise UserError(f"{shown(name)} sums what was measured, and counts no events; query its _count")
        return Unit.TOTAL
    raise UserError(f"the name '{one_line(shortened(name))}' does not say what its values are; {ASK}")
