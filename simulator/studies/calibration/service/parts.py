"""A fit as the parts of a scenario, and by which keys its numbers go there."""

from collections.abc import Mapping
from typing import Any, Final

from simulator.studies.calibration.fitting import Fitted
from simulator.studies.calibration.service.fitting import LEAST_CV, ServiceFit

DIGITS: Final = 5
NAME: Final = "measured"
INSTANCE: Final = "g4dn.xlarge"
"""As in the starter scenario; no benchmark says on what it ran, as a book of prices calls it."""


def parts_of(fit: ServiceFit, name: str = NAME, instance: str = INSTANCE) -> dict[str, Any]:
    """Return ``backends`` with the fleet that was measured, of one replica."""
    service: dict[str, Any]
    if fit.shape == "affine" and fit.line is not None:
        line = fit.line
        service = {"kind": "affine", "fixed": duration(line.fixed_s.value), "per_item": duration(line.per_item_s.value)}
    else:
        points = [{"batch": point.batch, "time": duration(point.service_s.value)} for point in fit.points]
        service = {"kind": "table", "points": points}
    if fit.noise is not None and fit.noise.value >= LEAST_CV:
        service["noise"] = {"kind": "lognormal", "cv": float(f"{fit.noise.value:.3g}")}
    fleet: dict[str, Any] = {
        "kind": "fleet",
        "instance": instance,
        "slots": int(fit.slots.count.value),
        "service_time": service,
        "capacity": {"kind": "fixed", "replicas": 1},
    }
    if fit.together and fit.points[-1].batch > 1:
        fleet["batching"] = {"max": fit.points[-1].batch, "hold": duration(fit.hold_s)}
    return {"backends": {name: fleet}}


def parameters_of(fit: ServiceFit, name: str = NAME) -> Mapping[str, Fitted]:
    """Return the numbers of a fit by the keys of a scenario; times in seconds."""
    found, at = dict[str, Fitted](), f"backends.{name}"
    if fit.shape == "affine" and fit.line is not None:
        found |= {
            f"{at}.service_time.fixed": fit.line.fixed_s,
            f"{at}.service_time.per_item": fit.line.per_item_s,
        }
    else:
        for number, point in enumerate(fit.points):
            found[f"{at}.service_time.points[{number}].time"] = point.service_s
    if fit.noise is not None and fit.noise.value >= LEAST_CV:
        found[f"{at}.service_time.noise.cv"] = fit.noise
    return {**found, f"{at}.slots": fit.slots.count}


def duration(seconds: float, digits: int = DIGITS) -> str:
    """Return a time as a scenario states it."""
    for unit, name in ((1.0, "s"), (1e-3, "ms"), (1e-6, "us")):
        if seconds >= unit:
            number = seconds / unit
            return f"{number:.{digits}g} {name}" if number < 10**digits else f"{number:.0f} {name}"
    return f"{seconds:.{digits}g} s"
