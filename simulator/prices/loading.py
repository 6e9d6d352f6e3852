"""Where price books come from: the catalogue, files, and lists of language models' prices."""

from collections.abc import Sequence
from functools import reduce
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from simulator.core.errors import UserError, did_you_mean
from simulator.core.files import resolve_file
from simulator.core.input_files.reading import parse_tree, read_tree
from simulator.core.input_files.validation import validate
from simulator.core.input_files.wording import one_line, shortened
from simulator.prices.book import PriceBook

SUFFIX = ".yaml"
MODEL_PRICES_SUFFIX = ".json"
"""Files of this suffix list the token prices of language models, as LiteLLM and tokencost do."""
MOST_VALUES = 200_000
"""Of a book's file: a provider sells some thousand instance types, each at several prices."""
LARGEST_BYTES = 2**24
"""Of a book's file: one made of LiteLLM's list takes a few million."""


def _catalogue() -> Traversable:
    return resources.files(__package__) / "catalogue"


def catalogue_names() -> tuple[str, ...]:
    """Return the names of the bundled price books, in alphabetical order."""
    names = (entry.name for entry in _catalogue().iterdir())
    return tuple(sorted(name.removesuffix(SUFFIX) for name in names if name.endswith(SUFFIX)))


def find_book(name_or_path: str | Path, folder: Path = Path()) -> str:
    """Return the name of a bundled book as it is, and the path of a file absolute.

    Parameters
    ----------
    name_or_path
        A name of the catalogue, or a path; a file that has the name of a bundled book is reached as ``./name``.
    folder
        Where relative paths start.

    Raises
    ------
    ValueError
        If it is neither a bundled book nor a file.
    """
    wanted = str(name_or_path)
    if wanted in catalogue_names():
        return wanted
    try:
        return str(resolve_file(Path(wanted), folder))
    except ValueError:
        hint = did_you_mean(shortened(wanted), catalogue_names())
        short = one_line(shortened(wanted, 120))
        raise ValueError(
            f"'{short}' is neither a bundled price book nor a file in {folder.absolute()}; {hint}"
        ) from None


def load_book(names_or_paths: str | Path | Sequence[str | Path], folder: Path = Path()) -> PriceBook:
    """Return a bundled book by its name, else one from a file; several are laid over one another.

    Parameters
    ----------
    names_or_paths
        A name of the catalogue or a path, as `find_book` takes it, or several: a later book's meters replace an
        earlier one's. A path that ends in ``.json`` lists the token prices of language models.
    folder
        Where relative paths start.

    Raises
    ------
    UserError
        If one is neither a bundled book nor a file.
    InputFileError
        If a file cannot be read or is no price book; it holds all faults, with their paths and lines.
    """
    several = [names_or_paths] if isinstance(names_or_paths, (str, Path)) else list(names_or_paths)
    if not several:
        raise UserError(f"prices: names no price book; {did_you_mean('', catalogue_names())}")
    return reduce(PriceBook.under, (_load_one(each, folder) for each in several))


def _load_one(name_or_path: str | Path, folder: Path) -> PriceBook:
    try:
        found = find_book(name_or_path, folder)
    except ValueError as error:
        raise UserError(f"prices: {error}") from None
    if found in catalogue_names():
        tree = parse_tree((_catalogue() / f"{found}{SUFFIX}").read_text(encoding="utf-8"), found, MOST_VALUES)
    elif found.endswith(MODEL_PRICES_SUFFIX):
        from simulator.prices.importers.litellm import LiteLlm  # noqa: PLC0415  (20 ms that only such a list needs)

        return LiteLlm().read(Path(found)).book
    else:
        tree = read_tree(found, MOST_VALUES, LARGEST_BYTES)
    return validate(PriceBook, tree, found, folder)
