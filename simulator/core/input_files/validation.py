"""From a file's data to a validated model, or to all that is wrong with it."""

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol, TypeVar, runtime_checkable

from pydantic import BaseModel, ValidationError

from simulator.core.errors import Fault, InputFileError
from simulator.core.input_files.faults import fault_at, faults_of, in_order
from simulator.core.input_files.reading import Tree
from simulator.core.input_files.wording import as_message

M = TypeVar("M", bound=BaseModel)


@runtime_checkable
class Whole(Protocol):
    """A model whose parts can contradict each other, each part valid by itself."""

    def contradictions(self) -> Iterable[tuple[tuple[str | int, ...], str]]:
        """Yield the keys of each contradiction and what is wrong there."""


def validate(model: type[M], tree: Tree, source: str, folder: Path) -> M:
    """Return ``tree`` as a ``model``.

    Parameters
    ----------
    model
        The model of the file's root.
    tree
        The data as read, with overrides applied.
    source
        What the file is called in messages.
    folder
        Where relative paths in the file start.

    Raises
    ------
    InputFileError
        If anything is wrong; it holds all faults, with their lines.
    """
    try:
        whole = model.model_validate(tree.data, context={"folder": folder})
    except ValidationError as error:
        raise InputFileError(source, faults_of(error, model, tree)) from None
    except (OverflowError, OSError) as error:  # a value that a validator's library chokes on, such as an endless path
        raise InputFileError(source, [Fault(as_message(f"a value cannot be used: {error}"))]) from error
    if isinstance(whole, Whole):
        faults = in_order(fault_at(keys, message, tree) for keys, message in whole.contradictions())
        if faults:
            raise InputFileError(source, faults)
    return whole
