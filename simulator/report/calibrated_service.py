"""What a benchmark says of a fleet, for Python and Jupyter: the numbers, whether it does what was measured, parts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any, get_args

from typing_extensions import override

from simulator.core.errors import UserError
from simulator.core.units import read_count
from simulator.report.arguments import read_argument
from simulator.report.fitted_parts import FittedParts
from simulator.report.notebook import folded, html_table, paragraphs, shown
from simulator.report.service_report import (
    capacity_sentence,
    fit_sentence,
    parameter_rows,
    played_rows,
    service_parts_text,
    source_sentence,
)
from simulator.scenario.overrides import split_assignment
from simulator.studies.calibration.fitting import Fitted
from simulator.studies.calibration.held_out import Compared
from simulator.studies.calibration.service import calibrating
from simulator.studies.calibration.service.calibrating import ServiceCalibration
from simulator.studies.calibration.service.fitting import Shape
from simulator.studies.calibration.service.parts import INSTANCE, NAME
from simulator.studies.calibration.service.reading import Said


@dataclass(frozen=True, repr=False)
class ServiceCalibrationResult(FittedParts):
    """What a benchmark says of a fleet, and whether that does what was measured; in Jupyter it shows itself."""

    calibration: ServiceCalibration
    """What was found, with everything that was counted."""

    @override
    def _numbers(self) -> Mapping[str, Fitted]:
        return self.calibration.parameters

    @override
    def _compared(self) -> Sequence[Compared]:
        return self.calibration.compared

    @override
    def _parts_text(self) -> str:
        return service_parts_text(self.calibration)

    @property
    def verdict(self) -> str:
        """Whether the fleet does what was measured, as a sentence."""
        return fit_sentence(self.calibration)

    @property
    def fits(self) -> bool | None:
        """Whether all that was played is within 10 % of the file; None where nothing was played."""
        return self.calibration.fits

    @property
    @override
    def why(self) -> tuple[str, ...]:
        """What speaks against the fit, and what to do about it."""
        return self.calibration.why

    @property
    @override
    def parts(self) -> dict[str, Any]:
        """``backends`` with the fleet, as a scenario's file states it."""
        return self.calibration.parts

    @override
    def __repr__(self) -> str:
        return f"<ServiceCalibrationResult of {self.calibration.measurement.recognised}; {self.verdict}>"

    def _repr_html_(self) -> str:
        found = self.calibration
        return shown(
            f"<p><strong>{escape(self.verdict)}</strong></p>",
            html_table(*parameter_rows(found)),
            paragraphs((f"The service time is {found.fit.why}.", capacity_sentence(found), *found.why)),
            folded("in the same closed loop", html_table(*played_rows(found))) if found.compared else "",
            f"<p><small>{escape(source_sentence(found))}</small></p>",
        )


def calibrate_service(  # noqa: PLR0913  (what the command takes)
    files: str | Path | Sequence[str | Path],
    *,
    batch_size: int | Sequence[int] = (),
    clients: int | Sequence[int] = (),
    where: Mapping[str, str] | Sequence[str] = (),
    time: str | None = None,
    unit: str | None = None,
    slots: int | None = None,
    as_: Shape | None = None,
    name: str = NAME,
    instance: str = INSTANCE,
    fit_only: bool = False,
) -> ServiceCalibrationResult:
    """Fit a fleet to what a benchmark measured, and play it in the loop in which that was done.

    Parameters
    ----------
    files
        What one benchmark wrote: a path, or several.
    batch_size, clients
        Predictions in a request, and how many wait for answers: one for all files, or one for each.
    where
        Only rows of a table that have this there: ``{"model": "DLRM"}`` or ``["model=DLRM"]``.
    time, unit
        The column with the times, of a table, and its unit: ``"s"``, ``"ms"``, ``"us"`` or ``"ns"``.
    slots
        Requests that the server works on at a time; by default as follows from the rows.
    as_
        What service times are: ``"affine"``, ``"table"`` or ``"together"``; by default a line where it fits, else a
        table.
    name, instance
        What the fleet is called, and the instance that was measured, which no benchmark says.
    fit_only
        Whether not to play what was measured.

    Raises
    ------
    UserError
        If a file cannot be read, nothing follows from it, or anything else is not valid.
    """
    if as_ is not None and as_ not in get_args(Shape):
        raise UserError(f"as_: {as_!r} is not one of {', '.join(get_args(Shape))}")
    said = Said(_counts("batch_size", batch_size), _counts("clients", clients), _wanted(where), time, unit)
    found = calibrating.calibrate_service(
        _paths(files),
        said,
        shape=as_,
        slots=None if slots is None else read_argument("slots", slots, read_count),
        name=name,
        instance=instance,
        plays=not fit_only,
    )
    return ServiceCalibrationResult(found)


def _paths(files: Any) -> list[Path]:
    if isinstance(files, (str, Path)):
        return [Path(files)]
    if isinstance(files, Sequence) and files and all(isinstance(each, (str, Path)) for each in files):
        return [Path(each) for each in files]
    what = "nothing" if isinstance(files, Sequence) and not files else f"a {type(files).__name__}"
    raise UserError(f"calibrate_service() takes the path of a file or several, not {what}")


def _counts(name: str, given: Any) -> list[int]:
    several = given if isinstance(given, Sequence) and not isinstance(given, str) else (given,)
    return [read_argument(name, each, read_count) for each in several]


def _wanted(where: Any) -> tuple[tuple[str, str], ...]:
    if isinstance(where, Mapping):
        return tuple((str(column), str(value)) for column, value in where.items())
    texts = (where,) if isinstance(where, str) else where
    if not isinstance(texts, Sequence) or not all(isinstance(each, str) for each in texts):
        raise UserError(f"where: give it as {{'model': 'DLRM'}} or ['model=DLRM'], not a {type(where).__name__}")
    return tuple(split_assignment(each, "where", "model=DLRM") for each in texts)
