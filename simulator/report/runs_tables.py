"""Kept runs, and what is stored of simulations, as tables for a terminal and as JSON."""

from collections.abc import Iterator, Sequence
from typing import Any

from rich.cells import cell_len
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from simulator.report.layout import ANY_WIDTH, Fitted
from simulator.studies.kept_runs import KeptRun, size_bytes
from simulator.studies.outcome_folder import VARIABLE, OutcomeFolder

SIZES = (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3), ("B", 1.0))
SHOWN = ("predcost", "command", "seed", "replications", "over", "points", "processor", "python")
"""What of a manifest is shown."""


def runs_table(runs: Sequence[KeptRun]) -> RenderableType:
    """Return the runs, one a line; where names leave no room, what is known of each stands below its name."""
    rows = [_cells(run) for run in runs]
    needed = sum(max(map(cell_len, column)) + 1 for column in zip(_HEADS, *rows, strict=True))
    return Fitted(lambda width: [_runs_table(rows)] if width >= needed else _runs_lines(rows), ANY_WIDTH)


_HEADS = ("run", "kind", "kept", "size")


def _cells(run: KeptRun) -> tuple[str, ...]:
    name = run.folder.name if run.complete else f"{run.folder.name} (not complete)"
    return name, run.kind, f"{run.kept:%Y-%m-%d %H:%M}", about_bytes(run.bytes)


def _runs_table(rows: Sequence[Sequence[str]]) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in _HEADS:
        table.add_column(column, no_wrap=True, justify="right" if column == "size" else "left")
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def _runs_lines(rows: Sequence[Sequence[str]]) -> Iterator[RenderableType]:
    for name, *about in rows:
        yield Text(name)  # whole, as it is what other commands take
        yield Text(f"  {', '.join(about)}", style="dim")


def run_table(run: KeptRun) -> RenderableType:
    """Return what is known of one."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    about = {
        "folder": run.folder,
        "kind": run.kind,
        "scenario": run.scenario,
        "kept": f"{run.kept:%Y-%m-%d %H:%M}",
        "size": about_bytes(run.bytes),
        "complete": "yes" if run.complete else "no",
        **{key: run.manifest[key] for key in SHOWN if key in run.manifest},
    }
    for key, value in about.items():
        table.add_row(key, Text(" ".join(value) if isinstance(value, list) else str(value)))
    return table


def store_line(store: OutcomeFolder | None) -> str:
    """Return what is stored of simulations, in a sentence."""
    if store is None:
        return f"Simulations are not stored, as {VARIABLE} says."
    about = store_json(store)
    if not about["outcomes"]:
        return f"No simulation is stored in {store.folder} yet."
    many = "1 simulation is" if about["outcomes"] == 1 else f"{about['outcomes']:,} simulations are"
    return (
        f"{many} stored in {store.folder}, {about_bytes(about['bytes'])}, so that none is done twice; "
        "'predcost runs remove --outcomes' removes them, and no run needs them to be read."
    )


def store_json(store: OutcomeFolder | None) -> dict[str, Any]:
    """Return the same for JSON."""
    files = [] if store is None else list(store.files())
    return {
        "folder": None if store is None else str(store.folder),
        "outcomes": len(files),
        "bytes": size_bytes(files),
    }


def about_bytes(size: float) -> str:
    """Return a size as file browsers do: ``61.2 kB``."""
    name, unit = next(((name, unit) for name, unit in SIZES if size >= unit), SIZES[-1])
    return f"{size / unit:.3g} {name}"
