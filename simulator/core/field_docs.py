"""What the docstrings below the fields of parts say, read from their sources."""

import ast
import functools
import inspect
import itertools
import textwrap

from pydantic import BaseModel


@functools.cache
def described(part: type[BaseModel]) -> dict[str, str]:
    """Return what the docstrings below a part's fields say of them.

    Sources are read when somebody asks, as pydantic's own way (``use_attribute_docstrings``) takes half of the time
    that importing all components needs.
    """
    found: dict[str, str] = {}
    for owner in reversed(part.__mro__):
        stated = {name: said for name, said in _docstrings(owner).items() if name in part.model_fields}
        for name in inspect.get_annotations(owner):
            found.pop(name, None)
        found |= stated
    return {name: found[name] for name in part.model_fields if name in found}


@functools.cache
def _docstrings(owner: type) -> dict[str, str]:
    """Return the docstrings below the attributes that a class annotates."""
    if not (issubclass(owner, BaseModel) and owner.__module__.startswith("simulator.")):
        return {}
    tree = ast.parse(textwrap.dedent(inspect.getsource(owner)))
    body = tree.body[0].body if isinstance(tree.body[0], ast.ClassDef) else []
    found: dict[str, str] = {}
    for field, said in itertools.pairwise(body):
        if not (isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)):
            continue
        if isinstance(said, ast.Expr) and isinstance(said.value, ast.Constant) and isinstance(said.value.value, str):
            found[field.target.id] = inspect.cleandoc(said.value.value)
    return found
