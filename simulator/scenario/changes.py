"""What is different between two scenarios: every key with its value before and after, as people write it."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from simulator.core.input_files.reading import Keys
from simulator.core.input_files.wording import flow, one_line, written_path
from simulator.prices.book import PriceBook
from simulator.prices.price import Price
from simulator.scenario.schema import Scenario

NAMES = ("name", "plans")
"""What the walk leaves out: what a scenario is called, and its plans, which are walked by pairs."""
NOT_THERE = "(none)"
MILLION = 1_000_000


@dataclass(frozen=True)
class KeyChange:
    """A key that has another value, or is in one of two scenarios only."""

    key: str
    """Its path, as after ``--set``; of a plan that has another name now, by that."""
    before: Any
    """Numbers in seconds, shares from 0 to 1, USD, GiB; None where the key is not there."""
    after: Any
    before_text: str
    """As people write it."""
    after_text: str

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {"key": self.key, "before": self.before, "after": self.after}


@dataclass(frozen=True)
class _Node:
    """A value of a scenario in three ways: numbers, texts, and texts without what is the default."""

    plain: Any
    text: Any
    stated: Any

    @classmethod
    def of(cls, part: BaseModel) -> "_Node":
        return cls(
            part.model_dump(exclude_none=True),
            part.model_dump(mode="json", exclude_none=True),
            part.model_dump(mode="json", exclude_none=True, exclude_defaults=True),
        )

    def child(self, key: str | int) -> "_Node":
        return _Node(*(_under(each, key) for each in (self.plain, self.text, self.stated)))

    @property
    def value(self) -> Any:
        """As JSON holds it: what is no number is its text."""
        return _as_json(self.plain, self.text)

    @property
    def written(self) -> str:
        if self.text in (None, [], {}):
            return NOT_THERE
        return one_line(flow(_short_numbers(_with_kinds(self.text, self.stated))))


_NOTHING = _Node(None, None, None)


def key_changes(before: Scenario, after: Scenario, plans: Mapping[str, str]) -> tuple[KeyChange, ...]:
    """Return the keys that differ, in the order of the schema; names of scenarios are none of them.

    Parameters
    ----------
    before, after
        Resolved scenarios, so that a default that is stated is no difference.
    plans
        The plans that both have: the name after by the name before.
    """
    one, other = _Node.of(before), _Node.of(after)
    found = [
        change
        for key in dict.fromkeys((*one.text, *other.text))
        if key not in NAMES
        for change in _changes((key,), one.child(key), other.child(key))
    ]
    for was, now in plans.items():
        pair = (each.child("plans").child(name) for each, name in ((one, was), (other, now)))
        found += _changes(("plans", now), *pair)
    return tuple(found)


def price_changes(before: PriceBook, after: PriceBook, meters: Iterable[str]) -> tuple[KeyChange, ...]:
    """Return what costs something else in another book, of some meters, and the terms that differ."""
    found = [
        KeyChange(f"prices.{meter}", _usd(one), _usd(other), _price_text(one), _price_text(other))
        for meter in dict.fromkeys(meters)
        if _terms(one := before.find(meter)) != _terms(other := after.find(meter))
    ]
    for terms in ("discounts", "commitments"):
        was, now = (
            [each.model_dump(mode="json", exclude_none=True) for each in getattr(b, terms)] for b in (before, after)
        )
        if was != now:
            texts = [", ".join(one_line(flow(each)) for each in listed) or NOT_THERE for listed in (was, now)]
            found.append(KeyChange(f"prices.{terms}", was, now, *texts))
    return tuple(found)


def _changes(keys: Keys, before: _Node, after: _Node) -> Iterator[KeyChange]:
    one, other = before.text, after.text
    if one == other and before.plain == after.plain:
        return
    if isinstance(one, dict) and isinstance(other, dict) and one.get("kind") == other.get("kind"):
        for key in dict.fromkeys((*one, *other)):
            yield from _changes((*keys, key), before.child(key), after.child(key))
    elif _is_alike(one, other):
        for place in range(len(one)):
            yield from _changes((*keys, place), before.child(place), after.child(place))
    else:
        yield KeyChange(written_path(keys), before.value, after.value, before.written, after.written)


def _is_alike(one: Any, other: Any) -> bool:
    """Return whether two values are lists of as many parts, so that it can be said which of them differ."""
    if not (isinstance(one, list) and isinstance(other, list) and len(one) == len(other)):
        return False
    return all(isinstance(each, dict) for each in (*one, *other))


def _under(node: Any, key: str | int) -> Any:
    if isinstance(node, Mapping):
        return node.get(key)
    return node[int(key)] if isinstance(node, (list, tuple)) and int(key) < len(node) else None


def _with_kinds(whole: Any, stated: Any) -> Any:
    """Return what is not the default, and the kinds, which are defaults of their classes and say what it is."""
    if isinstance(whole, dict):
        parts = stated if isinstance(stated, dict) else {}
        kept = {key: _with_kinds(value, parts.get(key)) for key, value in whole.items() if key in parts}
        return {"kind": whole["kind"], **kept} if "kind" in whole else kept
    if isinstance(whole, list) and isinstance(stated, list) and len(whole) == len(stated):
        return [_with_kinds(*pair) for pair in zip(whole, stated, strict=True)]
    return whole


def _short_numbers(value: Any) -> Any:
    """Return a value with its numbers as people write them, such that they can be read again: ``100M``, ``3``."""
    if isinstance(value, dict):
        return {key: _short_numbers(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_short_numbers(part) for part in value]
    if isinstance(value, float):
        return f"{value:.12g}" if float(f"{value:.12g}") == value else repr(value)
    if isinstance(value, int) and not isinstance(value, bool) and value:
        return f"{value // MILLION}M" if value % MILLION == 0 else f"{value:_}"
    return value


def _as_json(plain: Any, text: Any) -> Any:
    if isinstance(text, dict):
        return {key: _as_json(_under(plain, key), value) for key, value in text.items()}
    if isinstance(text, list):
        return [_as_json(_under(plain, place), value) for place, value in enumerate(text)]
    if isinstance(plain, float) and not math.isfinite(plain):
        return str(plain)
    return plain if isinstance(plain, (bool, int, float)) else text


def _terms(price: Price | None) -> Any:
    """Return all of a price but where and when it was read."""
    return None if price is None else price.model_dump(exclude={"source", "date"})


def _usd(price: Price | None) -> Any:
    """Return what a unit costs, or all of the price where that is not one number. [USD]"""
    if price is None:
        return None
    if price.usd is None or price.free or price.long_prompts:
        return price.model_dump(mode="json", exclude={"source", "date"}, exclude_defaults=True)
    return price.usd / price.per


def _price_text(price: Price | None) -> str:
    if price is None:
        return NOT_THERE
    amount = _usd(price)
    if isinstance(amount, dict):
        return one_line(flow({key: value for key, value in amount.items() if key != "meter"}))
    usd = price.usd
    per = f"{price.per:,.0f} " if price.per != 1 else ""
    return f"{usd:g} USD per {per}{price.unit}"
