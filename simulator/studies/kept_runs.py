"""The runs and studies that lie in a folder: what they are, how large, and how to be rid of them."""

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from simulator.core.errors import UserError, did_you_mean
from simulator.studies.run_place import MANIFEST, Claim

RUN = "run"
"""What a folder holds whose manifest names no other study."""
RUNS = Path("runs")
"""Where runs are kept by default."""


@dataclass(frozen=True)
class KeptRun:
    """A folder that predcost has written."""

    folder: Path
    kind: str
    """``run``, or the study that it is: ``sweep``, ..."""
    scenario: str
    kept: datetime
    """When it was written, in local time."""
    bytes: int
    complete: bool
    manifest: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "folder": str(self.folder),
            "name": self.folder.name,
            "kind": self.kind,
            "scenario": self.scenario,
            "kept": self.kept.isoformat(timespec="seconds"),
            "bytes": self.bytes,
            "complete": self.complete,
            "seed": self.manifest.get("seed"),
            "replications": self.manifest.get("replications"),
        }


@dataclass(frozen=True)
class Wanted:
    """Which runs are meant; all where nothing is said."""

    name: str = "*"
    """A pattern of the folder's or the scenario's name, or a part of one."""
    since: date | None = None
    before: date | None = None

    def has(self, run: KeptRun) -> bool:
        """Return whether a run is meant."""
        pattern = self.name.lower() if any(letter in self.name for letter in "*?[") else f"*{self.name.lower()}*"
        named = any(fnmatchcase(name.lower(), pattern) for name in (run.folder.name, run.scenario))
        kept = run.kept.date()
        return named and (self.since is None or kept >= self.since) and (self.before is None or kept < self.before)


def kept_runs(within: Path, wanted: Wanted | None = None) -> list[KeptRun]:
    """Return the runs directly below a folder, the newest first; what is no run is passed over.

    Raises
    ------
    UserError
        If the folder cannot be looked into.
    """
    try:
        folders = [path for path in within.iterdir() if path.is_dir() and not path.name.startswith(".")]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise UserError(f"{within} cannot be looked into: {error.strerror or error}") from error
    found = [run for run in map(kept_run, folders) if run is not None and (wanted or Wanted()).has(run)]
    return sorted(found, key=lambda run: run.kept, reverse=True)


def kept_run(folder: Path) -> KeptRun | None:
    """Return the run in a folder; None where there is none."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        kept = datetime.fromtimestamp((folder / MANIFEST).stat().st_mtime).astimezone()
    except (OSError, ValueError):
        return None
    if not isinstance(manifest, dict) or not isinstance(manifest.get("predcost"), str) or "scenario" not in manifest:
        return None
    kind, complete = str(manifest.get("study", RUN)), bool(manifest.get("complete", True))
    return KeptRun(folder, kind, str(manifest["scenario"]), kept, size_bytes(_files(folder)), complete, manifest)


def named_run(name: str, within: Path) -> KeptRun:
    """Return the run that is called so: a folder's path, or its name in the folder of runs.

    Raises
    ------
    UserError
        If there is none.
    """
    for folder in (within / name, Path(name)):
        if name and folder.is_dir():
            found = kept_run(folder)
            if found is None:
                raise UserError(f"{folder} holds no run of predcost (no {MANIFEST} of one); it is left as it is")
            return found
    known = [run.folder.name for run in kept_runs(within)]
    hint = did_you_mean(name, known) or f"'predcost runs' lists those in {within}"
    raise UserError(f"there is no run '{name}' in {within}; {hint}")


def remove_run(run: KeptRun) -> None:
    """Remove a run's folder.

    Raises
    ------
    UserError
        If it is a link, if somebody is writing to it, or if it cannot be removed.
    """
    if run.folder.is_symlink():
        raise UserError(f"{run.folder} is a link to another folder; remove that one")
    claim = Claim(run.folder)
    claim.begin(str(run.manifest.get("asked_digest")), force=True)
    try:
        (run.folder / MANIFEST).unlink()  # first, so that no half of it is taken for a run
        shutil.rmtree(run.folder)
    except OSError as error:
        raise UserError(f"{run.folder} cannot be removed: {error.strerror or error}") from error
    finally:
        claim.end()


def size_bytes(files: Iterator[Path] | Sequence[Path]) -> int:
    """Return how large files are together; those that have just gone take nothing."""
    total = 0
    for path in files:
        try:
            total += path.stat().st_size
        except OSError:
            continue
    return total


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
