"""The factors on the rate of logins that make bursts."""

import math

import numpy as np

from simulator.core.arrays import FloatArray
from simulator.core.streams import stream
from simulator.demand.burstiness import Burstiness
from simulator.demand.demand import Demand
from simulator.demand.intensity import Pieces

FACTORS_PER_STREAM = 256
"""Factors are drawn so many at once, as making a stream takes longer than drawing them."""


class Bursts:
    """Applies the factors of one replication; they depend on time alone."""

    def __init__(self, burstiness: Burstiness, seed: int, replication: int) -> None:
        self._every_s = burstiness.every_s
        self._shape = burstiness.cv**-2.0
        self._seed, self._replication = seed, replication
        self._group, self._factors = 0, self._draw(0)

    @classmethod
    def of(cls, demand: Demand, seed: int, replication: int) -> "Bursts | None":
        """Return the factors of a demand; none where it has no bursts."""
        burstiness = demand.traffic.burstiness
        return cls(burstiness, seed, replication) if burstiness else None

    def sums_on(self, pieces: Pieces) -> FloatArray:
        """Return the expected logins of each piece and cohort with the factors applied, summed over the piece."""
        finer = self.on(pieces)
        first = np.searchsorted(finer.edges_s, pieces.edges_s[:-1])
        return np.asarray(np.add.reduceat(finer.logins, first, axis=0))

    def on(self, pieces: Pieces) -> Pieces:
        """Return a stretch of time cut finer, with the factors applied."""
        begin_s, end_s = pieces.edges_s[0], pieces.edges_s[-1]
        first, last = math.floor(begin_s / self._every_s), math.ceil(end_s / self._every_s)
        turns_s = np.arange(first + 1, last) * self._every_s
        edges_s = np.unique(np.concatenate([pieces.edges_s, turns_s[(turns_s > begin_s) & (turns_s < end_s)]]))
        middle_s = (edges_s[1:] + edges_s[:-1]) / 2
        coarse = np.searchsorted(pieces.edges_s, middle_s) - 1
        share = np.diff(edges_s) / np.diff(pieces.edges_s)[coarse]
        number = np.floor(middle_s / self._every_s).astype(np.int64)
        factor = self._between(int(number[0]), int(number[-1]) + 1)[number - number[0]]
        return Pieces(edges_s, pieces.logins[coarse] * (share * factor)[:, None])

    def _between(self, first: int, last: int) -> FloatArray:
        groups = range(first // FACTORS_PER_STREAM, (last - 1) // FACTORS_PER_STREAM + 1)
        drawn = np.concatenate([self._of_group(group) for group in groups])
        begin = groups[0] * FACTORS_PER_STREAM
        return np.asarray(drawn[first - begin : last - begin])

    def _of_group(self, group: int) -> FloatArray:
        if group != self._group:
            self._group, self._factors = group, self._draw(group)
        return self._factors

    def _draw(self, group: int) -> FloatArray:
        rng = stream(self._seed, self._replication, "bursts", group)
        return np.asarray(rng.standard_gamma(self._shape, FACTORS_PER_STREAM) / self._shape)
