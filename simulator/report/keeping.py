"""A run's folder: the tables, the text, and then the charts."""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from simulator.core.errors import UserError, did_you_mean
from simulator.report.chart_choice import AS_ALWAYS, DECK, ChartChoice, Rendering
from simulator.report.terminal import comparison_text
from simulator.studies.comparison import Comparison
from simulator.studies.run_folder import write_run
from simulator.studies.run_place import Claim
from simulator.studies.sweep import Sweep

if TYPE_CHECKING:
    from simulator.report.charts.catalogue import Study

SUMMARY = "summary.txt"
CHARTS = "charts"


def keep_run(claim: Claim, comparison: Comparison, command: Sequence[str], asked: str | None = None) -> bool:
    """Put a run with all but its charts in its place; return False where a whole run of the scenario stays there.

    Parameters
    ----------
    claim
        The place.
    comparison
        What to keep.
    command
        The command line that made it.
    asked
        The digest of the scenario as it was asked for; by default that of the comparison's.
    """

    def write(folder: Path) -> None:
        write_run(comparison, folder, command, asked)
        (folder / SUMMARY).write_text(comparison_text(comparison), encoding="utf-8")

    return claim.publish(write, complete=comparison.complete)


def keep_charts(
    claim: Claim,
    study: "Study",
    names: Sequence[str],
    workers: int | None = None,
    on_chart: Callable[[str], None] | None = None,
    rendering: Rendering = AS_ALWAYS,
) -> dict[str, str]:
    """Draw a kept run's charts, put each in its place when it is whole, and return why some do not apply.

    Parameters
    ----------
    claim
        The place of the run.
    study
        What to draw.
    names
        Which charts; see `chosen`.
    workers
        Processes; by default one a core.
    on_chart
        Called with the name of every chart when it is in its place.
    rendering
        As what they are written.
    """
    if not names:
        return {}
    from simulator.report.charts.drawing import draw_charts  # noqa: PLC0415  (matplotlib is imported to draw)

    def take(name: str) -> None:
        claim.take(CHARTS, rendering.stem(name))
        if on_chart is not None:
            on_chart(name)

    with claim.writing():
        return draw_charts(study, claim.hidden, names, workers, take, rendering)


def put_charts(
    folder: Path,
    study: "Study",
    names: Sequence[str],
    rendering: Rendering,
    on_chart: Callable[[str], None] | None = None,
    *,
    replaces: bool,
) -> dict[str, str]:
    """Draw charts into any folder, each put in its place when it is whole, and return why some do not apply.

    Parameters
    ----------
    folder
        Where to; it is made if it is not there.
    study, names, rendering, on_chart
        As for `keep_charts`.
    replaces
        Whether files that are there may be replaced.

    Raises
    ------
    UserError
        If files of these names are there and may not be replaced, or if nothing can be written.
    """
    from simulator.report.charts.drawing import draw_charts  # noqa: PLC0415  (matplotlib is imported to draw)

    files = [folder / f"{rendering.stem(name)}.{kind}" for name in names for kind in rendering.formats]
    there = [path.name for path in files if path.exists()]
    if there and not replaces:
        more = f" and {len(there) - 1} more" if len(there) > 1 else ""
        raise UserError(f"{folder} has {there[0]}{more} already; give another --out, or --force to replace them")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".") as hidden:

            def take(name: str) -> None:
                for each in sorted(Path(hidden).glob(f"{rendering.stem(name)}.*")):
                    each.replace(folder / each.name)
                if on_chart is not None:
                    on_chart(name)

            return draw_charts(study, Path(hidden), names, None, take, rendering)
    except OSError as error:
        raise UserError(f"cannot write to {folder}: {error.strerror or error}") from error


def chosen(study: "Study", choice: ChartChoice, named: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the names of charts: those that are named, else the few or all, of a sweep its one.

    Raises
    ------
    UserError
        If one that is named is none.
    """
    if choice is ChartChoice.NONE and not named:
        return ()
    if choice is ChartChoice.DECK and not named and isinstance(study, Comparison):
        return DECK
    from simulator.report.charts.catalogue import charts_of  # noqa: PLC0415  (matplotlib is imported to draw)

    known = charts_of(study)
    wrong = [f"there is no chart '{name}'; {did_you_mean(name, known)}" for name in named if name not in known]
    if wrong:
        raise UserError("\n".join(wrong))
    its_own = (known[len(study.factors) > 1],) if isinstance(study, Sweep) else known
    return tuple(dict.fromkeys(named)) or its_own
