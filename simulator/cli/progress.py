"""A progress bar on a terminal, and nothing where the output is piped."""

import sys
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from operator import itemgetter
from typing import TYPE_CHECKING

from typing_extensions import override

if TYPE_CHECKING:
    from rich.progress import Progress

LEAST_TO_TELL = 0.02
"""Of all that there is to do: before, nothing is said of the time that is left."""


class Bar:
    """A progress bar that nobody sees."""

    def begin(self) -> None:
        """Begin to move."""

    def reach(self, fraction: float) -> None:
        """Tell how much is done."""

    def step(self, description: str) -> None:
        """Tell what is done."""


class _ShownBar(Bar):
    def __init__(self, bars: "Progress", total: int | None) -> None:
        self._bars, self._each = bars, 1.0 / total if total else 0.0
        self._task, self._done = bars.add_task("simulating", total=1.0, left=""), 0.0
        self._way = [(0.0, 0.0)]
        sys.stderr.write("simulating ...")
        sys.stderr.flush()

    @override
    def begin(self) -> None:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()
        self._bars.reset(self._task)
        self._bars.start()

    @override
    def reach(self, fraction: float) -> None:
        self._done = fraction
        self._way.append((self._bars.tasks[0].elapsed or 0.0, fraction))
        left = left_s(self._way)
        said = "" if left is None else f"{timedelta(seconds=round(left))} left"
        self._bars.update(self._task, completed=fraction, left=said)

    @override
    def step(self, description: str) -> None:
        self._bars.update(self._task, description=description)
        if self._each:
            self.reach(self._done + self._each)


def left_s(way: Sequence[tuple[float, float]]) -> float | None:
    """Return how long it takes yet, if it goes as fast as in the later half of the time so far; none at first. [s]

    What goes before anything moves is so forgotten.

    Parameters
    ----------
    way
        After how long how much was done, from (0, 0) on. [s]
    """
    now_s, done = way[-1]
    then_s, before = way[max(bisect_right(way, now_s / 2, key=itemgetter(0)) - 1, 0)]
    if done < LEAST_TO_TELL or done <= before:
        return None
    return (now_s - then_s) * (1.0 - done) / (done - before)


@contextmanager
def progress(total: int | None = None, *, shown: bool) -> Iterator[Bar]:
    """Yield a bar that moves by a step for each of so many things, or to where it is told to be.

    It is still until it is told to begin: it moves in a thread of its own, and a process with threads cannot be copied.
    """
    if not (shown and sys.stderr.isatty()):
        yield Bar()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = [
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}"),
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
