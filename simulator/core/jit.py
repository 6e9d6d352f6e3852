"""The only door to Numba."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
from numba.extending import overload

COMPILED: bool = not numba.config.DISABLE_JIT  # type: ignore[attr-defined]
"""Whether kernels are compiled; with NUMBA_DISABLE_JIT=1 they run as plain Python."""
Kernel = TypeVar("Kernel", bound=Callable[..., Any])


def kernel(function: Kernel) -> Kernel:
    """Compile ``function`` on its first call, keep the code on disk, and release the GIL while it runs.

    Arithmetic stays in the order written (no fastmath), so that the same seed gives the same bytes.
    """
    compiled: Kernel = numba.njit(function, cache=True, nogil=True, error_model="numpy")
    return compiled


def inlined(function: Kernel) -> Kernel:
    """Compile a part of a kernel and fold it into every caller, so that its many arguments cost nothing."""
    compiled: Kernel = numba.njit(function, cache=True, nogil=True, error_model="numpy", forceinline=True)
    return compiled


def only_with(field: str) -> Callable[[Kernel], Kernel]:
    """Let a part of a kernel, which returns nothing, be there only where its last argument is a record with a field.

    Elsewhere the compiler leaves it out. Behind a flag it would slow down every loop around it, taken or not.
    """

    def choose(function: Kernel) -> Kernel:
        def plain(*arguments: Any) -> None:
            if field in arguments[-1].dtype.names:
                function(*arguments)

        if COMPILED:
            body = inlined(function)

            @overload(plain, strict=False)  # which would compare annotations too
            def compiled(*arguments: Any) -> Callable[..., None]:
                if field in arguments[-1].fields:
                    return lambda *arguments: body(*arguments)  # noqa: PLW0108  (`body` is compiled already)
                return lambda *arguments: None  # noqa: ARG005  (an overload has the arguments of what it stands for)

        return cast("Kernel", plain)

    return choose
