"""What a run and a sweep are written as alike, for Python and Jupyter: a workbook and a deck of slides."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from simulator.studies.sweep import Sweep

if TYPE_CHECKING:
    from simulator.report.brief import Brief


class Documented(ABC):
    """A result that can be written as documents."""

    @abstractmethod
    def _told(self) -> "Brief | Sweep":
        """Return what the documents tell of."""

    def workbook(self, path: str | Path, *, force: bool = False) -> Path:
        """Write it as a workbook (XLSX), as ``predcost workbook`` does, and return its path.

        A run's bills are live formulas of the prices; a sweep has its points, what each plan costs there, and a chart.

        Parameters
        ----------
        path
            Where to, such as ``bills.xlsx``.
        force
            Whether a file that is there may be replaced.

        Raises
        ------
        UserError
            If XlsxWriter is not installed, if something else is there, or if it cannot be written.
        """
        from simulator.report.documents import document_path  # noqa: PLC0415
        from simulator.report.workbook.writing import NAME, write_workbook  # noqa: PLC0415  (an extra)

        place = document_path(Path(), Path(path), NAME)
        write_workbook(self._told(), place, replaces=force)
        return place

    def slides(
        self,
        path: str | Path,
        template: str | Path | None = None,
        only: Sequence[str] = (),
        *,
        force: bool = False,
    ) -> Path:
        """Make a PowerPoint deck as ``predcost slides`` does, whose charts can be edited, and return its path.

        Parameters
        ----------
        path
            Where to.
        template
            A .pptx or .potx whose size, layouts, colours and fonts are used.
        only
            The slides that are wanted, such as ``["cost", "latency"]``; by default all.
        force
            Whether a file that is there may be replaced.

        Raises
        ------
        UserError
            If python-pptx is not installed, the template is none, there are no such slides, or it cannot be written.
        """
        from simulator.report.documents import document_path  # noqa: PLC0415
        from simulator.report.slides.writing import NAME, write_slides  # noqa: PLC0415  (an extra)

        return write_slides(self._told(), document_path(Path(), Path(path), NAME), template, only, replaces=force)
