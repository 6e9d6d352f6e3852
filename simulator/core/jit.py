"""The only door to Numba."""

import functools
import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numba
from numba.core.registry import CPUDispatcher
from typing_extensions import override

from simulator.core.jit_cache import keep_on_disk
from simulator.core.jit_parts import PartCompiler

COMPILED: bool = not numba.config.DISABLE_JIT  # type: ignore[attr-defined]
"""Whether kernels are compiled; with NUMBA_DISABLE_JIT=1 they run as plain Python."""
_OPENS_THIS_DOOR = b"core.jit import"
_IMPORT = re.compile(r"^from (\S+) import (\([^)]*\)|.*)", re.MULTILINE)
_CONSTANT = re.compile(r"\b[A-Z][A-Z0-9_]+\b")
Kernel = TypeVar("Kernel", bound=Callable[..., Any])


class _Part(CPUDispatcher):
    """A part of a kernel; called from Python it would end the process."""

    @override
    def __call__(self, *_: object) -> None:
        """Refuse to be called."""
        raise TypeError(f"{self.py_func.__name__} is a part of kernels: only they can call it")


def kernel(function: Kernel) -> Kernel:
    """Compile ``function`` on its first call, keep the code on disk, and release the GIL while it runs.

    Arithmetic stays in the order written (no fastmath), so that the same seed gives the same bytes. A kernel makes no
    arrays: it fills those that it is given. Numba then need not count references, which between the parts of a kernel
    can cost more than their work (numba/numba#2345).
    """
    compiled: Kernel = numba.njit(  # type: ignore[call-overload]
        function, nogil=True, error_model="numpy", _nrt=False, no_cfunc_wrapper=True
    )
    if COMPILED:
        keep_on_disk(compiled, kernels_stamp())
    return compiled


def inlined(function: Kernel) -> Kernel:
    """Make a part that is folded into every kernel that calls it, so that its many arguments cost nothing.

    Only kernels can call it: there is nothing of it to call from Python, and nothing to keep on disk.
    """
    return _part(function, forceinline=True)


def folded(function: Kernel) -> Kernel:
    """Make a part that is put into its caller before that is compiled: for what is large and has one caller."""
    return _part(function, inline="always")


def outlined(function: Kernel) -> Kernel:
    """Make a part that stays a function beside the kernels that call it: for what is large or rare."""
    return _part(function)


def _part(function: Kernel, **options: Any) -> Kernel:
    part: Any = numba.njit(  # type: ignore[call-overload]
        function,
        nogil=True,
        error_model="numpy",
        _nrt=False,
        no_cpython_wrapper=True,
        no_cfunc_wrapper=True,
        pipeline_class=PartCompiler,
        **options,
    )
    if COMPILED:
        part.__class__ = _Part
    made: Kernel = part
    return made


@functools.cache
def kernels_stamp() -> str:
    """Return a digest of every source that compiled code is made from: those of kernels, and of their constants.

    Numba looks at a kernel's own file only, and not at those of the parts that are folded into it.
    An edit elsewhere compiles nothing, and a copy of the program with other times of change is the same program.
    """
    digest = hashlib.sha256()
    for source in kernel_sources(Path(__file__).parents[1]):
        digest.update(source.read_bytes())
    return digest.hexdigest()


def kernel_sources(package: Path) -> list[Path]:
    """Return the files of a package from which kernels are compiled, in a fixed order: theirs, and their constants'."""
    kernels = {}
    for source in package.rglob("*.py"):
        text = source.read_bytes()
        if _OPENS_THIS_DOOR in text:
            kernels[source] = text.decode()
    constants = {
        package.parent.joinpath(*module.split(".")).with_suffix(".py")
        for text in kernels.values()
        for module, names in _IMPORT.findall(text)
        if module.startswith(f"{package.name}.") and _CONSTANT.search(names)
    }
    return sorted({*kernels, *constants, *Path(__file__).parent.glob("jit*.py")})
