"""Price books as files: a price a line, as people write them."""

import json
from collections.abc import Iterator
from typing import Any

from simulator.prices.book import PriceBook, PriceGroup

_INFINITE = ".inf"


def write_book(book: PriceBook) -> str:
    """Return a book as YAML that reads back as the same book."""
    return "\n".join(_lines(book)) + "\n"


def _lines(book: PriceBook) -> Iterator[str]:
    yield f"name: {_text(book.name)}"
    if book.notes:
        yield f"notes: {_text(book.notes)}"
    if book.groups:
        yield "groups:"
    for group in book.groups:
        yield f"  - source: {_text(group.source)}"
        yield f"    date: {_text(group.date)}"
        yield "    prices:" if group.prices else "    prices: []"
        yield from (f"      - {_flow(each)}" for each in stated_prices(group))
    if book.unpriced:
        yield "unpriced:"
        yield from (f"  - {_flow(each.model_dump(mode='json'))}" for each in book.unpriced)
    stated = book.model_dump(mode="json", exclude_unset=True, exclude_none=True)
    yield from (f"{key}: {_flow(stated[key])}" for key in ("discounts", "commitments") if stated.get(key))
    if book.energy is not None:
        yield "energy:"
        yield from _energy(stated["energy"])


def stated_prices(group: PriceGroup) -> Iterator[dict[str, Any]]:
    """Yield each price without what it has from its group."""
    for price in group.prices:
        stated = price.model_dump(mode="json", exclude_defaults=True)
        yield {key: value for key, value in stated.items() if value != getattr(group, key, None)}


def _energy(energy: dict[str, Any]) -> Iterator[str]:
    if energy.get("grid"):
        yield f"  grid: {_flow(energy['grid'])}"
    if energy.get("watts"):
        yield "  watts:"
    for group in energy.get("watts", ()):
        instances = group.pop("instances")
        for place, (key, value) in enumerate(group.items()):
            yield f"    {'- ' if place == 0 else '  '}{key}: {_flow(value)}"
        yield "      instances:" if instances else "      instances: []"
        yield from (f"        - {_flow(each)}" for each in instances)


def _flow(value: Any) -> str:
    """Return a value on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(each)}" for key, each in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return _text(value) if isinstance(value, str) else _INFINITE if value == float("inf") else repr(value)


def _text(text: str) -> str:
    """Return text in quotes, as JSON and YAML both read it."""
    return json.dumps(text, ensure_ascii=False)
