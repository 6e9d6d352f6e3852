"""What pydantic found wrong, said in the terms of the file: key paths, lines, the user's own text and units."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from simulator.core.errors import Fault, did_you_mean
from simulator.core.input_files.reading import Keys, Tree
from simulator.core.input_files.schema_walk import Place, Schema, SchemaWalk, description_of, examples_of, field_of
from simulator.core.input_files.wording import LARGEST_SHOWN, as_message, flow, one_line, shortened, shown, written_path


def faults_of(error: ValidationError, model: type[BaseModel], tree: Tree) -> tuple[Fault, ...]:
    """Return every fault that validating ``tree`` as a ``model`` found, in the order of the file.

    Parameters
    ----------
    error
        What ``model.model_validate(tree.data)`` raised.
    model
        The model of the file's root.
    tree
        The data as read, with lines and overrides.
    """
    walk = SchemaWalk(model)
    notes = [_note(detail, walk, tree) for detail in error.errors(include_url=False)]
    return in_order(_fault(note, tree) for note in _without_other_choices(notes))


def fault_at(keys: Keys, message: str, tree: Tree) -> Fault:
    """Return a fault of the value under ``keys``, with its line or the override that set it."""
    return _fault(_Note(message, keys, keys), tree)


def in_order(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """Return each fault once, in the order of the file."""
    return tuple(sorted(dict.fromkeys(faults), key=lambda fault: fault.line or 0))


@dataclass(frozen=True)
class _Note:
    """A fault before its line is known."""

    message: str
    part: Keys
    """What the message is about."""
    at: Keys
    """Where to look it up: the same, or one key further for a key that is missing or unknown."""
    union: Keys | None = None


def _note(detail: Mapping[str, Any], walk: SchemaWalk, tree: Tree) -> _Note:
    place = walk.place(detail["loc"])
    kind = str(detail["type"])
    alone = _length_to_value_alone(tree.data, place.keys)
    if alone is not None:
        return _note_of_short_form(detail, walk, place, tree, alone)
    value = place.keys[-1] if place.of_key else _value_at(tree.data, place.keys, detail.get("input"))
    if kind in _OF_PARENT:
        message, at = _OF_PARENT[kind](walk, place), place.keys
        return _Note(message, place.keys[:-1], at, place.union)
    if kind == "union_tag_invalid":
        tag = str(place.schema["discriminator"])
        wrong = value.get(tag) if isinstance(value, dict) else value
        return _Note(f"{tag} {_not_one_of(_choices(place.schema), wrong)}", place.keys, (*place.keys, tag), place.union)
    return _Note(_message(kind, walk, place, value, detail), place.keys, place.keys, place.union)


def _length_to_value_alone(data: object, keys: Keys) -> int | None:
    """Return how many of ``keys`` lead to a value that stands for a part, where others lead into that part."""
    for length, key in enumerate(keys):
        if isinstance(data, (str, int, float)) or (isinstance(data, list) and isinstance(key, str)):
            return length
        data = _value_at(data, (key,), None)
    return None


def _note_of_short_form(detail: Mapping[str, Any], walk: SchemaWalk, place: Place, tree: Tree, alone: int) -> _Note:
    """Return a fault of a part in place of which the file gives a value alone, or of an item of a list alone."""
    at, kind = place.keys[:alone], str(detail["type"])
    value = _value_at(tree.data, at, None)
    forms = walk.short_forms(tree.data, at)
    if kind in _OF_PARENT:
        message = f"{shown(value)} alone does not say all: {_OF_PARENT[kind](walk, place)}"
    else:
        message = _message(kind, walk, place, detail.get("input"), detail)
    form = forms.form_of(value) if forms is not None else None
    if forms is not None and form is not None and form.kind and "has no unit" not in message:
        others = ", ".join(kind for kind in forms.kinds if kind != form.kind)
        message = f"{message}; alone it stands for kind: {form.kind}, and other kinds are {others}"
    keys = (*at, *place.keys[alone + 1 :])
    return _Note(message, keys, keys, place.union)


def _value_at(data: object, keys: Keys, otherwise: object) -> Any:
    for key in keys:
        try:
            data = data[key]  # type: ignore[index]
        except (KeyError, IndexError, TypeError):
            return otherwise
    return data


_ALSO_CALLED: Final[Mapping[str, tuple[str, ...]]] = {
    "dau": ("daily_active",),
    "mau": ("monthly_active",),
    "alpha": ("shape",),
    "type": ("kind",),
    "start": ("at",),
    "begin": ("at",),
    "for": ("duration",),
    "length": ("duration",),
    "factor": ("multiplier",),
    "schedule": ("precompute", "every"),
    "batch": ("precompute",),
    "p99": ("latency_p99",),
    "deadline": ("batch_deadline",),
    "miss": ("on_miss",),
    "time_zone": ("timezones", "timezone"),
    "size": ("prediction_size",),
    "growth": ("growth_per_week",),
    "think": ("think_time",),
}
"""Keys by what newcomers call them, where letters alone do not lead there."""


def _unknown_key(walk: SchemaWalk, place: Place) -> str:
    return unknown_key(str(place.keys[-1]), walk.fields(place.owner))


def unknown_key(key: str, known: Collection[str]) -> str:
    """Return what is wrong with a key that is none of those known."""
    meant = [other for other in _ALSO_CALLED.get(key.lower(), ()) if other in known]
    hint = f"did you mean '{meant[0]}'?" if meant else did_you_mean(shortened(key), known)
    return f"unknown key {shown(key)}; {hint}".rstrip("; ")


def _missing_key(walk: SchemaWalk, place: Place) -> str:
    key = str(place.keys[-1])
    field = field_of(place.owner, key)
    examples = examples_of(field) if field is not None else []
    expected = _expected(walk, place.schema)
    if examples:
        hint = f", e.g. '{key}: {flow(examples[0])}'"
    elif expected:
        hint = f": {expected}"
    elif (said := description_of(place.owner, key)) is not None:
        hint = f": {said.strip().splitlines()[0]}"
    else:
        hint = ""
    return f"needs '{key}'{hint}"


_OF_PARENT: Final[Mapping[str, Callable[[SchemaWalk, Place], str]]] = {
    "extra_forbidden": _unknown_key,
    "missing": _missing_key,
}
"""Errors of a key that should or should not be there, which are faults of the part around it."""


def _choices(schema: Schema) -> list[str]:
    """Return the words that ``schema`` takes: its kinds, or the values of a literal or an enumeration."""
    members = schema.get("choices") or schema.get("expected") or schema.get("members") or ()
    return [str(getattr(member, "value", member)) for member in members]


def _not_one_of(choices: list[str], value: object) -> str:
    hint = did_you_mean(shortened(value), choices) if isinstance(value, str) else ""
    hint = f"; {hint}" if hint.startswith("did") else ""
    return f"{shown(value)} is not one of {', '.join(choices)}{hint}"


def _expected(walk: SchemaWalk, schema: Schema) -> str:
    """Return what a value of ``schema`` looks like, or nothing where a type alone says too little."""
    match schema["type"]:
        case "tagged-union":
            return f"a mapping with a '{schema['discriminator']}': one of {', '.join(_choices(schema))}"
        case "model":
            keys = walk.required(schema) or list(walk.fields(schema))
            return f"a mapping with {', '.join(repr(key) for key in keys)}" if keys else "a mapping"
        case "dict":
            return "a mapping"
        case "list" | "tuple" | "set" | "frozenset":
            return "a list"
        case "literal" | "enum":
            return f"one of {', '.join(_choices(schema))}"
    return ""


_BOUNDS: Final = {
    "greater_than": ("gt", "above"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "below"),
    "less_than_equal": ("le", "at most"),
    "multiple_of": ("multiple_of", "a multiple of"),
}
_LENGTHS: Final = {
    "too_short": ("min_length", "at least", "entries"),
    "too_long": ("max_length", "at most", "entries"),
    "string_too_short": ("min_length", "at least", "characters"),
    "string_too_long": ("max_length", "at most", "characters"),
}
_CONTAINERS: Final = frozenset(
    ("model_type", "model_attributes_type", "dict_type", "list_type", "tuple_type", "set_type", "frozen_set_type")
)
_SIMPLE: Final = {
    "string": "text; put it in quotes",
    "int": "a whole number",
    "float": "a number",
    "finite": "a finite number",
    "bool": "true or false",
    "datetime": "a date and time, e.g. 2026-03-02T00:00",
    "timezone": "a date and time, e.g. 2026-03-02T00:00",
    "date": "a date, e.g. 2026-03-02",
    "path": "a path",
}
"""What to write, by the first word of pydantic's error type."""
_TYPE_ERRORS: Final = ("_type", "_parsing", "_parsing_size", "_from_float", "_number", "_inexact", "_invalid", "_aware")


