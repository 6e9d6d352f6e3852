"""Outcomes on disk, each under the digest of what made it: what was simulated once is never simulated again.

Each is written under another name, with a checksum, and takes its own in one step: a process that is killed leaves
nothing half-written under a name that anybody reads. Any number of processes may read and write at the same time.
"""

import contextlib
import functools
import hashlib
import json
import os
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from simulator.core.units import HOUR_S
from simulator.simulation.outcome import Outcome
from simulator.simulation.restating import restated
from simulator.studies.engine_version import processor
from simulator.studies.kept_outcomes import as_text, outcome_of
from simulator.studies.outcome_folder import PART, SUFFIX, VARIABLE, OutcomeFolder, default_folder
from simulator.studies.task_digest import task_digest
from simulator.studies.together import Task

MAGIC = b"predcost outcome 1\n"
ASIDE = "set_aside"
FOLDER_LETTERS = 2
LEVEL = 3
"""Of compression: 100M users' week takes 5 to 14 kB, and half a millisecond; a higher one gains two per cent."""
OLD_S = HOUR_S
"""What was being written so long ago is nobody's any more."""


def default_store(*, fresh: bool = False) -> "OutcomeStore | None":
    """Return the store of this user; None where the environment says that nothing is stored.

    Parameters
    ----------
    fresh
        Whether what is there is simulated anew, and replaced.
    """
    folder = default_folder()
    return None if folder is None else OutcomeStore(folder, fresh=fresh)


@functools.cache
def say(text: str) -> None:
    """Tell something on stderr, once."""
    with contextlib.suppress(OSError, ValueError, AttributeError):  # nobody reads it
        sys.stderr.write(f"predcost: {text}\n")
        sys.stderr.flush()


class OutcomeStore(OutcomeFolder):
    """A folder of outcomes.

    A fault of the disk costs what it concerns and no more: what cannot be read is simulated again, and what cannot be
    written is used and not stored. Either is told once.

    Parameters
    ----------
    folder
        Where they are; it is made when there is something to store.
    tell
        Called with a sentence where something is wrong; by default it goes to stderr.
    fresh
        Whether what is there is simulated anew, and replaced.
    """

    def __init__(self, folder: Path, tell: Callable[[str], None] = say, *, fresh: bool = False) -> None:
        super().__init__(folder)
        self._is_fresh = fresh
        self._tell = tell
        self.count = 0
        """How many were stored by this process."""
        self._found: set[str] = set()
        self._told: set[str] = set()
        self._can_write = True
        self._is_swept = False

    def get(self, task: Task) -> Outcome | None:
        """Return the outcome of a task, to the last bit; None where it is not there.

        It may have been simulated for a scenario with other prices or bounds.
        """
        if self._is_fresh:
            return None
        digest = task_digest(task)
        path = self._path(digest)
        try:
            found = restated(_read(path.read_bytes(), digest, task), task.scenario)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            self._tell_once(f"{path} cannot be read ({error.strerror or error}); it is simulated again", "unread")
        except ValueError as error:
            self._set_aside(path, str(error))
        else:
            self._found.add(digest)
            return found
        return None

    def put(self, task: Task, outcome: Outcome) -> None:
        """Store the outcome of a task."""
        if not self._can_write:
            return
        digest = task_digest(task)
        path = self._path(digest)
        part = path.with_name(f".{digest}.{os.getpid()}{PART}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._sweep()
            part.write_bytes(_written(digest, task, outcome))
            part.replace(path)
            self.count += 1
        except OSError as error:
            self._can_write = False
            self._tell_once(
                f"outcomes cannot be stored in {self.folder} ({error.strerror or error}); those that are there stay, "
                f"and the others are simulated again the next time. {VARIABLE} names another folder"
            )
        finally:
            with contextlib.suppress(OSError):  # it is there no more, unless something came in between
                part.unlink()

    def holds(self, task: Task) -> bool:
        """Return whether there is an outcome of a task, without reading it."""
        return not self._is_fresh and self._path(task_digest(task)).is_file()

    def had(self, task: Task) -> bool:
        """Return whether the outcome of a task was found here, and not simulated."""
        return task_digest(task) in self._found

    def _path(self, digest: str) -> Path:
        return self.folder / digest[:FOLDER_LETTERS] / f"{digest}{SUFFIX}"

    def _set_aside(self, path: Path, why: str) -> None:
        """Move a file away that is no outcome, so that somebody can look at it and nobody reads it again."""
        aside = self.folder / ASIDE / path.name
        try:
            aside.parent.mkdir(exist_ok=True)
            path.replace(aside)
            self._tell_once(f"{path} {why}; it is set aside in {aside.parent}, and simulated again", ASIDE)
        except OSError:  # it is overwritten, if anything can be written
            self._tell_once(f"{path} {why}; it is simulated again", ASIDE)

    def _sweep(self) -> None:
        """Remove what processes that were killed were writing."""
        if self._is_swept:
            return
        self._is_swept = True
        for part in self.folder.glob(f"*/.*{PART}"):
            with contextlib.suppress(OSError):
                if time.time() - part.stat().st_mtime > OLD_S:
                    part.unlink()

    def _tell_once(self, text: str, of: str | None = None) -> None:
        if (of or text) not in self._told:
            self._told.add(of or text)
            self._tell(text)


def _written(digest: str, task: Task, outcome: Outcome) -> bytes:
    about = {
        "digest": digest,
        "scenario": task.scenario.name,
        "plan": task.plan,
        "replication": task.replication,
        "processor": processor(),
    }
    content = json.dumps(about).encode() + b"\n" + zlib.compress(as_text(outcome).encode(), LEVEL)
    return MAGIC + hashlib.sha256(content).hexdigest().encode() + b"\n" + content


def _read(found: bytes, digest: str, task: Task) -> Outcome:
    """Return the outcome in a file.

    Raises
    ------
    ValueError
        If it holds none, or that of another task; the message goes on from the file's name.
    """
    if not found.startswith(MAGIC):
        raise ValueError("is no outcome of predcost" if found else "is empty")
    checksum, _, content = found.removeprefix(MAGIC).partition(b"\n")
    if hashlib.sha256(content).hexdigest().encode() != checksum:
        raise ValueError("was cut off or has changed since it was written")
    written, _, packed = content.partition(b"\n")
    about: dict[str, Any] = json.loads(written)
    if about["digest"] != digest:
        raise ValueError("holds the outcome of something else")
    try:
        outcome = outcome_of(zlib.decompress(packed).decode())
    except zlib.error as error:
        raise ValueError(f"cannot be unpacked ({error})") from error
    if (outcome.plan, outcome.replication) != (task.plan, task.replication):
        raise ValueError("holds the outcome of something else")
    return outcome
