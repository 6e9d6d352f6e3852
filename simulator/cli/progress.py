"""A progress bar on a terminal, and nothing where the output is piped."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from typing_extensions import override

if TYPE_CHECKING:
    from rich.progress import Progress


class Bar:
    """A progress bar that nobody sees."""

    def begin(self) -> None:
        """Begin to move."""

    def step(self, description: str) -> None:
        """Tell what is done."""


class _ShownBar(Bar):
    def __init__(self, bars: "Progress", total: int) -> None:
        self._bars, self._task = bars, bars.add_task("simulating", total=total)
        sys.stderr.write("simulating ...")
        sys.stderr.flush()

    @override
    def begin(self) -> None:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()
        self._bars.start()

    @override
    def step(self, description: str) -> None:
        self._bars.update(self._task, advance=1, description=description)


@contextmanager
def progress(total: int, *, shown: bool) -> Iterator[Bar]:
    """Yield the bar of so many simulations.

    It is still until it is told to begin: it moves in a thread of its own, and a process with threads cannot be copied.
    """
    if not (shown and sys.stderr.isatty()):
        yield Bar()
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = [
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    ]
    bars = Progress(*columns, console=Console(stderr=True), transient=True)
    try:
        yield _ShownBar(bars, total)
    finally:
        bars.stop()
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()


@contextmanager
def progress_line(what: str, *, shown: bool) -> Iterator[Callable[[str], None]]:
    """Yield what is called with the name of each thing that is done; the line is cleared at the end."""
    if not (shown and sys.stderr.isatty()):
        yield lambda _: None
        return
    count = 0

    def show(name: str) -> None:
        nonlocal count
        count += 1
        sys.stderr.write(f"\r\x1b[K{what}: {count} done, {name}")
        sys.stderr.flush()

    sys.stderr.write(f"{what} ...")
    sys.stderr.flush()
    try:
        yield show
    finally:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()
