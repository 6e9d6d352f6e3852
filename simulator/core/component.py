"""What scenario parts are made of: frozen models, and families of them told apart by ``kind``.

A family is a folder. Every module in it may hold one component: a subclass of the family's base with a literal
``kind``. A new file is found by itself, in validation, in the JSON Schema, in error messages and in the contract tests.
"""

import importlib
import pkgutil
import re
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import CoreSchema, SchemaSerializer, core_schema
from typing_extensions import override

from simulator.core.field_docs import described

_UNIT_SUFFIX = re.compile(r"_(per_s|s|usd|gib|fraction)$")


def key_of(field: str) -> str:
    """Return the scenario file's key for a field: its name without the unit, for the file states the unit itself."""
    return _UNIT_SUFFIX.sub("", field)


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

    @classmethod
    @override
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Return the JSON Schema with what `described` says of the fields."""
        found = handler(schema)
        properties = handler.resolve_ref_schema(found).get("properties", {})
        for name, said in described(cls).items():
            key = cls.model_fields[name].alias or name
            if key in properties:
                properties[key]["description"] = said
        return found


class Component(Part):
    """A member of a family; each states its own literal ``kind``."""

    kind: str

    @override
    def model_post_init(self, context: Any, /) -> None:
        """Count ``kind`` as stated even where Python code left it out, so that what is stated can be read again."""
        self.model_fields_set.add("kind")


@dataclass(frozen=True)
class OneOf:
    """Marks a field that takes any component of a family: ``Annotated[Profile, OneOf("simulator.demand.profile")]``."""

    package: str

    def __get_pydantic_core_schema__(self, source: type[Component], handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return the union of all components found, told apart by ``kind``."""
        choices: dict[Any, CoreSchema] = {
            kind: handler.generate_schema(component) for kind, component in components(source, self.package).items()
        }
        union = core_schema.tagged_union_schema(choices, discriminator="kind")
        return core_schema.no_info_before_validator_function(_kind_alone, union)


def _kind_alone(value: Any) -> Any:
    """Let ``noise: none`` stand for ``noise: {kind: none}``."""
    return {"kind": value} if isinstance(value, str) else value


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
