"""Paths in scenario files: relative to the file that names them."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, ValidationInfo

from simulator.core.input_files.wording import one_line, shortened

_LONGEST_PATH = 240


def resolve_file(path: Path, folder: Path) -> Path:
    """Return the absolute path of an existing file; a relative ``path`` starts at ``folder``.

    Raises
    ------
    ValueError
        If there is no such file, or it cannot be looked for.
    """
    shown = one_line(shortened(str((folder / path).absolute()), _LONGEST_PATH))
    try:
        resolved = (folder / path).resolve()
        if resolved.is_file():
            return resolved
        is_folder = resolved.is_dir()
    except PermissionError:
        raise ValueError(f"{shown} may not be read: permission denied") from None
    except (OSError, ValueError, RuntimeError):  # too long, a NUL in it, a link to itself
        is_folder = False
    raise ValueError(f"{shown} is a folder, not a file" if is_folder else f"there is no file {shown}")


def folder_of(info: ValidationInfo) -> Path:
    """Return where relative paths start: the ``folder`` of the validation context, else the working directory."""
    context: dict[str, Any] = info.context or {}
    return Path(context.get("folder", "."))


def _resolve(path: Path, info: ValidationInfo) -> Path:
    return resolve_file(path, folder_of(info))


InputFile = Annotated[Path, AfterValidator(_resolve)]
"""An existing file; a relative path starts at the ``folder`` of the validation context."""