def _message(kind: str, walk: SchemaWalk, place: Place, value: object, detail: Mapping[str, Any]) -> str:
    context = detail.get("ctx", {})
    if kind in ("value_error", "assertion_error"):
        message = _of_validator(str(context["error"]), value)
    elif kind in _BOUNDS:
        name, relation = _BOUNDS[kind]
        message = f"{shown(value)} must be {relation} {_bound(walk, place.schema, context[name])}"
    elif kind in _CONTAINERS:
        message = f"must be {_expected(walk, place.schema) or 'a mapping'}, not {shown(value)}"
    elif kind == "union_tag_not_found":
        message = f"needs a '{place.schema['discriminator']}': one of {', '.join(_choices(place.schema))}"
    elif kind in ("literal_error", "enum") and _choices(place.schema):
        message = _not_one_of(_choices(place.schema), value)
    elif kind in _LENGTHS:
        name, relation, what = _LENGTHS[kind]
        message = f"{shown(value)} must have {relation} {context[name]} {what}"
    else:
        message = _of_type(kind, value, str(detail["msg"]))
    return message


def _of_type(kind: str, value: object, said: str) -> str:
    first = kind.split("_", maxsplit=1)[0]
    expected = _SIMPLE.get(first)
    if expected is not None and kind.endswith(_TYPE_ERRORS):
        return f"{shown(value)} must be {expected}"
    return f"{shown(value)} {said.removeprefix('Input ')}" if said.startswith("Input ") else f"{shown(value)}: {said}"


