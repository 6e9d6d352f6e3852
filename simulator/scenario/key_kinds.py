"""What of a scenario decides what is simulated, and what decides only what that costs or how it is judged.

Each part says it of its own fields (`simulator.core.key_kind`).
"""

import functools
import hashlib
import json
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from simulator.backends.base import Backend
from simulator.core.component import Part, kind_of_field
from simulator.core.errors import UserError, did_you_mean
from simulator.core.input_files.faults import unknown_key
from simulator.core.input_files.reading import Keys, Plain, Tree
from simulator.core.input_files.schema_walk import Schema, SchemaWalk, field_of, value_under
from simulator.core.input_files.wording import shown, written_path
from simulator.core.key_kind import KeyKind
from simulator.scenario.overrides import keys_of, stated
from simulator.scenario.schema import Scenario

__all__ = ["KeyKind", "as_physical", "kind_of_key", "physical_digest"]


def kind_of_key(scenario: Scenario, path: str, by: str = "key") -> KeyKind:
    """Return what a key is for.

    Parameters
    ----------
    scenario
        Whose key it is; in some, a bound decides how large a fleet is.
    path
        As after ``--set``, such as ``plans.cached.cache.ttl``.
    by
        What the path is called in messages.

    Raises
    ------
    UserError
        If there is no such key; the message names those that are meant.
    """
    walk = SchemaWalk(Scenario)
    tree, keys = keys_of(Tree(stated(scenario)), path, by, Scenario)
    kind = KeyKind.PHYSICAL
    for depth, (owner, _) in enumerate(walk.along(tree.data, keys)):
        fault = _fault(walk, owner, tree.data, keys[: depth + 1])
        if fault is not None:
            raise UserError(f"{by} {path}: {fault}")
        field = field_of(owner, str(keys[depth]))
        if kind is KeyKind.PHYSICAL and field is not None:
            kind = kind_of_field(field)
    if written_path(keys) in made_physical(scenario):
        return KeyKind.PHYSICAL
    return kind


def _fault(walk: SchemaWalk, owner: Schema, data: Plain, keys: Keys) -> str | None:
    """Return why the last of the keys leads nowhere."""
    *above, key = keys
    if owner["type"] == "model":
        known = walk.fields(owner)
        return None if key in known else f"{unknown_key(str(key), known)}{_inside(above)}"
    for step in above:
        data = value_under(data, step)
    if isinstance(data, dict) and key not in data:
        return f"there is no {shown(key)}{_inside(above)}; {did_you_mean(str(key), data)}".rstrip("; ")
    if data is None:
        return f"there is no '{written_path(above)}' that could have a {shown(key)}; give it as a whole"
    return None


def _inside(keys: list[str | int]) -> str:
    return f" (in '{written_path(keys)}')" if keys else ""


def made_physical(scenario: Scenario) -> frozenset[str]:
    """Return the key paths that a simulation depends on in this scenario, though not in others."""
    return frozenset(path for part in _parts_of(scenario) for path in part.makes_physical)


def _parts_of(value: Any) -> Iterator[Part]:
    if isinstance(value, Part):
        yield value
        for field in _fields_of(type(value)):
            yield from _parts_of(getattr(value, field.name))
    elif isinstance(value, dict):
        for each in value.values():
            yield from _parts_of(each)
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _parts_of(each)


@dataclass(frozen=True)
class _Field:
    """A part's field."""

    name: str
    key: str
    is_physical: bool


@functools.cache
def _fields_of(part: type[Part]) -> tuple[_Field, ...]:
    return tuple(
        _Field(name, field.alias or name, kind_of_field(field) is KeyKind.PHYSICAL)
        for name, field in part.model_fields.items()
    )


