"""The service time of a replica by batch size, its noise and its slots, from what was measured."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from typing import Final, Literal

import numpy as np
from scipy.special import ndtri, stdtrit

from simulator.core.arrays import FloatArray
from simulator.core.errors import UserError
from simulator.core.estimate import CONFIDENCE
from simulator.core.units import about_duration
from simulator.studies.calibration.fitting import Fitted
from simulator.studies.calibration.service.closed_loop import (
    FAR,
    Slots,
    closed,
    find_slots,
    implied_s,
    services_s,
    unqueued,
)
from simulator.studies.calibration.service.measurement import Measurement, Row

GOOD_LINE: Final = 0.05
"""A line is taken where it is no farther off at any batch size."""
LEAST_OF_LINE: Final = 3
"""Two batch sizes lie on a line, whatever they are."""
FALLS: Final = 0.02
"""Throughput by batch size that is lower than at a smaller one by more falls; on a line it cannot."""
MOST_POINTS: Final = 1_000
"""Of a table in a scenario."""
LEAST_CV: Final = 0.002
"""Less noise than this is none."""
_UPPER: Final = (1 + CONFIDENCE) / 2
HOLD: Final = 0.002
"""Of the shortest service time: so long the first of a batch waits for others that come at the same time."""
Shape = Literal["affine", "table", "together"]


@dataclass(frozen=True)
class Point:
    """The service time of one batch size."""

    batch: int
    service_s: Fitted
    rows: int

    @property
    def per_s(self) -> float:
        """Predictions a second on one slot."""
        return self.batch / self.service_s.value


@dataclass(frozen=True)
class Line:
    """A fixed time and one for each prediction."""

    fixed_s: Fitted
    per_item_s: Fitted
    errors: tuple[float, ...]
    """How far it is off, relative to each batch size's service time."""

    def at_s(self, batch: int) -> float:
        """Return the service time of a batch size. [s]"""
        return self.fixed_s.value + self.per_item_s.value * batch

    @property
    def worst(self) -> float:
        """The largest error."""
        return max(abs(error) for error in self.errors)


@dataclass(frozen=True)
class ServiceFit:
    """What was measured, as a fleet states it."""

    points: tuple[Point, ...]
    """By batch size, rising."""
    line: Line | None
    """None of fewer than three batch sizes."""
    shape: Shape
    why: str
    """Why it is that."""
    noise: Fitted | None
    """Coefficient of variation of service times; None where nothing says it."""
    slots: Slots
    together: bool = False
    """Whether the requests that are under way are taken for a batch, so that batch sizes are numbers of clients."""

    @property
    def hold_s(self) -> float:
        """How long the first of a batch waits for others. [s]"""
        return HOLD * min(point.service_s.value for point in self.points) if self.together else 0.0

    def service_s(self, batch: int) -> float:
        """Return what the fleet takes for a batch that was measured. [s]"""
        if self.shape == "affine" and self.line is not None:
            return self.line.at_s(batch)
        return next(point.service_s.value for point in self.points if point.batch == batch)

    @property
    def best(self) -> Point:
        """The batch size of the largest throughput, the smallest of equals."""
        return max(self.points, key=lambda point: point.per_s)

    @property
    def falls(self) -> tuple[tuple[Point, Point], ...]:
        """The batch sizes from which the throughput falls to the next larger one."""
        return tuple(pair for pair in pairwise(self.points) if pair[1].per_s < (1 - FALLS) * pair[0].per_s)


