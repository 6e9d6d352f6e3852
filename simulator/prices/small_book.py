"""A small price book of one's own, to be laid over another: one to begin with, and one for what a book lacks."""

from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from simulator.core.errors import UserError
from simulator.core.input_files.wording import flow

MOST_SHOWN = 5
"""As many meters are written out; a scenario that lacks more has another fault."""


def small_book() -> str:
    """Return the text of a small book, with comments; it can be loaded as it is."""
    return (resources.files(__package__) / "small_book.yaml").read_text(encoding="utf-8")


def write_small_book(path: Path) -> None:
    """Write a small book to a new file.

    Raises
    ------
    UserError
        If it cannot be written, is there already, or would not be read as a book.
    """
    if path.suffix != ".yaml":
        raise UserError(f"{path} must end in .yaml, for that is what price books are read from")
    try:
        with path.open("x", encoding="utf-8") as stream:
            stream.write(small_book())
    except FileExistsError:
        raise UserError(f"{path} is there already; give another name") from None
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}") from error


def laid_over(books: Sequence[str], missing: Sequence[tuple[str, str]]) -> str:
    """Return how to price what books lack, as lines of a file to be laid over them.

    Parameters
    ----------
    books
        The books that a scenario names.
    missing
        The meters that have no price, each with its unit.
    """
    names = ", ".join(each if Path(each).parent == Path() else Path(each).name for each in books)
    lines = [
        f"      - {flow({'meter': meter, 'unit': unit})[:-1]}, usd: PRICE}}" for meter, unit in missing[:MOST_SHOWN]
    ]
    more = [f"      # and {len(missing) - MOST_SHOWN} more"] if len(missing) > MOST_SHOWN else []
    return "\n".join(
        (
            f"To add prices, write a small book and lay it over: 'prices: [{names}, ours.yaml]'. It may hold",
            "name: ours",
            "groups:",
            "  - source: where you read it",
            "    date: when you read it",
            "    prices:",
            *lines,
            *more,
            "'predcost prices new ours.yaml' writes one with comments.",
        )
    )
