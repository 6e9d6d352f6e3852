"""A scenario as lines of key and value, as ``--set`` takes them."""

from collections.abc import Iterator, Mapping
from typing import Any

from simulator.scenario.schema import Scenario


def stated_lines(scenario: Scenario) -> Iterator[tuple[str, str]]:
    """Yield the path and the value of every key of a resolved scenario, in its order."""
    yield from _lines("", scenario.model_dump(mode="json", exclude_none=True))


def _lines(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        for key, part in value.items():
            yield from _lines(f"{path}.{key}" if path else str(key), part)
    elif isinstance(value, list) and any(isinstance(part, Mapping) for part in value):
        for number, part in enumerate(value):
            yield from _lines(f"{path}[{number}]", part)
    else:
        yield path, _text(value)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) if value else "none"
    return "none" if isinstance(value, Mapping) else str(value)
