"""The reference of scenario files, as Markdown made from the models: every key, its values, bounds and meaning."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, get_args

import annotated_types
from pydantic import WithJsonSchema
from pydantic.fields import FieldInfo

from simulator.core.component import Part, WrittenDefaults
from simulator.core.units import write_duration, write_share, write_size
from simulator.scenario.schema import Scenario

Schema = dict[str, Any]
KINDS = {"price": "a price", "weight": "a weight", "study": "for studies"}
"""How a key's kind is told where a change of it needs no simulation."""
WRITTEN = {"_per_s": "{:,}/s".format, "_s": write_duration, "_fraction": write_share, "_gib": write_size}
"""How a bound is written, by the unit that ends a field's name."""
LONGEST_DEFAULT = 60
OURS = "simulator."
"""Where the models of a scenario's parts are: whoever imports this may have parts of the same names."""


def markdown() -> str:
    """Return the sections of all parts of a scenario, each below the one that has it."""
    return "\n".join(line for section in _Walk().sections() for line in section)


@dataclass
class _Walk:
    """Goes through the JSON Schema from the top, and meets each part once."""

    schema: Schema = field(default_factory=lambda: Scenario.model_json_schema(schema_generator=WrittenDefaults))
    places: dict[str, list[str]] = field(default_factory=dict)
    """Where in a file each part stands."""

    def sections(self) -> Iterator[list[str]]:
        order = ["Scenario"]
        self.schema["$defs"]["Scenario"] = self.schema
        self.places["Scenario"] = [""]
        self._visit("Scenario", "", order)
        models = {model.__name__: model for model in _below(Part) if model.__module__.startswith(OURS)}
        for name in order:
            yield self._section(name, models[name])

    def _visit(self, name: str, path: str, order: list[str]) -> None:
        for key, value in self.schema["$defs"][name].get("properties", {}).items():
            for part, place in self._parts_in(value, f"{path}.{key}".lstrip(".")):
                is_new = part not in self.places
                self.places.setdefault(part, []).append(place)
                if is_new:
                    order.append(part)
                    self._visit(part, place, order)

    def _parts_in(self, value: Schema, place: str) -> Iterator[tuple[str, str]]:
        """Yield the parts that a key takes, and where they then stand."""
        name = value.get("$ref", "").rpartition("/")[2]
        if name and "properties" in self.schema["$defs"][name]:
            yield name, place
        elif name:
            yield from self._parts_in(self.schema["$defs"][name], place)
        for choice in (*value.get("anyOf", ()), *value.get("oneOf", ())):
            yield from self._parts_in(choice, place)
        if isinstance(value.get("items"), dict):
            yield from self._parts_in(value["items"], f"{place}[]")
        if isinstance(value.get("additionalProperties"), dict):
            yield from self._parts_in(value["additionalProperties"], f"{place}.NAME")

    def _section(self, name: str, model: type[Part]) -> list[str]:
        part = self.schema["$defs"][name]
        first, *others = dict.fromkeys(self.places[name])
        kind = part["properties"].get("kind", {}).get("const")
        title = f"`{first}`" if first else "The whole file"
        level = "##" if first.removesuffix(".NAME").isidentifier() or not first else "###"
        lines = ["", f"(part-{name.lower()})=", f"{level} {title}{f', kind `{kind}`' if kind else ''}", ""]
        lines += [_code(part.get("description", "")), ""]
        if others:
            lines += [f"Also at {', '.join(f'`{each}`' for each in others)}.", ""]
        fields = {each.alias or key: (key, each) for key, each in model.model_fields.items()}
        for key, value in part["properties"].items():
            if key == "kind" and kind:
                continue
            lines += self._entry(key, value, *fields[key], needed=key in part.get("required", ()))
        return lines

    def _entry(self, key: str, value: Schema, name: str, info: FieldInfo, *, needed: bool) -> list[str]:
        said = [*self._taken(value, _unit(info)), *_bounds(name, info)]
        if needed:
            said.append("**needed**")
        elif value.get("default") is not None:
            default = _written(value["default"])
            said.append(f"default {default}" if len(default) < LONGEST_DEFAULT else "default: what its keys have")
        if "x-kind" in value:
            said.append(f"{KINDS[value['x-kind']]} ([no simulation](../keys.md))")
        meaning = " ".join(_code(value.get("description", "")).split())
        return [f"`{key}`", f": {meaning}", "", f"  *Takes* {' · '.join(said)}", ""]

    def _taken(self, value: Schema, unit: str = "") -> Iterator[str]:
        """Yield what may be written, in words; nothing for null, which is to leave the key out."""
        if "anyOf" in value or "oneOf" in value:
            alternatives = [*value.get("anyOf", ()), *value.get("oneOf", ())]
            told = [said for choice in alternatives for said in self._taken(choice, unit)]
            yield ", or ".join(dict.fromkeys(told))
            return
        said = str(value.get("description", ""))
        if said.startswith("short for"):
            yield f"a value alone, {said.replace('short for ', 'short for `', 1)}`"
        elif "$ref" in value:
            yield self._reference(value["$ref"].rpartition("/")[2])
        elif "enum" in value:
            names = " or ".join(f"`{each}`" for each in value["enum"] if each is not None)
            yield f"the word {names} alone" if said == "a kind alone" else names
        elif isinstance(value.get("items"), dict):
            yield f"a list of {', '.join(self._taken(value['items'])) or 'values'}"
        elif isinstance(value.get("additionalProperties"), dict):
            yield f"a mapping from names to {', '.join(self._taken(value['additionalProperties']))}"
        elif value.get("type") != "null":
            yield _plain(value, unit)

    def _reference(self, name: str) -> str:
        part = self.schema["$defs"][name]
        if "properties" not in part:
            return ", or ".join(self._taken(part))
        kind = part["properties"].get("kind", {}).get("const")
        return f"[{f'kind `{kind}`' if kind else f'`{self.places[name][0]}`'}](#part-{name.lower()})"


