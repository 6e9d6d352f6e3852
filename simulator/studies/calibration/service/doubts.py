"""What speaks against a fit of a fleet to a benchmark, and what to do about it; a sentence each."""

from collections.abc import Iterator
from typing import Final

from simulator.core.units import about_duration
from simulator.studies.calibration.held_out import Compared
from simulator.studies.calibration.service.closed_loop import FAR, broken_law, closed, falling
from simulator.studies.calibration.service.fitting import ServiceFit, slowing
from simulator.studies.calibration.service.measurement import Measurement
from simulator.studies.calibration.service.played import FEW, GOOD, MOST_ROWS, Played

SHOWN: Final = 3


def doubts(measurement: Measurement, fit: ServiceFit, played: Played) -> Iterator[str]:
    """Yield what speaks against a fit."""
    yield from measurement.doubts
    yield from broken_law(measurement)
    if fit.together:
        yield (
            "a batch begins when the one before is over; where a server lets requests in at any time, the latencies of "
            "people who come by themselves are overstated by their wait for that"
        )
    else:
        yield from falling(measurement)
        yield from _uneven(measurement, fit)
    for smaller, larger in fit.falls[:1]:
        yield (
            f"throughput falls from {smaller.per_s:.4g} predictions/s in batches of {smaller.batch} to "
            f"{larger.per_s:.4g} in batches of {larger.batch}; the most, "
            f"{fit.best.per_s:.4g}, is in batches of {fit.best.batch}"
        )
    if fit.line is not None and fit.shape == "affine" and fit.line.worst > FAR:
        yield f"the line is off by up to {fit.line.worst:.0%}"
    if fit.points[0].batch > 1:
        smallest = fit.points[0].batch
        yield f"batches of fewer than {smallest} were not measured; a table takes them for as slow as {smallest}"
    if closed(measurement.rows) and fit.slots.at_least and not fit.together:
        slots = int(fit.slots.count.value)
        yield (
            f"no row has so many clients that all slots are busy: a replica has at least {slots} "
            f"slot{'s' if slots > 1 else ''}, and perhaps more; measure with more clients"
        )
    yield from _far(played.compared)
    for row in played.not_played:
        yield f"the row of {row.clients} clients was not played: it is more than the simulator takes"
    if played.compared and len(closed(measurement.rows)) > MOST_ROWS:
        yield f"of {len(closed(measurement.rows))} rows {MOST_ROWS} were played, evenly spread"
    if played.compared and any(each.count is not None and each.count < FEW for each in closed(measurement.rows)):
        yield f"of rows with fewer than {FEW} requests no p99 is compared, nor any quantile that no request is beyond"


def _far(compared: tuple[Compared, ...]) -> Iterator[str]:
    """Yield what the fleet does otherwise than was measured, the farthest first."""
    far = sorted((each for each in compared if not each.is_good), key=lambda each: -abs(each.error))
    for each in far[:SHOWN]:
        yield f"{each.metric} is {each.fit:.4g} by the fit and {each.log:.4g} in the file ({each.error:+.0%})"
    if len(far) > SHOWN:
        yield f"{len(far) - SHOWN} more numbers are off by more than {GOOD:.0%}"


def _uneven(measurement: Measurement, fit: ServiceFit) -> Iterator[str]:
    """Yield where the service time is not the same whatever the number of clients, as a fleet's is."""
    for each in slowing(measurement, int(fit.slots.count.value)):
        of_batch = f", in batches of {each.batch}" if len(fit.points) > 1 else ""
        one = about_duration(fit.service_s(each.batch))
        yield f"the service time is {each.told}{of_batch}; a fleet has one, {one}, whatever else it computes"
