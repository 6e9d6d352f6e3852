"""Where compiled kernels are kept, and that no two processes compile the same one at the same time."""

import contextlib
import functools
import os
import pickle
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm
import numba
from numba.core.caching import CompileResultCacheImpl, FunctionCache
from numba.core.compiler_lock import global_compiler_lock
from typing_extensions import override

DIRECTORY = "NUMBA_CACHE_DIR"
"""What Numba is told its folder by, and so are the processes that this one starts."""
WHAT_HELPS = f"set {DIRECTORY} to a folder that lasts"
TAKES = "which takes half a minute"


def keep_on_disk(kernel: Any, stamp: str) -> None:
    """Let a dispatcher of Numba load its code from disk, and keep there what it compiles, if there is any place.

    Parameters
    ----------
    kernel
        The dispatcher.
    stamp
        Says what the code is compiled from; what was kept under another stamp is old.
    """
    try:
        cache = _Cache(kernel.py_func, stamp)
    except RuntimeError:  # no folder that Numba knows can be written
        if not _use_temporary_folder():
            return
        cache = _Cache(kernel.py_func, stamp)
    kernel._cache = cache  # noqa: SLF001  (as Numba does when it is asked to keep code, with a cache of its own kind)
    kernel.compile = _one_at_a_time(kernel.compile, cache.lock)


class _Code(CompileResultCacheImpl):
    """What is kept of a kernel: its machine code, and apart from it what other kernels would link.

    By itself Numba reads the latter whenever it loads a kernel, which takes longer than all else of loading it.
    """

    @override
    def reduce(self, data: Any) -> Any:
        (name, kind, (code, bitcode)), *rest = super().reduce(data)  # type: ignore[no-untyped-call]
        return ((name, kind, (code, _names_of(bitcode))), *rest), bitcode

    @override
    def rebuild(self, target_context: Any, payload: Any) -> Any:
        reduced, bitcode = payload
        found = super().rebuild(target_context, reduced)  # type: ignore[no-untyped-call]
        found.library._get_module_for_linking = functools.cache(lambda: llvm.parse_bitcode(bitcode))  # noqa: SLF001
        return found


def _names_of(bitcode: bytes) -> bytes:
    """Return a module in which all is defined that is defined in another one, and nothing does anything."""
    module = llvm.parse_bitcode(bitcode)
    functions = [f'define void @"{each.name}"() {{ ret void }}' for each in module.functions if not each.is_declaration]
    others = [f'@"{each.name}" = global i8 0' for each in module.global_variables if not each.is_declaration]
    found: bytes = llvm.parse_assembly("\n".join([*others, *functions])).as_bitcode()
    return found


class _Cache(FunctionCache):
    """Numba's cache, for a program of many files, and of a disk that may be full."""

    _impl_class = _Code

    def __init__(self, function: Callable[..., Any], stamp: str) -> None:
        super().__init__(function)  # type: ignore[no-untyped-call]
        self._cache_file._source_stamp = stamp  # noqa: SLF001  (nothing public says what a cache depends on)
        self.lock = Path(self.cache_path) / f"{self._impl.filename_base}.lock"

    @override
    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return what is kept; None where nothing is, or nothing that can be read."""
        with contextlib.suppress(OSError, EOFError, pickle.UnpicklingError):
            return super().load_overload(sig, target_context)  # type: ignore[no-untyped-call]
        return None

    @override
    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep it if that can be done: it is compiled, and can be used."""
        try:
            super().save_overload(sig, data)  # type: ignore[no-untyped-call]
        except OSError as error:
            why = f"{Path(self.cache_path).parent}: {error.strerror or error}"
            _say(f"compiled code cannot be kept ({why}), so the next start compiles anew, {TAKES}; {WHAT_HELPS}")


def _one_at_a_time(compile_: Callable[[Any], Any], lock: Path) -> Callable[[Any], Any]:
    """Return what compiles or loads, while all other processes wait: then they find what it has kept."""

    def alone(signature: Any) -> Any:
        with global_compiler_lock, _held(lock):  # in the order in which a kernel within a kernel takes them, too
            return compile_(signature)

    return alone


@contextmanager
def _held(path: Path) -> Iterator[None]:
    """Hold a lock that the system frees when its process ends, however it ends; go without where there is none."""
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError, ImportError):
            import fcntl  # noqa: PLC0415  (Windows has none)

            file = stack.enter_context(path.open("ab"))
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _use_temporary_folder() -> bool:
    """Let Numba and the processes to come use a folder for what is temporary; return whether there is one."""
    folder = _temporary_folder()
    if folder is None:
        _say(f"compiled code can be kept nowhere, so every start compiles anew, {TAKES}; {WHAT_HELPS}")
        return False
    os.environ[DIRECTORY] = numba.config.CACHE_DIR = str(folder)  # type: ignore[attr-defined]
    return True


@functools.cache
def _temporary_folder() -> Path | None:
    """Return a folder that nobody else can write to, new or from an earlier start; None where there is no place."""
    try:
        folder = Path(tempfile.gettempdir()) / f"predcost-kernels-{os.getuid() if hasattr(os, 'getuid') else 'mine'}"
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
            _say_where(folder)
        if _is_ours(folder):
            return folder
        folder = Path(tempfile.mkdtemp(prefix="predcost-kernels-"))
        _say_where(folder)
    except OSError:
        return None
    return folder


def _is_ours(folder: Path) -> bool:
    """Return whether a folder is this user's alone: what is kept there is run."""
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or not os.access(folder, os.W_OK):
        return False
    return not hasattr(os, "getuid") or (found.st_uid == os.getuid() and not found.st_mode & 0o077)


def _say_where(folder: Path) -> None:
    where = f"compiled code is kept in {folder}, as neither the program's folder nor the home folder can be written"
    _say(f"{where}; once that is gone it is compiled anew, {TAKES}: {WHAT_HELPS}")


@functools.cache
def _say(text: str) -> None:
    """Tell it on stderr, once."""
    with contextlib.suppress(OSError, ValueError, AttributeError):  # nobody reads it
        sys.stderr.write(f"predcost: {text}\n")
        sys.stderr.flush()
