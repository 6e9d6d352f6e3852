"""Outcomes and findings as text, and back: whatever dataclasses they are made of, to the last bit.

A dataclass is an object that says its class by where it is in this package; an array says its type and, where most of
it is zero, only its other numbers. So a new kind of use or a new field is kept without being named here.
"""

import importlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.simulation.outcome import Outcome

PACKAGE = "simulator."
CLASS, ENUM, ARRAY = "~class", "~enum", "~array"


def as_text(outcome: Outcome) -> str:
    """Return an outcome as JSON."""
    return json.dumps(plain(outcome), separators=(",", ":"))


def outcome_of(text: str) -> Outcome:
    """Return what `as_text` was given.

    Raises
    ------
    ValueError
        If it is no outcome, or one of a version with other parts.
    """
    try:
        found = whole(json.loads(text))
    except (KeyError, TypeError, AttributeError, ImportError) as error:
        raise ValueError(f"it holds an outcome of another version: {error}") from error
    if not isinstance(found, Outcome):
        raise ValueError("it holds something else than outcomes")  # noqa: TRY004  (as for all that is not one)
    return found


def plain(value: Any) -> Any:
    """Return a value as JSON has it; `whole` makes it what it was."""
    if isinstance(value, (Mapping, np.ndarray)) or is_dataclass(value):
        return _plain_parts(value)
    if isinstance(value, Enum):
        return {ENUM: _place(value), "value": value.value}
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (tuple, list)):
        return [plain(each) for each in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(f"{type(value).__name__} cannot be kept")


def _plain_parts(value: Any) -> dict[str, Any]:
    if isinstance(value, np.ndarray):
        return _plain_array(value)
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    return {CLASS: _place(value), **{part.name: plain(getattr(value, part.name)) for part in fields(value)}}


def _place(value: object) -> str:
    return f"{type(value).__module__.removeprefix(PACKAGE)}:{type(value).__name__}"


def _plain_array(array: npt.NDArray[Any]) -> dict[str, Any]:
    known = {ARRAY: array.dtype.str, "shape": list(array.shape)}
    flat = array.ravel()
    filled = np.flatnonzero(flat)
    if 2 * filled.size < flat.size and not np.signbit(flat).any():
        return {**known, "at": filled.tolist(), "values": flat[filled].tolist()}
    return {**known, "values": flat.tolist()}


def whole(value: Any) -> Any:
    """Return what `plain` was given, with tuples in place of lists."""
    if isinstance(value, list):
        return tuple(whole(each) for each in value)
    if not isinstance(value, dict):
        return value
    if ARRAY in value:
        return _whole_array(value)
    if ENUM in value:
        return _named(value[ENUM])(value["value"])
    parts = {key: whole(each) for key, each in value.items() if key != CLASS}
    return _named(value[CLASS])(**parts) if CLASS in value else parts


def _named(place: str) -> Any:
    module, _, name = place.partition(":")
    found = getattr(importlib.import_module(f"{PACKAGE}{module}"), name)
    if not (isinstance(found, type) and (is_dataclass(found) or issubclass(found, Enum))):
        raise TypeError(f"{place} is no part of an outcome")
    return found


def _whole_array(kept: Mapping[str, Any]) -> npt.NDArray[Any]:
    array = np.zeros(kept["shape"], dtype=np.dtype(kept[ARRAY]))
    if "at" in kept:
        array.ravel()[kept["at"]] = kept["values"]
        return array
    array.ravel()[:] = kept["values"]
    return array
