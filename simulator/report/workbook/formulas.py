"""Formulas with their values: what a cell reckons and what it shows before anybody reckons it cannot be two things.

Only functions are used that Excel and LibreOffice have had for long, so that no version shows an error.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from simulator.core.estimate import CONFIDENCE, Estimate

_LOWEST, _SUM, _PRODUCT, _ATOM = range(4)
"""How tightly the operators of a formula bind."""


@dataclass(frozen=True)
class Term:
    """A number in a formula: a cell, a constant, or an expression."""

    text: str
    """As it stands in a formula; cells are written with their sheet."""
    value: float
    """What it is now; NaN where a spreadsheet has an error."""
    binds: int = _ATOM

    def __add__(self, other: "Term") -> "Term":
        return Term(f"{self._in(_SUM)}+{other._in(_SUM)}", self.value + other.value, _SUM)

    def __sub__(self, other: "Term") -> "Term":
        return Term(f"{self._in(_SUM)}-{other._in(_PRODUCT)}", self.value - other.value, _SUM)

    def __mul__(self, other: "Term") -> "Term":
        return Term(f"{self._in(_PRODUCT)}*{other._in(_PRODUCT)}", self.value * other.value, _PRODUCT)

    def __truediv__(self, other: "Term") -> "Term":
        value = self.value / other.value if other.value else math.nan
        return Term(f"{self._in(_PRODUCT)}/{other._in(_ATOM)}", value, _PRODUCT)

    def _in(self, binds: int) -> str:
        return self.text if self.binds >= binds else f"({self.text})"


@dataclass(frozen=True)
class Condition:
    """What is true or not."""

    text: str
    holds: bool


@dataclass(frozen=True)
class Cells:
    """Neighbouring cells of numbers."""

    text: str
    values: tuple[float, ...]


def constant(value: float) -> Term:
    """Return a number as a formula has it."""
    return Term(repr(int(value)) if value == int(value) else repr(value), value)


ZERO, ONE = constant(0), constant(1)


def most(one: Term, other: Term) -> Term:
    """Return the larger of two numbers."""
    return Term(f"MAX({one.text},{other.text})", max(one.value, other.value))


def least(one: Term, other: Term) -> Term:
    """Return the smaller of two numbers."""
    return Term(f"MIN({one.text},{other.text})", min(one.value, other.value))


def up_to(one: Term, other: Term) -> Condition:
    """Return whether one number is no larger than another."""
    return Condition(f"{one.text}<={other.text}", one.value <= other.value)


def when(condition: Condition, then: Term, otherwise: Term) -> Term:
    """Return one of two numbers."""
    value = then.value if condition.holds else otherwise.value
    return Term(f"IF({condition.text},{then.text},{otherwise.text})", value)


def added(terms: Sequence[Term]) -> Term:
    """Return the sum of numbers that are anywhere; of neighbours in a column as the sum of a block."""
    places = [_CELL.fullmatch(term.text) for term in terms]
    first, last = (places[0], places[-1]) if len(terms) > 1 else (None, None)
    if first and last and all(each and _below(first, each) == number for number, each in enumerate(places)):
        text = f"SUM({first.group()}:${last['column']}${last['row']})"
        return Term(text, math.fsum(term.value for term in terms))
    total = terms[0] if terms else ZERO
    for term in terms[1:]:
        total += term
    return total


_CELL = re.compile(r"(?P<sheet>'.+'!)\$(?P<column>[A-Z]+)\$(?P<row>\d+)")


def _below(first: "re.Match[str]", other: "re.Match[str]") -> int | None:
    """Return how many rows one cell is below another; None where it is in another column."""
    if (first["sheet"], first["column"]) != (other["sheet"], other["column"]):
        return None
    return int(other["row"]) - int(first["row"])


def multiplied(terms: Sequence[Term]) -> Term:
    """Return the product of at least one number."""
    product = terms[0]
    for term in terms[1:]:
        product *= term
    return product


def sum_of(cells: Cells) -> Term:
    """Return the sum of neighbours."""
    return Term(f"SUM({cells.text})", math.fsum(cells.values))


def mean_of(cells: Cells) -> Term:
    """Return their mean."""
    return Term(f"AVERAGE({cells.text})", math.fsum(cells.values) / len(cells.values))


def half_width_of(cells: Cells) -> Term:
    """Return half their 95 % t-interval, as `Estimate.of` has it, of at least two."""
    text = f"TINV({1 - CONFIDENCE:.2g},COUNT({cells.text})-1)*STDEV({cells.text})/SQRT(COUNT({cells.text}))"
    return Term(text, Estimate.of(cells.values).half_width, _PRODUCT)


def started(size: Term, step: Term, slack: float) -> Term:
    """Return how many steps of a size are started, at least one, as `started_steps` does."""
    steps = size / step
    value = max(1, math.ceil(steps.value - slack)) if step.value else math.nan
    text = f"MAX(1,ROUNDUP({steps.text}-{slack:g},0))"
    return Term(text, value)


def sum_between(places: Cells, parts: Cells, above: Term | None, end: Term | None) -> Term:
    """Return the sum of those parts whose places are above one number and not above another."""
    low = -math.inf if above is None else above.value
    high = math.inf if end is None else end.value
    inside = [*([] if above is None else [f"({places.text}>{above.text})"])]
    inside += [] if end is None else [f"({places.text}<={end.text})"]
    value = math.fsum(part for place, part in zip(places.values, parts.values, strict=True) if low < place <= high)
    return Term(f"SUMPRODUCT({'*'.join([*inside, parts.text])})", value)
