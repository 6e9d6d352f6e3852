"""The only door to Numba."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numba

COMPILED: bool = not numba.config.DISABLE_JIT  # type: ignore[attr-defined]
"""Whether kernels are compiled; with NUMBA_DISABLE_JIT=1 they run as plain Python."""
Kernel = TypeVar("Kernel", bound=Callable[..., Any])


def kernel(function: Kernel) -> Kernel:
    """Compile ``function`` on its first call, keep the code on disk, and release the GIL while it runs.

    Arithmetic stays in the order written (no fastmath), so that the same seed gives the same bytes. A kernel makes no
    arrays: it fills those that it is given. Numba then need not count references, which between the parts of a kernel
    can cost more than their work (numba/numba#2345).
    """
    compiled = numba.njit(function, cache=True, nogil=True, error_model="numpy", _nrt=False)  # type: ignore[call-overload]
    stamped: Kernel = _stamped(compiled)
    return stamped


def inlined(function: Kernel) -> Kernel:
    """Compile a part of a kernel and fold it into every caller, so that its many arguments cost nothing."""
    compiled = numba.njit(  # type: ignore[call-overload]
        function, cache=True, nogil=True, error_model="numpy", _nrt=False, forceinline=True
    )
    stamped: Kernel = _stamped(compiled)
    return stamped


def _stamped(compiled: Any) -> Any:
    """Let compiled code on disk count as old when any source of the program has changed.

    Numba looks at a kernel's own file only, and not at those of the parts that are folded into it.
    """
    if COMPILED:
        compiled._cache._cache_file._source_stamp = _sources_stamp()  # noqa: SLF001  (nothing public says what a cache depends on)
    return compiled


@functools.cache
def _sources_stamp() -> tuple[float, int]:
    """Return when a source of the program last changed, and the size of all sources."""
    found = [source.stat() for source in Path(__file__).parents[1].rglob("*.py")]
    return max(stat.st_mtime for stat in found), sum(stat.st_size for stat in found)
