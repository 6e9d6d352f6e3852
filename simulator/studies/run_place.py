"""Where a run is kept: claimed by one at a time, written out of sight, and never half there.

As long as a run simulates or draws there is nothing of it beside its place, so a run that is killed leaves nothing
there. What is kept is written, in some milliseconds, into a hidden folder beside the place, `.NAME.part`, and takes the
place of what was there in one step. A lock is held by the system for as long as its process lives, so that what a run
leaves behind that was killed just then is known to be nobody's, and goes when the next one claims the place. Where the
folder cannot be replaced, as it is mounted or what it lies in belongs to somebody else, the hidden things are inside
it.
"""

import contextlib
import hashlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from simulator.core.errors import UserError

MANIFEST = "manifest.json"
HIDDEN = (".part", ".old")
LOCK_LETTERS = 20


@contextmanager
def claimed(folder: Path, digest: str, *, force: bool = False) -> Iterator["Claim"]:
    """Claim a place for a run, to the exclusion of all others, and leave nothing hidden there.

    Parameters
    ----------
    folder
        Where the run is to be kept; it need not exist.
    digest
        Of the scenario that is run: the folder may hold a run of the same, which is replaced.
    force
        Whether the run of another scenario may be replaced too.

    Raises
    ------
    UserError
        If something else stands there, or another scenario's run and no ``force``; if another process is writing
        there; if nothing can be written.
    """
    claim = Claim(folder)
    claim.begin(digest, force=force)
    try:
        yield claim
    finally:
        claim.end()


