"""What is given to the functions of the public interface."""

from collections.abc import Callable
from typing import Any, TypeVar

from simulator.core.errors import UserError

T = TypeVar("T")


def read_argument(name: str, value: Any, read: Callable[[Any], T]) -> T:
    """Return what an argument says.

    Raises
    ------
    UserError
        If it cannot be read so; the message begins with its name.
    """
    try:
        return read(value)
    except (ValueError, TypeError) as error:
        raise UserError(f"{name}: {error}") from None
