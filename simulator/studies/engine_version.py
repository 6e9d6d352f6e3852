"""Which version of the engine simulates here: outcomes of different ones are not the same outcomes."""

import functools
import hashlib
import platform
from importlib.metadata import version
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
FOLDERS = ("core", "theory", "demand", "plans", "backends", "scenario", "simulation")
"""What decides an outcome: prices, tables and words do not."""
FILES = ("studies/together.py", "studies/spike_months.py")
"""What a task is of itself, and what is simulated beside it."""
SUFFIXES = (".py", ".yaml")
LIBRARIES = ("numpy", "numba", "scipy", "simpy")
"""Another version of these may round otherwise in the last digit."""
CPUINFO = Path("/proc/cpuinfo")


@functools.cache
def engine_version() -> str:
    """Return a digest of all sources that decide an outcome, and of the libraries that they call.

    It need not be kept up by hand, so it cannot be forgotten: an edit of the engine makes every outcome that was stored
    before an old one. Reading all sources takes some 10 ms.
    """
    digest = hashlib.sha256()
    for source in _sources():
        digest.update(f"{source.relative_to(PACKAGE).as_posix()}\0".encode())
        digest.update(source.read_bytes())
    for name in LIBRARIES:
        digest.update(f"\0{name} {version(name)}".encode())
    return digest.hexdigest()


def _sources() -> list[Path]:
    below = (path for folder in FOLDERS for path in (PACKAGE / folder).rglob("*") if path.suffix in SUFFIXES)
    return sorted([*below, *(PACKAGE / name for name in FILES)])


@functools.cache
def processor() -> str:
    """Return the name of this machine's processor: on another kind the last digits of a result may differ."""
    try:
        for line in CPUINFO.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:  # only Linux tells so
        pass
    return platform.processor() or platform.machine()
