"""Charts on every core, each kept as soon as it is whole."""

from collections.abc import Callable, Sequence
from pathlib import Path

from simulator.report.chart_choice import AS_ALWAYS, Rendering
from simulator.report.charts.catalogue import Study, charts_of, save_chart
from simulator.report.charts.look import NoChartError
from simulator.studies.executor import cores
from simulator.studies.workers import LostWorkerError, Workers, may_fork


def draw_charts(
    study: Study,
    folder: Path,
    names: Sequence[str] = (),
    workers: int | None = None,
    on_chart: Callable[[str], None] | None = None,
    rendering: Rendering = AS_ALWAYS,
) -> dict[str, str]:
    """Write charts, and return why those are not there that do not apply; the bytes are the same whoever draws them.

    Parameters
    ----------
    study
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
    rendering
        As what they are written.
    """
    told, drawing = on_chart or (lambda _: None), _Drawing(study, folder, rendering)
    left = dict.fromkeys(names or charts_of(study))
    missing: dict[str, str] = {}

    def take(found: tuple[str, str]) -> None:
        name, why_not = found
        del left[name]
        if why_not:
            missing[name] = why_not
        told(name)

    processes = min(workers or cores(), len(left))
    if processes > 1 and may_fork():
        try:
            with Workers(processes) as pool:
                for found in pool.run(drawing.draw, tuple(left)):
                    take(found)
        except LostWorkerError:
            pass  # what is left is drawn here, with all of the memory
    for name in tuple(left):
        take(drawing.draw(name))
    return missing


class _Drawing:
    """What a process has to know to draw a chart."""

    def __init__(self, study: Study, folder: Path, rendering: Rendering) -> None:
        self._study, self._folder, self._rendering = study, folder, rendering

    def draw(self, name: str) -> tuple[str, str]:
        """Write a chart if it applies, and return its name, and why it does not apply."""
        try:
            save_chart(self._study, name, self._folder, self._rendering)
        except NoChartError as error:
            return name, str(error)
        return name, ""
