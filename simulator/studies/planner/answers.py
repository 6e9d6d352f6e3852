"""What answers the requests of a plan, in expectation, and how old it is."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from simulator.core.arrays import FloatArray
from simulator.core.histogram import BINS, Histogram

WHOLE = 10**12
"""Counts of a histogram of expectations: its quantiles go by shares alone."""


def upper_edges() -> FloatArray:
    """Return where each bin of a histogram ends, shape (BINS,)."""
    return Histogram(np.ones(BINS, dtype=np.int64), 0.0).curve()[0]


_UPPER = upper_edges()


class Law:
    """A distribution put together from weighted values."""

    def __init__(self) -> None:
        self._weights = np.zeros(BINS)
        self._total = 0.0

    def add(self, values: FloatArray, weights: FloatArray) -> None:
        """Add values from 0 with their weights, arrays of one shape."""
        flat, heavy = np.ravel(values), np.ravel(weights)
        self._weights += np.bincount(np.searchsorted(_UPPER, flat, side="right").clip(max=BINS - 1), heavy, BINS)
        self._total += float(flat @ heavy)

    @property
    def weight(self) -> float:
        """All weights together."""
        return float(self._weights.sum())

    def points(self) -> tuple[FloatArray, FloatArray]:
        """Return the values and their weights, as far as the bins tell them apart."""
        filled = np.flatnonzero(self._weights)
        lower = np.concatenate([[0.0], _UPPER[:-1]])
        return (lower[filled] + _UPPER[filled]) / 2, self._weights[filled]

    def histogram(self) -> Histogram:
        """Return it as a histogram, whose counts add up to about `WHOLE`, or to 0."""
        weight = self.weight
        if weight <= 0:
            return Histogram(np.zeros(BINS, dtype=np.int64), 0.0)
        counts = np.rint(np.maximum(self._weights, 0.0) * (WHOLE / weight)).astype(np.int64)
        return Histogram(counts, self._total / weight * float(counts.sum()))


@dataclass
class Rows:
    """What becomes of the rows that are computed before anybody asks."""

    ended: float = 0.0
    """Rows replaced or expired within the horizon."""
    wasted: float = 0.0
    """Of these, those that nobody had read."""
    ended_row_s: float = 0.0
    """Time that those which ended were held. [s]"""
    unread_row_s: float = 0.0
    """Of it, that of the wasted ones. [s]"""


@dataclass
class Answers:
    """What answers the requests of a plan, hour by hour, in expectation."""

    edges_s: FloatArray
    """Of the hours. [s]"""
    requests: FloatArray
    """Shape (hours,), as all series."""
    precomputed: FloatArray
    cached: FloatArray
    computed: FloatArray
    defaulted: FloatArray
    revalidated: FloatArray
    refreshed: FloatArray
    age: Law = field(default_factory=Law)
    """Of the rows served, from their snapshots, without the lag of features."""
    written_batch: float = 0.0
    """Rows of runs that are published within the horizon."""
    row_s: float = 0.0
    """Rows x time held. [s]"""
    peak_rows: float = 0.0
    batch: Rows = field(default_factory=Rows)
    nearline: Rows = field(default_factory=Rows)
    online: Rows = field(default_factory=Rows)
    leaves_out: list[str] = field(default_factory=list)
    """What the shares of answers leave out."""
    age_leaves_out: list[str] = field(default_factory=list)
    """What the ages leave out besides."""

    @classmethod
    def none(cls, edges_s: FloatArray, requests: FloatArray) -> "Answers":
        """Return those of so many requests, which nothing answers yet."""
        one, two, three, four, five, six = (np.zeros_like(requests) for _ in range(6))
        return cls(edges_s, requests, one, two, three, four, five, six)

    def totals(self) -> Iterator[tuple[str, float]]:
        """Yield each series' sum by its name."""
        names = ("requests", "precomputed", "cached", "computed", "defaulted", "revalidated", "refreshed")
        yield from ((name, float(getattr(self, name).sum())) for name in names)
