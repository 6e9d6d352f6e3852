"""Follow a pydantic error's location through a model, to the keys as the user wrote them.

Pydantic puts the tag of a tagged union and the name of a union's choice among the keys. Only the schema that it
validates with tells them from keys: in ``cache.ttl.ttl`` the first ``ttl`` is the kind.
"""

import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Final, TypeAlias, Union

from pydantic import BaseModel, WithJsonSchema
from pydantic.fields import FieldInfo

from simulator.core.field_docs import described
from simulator.core.input_files.reading import Keys, Plain
from simulator.core.input_files.short_forms import InFull

Schema: TypeAlias = Mapping[str, Any]

_ANY: Final[Schema] = {"type": "any"}
_INSIDE: Final = ("schema", "python_schema", "lax_schema")
"""Where a schema that only wraps another one keeps it."""
_KEY_MARK: Final = "[key]"
_SEQUENCES: Final = ("list", "set", "frozenset", "tuple")


@dataclass(frozen=True)
class Place:
    """Where an error is, in the file and in the model."""

    keys: Keys
    schema: Schema
    """Of the value there."""
    owner: Schema
    """Of the mapping or list that holds the last key."""
    union: Keys | None = None
    """Keys of the outermost union that was entered without a tag: other choices may have other errors."""
    of_key: bool = False
    """Whether the key itself is wrong, not its value."""


class SchemaWalk:
    """The schema of one model."""

    def __init__(self, model: type[BaseModel]) -> None:
        self._definitions: dict[str, Schema] = {}
        self._root: Schema = model.__pydantic_core_schema__

    def place(self, location: tuple[str | int, ...]) -> Place:
        """Return the place of an error's ``loc``."""
        keys: Keys = ()
        schema, owner, union, of_key = self.core(self._root), _ANY, None, False
        for step in location:
            if schema["type"] == "tagged-union":
                schema = self.core(schema["choices"].get(step, _ANY))
            elif schema["type"] == "union":
                union = keys if union is None else union
                schema = self._choice(schema, step)
            elif step == _KEY_MARK and owner["type"] == "dict":
                of_key = True
            else:
                owner, schema, keys = schema, self._child(schema, step), (*keys, step)
        return Place(keys, schema, owner, union, of_key)

    def short_forms(self, data: Plain, keys: Keys) -> InFull | None:
        """Return what values alone stand for under ``keys`` of a file's data; None where they stand for nothing."""
        *_, (_, schema) = ((None, self._root), *self.along(data, keys))
        for layer in self.layers(schema):
            function = layer.get("function")
            found = function.get("function") if isinstance(function, dict) else None
            if isinstance(found, InFull):
                return found
        return None

    def along(self, data: Plain, keys: Keys) -> Iterator[tuple[Schema, Schema]]:
        """Yield, key by key, the schema of the part, mapping or list that holds it, and that of the value there."""
        schema = self._root
        for key in keys:
            owner = self.core(schema)
            if owner["type"] == "tagged-union":
                kind = data.get(owner["discriminator"]) if isinstance(data, dict) else None
                owner = self.core(owner["choices"].get(kind, _ANY))
            schema = self._child(owner, key)["outer"]
            yield owner, schema
            data = value_under(data, key)

    def layers(self, schema: Schema) -> Iterator[Schema]:
        """Yield ``schema`` and what it wraps, down to the model, container or simple type inside."""
        inner: Schema | None = schema
        while inner is not None:
            if inner["type"] == "definitions":
                self._definitions |= {definition["ref"]: definition for definition in inner["definitions"]}
            yield inner
            if inner["type"] == "definition-ref":
                inner = self._definitions.get(inner["schema_ref"], _ANY)
            elif inner["type"] in ("model", "any"):
                inner = None
            else:
                inner = next((inner[name] for name in _INSIDE if name in inner), None)

    def core(self, schema: Schema) -> Schema:
        """Return the model, container or simple type inside ``schema``, with the field's own schema kept beside it."""
        *_, last = self.layers(schema)
        return {**last, "outer": schema}

    def fields(self, schema: Schema) -> dict[str, Schema]:
        """Return the schemas of a part's fields by the key in the file."""
        if schema["type"] != "model":
            return {}
        return {
            str(field.get("validation_alias", name)): field["schema"]
            for name, field in self.core(schema["schema"]).get("fields", {}).items()
        }

    def required(self, schema: Schema) -> list[str]:
        """Return the keys that a part cannot do without."""
        return [key for key, field in self.fields(schema).items() if field["type"] != "default"]

    def _child(self, schema: Schema, step: str | int) -> Schema:
        if schema["type"] == "model":
            child = self.fields(schema).get(str(step), _ANY)
        elif schema["type"] == "dict":
            child = schema.get("values_schema", _ANY)
        elif schema["type"] in _SEQUENCES:
            child = _item(schema, int(step))
        else:
            child = _ANY
        return self.core(child)

    def _choice(self, schema: Schema, label: str | int) -> Schema:
        parts: list[Schema] = []
        for choice in schema["choices"]:
            part, own = choice if isinstance(choice, tuple) else (choice, None)
            inner = self.core(part)
            name = inner["cls"].__name__ if inner["type"] == "model" else inner["type"]
            if label in (own, name):
                return inner
            if inner["type"] in ("model", "tagged-union", "dict", *_SEQUENCES):
                parts.append(inner)
        return parts[0] if len(parts) == 1 else _ANY


def value_under(data: Plain, key: str | int) -> Plain:
    """Return what a mapping or list holds under a key; None where there is nothing."""
    try:
        return data[key]  # type: ignore[index]
    except (KeyError, IndexError, TypeError):
        return None


def _item(schema: Schema, index: int) -> Schema:
    """Return the schema of a list's item; a tuple has one for each place, and one of them may repeat."""
    items = schema.get("items_schema", _ANY)
    if not isinstance(items, list):
        return typing.cast("Schema", items)
    repeated = schema.get("variadic_item_index")
    place = index if repeated is None else min(index, repeated)
    return typing.cast("Schema", items[place]) if place < len(items) else _ANY


def field_of(owner: Schema, key: str) -> FieldInfo | None:
    """Return the field of a part that stands under ``key`` in the file."""
    part: type[BaseModel] | None = owner.get("cls")
    fields = part.model_fields.items() if part is not None else ()
    return next((field for name, field in fields if key == (field.alias or name)), None)


def description_of(owner: Schema, key: str) -> str | None:
    """Return what is said of the field of a part that stands under ``key`` in the file."""
    part: type[BaseModel] | None = owner.get("cls")
    if part is None:
        return None
    said = described(part)
    return next((said.get(name) for name, field in part.model_fields.items() if key == (field.alias or name)), None)


def examples_of(field: FieldInfo) -> list[Any]:
    """Return the examples that a field or its type states."""
    if field.examples:
        return field.examples
    waiting: list[Any] = [*field.metadata, field.annotation]
    while waiting:
        item = waiting.pop(0)
        if isinstance(item, WithJsonSchema) and item.json_schema is not None:
            return list(item.json_schema.get("examples", []))
        if typing.get_origin(item) in (Annotated, Union, UnionType):
            waiting.extend(typing.get_args(item))
    return []
