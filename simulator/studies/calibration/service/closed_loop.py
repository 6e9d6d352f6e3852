"""What holds where a number of clients send a request, wait for its answer, pause, and send the next.

With N clients, throughput X, latency R and pauses Z, Little's law says N = X (R + Z) [1]_. On c slots of service time
s, X is at most c / s and at most N / (s + Z): equal to the lesser where Z is 0 or service times are alike, and
otherwise below it near where the two meet.

References
----------
.. [1] E. D. Lazowska et al., "Quantitative System Performance", 1984, chapters 3 and 5.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

import numpy as np
from scipy.special import fdtri

from simulator.core.arrays import BoolArray, FloatArray
from simulator.core.errors import UserError
from simulator.core.estimate import CONFIDENCE
from simulator.core.units import about_duration
from simulator.studies.calibration.fitting import Fitted
from simulator.studies.calibration.service.measurement import Measurement, Row

FAR: Final = 0.1
"""Rows that break Little's law by more are told, and so is a fit that is farther off."""
MOST_SLOTS: Final = 10_000
AMBIGUOUS: Final = 0.02
FALLS: Final = 0.05
"""Relative to the most that was reached; a throughput that is lower than that by more falls."""
_ROUNDS: Final = 5


@dataclass(frozen=True)
class Slots:
    """How many requests a replica works on at a time."""

    count: Fitted
    at_least: bool
    """Whether no row has so many clients that any of them waits, so that there may be more."""
    given: bool
    """Whether the user said it."""


def pause_s(row: Row) -> float:
    """Return the time between an answer and the next request, by Little's law; 0 where it is not known. [s]"""
    if row.clients is None or row.requests_per_s is None:
        return 0.0
    return max(row.clients / row.requests_per_s - row.latency_s, 0.0)


def away_s(row: Row, *, pauses: bool) -> float:
    """Return how long a client neither keeps a slot busy nor waits for one: pauses, its own work and network. [s]"""
    return row.overhead_s + (pause_s(row) if pauses else 0.0)


def closed(rows: Sequence[Row]) -> list[Row]:
    """Return the rows whose clients and throughput are known, by batch size and clients."""
    known = [row for row in rows if row.clients is not None and row.requests_per_s is not None]
    return sorted(known, key=lambda row: (row.batch, row.clients or 0))


def find_slots(measurement: Measurement, given: int | None = None) -> Slots:
    """Return the slots of the one replica that was measured.

    Raises
    ------
    UserError
        If service and waiting cannot be told apart.
    """
    rows, unknown = closed(measurement.rows), Fitted(1, math.nan, math.nan)
    if given is not None:
        if not 1 <= given <= MOST_SLOTS:
            raise UserError(f"--slots: {given} is not from 1 to {MOST_SLOTS:,}")
        return Slots(Fitted(given, math.nan, math.nan), at_least=False, given=True)
    if not rows:
        return Slots(unknown, at_least=True, given=False)
    most = min(max(row.clients or 1 for row in rows), MOST_SLOTS)
    counts = np.arange(1, most + 1, dtype=np.float64)
    off = _off(rows, counts, pauses=measurement.pauses)
    mean_off = np.sqrt(off / len(rows))
    near = counts[mean_off <= mean_off.min() + AMBIGUOUS]
    least = min(row.clients or 1 for row in rows)
    if least in near and not any(is_quiet(row) for row in rows):
        raise UserError(
            f"the fewest clients are {least}, and perhaps they wait in a queue for most of that time: nothing tells "
            "the service time. Measure with 1 client too, or say with --slots how many requests the server works on "
            "at a time"
        )
    if near[-1] == most:
        return Slots(Fitted(float(near[0]), float(near[0]), math.nan), at_least=True, given=False)
    freedom = len(rows) - len({row.batch for row in rows}) - 1
    low, high = math.nan, math.nan
    if freedom > 0:
        inside = counts[off <= off.min() * (1 + float(fdtri(1, freedom, CONFIDENCE)) / freedom) + 1e-12]
        low, high = float(inside[0]), float(inside[-1])
    return Slots(Fitted(float(counts[off.argmin()]), low, high), at_least=False, given=False)


def is_quiet(row: Row) -> bool:
    """Return whether next to nothing waits, however few slots there are; also where the server says what it takes."""
    if row.service_s is not None or row.clients is None or row.clients == 1:
        return True
    return (row.requests_per_s or math.inf) * row.latency_s <= FAR


