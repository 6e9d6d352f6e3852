"""Documents made of a run: where they are, and how they come there whole."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from simulator.core.errors import UserError


def document_path(run: Path, out: Path | None, name: str) -> Path:
    """Return where a document goes: where it is wanted, or into the folder of the run.

    Parameters
    ----------
    run, out
        The folder of the run, and where the document is wanted.
    name
        What it is called in the folder of the run, such as ``report.html``.

    Raises
    ------
    UserError
        If its name does not end as such documents' do.
    """
    ending = Path(name).suffix
    if out is not None and out.suffix.lower() != ending:
        raise UserError(f"--out: {out} must end in {ending}, such as {out.with_suffix(ending).name}")
    return run / name if out is None else out


@contextlib.contextmanager
def written_whole(path: Path, *, replaces: bool) -> Iterator[Path]:
    """Give a file to write to, which takes its place when it is whole; what is there stays until then.

    Parameters
    ----------
    path
        The place.
    replaces
        Whether it may take the place of a file.

    Raises
    ------
    UserError
        If something else is there, or it cannot be written.
    """
    check_free(path, replaces=replaces)
    try:
        with tempfile.TemporaryDirectory(dir=path.absolute().parent, prefix=".") as folder:
            staged = Path(folder) / path.name
            yield staged
            staged.replace(path)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror or error}") from error


def write_text(text: str, path: Path, *, replaces: bool) -> Path:
    """Write a text whole, and return its path; see `written_whole`."""
    with written_whole(path, replaces=replaces) as staged:
        staged.write_text(text, encoding="utf-8")
    return path


def check_free(path: Path, *, replaces: bool, other: str = "--out") -> None:
    """Refuse a place where something is that may not be replaced.

    Parameters
    ----------
    path, replaces
        The place, and whether a file that is there may be replaced.
    other
        What the user would give to have it elsewhere.

    Raises
    ------
    UserError
        If something else is there.
    """
    if path.is_dir() or (path.exists() and not replaces):
        what = "is a folder" if path.is_dir() else f"is there already; give another {other}, or --force to replace it"
        raise UserError(f"{path} {what}")
