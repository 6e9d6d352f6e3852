"""A progress bar on a terminal, and nothing where the output is piped."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress(total: int | None, *, shown: bool) -> Iterator[Callable[[str], None]]:
    """Yield what is called with a description after each of ``total`` simulations; None where nobody knows how many."""
    if not (shown and sys.stderr.isatty()):
        yield lambda _: None
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
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        bar = bars.add_task("simulating", total=total)
        yield lambda description: bars.update(bar, advance=1, description=description)


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
