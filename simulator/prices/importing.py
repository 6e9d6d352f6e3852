"""From a price list to a price book in a file, or to all that is wrong with the list."""

import os
import tempfile
from pathlib import Path

from simulator.core.component import components
from simulator.core.errors import UserError, did_you_mean
from simulator.prices.importers.base import Imported, Importer
from simulator.prices.importers.invoices import InvoiceImporter
from simulator.prices.loading import SUFFIX, load_book
from simulator.prices.writing import write_book

PACKAGE = "simulator.prices.importers"


def import_book(
    kind: str, file: Path, out: Path, region: str | None = None, name: str | None = None, rate: str | None = None
) -> Imported:
    """Write the book that a list makes; nothing is ever half-written.

    Parameters
    ----------
    kind
        Of the list: one of the importers.
    file, out
        The list, and the book.
    region
        Whose prices, where the list has several regions.
    name
        What the book is called; by default as the list.
    rate
        Which of an invoice's prices: contracted (the default), effective or list.

    Raises
    ------
    UserError
        If there is no such kind, if the list is wrong (all faults at once), or if the book cannot be written.
    """
    kinds = components(Importer, PACKAGE)
    if kind not in kinds:
        raise UserError(f"there is no kind of price list '{kind}'; {did_you_mean(kind, kinds)}")
    if out.suffix != SUFFIX:
        raise UserError(f"--out: {out} must end in {SUFFIX}, for that is what price books are read from")
    if not file.is_file():
        raise UserError(f"there is no file {file}")
    if rate is not None and not issubclass(kinds[kind], InvoiceImporter):
        invoices = sorted(each for each, found in kinds.items() if issubclass(found, InvoiceImporter))
        raise UserError(f"--rate: a list of kind '{kind}' has one price each; rates are of {' and '.join(invoices)}")
    imported = kinds[kind](kind=kind, region=region, name=name, rate=rate)
    assert isinstance(imported, Importer)
    found = imported.read(file)
    _write(write_book(found.book), out)
    return found


def _write(text: str, out: Path) -> None:
    """Write a book to another name first, read it again, and only then put it in its place."""
    try:
        handle, stage = tempfile.mkstemp(prefix=f".{out.stem}-", suffix=SUFFIX, dir=out.absolute().parent)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        raise UserError(f"cannot write {out}: {error.strerror}") from error
    staged = Path(stage)
    try:
        load_book(staged)
        staged.chmod(0o644)
        staged.replace(out)
    except OSError as error:
        raise UserError(f"cannot write {out}: {error.strerror}") from error
    finally:
        staged.unlink(missing_ok=True)
