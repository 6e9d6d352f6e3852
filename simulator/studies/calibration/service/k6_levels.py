"""Requests of a load test whose number of clients changes, by how many there were."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from simulator.core.arrays import BoolArray, FloatArray
from simulator.studies.calibration.service.measurement import MOST_CLIENTS, Row, of_samples

LEAST_S: Final = 5
LEAST_REQUESTS: Final = 20
"""A number of clients that was there for less, or that fewer requests came of, was passed on the way to another."""
BRIEF: Final = "while the number of VUs changed"
ALL_BRIEF: Final = "at a number of VUs that had fewer than 5 s or 20 requests"


@dataclass
class Points:
    """What a load test wrote, point by point."""

    time_s: list[float] = field(default_factory=list)
    """When requests were answered."""
    took_s: list[float] = field(default_factory=list)
    clients: dict[int, int] = field(default_factory=dict)
    """By second."""
    skipped: Counter[str] = field(default_factory=Counter)
    read: int = 0
    failed: int = 0
    names: Counter[str] = field(default_factory=Counter)
    """What requests are called."""


def rows_of(points: Points, batch: int, clients: int | None) -> list[Row]:
    """Return a row for each number of clients that lasted.

    Parameters
    ----------
    points
        Of a file; what is left out is counted in them.
    batch
        Predictions in a request.
    clients
        How many there were, where the user says it.
    """
    ended, took = np.array(points.time_s), np.array(points.took_s)
    if not took.size:
        return []
    if clients is not None or not points.clients:
        length_s = float(ended.max() - (ended - took).min())
        return [of_samples(took, batch=batch, clients=clients, requests_per_s=took.size / max(length_s, 1e-9))]
    seconds = np.array(sorted(points.clients), dtype=np.int64)
    level = np.array([points.clients[second] for second in seconds.tolist()])
    at_end, at_begin = (_level_at(each, seconds, level) for each in (ended, ended - took))
    steady = at_end == at_begin
    points.skipped[BRIEF] += int((~steady).sum())
    found = []
    for each in np.unique(at_end):
        row = _row(int(each), took, at_end == each, steady, (int((level == each).sum()), batch))
        if row is None:
            points.skipped[ALL_BRIEF] += int(((at_end == each) & steady).sum())
        else:
            found.append(row)
    return found


def _row(clients: int, took: FloatArray, here: BoolArray, steady: BoolArray, told: tuple[int, int]) -> Row | None:
    lasted_s, batch = told
    sample = took[here & steady]
    if lasted_s < LEAST_S or sample.size < LEAST_REQUESTS or not 1 <= clients <= MOST_CLIENTS:
        return None
    return of_samples(sample, batch=batch, clients=clients, requests_per_s=int(here.sum()) / lasted_s)


def _level_at(
    time_s: FloatArray, seconds: np.typing.NDArray[np.int64], level: np.typing.NDArray[np.int64]
) -> FloatArray:
    """Return how many clients there were at times, as the last second before said."""
    place = np.searchsorted(seconds, np.floor(time_s), side="right") - 1
    return np.where(place >= 0, level[np.maximum(place, 0)], -1).astype(np.float64)
