"""Change a scenario's data by key path, as ``--set`` on the command line and ``with_`` in Python do."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, time
from pathlib import PurePath
from typing import Any, Final, TypeAlias

from pydantic import BaseModel

from simulator.core.errors import UserError, did_you_mean
from simulator.core.input_files.reading import (
    DEEPEST,
    LONGEST_KEY,
    MOST_DIGITS,
    Keys,
    Override,
    Plain,
    Tree,
    parse_value,
    unprintable_in,
)
from simulator.core.input_files.schema_walk import SchemaWalk
from simulator.core.input_files.wording import one_line, shortened, shown, written_path

_ASSIGNMENT: Final = re.compile(r'((?:"[^"]*"|[^"=])*)=(.*)\Z', re.DOTALL)
_INDEX: Final = re.compile(r"(?:\[(\d{1,6})\]|(\d{1,6}))(?=[.\[]|\Z)")
_QUOTED: Final = re.compile(r'"([^"]+)"(?=[.\[]|\Z)')
_WORD: Final = re.compile(r"[^.\[\"]+(?=[.\[]|\Z)")
_LARGEST: Final = 10**MOST_DIGITS
_EXAMPLE: Final = "write e.g. population.users=1M"


def read_assignment(text: str) -> tuple[str, Plain]:
    """Return the key and the value of a ``--set`` argument such as ``plans.hybrid.cache.ttl=12 h``.

    The value is YAML: a scalar, or a list or mapping such as ``{kind: ttl, ttl: 6 h}``. ``null`` deletes the key.

    Raises
    ------
    UserError
        If there is no ``=``, no key, no value, or the value is not YAML.
    """
    key, value = split_assignment(text, "--set", _EXAMPLE)
    if not value:
        raise UserError(f"{_label('--set', key)}: has no value after '='; write null to delete the key")
    return key, parse_value(value, _label("--set", key))


def split_assignment(text: str, by: str, example: str) -> tuple[str, str]:
    """Return what stands before the ``=`` of an argument, and what stands behind it.

    Raises
    ------
    UserError
        If there is no ``=``, or nothing before it.
    """
    label = _label(by, text)
    match = _ASSIGNMENT.match(text)
    if match is None:
        raise UserError(f"{label}: has no '='; {example}")
    if not match[1].strip():
        raise UserError(f"{label}: has no key before '='; {example}")
    return match[1].strip(), match[2].strip()


def apply_overrides(
    tree: Tree, overrides: Mapping[str, object], by: str = "--set", model: type[BaseModel] | None = None
) -> Tree:
    """Return ``tree`` with the values of ``overrides`` under their dotted key paths; ``tree`` stays as it is.

    Parameters
    ----------
    tree
        A scenario's data.
    overrides
        By key path, such as ``plans.on demand.backend``, ``plans."a.b".backend`` or ``population.segments[0].share``.
        What is there already decides where a key ends. None deletes the key.
    by
        What the overrides are called in messages.
    model
        The model of the file's root, which says what short forms stand for: a path may lead into what one stands for.

    Raises
    ------
    UserError
        If a path does not lead to a mapping's key or a list's item.
    """
    walk = SchemaWalk(model) if model is not None else None
    for path, value in overrides.items():
        label = _label(by, path)
        tree = _in_full_along(tree, path.strip(), _step_of_path(label), walk)
        keys = _keys_of_path(tree.data, path, label)
        tree = _with_value(tree, keys, value, label, _hint(tree, keys, walk))
    return tree


def _hint(tree: Tree, keys: Keys, walk: SchemaWalk | None) -> str:
    """Return what may have been meant, where a path leads into what there is none of under that name."""
    top = _first_new(tree.data, keys)
    if walk is None or top == keys:
        return ""
    *_, (owner, _) = walk.along(tree.data, top)
    if owner["type"] != "dict":
        return ""
    parent: Plain = tree.data
    for key in top[:-1]:
        parent = _child(parent, key)
    known = parent if isinstance(parent, dict) else {}
    return f"there is no {shown(top[-1])} in '{written_path(top[:-1])}' yet; {did_you_mean(str(top[-1]), known)}"


def keys_of(tree: Tree, path: str, by: str, model: type[BaseModel]) -> tuple[Tree, Keys]:
    """Return the keys that a path leads along, and ``tree`` with the short forms written out that it leads into.

    Raises
    ------
    UserError
        If it cannot be read as a key path, or leads below a value.
    """
    label = _label(by, path)
    tree = _in_full_along(tree, path.strip(), _step_of_path(label), SchemaWalk(model))
    return tree, _keys_of_path(tree.data, path, label)


def apply_keywords(tree: Tree, keywords: Mapping[str, object]) -> Tree:
    """Return ``tree`` with the values of keyword arguments such as ``plans__on_demand__backend``.

    ``__`` separates keys, and ``_`` stands for itself or for whatever a Python name cannot hold.

    Raises
    ------
    UserError
        If a keyword does not lead to a mapping's key or a list's item, or fits two keys.
    """
    for keyword, value in keywords.items():
        label = f"with_({shortened(one_line(keyword), 80)}=...)"
        tree = _with_value(tree, _keys_of_keyword(tree.data, keyword, label), value, label)
    return tree


def stated(part: BaseModel) -> dict[str, Any]:
    """Return what a part of a scenario states, as a file would hold it; defaults are left out.

    A default written out can contradict what is there: segments forbid the very `dormant` that they make superfluous.
    """
    return part.model_dump(mode="json", exclude_unset=True)


def _label(by: str, path: str) -> str:
    return f"{by} {shortened(one_line(path), 80)}"


def _keys_of_path(data: Plain, path: str, label: str) -> Keys:
    return _descend(data, path.strip(), _step_of_path(label), label)


def _step_of_path(label: str) -> "_Step":
    def next_step(node: Plain, rest: str) -> tuple[str | int, str]:
        key, length = _step_in_list(node, rest, label) if isinstance(node, list) else _step_in_mapping(node, rest)
        if length == 0:
            raise UserError(f"{label}: cannot be read as a key path at '{shortened(one_line(rest))}'; {_EXAMPLE}")
        rest = rest[length:]
        return key, rest if rest.startswith("[") else rest[1:] or ("." if rest else "")

    return next_step


def _in_full_along(tree: Tree, path: str, next_step: "_Step", walk: SchemaWalk | None) -> Tree:
    """Return ``tree`` with the short forms written out that ``path`` leads into."""
    node: Plain = tree.data
    data: Plain = tree.data
    keys, rest = list[str | int](), path
    while walk is not None and rest and len(keys) <= DEEPEST:
        if node is not None and keys and not isinstance(node, dict):
            forms = walk.short_forms(data, tuple(keys))
            full = forms(node) if forms else node
            if isinstance(full, dict):
                node, data = full, _replaced(data, tuple(keys), full)
        if not isinstance(node, (dict, list)):
            break
        key, rest = next_step(node, rest)
        keys.append(key)
        node = _child(node, key)
    if data is tree.data:
        return tree
    assert isinstance(data, dict)
    return replace(tree, data=data)


def _step_in_list(items: list[Plain], rest: str, label: str) -> tuple[int, int]:
    match = _INDEX.match(rest)
    if match is None:
        raise UserError(f"{label}: '{shortened(one_line(rest))}' is not the index of a list item; write e.g. [0]")
    index = int(match[1] or match[2])
    if index >= len(items):
        raise UserError(f"{label}: there is no item [{index}]; the list has {len(items)}, counted from 0")
    return index, match.end()


def _step_in_mapping(node: Plain, rest: str) -> tuple[str, int]:
    if quoted := _QUOTED.match(rest):
        return quoted[1], quoted.end()
    known = node if isinstance(node, dict) else {}
    fitting = [key for key in known if rest.startswith(key) and rest[len(key) :][:1] in ("", ".", "[")]
    if fitting:
        longest = max(fitting, key=len)
        return longest, len(longest)
    word = _WORD.match(rest)
    return (word[0].strip(), word.end()) if word and word[0].strip() else ("", 0)


def _keys_of_keyword(data: Plain, keyword: str, label: str) -> Keys:
    def next_step(node: Plain, rest: str) -> tuple[str | int, str]:
        name, separator, rest = rest.partition("__")
        if not name or (separator and not rest):
            raise UserError(f"{label}: an empty name between '__'; write e.g. population__users=1_000_000")
        if isinstance(node, list):
            return _step_in_list(node, name, label)[0], rest
        return _key_for_name(node if isinstance(node, dict) else {}, name, label), rest

    return _descend(data, keyword, next_step, label)


def _key_for_name(known: dict[str, Plain], name: str, label: str) -> str:
    fitting = [key for key in known if re.sub(r"\W", "_", key) == name]
    if name in known or not fitting:
        return name
    if len(fitting) > 1:
        raise UserError(f"{label}: '{name}' may be any of {', '.join(map(shown, fitting))}; use a key path instead")
    return fitting[0]


_Step: TypeAlias = Callable[[Plain, str], tuple[str | int, str]]
"""Takes the next key off a path; what is there already decides where it ends."""


def _descend(data: Plain, path: str, next_step: _Step, label: str) -> Keys:
    """Return the keys that ``next_step`` takes off ``path``, one by one, going down ``data`` as far as it goes."""
    node, keys, rest = data, list[str | int](), path
    while rest or not keys:
        if node is not None and not isinstance(node, (dict, list)):
            raise UserError(f"{label}: {written_path(keys)} is {shown(node)}, so nothing can be set below it")
        key, rest = next_step(node, rest)
        keys.append(key)
        node = _child(node, key)
        if len(keys) > DEEPEST:
            raise UserError(f"{label}: is nested deeper than {DEEPEST} levels")
        if isinstance(key, str) and (len(key) > LONGEST_KEY or unprintable_in(key)):
            raise UserError(f"{label}: {shown(key)} cannot be a key")
    return tuple(keys)


def _child(node: Plain, key: str | int) -> Plain:
    if isinstance(node, list):
        return node[int(key)]
    return node.get(str(key)) if isinstance(node, dict) else None


def _with_value(tree: Tree, keys: Keys, value: object, label: str, hint: str = "") -> Tree:
    if value is None and isinstance(keys[-1], int):
        raise UserError(f"{label}: an item of a list cannot be deleted; set the whole list")
    top = _first_new(tree.data, keys)
    if value is None and top != keys:
        return tree
    data = _replaced(tree.data, keys, _plain(value, label))
    assert isinstance(data, dict)
    return replace(
        tree,
        data=data,
        lines=_outside(tree.lines, top),
        overrides={**_outside(tree.overrides, keys), top: Override(label, keys, hint)},
    )


def _first_new(data: Plain, keys: Keys) -> Keys:
    """Return ``keys`` up to the first that is not there yet, for an override answers for all that it makes."""
    for length in range(1, len(keys)):
        data = _child(data, keys[length - 1])
        if data is None:
            return keys[:length]
    return keys


def _outside(by_keys: Mapping[Keys, Any], top: Keys) -> dict[Keys, Any]:
    return {keys: value for keys, value in by_keys.items() if keys[: len(top)] != top}


def _replaced(node: Plain, keys: Keys, value: Plain) -> Plain:
    """Return a copy of ``node`` with ``value`` under ``keys``; what lies beside the path is shared."""
    key, rest = keys[0], keys[1:]
    child = _replaced(_child(node, key), rest, value) if rest else value
    if isinstance(node, list):
        items = list(node)
        items[int(key)] = child
        return items
    copy = dict(node) if isinstance(node, dict) else {}
    copy[str(key)] = child
    if child is None and not rest:
        del copy[str(key)]
    return copy


def _plain(value: Any, label: str, depth: int = 0) -> Plain:
    """Return a Python value as a scenario file would hold it."""
    value = _without_types(value)
    if depth > DEEPEST:
        raise UserError(f"{label}: is nested deeper than {DEEPEST} levels")
    if isinstance(value, Mapping):
        return {str(key): _plain(item, label, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item, label, depth + 1) for item in value]
    if isinstance(value, int) and abs(value) >= _LARGEST:
        raise UserError(f"{label}: is a number of more than {MOST_DIGITS} digits")
    if isinstance(value, str) and (found := unprintable_in(value)):
        raise UserError(f"{label}: holds the control character {found}")
    if value is None or isinstance(value, (str, int, float)):
        return value
    raise UserError(f"{label}: a {type(value).__name__} cannot stand in a scenario; use text, numbers, lists and dicts")


def _without_types(value: Any) -> Any:
    """Return dates, paths, parts of scenarios and numpy's values as text, mappings and plain numbers."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, PurePath):
        return str(value)
    return stated(value) if isinstance(value, BaseModel) else value