def fit_service(measurement: Measurement, shape: Shape | None = None, slots: int | None = None) -> ServiceFit:
    """Return the fleet that was measured.

    Parameters
    ----------
    measurement
        What was read.
    shape
        What is asked for; by default a line where it is within 5 % everywhere, else a table. With ``together``, and by
        default where requests to a language model slow each other by more than a tenth, it is a table by clients at a
        time, whose requests are taken for a batch.
    slots
        How many requests the server works on at a time, where the user says it.

    Raises
    ------
    UserError
        If service and waiting cannot be told apart, if the rows are not such as was asked for, or there are more batch
        sizes than a table takes.
    """
    if shape == "together":
        return _fit_together(measurement, "as was asked for")
    found = find_slots(measurement, slots)
    points = tuple(_points(measurement, int(found.count.value)))
    line = _line(points) if len(points) >= LEAST_OF_LINE else None
    fit = ServiceFit(points, line, "table", "", _noise(measurement.rows, int(found.count.value)), found)
    chosen, why = _choice(fit, shape)
    if chosen == "table" and len(points) > MOST_POINTS:
        raise UserError(
            f"there are {len(points):,} batch sizes, and a table takes {MOST_POINTS:,}; choose fewer, or --as affine"
        )
    slower = next(slowing(measurement, int(found.count.value)), None)
    if shape is None and slower is not None and _may_be_together(measurement):
        return _fit_together(measurement, f"as a request takes {slower.told}")
    return ServiceFit(points, line, chosen, why, fit.noise, found)


@dataclass(frozen=True)
class Slowing:
    """How the service time of a batch size differs with the clients, though none of them waits."""

    batch: int
    told: str


def slowing(measurement: Measurement, slots: int) -> Iterator[Slowing]:
    """Yield where the service time differs by more than a tenth with the number of clients."""
    for batch, same in groupby(closed(measurement.rows), key=lambda row: row.batch):
        rows = [row for row in same if row.service_s is not None or (row.clients or 1) <= slots]
        known = [(row.service_s if row.service_s is not None else row.latency_s, row.clients or 1) for row in rows]
        if known and max(known)[0] > (1 + FAR) * min(known)[0]:
            least, most = (
                f"{about_duration(service_s)} with {clients} client{'s' * (clients > 1)}"
                for service_s, clients in (min(known), max(known))
            )
            yield Slowing(batch, f"{least} and {most}")


def _may_be_together(measurement: Measurement) -> bool:
    """Return whether all that is under way may be taken for a batch."""
    rows = closed(measurement.rows)
    is_plain = all(row.batch == 1 and row.service_s is None for row in measurement.rows)
    return is_plain and not measurement.pauses and bool(rows)


def _fit_together(measurement: Measurement, because: str) -> ServiceFit:
    """Return the fleet that computes all requests together that are under way, as long as each was under way."""
    if not _may_be_together(measurement):
        raise UserError(
            "--as together makes a batch of all requests that are under way: they must be of one prediction, of a tool "
            "for language models, whose clients do not pause"
        )
    rows = tuple(
        Row(row.clients or 1, row.latency_s, None, None, row.quantiles_s, row.cv, row.count)
        for row in closed(measurement.rows)
    )
    fit = fit_service(replace(measurement, rows=rows), "table")
    why = f"a table by clients at a time, whose requests are taken for a batch, {because}"
    return replace(fit, why=why, together=True)


def _choice(fit: ServiceFit, asked: Shape | None) -> tuple[Shape, str]:
    line = fit.line
    if line is None:
        count = len(fit.points)
        sizes = "one batch size is no line" if count == 1 else f"{count} batch sizes are on a line, whatever they are"
        return "table", f"a table, as {sizes}"
    if asked is not None:
        return asked, f"{'a line' if asked == 'affine' else 'a table'}, as was asked for"
    if fit.falls:
        return "table", "a table, as the throughput falls at larger batches, which it cannot on a line"
    if line.worst <= GOOD_LINE:
        return "affine", f"a line, as it is within {line.worst:.1%} at all {len(fit.points)} batch sizes"
    return "table", f"a table, as a line is off by up to {line.worst:.1%}"


def _points(measurement: Measurement, slots: int) -> Iterator[Point]:
    for batch in sorted({row.batch for row in measurement.rows}):
        rows = [row for row in measurement.rows if row.batch == batch]
        yield Point(batch, _service(rows, slots, pauses=measurement.pauses), len(rows))


