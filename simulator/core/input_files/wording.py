"""How messages show what the user wrote: on one line, printable and short."""

from collections.abc import Iterable
from typing import Final

_LONGEST_VALUE: Final = 60
_LONGEST_KEY: Final = 40
_LONGEST_MESSAGE: Final = 300
LARGEST_SHOWN: Final = 10**30
"""Whole numbers from here on are named by their length."""


def one_line(text: str) -> str:
    """Return ``text`` with white space collapsed and unprintable characters escaped."""
    joined = " ".join(text.split())
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in joined
    )


def shortened(text: str, longest: int = _LONGEST_VALUE) -> str:
    """Return ``text`` without its middle if it is longer than ``longest`` characters."""
    if len(text) <= longest:
        return text
    head = (longest - 3) * 2 // 3
    return f"{text[:head]}...{text[head + 3 - longest :]}"


def shown(value: object) -> str:
    """Return a value as a message names it: text in quotes, numbers bare, containers by name."""
    match value:
        case None:
            text = "an empty value"
        case dict():
            text = "a mapping"
        case list() | tuple():
            text = "a list"
        case bool():
            text = str(value).lower()
        case int() if abs(value) >= LARGEST_SHOWN:
            text = "a number of more than 30 digits"
        case int() | float():
            text = str(value)
        case _:
            text = f"'{one_line(shortened(str(value)))}'"
    return text


def written_path(keys: Iterable[str | int]) -> str:
    """Return a key path as people write it, such as ``population.segments[2].share``."""
    parts: list[str] = []
    for key in keys:
        if isinstance(key, int):
            parts.append(f"[{key}]")
            continue
        text = one_line(shortened(key, _LONGEST_KEY))
        text = f'"{text}"' if any(mark in key for mark in '.["') else text
        parts.append(f".{text}" if parts else text)
    return "".join(parts)


def as_message(text: str) -> str:
    """Return ``text`` fit for one line of a terminal."""
    return shortened(one_line(text), _LONGEST_MESSAGE)


def flow(value: object) -> str:
    """Return a value as it stands on one line of a YAML file."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(flow(item) for item in value) + "]"
    return str(value).lower() if isinstance(value, bool) else str(value)
