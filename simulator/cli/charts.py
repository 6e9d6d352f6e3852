"""`predcost charts`: the pictures of a kept run or sweep."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulator.cli.documents import Force, Study
from simulator.cli.interrupts import InterruptedRunError, cut_short, held
from simulator.cli.progress import progress_line
from simulator.cli.streams import reader_may_leave
from simulator.report.chart_choice import ChartChoice, Format, Rendering

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulator.report.charts.catalogue import Study as Drawn


Named = Annotated[
    list[str] | None, typer.Option("--chart", metavar="NAME", help="One of them; repeatable.", show_default=False)
]
All = Annotated[bool, typer.Option("--all", help="All that apply; else cost, age, latency and the week.")]
Folder = Annotated[
    Path | None,
    typer.Option("--out", metavar="FOLDER", help="Where to; by default charts/ in the run.", show_default=False),
]
Dark = Annotated[bool, typer.Option("--dark", help="For a dark background, as NAME_dark.")]
Formats = Annotated[
    list[Format] | None, typer.Option("--format", help="png or svg; by default both.", show_default=False)
]


def charts(
    run: Study,
    chart: Named = None,
    all_: All = False,
    out: Folder = None,
    dark: Dark = False,
    format_: Formats = None,
    force: Force = False,
) -> None:
    """Draw the pictures of a kept run or sweep, as PNG and SVG; nothing is simulated."""
    from simulator.report.keeping import CHARTS, chosen
    from simulator.studies.kept_study import read_study
    from simulator.studies.stored_run import StoredRun

    found = read_study(run)
    study: Drawn = found.comparison if isinstance(found, StoredRun) else found
    names = chosen(study, ChartChoice.ALL if all_ else ChartChoice.DECK, chart or ())
    rendering = Rendering(tuple(dict.fromkeys(format_ or Format)), dark)
    missing: dict[str, str] = {}
    done: list[str] = []

    def do(_: "Callable[[], None]") -> None:
        with progress_line("drawing charts", shown=True) as step:

            def on_chart(name: str) -> None:
                done.append(name)
                step(name)

            missing.update(_draw(study, run, out, names, rendering, on_chart, force=force))

    with held() as waiting:
        interrupted = cut_short(do, waiting)
    folder = out or run / CHARTS
    if interrupted:
        raise InterruptedRunError(f"interrupted; {len(done)} of {len(names)} charts are drawn in {folder}")
    with reader_may_leave():
        _tell(folder, [name for name in names if name not in missing], missing)


def _draw(
    study: "Drawn",
    run: Path,
    out: Path | None,
    names: tuple[str, ...],
    rendering: Rendering,
    on_chart: "Callable[[str], None]",
    *,
    force: bool,
) -> dict[str, str]:
    """Draw into the folder that is wanted, or into that of the run; return why some do not apply."""
    from simulator.report.keeping import keep_charts, put_charts
    from simulator.studies.run_place import claimed

    if out is not None:
        return put_charts(out, study, names, rendering, on_chart, replaces=force)
    with claimed(run, "", force=True) as claim:  # what is there has just been read, and nothing of it is replaced
        return keep_charts(claim, study, names, None, on_chart, rendering)


def _tell(folder: Path, drawn: list[str], missing: dict[str, str]) -> None:
    """Print what is where, and why the others are not."""
    from simulator.report.scenario_text import say

    if drawn:
        say(f"Charts in {folder}: {', '.join(drawn)}")
    for name, why in missing.items():
        say(f"Not drawn: {name}, as {why}")
