"""Charts on every core, each kept as soon as it is whole."""

from collections.abc import Callable, Sequence
from pathlib import Path

from simulator.report.charts.catalogue import CHARTS, save_chart
from simulator.studies.comparison import Comparison
from simulator.studies.executor import cores
from simulator.studies.workers import LostWorkerError, Workers, may_fork


def draw_charts(
    comparison: Comparison,
    folder: Path,
    names: Sequence[str] = tuple(CHARTS),
    workers: int | None = None,
    on_chart: Callable[[str], None] | None = None,
) -> None:
    """Write those charts that apply; the bytes are those of `save_charts`, whoever draws them.

    Parameters
    ----------
    comparison
        What to draw.
    folder
        Where to; it exists.
    names
        Which; by default all.
    workers
        Processes; by default one a core, where copies of this one can draw: a new process would take longer to begin
        than it saves.
    on_chart
        Called with the name of every chart when it is written.
    """
    told = on_chart or (lambda _: None)
    left = dict.fromkeys(names)
    processes = min(workers or cores(), len(left))
    if processes > 1 and may_fork():
        try:
            with Workers(processes) as pool:
                for name in pool.run(_Drawing(comparison, folder).draw, names):
                    del left[name]
                    told(name)
        except LostWorkerError:
            pass  # what is left is drawn here, with all of the memory
    for name in left:
        told(_Drawing(comparison, folder).draw(name))


class _Drawing:
    """What a process has to know to draw a chart."""

    def __init__(self, comparison: Comparison, folder: Path) -> None:
        self._comparison, self._folder = comparison, folder

    def draw(self, name: str) -> str:
        """Write a chart if it applies, and return its name."""
        save_chart(self._comparison, name, self._folder)
        return name
