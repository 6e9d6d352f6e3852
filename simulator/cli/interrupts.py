"""What an interrupt means, part by part of a command: SIGINT, SIGTERM and SIGHUP alike.

Where nothing is complete yet, the process ends at once: in the handler, so that no code in between can take the
interrupt for something else. What must not be torn apart is done first. A simulation is cut short by an exception, and
whatever comes of that is the interrupt's.
"""

import contextlib
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulator.studies.outcome_store import OutcomeStore

INTERRUPTED = 130
NOTHING_KEPT = "interrupted; nothing was complete, and nothing is kept"
HEARD = ("SIGINT", "SIGTERM", "SIGHUP")
AGAIN_S = 1.0
_SHOW_CURSOR = "\r\x1b[K\x1b[?25h"


def stored_so_far(store: "OutcomeStore | None") -> str:
    """Return what an interrupt leaves where nothing but single simulations are complete."""
    if store is None or not store.count:
        return NOTHING_KEPT
    done = "1 simulation is" if store.count == 1 else f"{store.count:,} simulations are"
    return f"interrupted; {done} stored, and the same command goes on from there"


class InterruptedRunError(Exception):
    """The user interrupted a run; the message says what is kept of it."""

    code = INTERRUPTED


@contextmanager
def ending_at_once(
    said: Callable[[], str] = lambda: NOTHING_KEPT, clean: Callable[[], None] | None = None
) -> Iterator[None]:
    """Let an interrupt end the process.

    Parameters
    ----------
    said
        Says what is kept.
    clean
        What is done before.
    """
    process = os.getpid()

    def end(_: int, __: FrameType | None) -> None:
        if os.getpid() == process:
            with contextlib.suppress(Exception):
                if clean is not None:
                    clean()
            with contextlib.suppress(Exception):  # a terminal that has gone
                shown = _SHOW_CURSOR if os.isatty(2) else ""
                os.write(2, f"{shown}predcost: {said()}\n".encode("ascii", "replace"))
        os._exit(INTERRUPTED)

    with _handled_by(end):
        yield


@contextmanager
def leaving_nothing() -> Iterator[None]:
    """Let an interrupt end the process, and take with it the temporary files that were made in between.

    Those of a log are gigabytes, and a process that ends at once leaves no other context.
    """
    usual = tempfile.tempdir
    with tempfile.TemporaryDirectory(prefix="predcost-", ignore_cleanup_errors=True) as folder:

        def clean() -> None:
            for _ in range(2):  # threads in C may be writing still
                shutil.rmtree(folder, ignore_errors=True)

        tempfile.tempdir = folder
        try:
            with ending_at_once(clean=clean):
                yield
        finally:
            tempfile.tempdir = usual


@contextmanager
def held() -> Iterator[list[int]]:
    """Let an interrupt wait until this is done; yield those that wait."""
    came: list[int] = []
    with _handled_by(lambda number, _: came.append(number)):
        yield came
    if came:
        signal.raise_signal(came[0])


def cut_short(do: Callable[[Callable[[], None]], None], waiting: list[int]) -> bool:
    """Do something until it is done or an interrupt comes; return whether one came, whatever came of it.

    Parameters
    ----------
    do
        Takes what it may call at any time to be cut short there, should an interrupt have got lost.
    waiting
        Interrupts that are held, and come first.
    """
    came = bool(waiting)
    waiting.clear()

    def stop(_: int, __: FrameType | None) -> None:
        nonlocal came
        if not came:
            came = True
            _again_every(AGAIN_S)
            raise KeyboardInterrupt

    def check(*_: object) -> None:
        if came:
            raise KeyboardInterrupt

    try:
        with _handled_by(stop), _handled_by(check, ("SIGALRM",)):
            try:
                check()
                do(check)
            finally:
                _again_every(0.0)
    except BaseException:
        if not came:
            raise
    return came


def _again_every(period_s: float) -> None:
    """Have an alarm come again and again; never, with 0.

    The first exception may be lost, as in a callback of code in C that goes on whatever its callback raises.
    """
    if sys.platform != "win32":
        signal.setitimer(signal.ITIMER_REAL, period_s, period_s)


@contextmanager
def _handled_by(handle: Callable[[int, FrameType | None], Any], names: Sequence[str] = HEARD) -> Iterator[None]:
    """Handle interrupts in some way; those that are ignored, as a shell's of what runs in the background, stay so."""
    before: dict[int, Any] = {}
    for name in names:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            before[number] = signal.signal(number, handle)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