def _of_validator(said: str, value: object) -> str:
    """Return what a validator said about ``value``, with the value shown as in the file and in short."""
    short = shown(value)
    if isinstance(value, int) and abs(value) >= LARGEST_SHOWN:  # Python refuses to write such a number out
        return said
    if not isinstance(value, str):
        said = said.replace(repr(value), short)
    elif f"'{value}'" != short:
        said = said.replace(f"'{value}'", short).replace(value, short)
    return said.replace("a dict ", "a mapping ") if isinstance(value, dict) else said


def _bound(walk: SchemaWalk, schema: Schema, bound: object) -> str:
    """Return a bound in the unit that the field is written in; 0 needs none."""
    if bound == 0:
        return "0"
    for layer in walk.layers(schema["outer"]):
        writer = layer.get("serialization", {})
        if writer.get("type") == "function-plain" and writer.get("when_used") == "json" and not writer.get("info_arg"):
            return str(writer["function"](bound))
    return str(bound)


def _without_other_choices(notes: list[_Note]) -> list[_Note]:
    """Return one account of each value that no choice of an untagged union took: the choice that went deepest."""
    kept = [note for note in notes if note.union is None]
    within = [note for note in notes if note.union is not None]
    for union, group in groupby(within, key=lambda note: note.union or ()):
        choices = list(group)
        deeper = [note for note in choices if len(note.at) > len(union)]
        messages = dict.fromkeys(note.message for note in choices)
        kept += deeper or [replace(choices[0], message="; or ".join(messages))]
    return kept


def _fault(note: _Note, tree: Tree) -> Fault:
    message, path = as_message(note.message), written_path(note.part)
    for length in range(len(note.at), 0, -1):
        override = tree.overrides.get(note.at[:length])
        if override is not None:
            inside = path and override.keys not in (note.at, note.part)
            label = one_line(shortened(override.label, 120))
            said = f"{message.rstrip('.')}; {override.hint}" if override.hint else message
            return Fault(said, f"{label}: {path}" if inside else label)
        if note.at[:length] in tree.lines:
            return Fault(message, path, tree.lines[note.at[:length]])
    return Fault(message, path)
