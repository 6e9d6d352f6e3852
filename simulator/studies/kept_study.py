"""What a folder keeps: a run, or a sweep."""

from pathlib import Path

from simulator.studies.comparison import Comparison
from simulator.studies.run_folder import digest
from simulator.studies.stored_run import StoredRun, read_run
from simulator.studies.stored_sweep import manifest_of_sweep, read_sweep
from simulator.studies.sweep import Sweep
from simulator.studies.sweep_folder import sweep_digest


def read_study(folder: Path) -> StoredRun | Sweep:
    """Return the run or the sweep that a folder keeps; nothing is simulated.

    Raises
    ------
    UserError
        If it keeps neither, or lacks a part of it.
    """
    about = manifest_of_sweep(folder)
    return read_run(folder) if about is None else read_sweep(folder, about)


def digest_of(study: Comparison | Sweep) -> str:
    """Return the digest by which the folder of a run or a sweep is known to be its own."""
    if isinstance(study, Comparison):
        return digest(study.scenario)
    return sweep_digest(study.scenario, study.factors, adaptive=study.adaptive)