def as_physical(scenario: Scenario, plan: str | None = None) -> dict[str, Any]:
    """Return what simulations depend on, as data that can be compared and written as JSON.

    Two scenarios of which it is equal are simulated alike, whatever their prices, their weights and their names, and
    however their files are called: of these the content counts. Of more plans than one, each simulation depends on its
    own; ask for one to know when that is the same.

    Parameters
    ----------
    plan
        Leaves out the other plans, and the backends that it does not use. When its requests begin to be followed
        depends on the others still: see `simulator.simulation.identity`.
    """
    physical = _Physical(made_physical(scenario))
    plans = scenario.plans if plan is None else {plan: scenario.plans[plan]}
    backends = scenario.backends if plan is None else _backends_of(scenario, plan)
    return {
        **physical.of_part(scenario, (), but=("plans", "backends", "store")),
        "plans": {name: _of_plan(scenario, name, physical) for name in plans},
        "backends": {name: physical.of_part(each, ("backends", name)) for name, each in backends.items()},
        "tells_rows": scenario.tells_rows,
    }


def _of_plan(scenario: Scenario, name: str, physical: "_Physical") -> dict[str, Any]:
    """Return what is physical of a plan, with the store that is its own or everybody's."""
    plan = scenario.plans[name]
    store = physical.of_part(scenario.store_of(plan), ("store",)) if plan.has_store else None
    return {**physical.of_part(plan, ("plans", name), but=("store",)), "store": store}


def _backends_of(scenario: Scenario, name: str) -> dict[str, Backend]:
    plan = scenario.plans[name]
    used = {*scenario.online_names(plan), *([plan.precompute.backend] if plan.precompute else [])}
    return {each: backend for each, backend in scenario.backends.items() if each in used}


def physical_digest(scenario: Scenario, plan: str | None = None) -> str:
    """Return a digest of what `as_physical` returns."""
    return digest_of(as_physical(scenario, plan))


def digest_of(data: Mapping[str, Any]) -> str:
    """Return a digest of data that JSON can hold; their order counts, as it does where users are shared out."""
    return hashlib.sha256(json.dumps(data).encode()).hexdigest()


class _Physical:
    """Takes parts apart into what is physical of them."""

    def __init__(self, kept: frozenset[str]) -> None:
        self._kept = kept

    def of_part(self, part: Part, keys: Keys, but: Container[str] = ()) -> dict[str, Any]:
        """Return the physical fields of a part, by key; but for some."""
        found = {}
        for field in _fields_of(type(part)):
            if field.key in but:
                continue
            path, value = (*keys, field.key), getattr(part, field.name)
            if field.is_physical or self._keeps(path):
                found[field.key] = self._plain(value, path)
            elif isinstance(value, Part):
                found |= self._kept_below(value, path)
        return found

    def _keeps(self, keys: Keys) -> bool:
        return bool(self._kept) and written_path(keys) in self._kept

    def _kept_below(self, part: Part, keys: Keys) -> dict[str, Any]:
        """Return those fields that are physical here, of a part that is not."""
        paths = {field.name: (*keys, field.key) for field in _fields_of(type(part))}
        return {
            written_path(path): self._plain(getattr(part, name), path)
            for name, path in paths.items()
            if self._keeps(path)
        }

    def _plain(self, value: Any, keys: Keys) -> Any:
        if value is None or type(value) in (str, int, float, bool):
            return value
        if isinstance(value, Part):
            return self.of_part(value, keys)
        if isinstance(value, dict):
            return {str(key): self._plain(each, (*keys, str(key))) for key, each in value.items()}
        if isinstance(value, (list, tuple)):
            return [self._plain(each, (*keys, number)) for number, each in enumerate(value)]
        return _content(value) if isinstance(value, Path) else _simple(value)


def _simple(value: Any) -> str | float:
    if isinstance(value, Enum):
        value = value.value
    return value if isinstance(value, (str, int, float)) else repr(value)


def _content(path: Path) -> str:
    """Return a digest of a file's content, as of when it was last changed."""
    about = path.stat()
    return _content_as_of(path, about.st_size, about.st_mtime_ns)


@functools.lru_cache(maxsize=1024)
def _content_as_of(path: Path, size: int, changed_ns: int) -> str:
    del size, changed_ns  # another file under the same name
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
