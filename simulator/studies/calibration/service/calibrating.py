"""From the files of a benchmark to a fleet of a scenario, played in the loop in which it was measured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from simulator.studies.calibration.fitting import Fitted
from simulator.studies.calibration.held_out import Compared
from simulator.studies.calibration.service.doubts import doubts
from simulator.studies.calibration.service.fitting import ServiceFit, Shape, fit_service
from simulator.studies.calibration.service.measurement import Measurement
from simulator.studies.calibration.service.parts import INSTANCE, NAME, parameters_of, parts_of
from simulator.studies.calibration.service.played import Played, played
from simulator.studies.calibration.service.reading import Said, read_measurements

NOTHING_SAID: Final = Said()


@dataclass(frozen=True)
class ServiceCalibration:
    """What a benchmark says of a fleet."""

    measurement: Measurement
    fit: ServiceFit
    parts: dict[str, Any]
    """``backends``."""
    parameters: Mapping[str, Fitted]
    """By the keys of a scenario; times in seconds."""
    compared: tuple[Compared, ...]
    """The file against the fleet in the same closed loop; empty where no row is of one."""
    why: tuple[str, ...]
    """What speaks against it."""

    @property
    def fits(self) -> bool | None:
        """Whether the fleet does in the loop what was measured; None where nothing could be played."""
        return all(each.is_good for each in self.compared) if self.compared else None


def calibrate_service(
    paths: Sequence[Path],
    said: Said = NOTHING_SAID,
    *,
    shape: Shape | None = None,
    slots: int | None = None,
    name: str = NAME,
    instance: str = INSTANCE,
    plays: bool = True,
) -> ServiceCalibration:
    """Return what files of a benchmark say of a fleet.

    Parameters
    ----------
    paths
        Files of one tool.
    said
        What is said of them.
    shape, slots
        See `fit_service`.
    name, instance
        What the fleet is called, and on which instances it runs.
    plays
        Whether the simulator plays the rows in which clients wait for answers.

    Raises
    ------
    UserError
        If a file cannot be read, or nothing follows from it.
    """
    measurement = read_measurements(paths, said)
    fit = fit_service(measurement, shape, slots)
    found = played(measurement, fit) if plays else Played()
    return ServiceCalibration(
        measurement,
        fit,
        parts_of(fit, name, instance),
        parameters_of(fit, name),
        found.compared,
        tuple(doubts(measurement, fit, found)),
    )
