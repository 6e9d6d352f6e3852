"""What a folder keeps: a run, or a sweep."""

from pathlib import Path

from simulator.studies.stored_run import StoredRun, read_run
from simulator.studies.stored_sweep import manifest_of_sweep, read_sweep
from simulator.studies.sweep import Sweep


def read_study(folder: Path) -> StoredRun | Sweep:
    """Return the run or the sweep that a folder keeps; nothing is simulated.

    Raises
    ------
    UserError
        If it keeps neither, or lacks a part of it.
    """
    about = manifest_of_sweep(folder)
    return read_run(folder) if about is None else read_sweep(folder, about)
