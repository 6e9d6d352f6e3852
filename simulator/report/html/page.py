"""A page that is whole in itself: styles, scripts and data stand in it, and its policy lets nothing else run."""

import base64
import functools
import hashlib
import json
from collections.abc import Mapping, Sequence
from importlib import resources
from importlib.metadata import version
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

SORTING = ("sort.js",)
"""The scripts of every page."""
REBILLING = ("numbers.js", "bill.js", "choice.js", "book.js", "settings.js")
"""Those of a page that bills anew."""
_HARMFUL = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}
"""What could end the element that data stand in."""


def page(template: str, context: Mapping[str, object], scripts: Sequence[str], data: str = "") -> str:
    """Return a page.

    Parameters
    ----------
    template, context
        Its form, and what that names.
    scripts
        The files of its scripts, in their order.
    data
        What its scripts read, as `json_of` has it; nothing where it is empty.
    """
    style, script = _source("report.css"), _script(scripts)
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    return (
        _environment()
        .get_template(template)
        .render(
            **context,
            policy=policy,
            style=Markup(style),  # noqa: S704  (ours)
            script=Markup(script),  # noqa: S704
            data=Markup(data),  # noqa: S704  (nothing in it can end its element)
            version=version("predcost"),
        )
    )


@functools.cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader(__package__, ""),
        autoescape=True,
        finalize=_readable,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _readable(value: Any) -> Any:
    """Return a text without what cannot be printed, such as marks that turn the direction of what follows."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return "".join(letter if letter.isprintable() else " " for letter in value)


def _script(names: Sequence[str]) -> str:
    parts = "\n".join(map(_source, names))
    return f'"use strict";\n(() => {{\n{parts}}})();\n'


@functools.cache
def _source(name: str) -> str:
    return (resources.files(__package__) / name).read_text(encoding="utf-8")


def _hash(source: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}"


def json_of(data: object) -> str:
    """Return data as JSON that can stand in a page."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    for letter, escaped in _HARMFUL.items():
        text = text.replace(letter, escaped)
    return text