class Claim:
    """A place that nobody else writes to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._place = Path(os.path.realpath(folder))
        parent = self._place.parent
        fixed = self._place.is_dir() and (self._place.is_mount() or not os.access(parent, os.W_OK))
        within, name = (self._place, "run") if fixed else (parent, self._place.name)
        self._is_fixed = fixed
        self._part, self._old = (within / f".{name}{each}" for each in HIDDEN)
        self._lock_file = _lock_file(self._place)
        self._lock: IO[bytes] | None = None
        self._drawing: Path | None = None
        self._digest = ""

    def begin(self, digest: str, *, force: bool) -> None:
        """Claim the place, and clear what is nobody's."""
        self._digest = digest
        self._refuse_other(digest, force=force)
        try:
            with self.writing():
                self._part.parent.mkdir(parents=True, exist_ok=True)
                self._lock = self._locked()
                self._clear()
                self._part.mkdir()  # so that a place that cannot be written to is known before hours are spent
                self._part.rmdir()
                self._refuse_other(digest, force=force)  # which may have come back just now
        except UserError:
            self.end()
            raise

    def end(self) -> None:
        """Remove what is hidden, and let others in."""
        if self._lock is None:
            return
        self._clear()
        if self._drawing is not None:
            shutil.rmtree(self._drawing, ignore_errors=True)
        lock, self._lock = self._lock, None
        if sys.platform == "win32":
            lock.close()
        with contextlib.suppress(OSError):
            self._lock_file.unlink()
        lock.close()

    def publish(self, write: Callable[[Path], None], *, complete: bool = True) -> bool:
        """Put what is written in the place of what was there; return whether it was done.

        A run that was cut off does not take the place of a whole one of the same scenario.

        Parameters
        ----------
        write
            Writes all of it into an empty folder.
        complete
            Whether it is all that was asked for.
        """
        held = _manifest(self._place) or {}
        if not complete and held.get("complete") and self._digest in _digests(held):
            return False
        with self.writing():
            self._clear()
            self._part.mkdir()
            write(self._part)
            if self._is_fixed:
                self._fill()
            else:
                self._replace()
        return True

    @property
    def hidden(self) -> Path:
        """Where files are written that take long, out of sight and away from the place."""
        if self._drawing is None:
            self._drawing = Path(tempfile.mkdtemp(prefix="predcost-"))
        return self._drawing

    def take(self, subfolder: str, stem: str) -> None:
        """Move what is written out of sight under some name, whatever its kind, into a folder of the run."""
        to = self._place / subfolder
        to.mkdir(exist_ok=True)
        for each in sorted(self.hidden.glob(f"{stem}.*")):
            part = to / f".{each.name}"
            try:
                shutil.move(each, part)  # it may come from another disk
                part.replace(to / each.name)
            finally:
                part.unlink(missing_ok=True)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Say what cannot be written, and why."""
        try:
            yield
        except OSError as error:
            raise UserError(f"cannot write to {self.folder}: {error.strerror or error}") from error

    def _refuse_other(self, digest: str, *, force: bool) -> None:
        place, shown = self._place, self.folder
        if not place.exists() and not place.is_symlink():
            return
        if not (place / MANIFEST).is_file():
            if not place.is_dir() or any(each.name not in self._hidden_names for each in place.iterdir()):
                raise UserError(f"{shown} is in the way: it exists and is not a run of predcost; give another --out")
            return
        found = _manifest(place) or {}
        if force or digest in _digests(found):
            return
        name = f" ('{found['scenario']}', seed {found.get('seed')})" if "scenario" in found else ""
        raise UserError(
            f"{shown} holds the run of another scenario{name}, or of this one with other values; give another --out, "
            "or --force to replace it"
        )

    @property
    def _hidden_names(self) -> tuple[str, ...]:
        return tuple(each.name for each in (self._part, self._old)) if self._is_fixed else ()

    def _locked(self) -> IO[bytes]:
        """Return the lock file, held by this process alone."""
        while True:
            self._lock_file.parent.mkdir(mode=0o700, exist_ok=True)
            lock = self._lock_file.open("a+b")
            try:
                _hold(lock)
            except (BlockingIOError, PermissionError):
                lock.close()
                raise UserError(
                    f"{self.folder} is being written by another run; wait until it is done, or give another --out"
                ) from None
            with contextlib.suppress(OSError):
                if os.path.samestat(os.fstat(lock.fileno()), self._lock_file.stat()):
                    return lock
            lock.close()  # its last owner has just removed it

    def _clear(self) -> None:
        if self._old.exists() and not self._place.exists():  # whoever replaced it was stopped in between
            self._old.rename(self._place)
        for each in (self._part, self._old):
            shutil.rmtree(each, ignore_errors=True)
        with contextlib.suppress(OSError):  # what an earlier version locked
            self._part.with_suffix(".lock").unlink()

    def _replace(self) -> None:
        if self._place.exists():
            self._place.rename(self._old)
        self._part.rename(self._place)
        shutil.rmtree(self._old, ignore_errors=True)

    def _fill(self) -> None:
        """Move all into the folder, what says that a run is there last."""
        for each in self._place.iterdir():
            if each.name in self._hidden_names:
                continue
            if each.is_dir() and not each.is_symlink():
                shutil.rmtree(each)
            else:
                each.unlink()
        for each in sorted(self._part.iterdir(), key=lambda path: path.name == MANIFEST):
            each.rename(self._place / each.name)


def _lock_file(place: Path) -> Path:
    """Return what is locked for a place: a file of this user, where files go that nobody misses."""
    user = os.getuid() if hasattr(os, "getuid") else "mine"
    name = hashlib.sha256(os.fsencode(place)).hexdigest()[:LOCK_LETTERS]
    return Path(tempfile.gettempdir()) / f"predcost-locks-{user}" / f"{name}.lock"


def _manifest(folder: Path) -> dict[str, Any] | None:
    try:
        found = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _digests(manifest: dict[str, Any]) -> tuple[Any, ...]:
    """Return what a run's scenario may be known by: as it was asked for, and as it was run."""
    return manifest.get("asked_digest"), manifest.get("scenario_digest")


def _hold(lock: IO[bytes]) -> None:
    """Lock a file until it is closed or its process ends.

    Raises
    ------
    BlockingIOError, PermissionError
        If somebody else holds it.
    """
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415

        try:
            msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError as error:
            raise BlockingIOError from error
    else:
        import fcntl  # noqa: PLC0415

        with _without_locks():
            fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def _without_locks() -> Iterator[None]:
    """Do without where the file system has no locks."""
    try:
        yield
    except (BlockingIOError, PermissionError):
        raise
    except OSError:
        return
