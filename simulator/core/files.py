"""Paths in scenario files: relative to the file that names them."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, ValidationInfo


def _resolve(path: Path, info: ValidationInfo) -> Path:
    context: dict[str, Any] = info.context or {}
    resolved = (Path(context.get("folder", ".")) / path).resolve()
    if not resolved.is_file():
        raise ValueError(f"there is no file {resolved}")
    return resolved


InputFile = Annotated[Path, AfterValidator(_resolve)]
"""An existing file; a relative path starts at the ``folder`` of the validation context."""
