"""What an interrupt means, part by part of a command: SIGINT, SIGTERM and SIGHUP alike.

Where nothing is complete yet, the process ends at once: in the handler, so that no code in between can take the
interrupt for something else. What must not be torn apart is done first. A simulation is cut short by an exception, and
whatever comes of that is the interrupt's.
"""

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any

INTERRUPTED = 130
NOTHING_KEPT = "interrupted; nothing was complete, and nothing is kept"
HEARD = ("SIGINT", "SIGTERM", "SIGHUP")
AGAIN_S = 1.0
_SHOW_CURSOR = "\r\x1b[K\x1b[?25h"


class InterruptedRunError(Exception):
    """The user interrupted a run; the message says what is kept of it."""

    code = INTERRUPTED


class Asked:
    """Whether an interrupt came."""

    def __init__(self) -> None:
        self.was = False


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
def held() -> Iterator[None]:
    """Let an interrupt wait until this is done."""
    came: list[int] = []
    with _handled_by(lambda number, _: came.append(number)):
        yield
    if came:
        signal.raise_signal(came[0])


@contextmanager
def cut_short() -> Iterator[Asked]:
    """Let an interrupt cut this short, and go on with what comes after it; yield whether one came."""
    asked = Asked()

    def stop(_: int, __: FrameType | None) -> None:
        if not asked.was:
            asked.was = True
            _again_every(AGAIN_S)
            raise KeyboardInterrupt

    def stop_again(_: int, __: FrameType | None) -> None:
        raise KeyboardInterrupt

    try:
        with _handled_by(stop), _handled_by(stop_again, ("SIGALRM",)):
            try:
                yield asked
            finally:
                _again_every(0.0)
    except BaseException:
        if not asked.was:
            raise


def _again_every(period_s: float) -> None:
    """Have an alarm come again and again; never, with 0.

    The first exception may be lost, as in a callback of code in C that goes on whatever its callback raises.
    """
    if sys.platform != "win32":
        signal.setitimer(signal.ITIMER_REAL, period_s, period_s)


@contextmanager
def _handled_by(
    handle: Callable[[int, FrameType | None], Any], names: Sequence[str] = HEARD
) -> Iterator[None]:
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
