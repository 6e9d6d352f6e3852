"""What scenario parts are made of: frozen models, and families of them told apart by ``kind``.

A family is a folder. Every module in it may hold one component: a subclass of the family's base with a literal
``kind``. A new file is found by itself, in validation, in the JSON Schema, in error messages and in the contract tests.
"""

import importlib
import pkgutil
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import CoreSchema, SchemaSerializer, core_schema
from typing_extensions import override

from simulator.core.field_docs import described
from simulator.core.input_files.short_forms import InFull, Short
from simulator.core.key_kind import KeyKind

_UNIT_SUFFIX = re.compile(r"_(per_s|s|usd|gib|fraction)$")


def key_of(field: str) -> str:
    """Return the scenario file's key for a field: its name without the unit, for the file states the unit itself."""
    return _UNIT_SUFFIX.sub("", field)


def kind_of_field(field: FieldInfo) -> KeyKind:
    """Return what a part's field says that it is for."""
    return next((each for each in field.metadata if isinstance(each, KeyKind)), KeyKind.PHYSICAL)


class WrittenDefaults(GenerateJsonSchema):
    """A JSON Schema whose defaults are written as people write them, such as ``7 d``, and not as numbers of seconds."""

    @override
    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        found = super().default_schema(schema)
        if found.get("default") is not None:
            found["default"] = SchemaSerializer(schema["schema"]).to_python(
                schema["default"], mode="json", by_alias=True
            )
        return found


class Part(BaseModel):
    """A part of a scenario: frozen, and strict about unknown keys."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=key_of,
        serialize_by_alias=True,
    )
    short: ClassVar[Short | None] = None
    """What a value stands for that is given in place of the part; a family's base says it for the whole family."""

    @property
    def makes_physical(self) -> tuple[str, ...]:
        """Key paths from the scenario's root that a simulation depends on while this part is there.

        Their own parts say that none does; in their lists and mappings each entry is meant.
        """
        return ()

    @classmethod
    @override
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Let a value alone stand for the part where that is obvious."""
        schema = handler(source)
        if cls.short is None or issubclass(cls, Component):
            return schema
        return core_schema.no_info_before_validator_function(InFull(cls.short), schema)

    @classmethod
    @override
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Return the JSON Schema with what `described` says of the fields; it shows where a value alone is taken."""
        found = handler(schema)
        properties = handler.resolve_ref_schema(found).get("properties", {})
        for name, said in described(cls).items():
            key = cls.model_fields[name].alias or name
            if key in properties:
                properties[key]["description"] = said
        for name, field in cls.model_fields.items():
            kind, key = kind_of_field(field), field.alias or name
            if kind is not KeyKind.PHYSICAL and key in properties:
                properties[key]["x-kind"] = kind.value
        if cls.short is None or issubclass(cls, Component) or "anyOf" in found:  # asked for twice: model and wrapper
            return found
        return {"anyOf": [found, _alone(found, cls.short, handler)]}

    @override
    def __dir__(self) -> list[str]:
        """Return what a scenario's part says of itself, without the machinery of pydantic that stands behind it."""
        return [name for name in super().__dir__() if name.startswith("__") or not hasattr(BaseModel, name)]


class Component(Part):
    """A member of a family; each states its own literal ``kind``."""

    kind: str
    listed: ClassVar[Short | None] = None
    """What a list stands for that is given in place of a component of this family."""

    @override
    def model_post_init(self, context: Any, /) -> None:
        """Count ``kind`` as stated even where Python code left it out, so that what is stated can be read again."""
        self.model_fields_set.add("kind")


@dataclass(frozen=True)
class OneOf:
    """Marks a field that takes any component of a family: ``Annotated[Profile, OneOf("simulator.demand.profile")]``.

    A value alone stands for the kind that the family's base states in ``short``, a list for the one in ``listed``, and
    the name of a kind for a component of that kind with nothing else stated.
    """

    package: str

    def __get_pydantic_core_schema__(self, source: type[Component], handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return the union of all components found, told apart by ``kind``."""
        choices: dict[Any, CoreSchema] = {
            kind: handler.generate_schema(component) for kind, component in components(source, self.package).items()
        }
        union = core_schema.tagged_union_schema(choices, discriminator="kind")
        in_full = InFull(source.short, source.listed, tuple(choices))
        return core_schema.no_info_before_validator_function(
            in_full, union, metadata={"pydantic_js_functions": [_ShortSchema(source, self.package)]}
        )


@dataclass(frozen=True)
class _ShortSchema:
    """Adds the short forms of a family to its JSON Schema."""

    base: type[Component]
    package: str

    def __call__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        found = handler(schema)
        kinds = components(self.base, self.package)
        forms = [found]
        alone = [kind for kind, component in kinds.items() if _needs_nothing(component)]
        if alone:
            forms.append({"enum": alone, "description": "a kind alone"})
        mapping: Mapping[str, str] = found.get("discriminator", {}).get("mapping", {})
        forms += [
            _alone({"$ref": mapping[short.kind]}, short, handler)
            for short in (self.base.short, self.base.listed)
            if short is not None and short.kind in mapping
        ]
        return {"anyOf": forms} if len(forms) > 1 else found


def _needs_nothing(component: type[Component]) -> bool:
    return not any(each.is_required() for each in component.model_fields.values())


def _alone(part: JsonSchemaValue, short: Short, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
    """Return the schema of the value that stands for a part."""
    properties = handler.resolve_ref_schema(part).get("properties", {})
    value = {name: item for name, item in properties.get(short.key, {}).items() if name not in ("title", "default")}
    return {**value, "description": f"short for {short.written('...')}"}


def components(base: type[Component], package: str) -> dict[str, type[Component]]:
    """Return every component of a family by kind, in alphabetical order.

    Parameters
    ----------
    base
        The family's base class.
    package
        The dotted name of the folder that holds the family.
    """
    folder = importlib.import_module(package)
    for module in pkgutil.iter_modules(folder.__path__):
        importlib.import_module(f"{package}.{module.name}")
    found: dict[str, type[Component]] = {}
    waiting = list(base.__subclasses__())
    while waiting:
        component = waiting.pop()
        waiting.extend(component.__subclasses__())
        kind = component.model_fields["kind"].default
        if isinstance(kind, str):
            found[kind] = component
    return dict(sorted(found.items()))
