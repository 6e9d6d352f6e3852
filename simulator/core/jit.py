"""The only door to Numba."""

from collections.abc import Callable
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
    compiled: Kernel = numba.njit(function, cache=True, nogil=True, error_model="numpy", _nrt=False)  # type: ignore[call-overload]
    return compiled


def inlined(function: Kernel) -> Kernel:
    """Compile a part of a kernel and fold it into every caller, so that its many arguments cost nothing."""
    compiled: Kernel = numba.njit(  # type: ignore[call-overload]
        function, cache=True, nogil=True, error_model="numpy", _nrt=False, forceinline=True
    )
    return compiled