def _service(rows: Sequence[Row], slots: int, *, pauses: bool) -> Fitted:
    """Return the service time of one batch size, with the wider of two intervals: that of rows, and of requests."""
    if all(row.clients is None and row.service_s is None for row in rows):
        weights = [float(row.count or 1) for row in rows]
        value, each = (
            float(np.average([row.latency_s for row in rows], weights=weights)),
            [row.latency_s for row in rows],
        )
    else:
        value = float(services_s(rows, np.array([float(slots)]), pauses=pauses)[0])
        implied = (implied_s(row, slots, value, pauses=pauses) for row in rows)
        each = [service_s for service_s in implied if service_s is not None]
    halves = (_half_of_rows(np.array(each)), _half_of_requests(rows, slots))
    half = max((half for half in halves if not math.isnan(half)), default=math.nan)
    return Fitted(value, max(value - half * value, 0.0) if half >= 0 else math.nan, value + half * value)


def _half_of_rows(each: FloatArray) -> float:
    """Return half the interval of the mean of rows, relative to it; NaN of one."""
    if each.size < 2:  # noqa: PLR2004  (one says nothing of chance)
        return math.nan
    spread = float(each.std(ddof=1)) / float(each.mean())
    return float(stdtrit(each.size - 1, _UPPER)) * spread / math.sqrt(each.size)


def _half_of_requests(rows: Sequence[Row], slots: int) -> float:
    """Return half the interval of the mean of single requests, relative to it; NaN where it is not known."""
    known = [row for row in unqueued(rows, slots) if row.cv is not None and row.count and row.count > 1]
    count = sum(row.count or 0 for row in known)
    if not known:
        return math.nan
    spread = math.sqrt(sum((row.cv or 0.0) ** 2 * (row.count or 0) for row in known) / count)
    return float(stdtrit(count - len(known), _UPPER)) * spread / math.sqrt(count)


def _line(points: Sequence[Point]) -> Line:
    """Return the line that is least off, relative to the service times, in the mean of squares."""
    batch = np.array([float(point.batch) for point in points])
    service_s = np.array([point.service_s.value for point in points])
    terms = np.column_stack([1 / service_s, batch / service_s])
    found, *_ = np.linalg.lstsq(terms, np.ones(batch.size))
    free = np.array([True, True])
    if found.min() < 0:  # neither time is below 0: the other alone
        free = found > 0
        one = terms[:, free][:, 0]
        found = np.where(free, float(one.sum() / (one @ one)), 0.0)
    errors = terms @ found - 1
    freedom = batch.size - int(free.sum())
    half = np.zeros(2)
    covariance = np.linalg.pinv(terms[:, free].T @ terms[:, free]) * float(errors @ errors) / freedom
    half[free] = float(stdtrit(freedom, _UPPER)) * np.sqrt(np.maximum(np.diag(covariance), 0.0))
    fixed, per_item = (
        Fitted(float(value), max(float(value - each), 0.0), float(value + each))
        for value, each in zip(found, half, strict=True)
    )
    return Line(fixed, per_item, tuple(float(error) for error in errors))


def _noise(rows: Sequence[Row], slots: int) -> Fitted | None:
    """Return how service times scatter, from rows in which nothing waits.

    What clients and network take is taken for constant, so that all of the latency's scatter is the service's.
    """
    found, counts = list[float](), list[int | None]()
    for row in unqueued(rows, slots):
        scatter = row.scatter
        if scatter is not None:
            found.append(scatter * row.latency_s / (row.service_s if row.service_s is not None else row.latency_s))
            counts.append(row.count if row.cv is not None else None)
    if not found:
        return None
    weights = np.array([float(count) if count else 1.0 for count in counts])
    value = math.sqrt(float(np.average(np.square(found), weights=weights)))
    known = [count for count in counts if count]
    if len(known) == len(counts):  # of the standard deviation of samples that are about normal
        half = float(ndtri(_UPPER)) * value * math.sqrt((1 + 2 * value**2) / (2 * max(sum(known) - len(known), 1)))
    elif len(found) > 1:
        half = _half_of_rows(np.array(found)) * value if value else 0.0
    else:
        half = math.nan
    return Fitted(value, max(value - half, 0.0), value + half)
