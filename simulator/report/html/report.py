"""The report of a run or of a sweep, as a file."""

from collections.abc import Sequence
from pathlib import Path

from simulator.core.errors import UserError
from simulator.report.brief import Brief
from simulator.report.documents import written_whole
from simulator.report.html.pictures import OnPicture, no_matter
from simulator.report.html.run_page import run_page
from simulator.report.html.sweep_page import sweep_page
from simulator.studies.comparison import Comparison
from simulator.studies.sweep import Sweep

NAME = "report.html"


def write_report(
    study: Comparison | Sweep,
    command: Sequence[str],
    path: Path,
    on_picture: OnPicture = no_matter,
    *,
    replaces: bool,
) -> None:
    """Write the report of a study.

    Parameters
    ----------
    study, command
        What was found, and the command line that made it; empty where a program did.
    path, replaces
        Where to, and whether it may take the place of a file.
    on_picture
        Called with the name of each picture that is drawn.

    Raises
    ------
    UserError
        If its name does not end in ``.html``, something else is there, or it cannot be written.
    """
    if path.suffix.lower() != ".html":
        raise UserError(f"{path} must end in .html, such as {path.with_suffix('.html').name}")
    with written_whole(path, replaces=replaces) as staged:
        if isinstance(study, Sweep):
            text = sweep_page(study, command, on_picture)
        else:
            text = run_page(Brief(study, command), on_picture)
        staged.write_text(text, encoding="utf-8")
