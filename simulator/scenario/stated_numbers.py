"""The numbers that a scenario states: under which key each is, what it is for, and how it is written."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from simulator.core.component import Part, kind_of_field
from simulator.core.input_files.reading import Keys, Plain
from simulator.core.input_files.schema_walk import value_under
from simulator.core.key_kind import KeyKind
from simulator.scenario.key_kinds import made_physical
from simulator.scenario.overrides import stated
from simulator.scenario.schema import Scenario

_QUANTITY = re.compile(r"([+-]?[0-9.]+(?:e[+-]?[0-9]+)?)\s*([^0-9\s][^0-9]*)?\Z", re.IGNORECASE)
"""A number and its unit; a time of day is none."""
_MARKS = re.compile(r'[.\["=]')


@dataclass(frozen=True)
class StatedNumber:
    """A number under a key."""

    keys: Keys
    kind: KeyKind
    value: float
    """In s, USD, GiB, as a fraction or a count."""
    unit: str
    """As the scenario writes it; empty for a bare number."""
    per_unit: float
    """What one of it is."""
    is_whole: bool
    """Whether the key takes whole numbers alone."""

    @property
    def key(self) -> str:
        """The key path, as ``--set`` takes it."""
        steps = [f"[{key}]" if isinstance(key, int) else f".{_quoted(key)}" for key in self.keys]
        return "".join(steps).removeprefix(".")


def _quoted(key: str) -> str:
    return f'"{key}"' if _MARKS.search(key) else key


def stated_numbers(scenario: Scenario) -> Iterator[StatedNumber]:
    """Yield them in the scenario's order, but for those that are 0 and so have no ratio to any other."""
    physical = made_physical(scenario)
    for found in _below(scenario, stated(scenario), (), KeyKind.PHYSICAL):
        yield found if found.key not in physical else _as_physical(found)


def _as_physical(found: StatedNumber) -> StatedNumber:
    return StatedNumber(found.keys, KeyKind.PHYSICAL, found.value, found.unit, found.per_unit, found.is_whole)


def _below(value: Any, written: Plain, keys: Keys, kind: KeyKind) -> Iterator[StatedNumber]:
    """Yield the numbers of a value that is under some keys, of which the outermost that says so says what it is for."""
    if isinstance(value, Part):
        for name, field in type(value).model_fields.items():
            key = field.alias or name
            own = kind_of_field(field) if kind is KeyKind.PHYSICAL else kind
            yield from _below(getattr(value, name), value_under(written, key), (*keys, key), own)
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _below(each, value_under(written, str(key)), (*keys, str(key)), kind)
    elif isinstance(value, (list, tuple)):
        for place, each in enumerate(value):
            yield from _below(each, value_under(written, place), (*keys, place), kind)
    elif isinstance(value, (int, float)) and not isinstance(value, bool) and written is not None and value:
        quantity = _QUANTITY.match(str(written))
        number = float(quantity[1]) if quantity and quantity[1].strip("+-.") else 0.0
        if quantity is not None and number:
            yield StatedNumber(keys, kind, value, quantity[2] or "", value / number, isinstance(value, int))
