"""The folder of stored outcomes: where it is, how large, how to be rid of it; listing it loads no engine."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from simulator.core.errors import UserError

VARIABLE = "PREDCOST_OUTCOMES"
"""The environment's word on where outcomes are stored."""
NOWHERE = ("off", "none", "0", "no")
SUFFIX, PART = ".outcome", ".part"


def default_folder() -> Path | None:
    """Return where this user's outcomes are stored; None where the environment says nowhere.

    It is one place for all studies, wherever they are kept: the cache folder of the system, as nothing is lost with it
    but time.
    """
    named = os.environ.get(VARIABLE)
    if named:
        return None if named.lower() in NOWHERE else Path(named).expanduser()
    try:
        return _cache_folder() / "predcost" / "outcomes"
    except RuntimeError:  # there is no home
        return None


def _cache_folder() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def outcome_folder() -> "OutcomeFolder | None":
    """Return the folder of this user; None where the environment says that nothing is stored."""
    folder = default_folder()
    return None if folder is None else OutcomeFolder(folder)


class OutcomeFolder:
    """A folder of outcomes, as files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def files(self) -> Iterator[Path]:
        """Yield the files of all outcomes, and of what was set aside or is being written."""
        for path in self.folder.rglob("*"):
            if path.suffix in {SUFFIX, PART}:
                yield path

    def remove(self, is_wanted: Callable[[Path], bool] = lambda _: True) -> int:
        """Remove outcomes, and nothing else that lies there; return how many bytes that freed.

        Raises
        ------
        UserError
            If one cannot be removed.
        """
        freed = 0
        try:
            for path in [each for each in self.files() if is_wanted(each)]:
                size = path.stat().st_size
                path.unlink()
                freed += size
            for folder in sorted((path for path in self.folder.rglob("*") if path.is_dir()), reverse=True):
                with contextlib.suppress(OSError):  # it is not empty
                    folder.rmdir()
        except FileNotFoundError:  # somebody else removes it too
            pass
        except OSError as error:
            raise UserError(f"cannot remove outcomes from {self.folder}: {error.strerror or error}") from error
        return freed
