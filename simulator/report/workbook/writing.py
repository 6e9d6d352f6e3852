"""The workbook of a run or a sweep, and how it comes to its place."""

from importlib.util import find_spec
from pathlib import Path

from simulator.core.errors import UserError
from simulator.report.brief import Brief
from simulator.report.documents import written_whole
from simulator.studies.sweep import Sweep

NAME = "workbook.xlsx"
"""In the folder of a run."""


def write_workbook(told: Brief | Sweep, path: Path, *, replaces: bool) -> None:
    """Write the workbook of a comparison, whose bills are reckoned anew when a price is changed, or of a sweep.

    Parameters
    ----------
    told, path
        What it is of, and where to.
    replaces
        Whether it may take the place of a file.

    Raises
    ------
    UserError
        If XlsxWriter is not installed, if something else is there, or if it cannot be written.
    """
    if find_spec("xlsxwriter") is None:
        raise UserError("a workbook needs XlsxWriter: pip install '.[workbook]' in predcost's folder")
    from simulator.report.workbook.run_workbook import write_run_workbook  # noqa: PLC0415  (an extra)
    from simulator.report.workbook.sweep_workbook import write_sweep_workbook  # noqa: PLC0415

    with written_whole(path, replaces=replaces) as staged:
        if isinstance(told, Sweep):
            write_sweep_workbook(told, staged)
        else:
            write_run_workbook(told, staged)
