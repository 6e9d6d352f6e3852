"""Which price books a scenario goes by: one, or several laid over one another."""

from typing import Annotated, Any

from pydantic import PlainSerializer, PlainValidator, ValidationInfo, WithJsonSchema

from simulator.core.files import folder_of
from simulator.core.input_files.wording import shown
from simulator.prices.loading import find_book

LONGEST_NAME = 4096
MOST_BOOKS = 20
_NAME = {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME}


def _find_books(value: Any, info: ValidationInfo) -> str | tuple[str, ...]:
    """Return the books found; a single one stays a text, so that a scenario reads as it was written."""
    names = list(value) if isinstance(value, (list, tuple)) else [value]
    if not 1 <= len(names) <= MOST_BOOKS:
        raise ValueError(
            f"lists {len(names)} price books; name from 1 to {MOST_BOOKS}, a later one over an earlier one"
        )
    found, faults = [], []
    for name in names:
        try:
            found.append(_find(name, info))
        except ValueError as error:
            faults.append(str(error))
    if faults:
        raise ValueError("; ".join(faults))
    return found[0] if len(found) == 1 else tuple(found)


def _find(name: Any, info: ValidationInfo) -> str:
    if not isinstance(name, str) or len(name) > LONGEST_NAME:
        said = (
            f"is {len(name)} characters long" if isinstance(name, str) else f"{shown(name)} is no name of a price book"
        )
        raise ValueError(f"{said}; write e.g. 'aws-us-east-1' or 'our_prices.yaml', or a list of them")
    return find_book(name, folder_of(info))


BookNames = Annotated[
    str | tuple[str, ...],
    PlainValidator(_find_books),
    PlainSerializer(lambda found: found if isinstance(found, str) else list(found), return_type=str | list[str]),
    WithJsonSchema({"anyOf": [_NAME, {"type": "array", "items": _NAME, "minItems": 1, "maxItems": MOST_BOOKS}]}),
]
"""A price book, or several; a later one's meters replace an earlier one's."""
