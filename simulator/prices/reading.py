"""YAML text to a validated model, or every fault of it with its path and line."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from simulator.core.component import Part, key_of
from simulator.core.errors import Fault, InputFileError, did_you_mean

_LONGEST_VALUE = 64
Model = TypeVar("Model", bound=Part)


def read_model(model: type[Model], text: str, source: str, parts: Mapping[str, type[Part]]) -> Model:
    """Return the model that YAML ``text`` holds.

    Parameters
    ----------
    model
        What the text as a whole is.
    text
        YAML 1.2.
    source
        The text's name in error messages.
    parts
        What each key that holds a list of models holds, so that a misspelt key can be told its neighbours.

    Raises
    ------
    InputFileError
        If the text is no such model; the message has every fault with its path and line.
    """
    try:
        data = YAML(typ="safe", pure=True).load(text)
    except MarkedYAMLError as error:
        line = None if error.problem_mark is None else error.problem_mark.line + 1
        raise InputFileError(source, [Fault(f"is not valid YAML: {error.problem}", line=line)]) from error
    except (YAMLError, ValueError) as error:
        raise InputFileError(source, [Fault(f"is not valid YAML: {error}")]) from error
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise InputFileError(source, _faults(error, text, {"": model, **parts})) from error


def _faults(error: ValidationError, text: str, parts: Mapping[str, type[Part]]) -> Iterator[Fault]:
    root = YAML(typ="safe", pure=True).compose(text)
    for details in error.errors(include_url=False):
        place = details["loc"]
        path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place).removeprefix(".")
        yield Fault(_message(details, parts), path, _line(root, place))


def _message(details: ErrorDetails, parts: Mapping[str, type[Part]]) -> str:
    *above, key = details["loc"] or ("",)
    if details["type"] == "extra_forbidden":
        part = parts[next((step for step in reversed(above) if isinstance(step, str)), "")]
        return f"is no key here; {did_you_mean(str(key), map(key_of, part.model_fields))}"
    if details["type"] == "missing":
        return "is missing"
    if details["type"] == "value_error":
        return str(details["ctx"]["error"])
    value = repr(details["input"])
    shown = value if len(value) <= _LONGEST_VALUE else f"a {type(details['input']).__name__}"
    return f"{shown}: {details['msg'][0].lower()}{details['msg'][1:]}"


def _line(node: Node | None, place: tuple[Any, ...]) -> int | None:
    """Return the line, from 1, of the key or item at ``place``, else of the nearest thing above it."""
    if node is None:
        return None
    line = int(node.start_mark.line) + 1
    for step in place:
        if isinstance(node, MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == step), None)
            if found is None:
                break
            line, node = int(found[0].start_mark.line) + 1, found[1]
        elif isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = int(node.start_mark.line) + 1
        else:
            break
    return line