def _below(model: type[Part]) -> Iterator[type[Part]]:
    for each in model.__subclasses__():
        yield each
        yield from _below(each)


def _unit(info: FieldInfo) -> str:
    """Return what a field's type says that its values are, such as a duration; nothing where it says nothing."""
    own = [each.json_schema or {} for each in info.metadata if isinstance(each, WithJsonSchema)]
    return next((str(each["description"]) for each in own if "description" in each), "")


def _plain(value: Schema, unit: str) -> str:
    """Return what a value is that is no part: in the words of its unit or type, with an example."""
    types = {"boolean": "`true` or `false`", "integer": "a whole number", "number": "a number", "array": "a list"}
    kinds = value.get("type", "text")
    kinds = kinds if isinstance(kinds, str) else next((each for each in kinds if each != "string"), "text")
    stated = str(value.get("description", ""))
    examples = [each for each in value.get("examples", ()) if isinstance(each, (str, int, float))]
    said = stated if stated.startswith(("a ", "an ")) else unit or types.get(kinds, "text")
    return f"{said}, such as `{examples[0]}`" if examples else said


def _written(default: Any) -> str:
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if isinstance(default, dict):
        stated = {key: each for key, each in default.items() if each is not None}
        inside = ", ".join(f"{key}: {_written(each).strip('`')}" for key, each in stated.items())
        return f"`{{{inside}}}`"
    if isinstance(default, list):
        return f"`[{', '.join(_written(each).strip('`') for each in default)}]`"
    return f"`{default}`"


def _bounds(name: str, info: FieldInfo) -> Iterator[str]:
    """Yield the bounds of a number, or of the length of a text or a list, where there are any to tell."""
    found = list(_constraints(info))
    write = next((writes for end, writes in WRITTEN.items() if name.endswith(end)), "{:,}".format)
    lowest = [(each.ge, "at least") for each in found if isinstance(each, annotated_types.Ge)]
    lowest += [(each.gt, "above") for each in found if isinstance(each, annotated_types.Gt)]
    highest = [(each.le, "at most") for each in found if isinstance(each, annotated_types.Le)]
    highest += [(each.lt, "below") for each in found if isinstance(each, annotated_types.Lt)]
    limits = [*_tightest(lowest, max), *_tightest(highest, min)]
    goes_without_saying = [(0, "at least")] + [(1, "at most")] * name.endswith("_fraction")
    said = [f"{word} {write(bound)}" for bound, word in limits if (bound, word) not in goes_without_saying]
    if said:
        yield ", ".join(said)
    lengths = [each.max_length for each in info.metadata if isinstance(each, annotated_types.MaxLen)]
    yield from (f"at most {length} {'characters' if info.annotation is str else 'of them'}" for length in lengths)


def _tightest(bounds: list[tuple[Any, str]], choose: Any) -> list[tuple[Any, str]]:
    return [choose(bounds, key=lambda each: each[0])] if bounds else []


def _constraints(info: Any) -> Iterator[Any]:
    """Yield the constraints of a field, those within an optional type too."""
    for each in getattr(info, "metadata", ()):
        if isinstance(each, FieldInfo):
            yield from _constraints(each)
        elif isinstance(each, annotated_types.BaseMetadata):
            yield each
    for inside in get_args(getattr(info, "annotation", info)):
        if not isinstance(inside, type) and get_args(inside):
            yield from (each for part in getattr(inside, "__metadata__", ()) for each in _constraints_of(part))


def _constraints_of(part: Any) -> Iterator[Any]:
    if isinstance(part, FieldInfo):
        yield from _constraints(part)
    elif isinstance(part, annotated_types.BaseMetadata):
        yield part


def _code(text: str) -> str:
    """Return a docstring's text as Markdown: a double back-quote is a single one here."""
    return re.sub(r"``([^`]+)``", r"`\1`", text)