def unqueued(rows: Sequence[Row], slots: int) -> list[Row]:
    """Return the rows in which no request waits, as there are no more clients than slots."""
    return [row for row in rows if row.clients is None or row.clients <= slots]


def _off(rows: Sequence[Row], counts: FloatArray, *, pauses: bool) -> FloatArray:
    """Return the sum of squares by which logarithms of latencies are off, for each number of slots."""
    total = np.zeros(counts.size)
    for _, same in groupby(rows, key=lambda row: row.batch):
        group = list(same)
        service_s = services_s(group, counts, pauses=pauses)
        for row in group:
            clients, away = row.clients or 1, away_s(row, pauses=pauses)
            expected = np.maximum(service_s, clients * service_s / counts - away)
            total += np.log(expected / _at_server_s(row)) ** 2
    return total


def _at_server_s(row: Row) -> float:
    return max(row.latency_s - row.overhead_s, LEAST_FRACTION * row.latency_s)


LEAST_FRACTION: Final = 1e-3


def services_s(rows: Sequence[Row], counts: FloatArray, *, pauses: bool) -> FloatArray:
    """Return the service time of rows of one batch size, for each number of slots.

    It is what the server says, where it says it; else what fits best: a row in which nothing waits has it as its
    latency, and in one in which all slots are always busy it follows from the throughput.
    """
    stated = [row.service_s for row in rows if row.service_s is not None]
    if len(stated) == len(rows):
        weights = np.array([row.requests_per_s or 1.0 for row in rows])
        return np.full(counts.size, float(np.average(stated, weights=weights)))
    found = np.full(counts.size, min(row.latency_s for row in rows))
    for _ in range(_ROUNDS):
        told = [_implied(row, counts, found, pauses=pauses) for row in rows]
        sure = np.array([each for _, each in told], dtype=np.float64)
        weights = np.where(sure.any(axis=0), sure, 1.0)
        found = np.exp(np.average([np.log(each) for each, _ in told], axis=0, weights=weights))
    return found


def _implied(row: Row, counts: FloatArray, service_s: FloatArray, *, pauses: bool) -> tuple[FloatArray, BoolArray]:
    """Return the service time that a row implies if it is about as given, and whether it is sure of it. [s]"""
    clients, away = row.clients or 1, away_s(row, pauses=pauses)
    busy = clients * service_s > counts * (service_s + away)
    return np.where(busy, counts / (row.requests_per_s or 1.0), _at_server_s(row)), busy | (
        (clients <= counts) | is_quiet(row)
    )


def implied_s(row: Row, slots: int, service_s: float, *, pauses: bool) -> float | None:
    """Return the service time that a row says there is, if it says one. [s]"""
    if row.service_s is not None:
        return row.service_s
    each, sure = _implied(row, np.array([float(slots)]), np.array([service_s]), pauses=pauses)
    return float(each[0]) if sure[0] else None


def broken_law(measurement: Measurement) -> Iterator[str]:
    """Yield the rows that break Little's law by more than a tenth."""
    for row in closed(measurement.rows):
        clients, rate = row.clients or 1, row.requests_per_s or 1.0
        busy = rate * row.latency_s
        if busy > (1 + FAR) * clients or (busy < (1 - FAR) * clients and not measurement.pauses):
            yield (
                f"the row of {clients} clients{_of_batch(row, measurement)} breaks Little's law: {rate:.4g} "
                f"requests/s of {about_duration(row.latency_s)} each are {busy:.3g} clients at a time, not {clients}"
            )


def falling(measurement: Measurement) -> Iterator[str]:
    """Yield where the throughput falls as clients are added."""
    for _, same in groupby(closed(measurement.rows), key=lambda row: row.batch):
        rows = list(same)
        best = max(rows, key=lambda row: row.requests_per_s or 0.0)
        last = rows[-1]
        reached, left = best.requests_per_s or 0.0, last.requests_per_s or 0.0
        if left < (1 - FALLS) * reached and (last.clients or 0) > (best.clients or 0):
            yield (
                f"throughput falls from {reached:.4g}/s with {best.clients} clients to {left:.4g}/s with {last.clients}"
                f"{_of_batch(last, measurement)}; a fleet's does not: limit what it lets in"
            )


def _of_batch(row: Row, measurement: Measurement) -> str:
    return f" with batch size {row.batch}" if len({each.batch for each in measurement.rows}) > 1 else ""
