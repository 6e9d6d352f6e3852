"""Log-binned histograms: quantiles with a stated relative error, mergeable by addition.

A bin is addressed by the leading bits of a float64: its exponent and the first seven bits of its mantissa. A bin is
thus at most 1/128 of its lower edge wide, and its middle is within 0.4 % of every value in it. Filling one needs no
logarithm, so that the request path can do it for every request.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from simulator.core.arrays import FloatArray, IntArray
from simulator.core.jit import inlined

_MANTISSA_BITS = 7
_SHIFT = 52 - _MANTISSA_BITS
_LOWEST_EXPONENT = -24
_HIGHEST_EXPONENT = 30
_BIAS = 1023
_OFFSET = (_LOWEST_EXPONENT + _BIAS) << _MANTISSA_BITS
BINS = ((_HIGHEST_EXPONENT - _LOWEST_EXPONENT) << _MANTISSA_BITS) + 1
"""Bin 0 takes everything from 0 to 60 ns, the last one all from 34 years."""
RELATIVE_ERROR = 0.5 / 2**_MANTISSA_BITS
"""The largest relative error of a quantile."""


@inlined
def bin_at(value: float) -> int:
    """Return the bin of a value from 0."""
    bits = np.float64(value).view(np.int64)
    place = int(bits >> _SHIFT) - _OFFSET + 1
    return min(max(place, 0), BINS - 1)


def bin_of(value: float) -> int:
    """Return the bin of a value from 0, to callers that are not compiled; nothing is compiled for it either."""
    plain: Callable[[float], int] = getattr(bin_at, "py_func", bin_at)
    return plain(value)


def _edges() -> FloatArray:
    bits = (np.arange(BINS, dtype=np.int64) + _OFFSET) << _SHIFT
    return np.concatenate([[0.0], bits.view(np.float64)])


@dataclass(frozen=True)
class Histogram:
    """Counts by bin, shape (BINS,), and the exact sum of the values."""

    counts: IntArray
    total: float

    @property
    def count(self) -> int:
        """How many values there are."""
        return int(self.counts.sum())

    @property
    def mean(self) -> float:
        """The exact mean of the values."""
        return self.total / self.count

    def __add__(self, other: "Histogram") -> "Histogram":
        """Return the histogram of both."""
        return Histogram(self.counts + other.counts, self.total + other.total)

    def quantile(self, share: float) -> float:
        """Return the value that a ``share`` of the values does not exceed, within RELATIVE_ERROR of itself."""
        reached = np.cumsum(self.counts)
        place = int(np.searchsorted(reached, max(share * reached[-1], 1.0)))
        return float(_middles()[place])

    def share_up_to(self, value: float) -> float:
        """Return the share of values up to ``value``; inside its bin they are taken as evenly spread.

        Those of the first bin are all taken as 0, as quantiles do.
        """
        edges, place = _edges(), bin_of(value)
        below = int(self.counts[:place].sum())
        inside = (value - edges[place]) / (edges[place + 1] - edges[place]) if 0 < place < BINS - 1 else 1.0
        return float((below + inside * self.counts[place]) / self.count)

    def share_above(self, value: float) -> float:
        """Return the share of values above ``value``, with small ones as exact as large ones."""
        edges, place = _edges(), bin_of(value)
        above = int(self.counts[place + 1 :].sum())
        beyond = (edges[place + 1] - value) / (edges[place + 1] - edges[place]) if 0 < place < BINS - 1 else 0.0
        return float((above + beyond * self.counts[place]) / self.count)

    def mean_of(self, function: Callable[[FloatArray], FloatArray]) -> float:
        """Return the mean of a smooth function of the values, taken at the middles of the bins."""
        filled = np.flatnonzero(self.counts)
        return float((function(_middles()[filled]) * self.counts[filled]).sum() / self.count)

    def curve(self) -> tuple[FloatArray, FloatArray]:
        """Return upper edges of the filled bins and the share of values up to each, for a distribution chart."""
        filled = np.flatnonzero(self.counts)
        return _edges()[filled + 1], np.cumsum(self.counts[filled]) / self.count


def _middles() -> FloatArray:
    edges = _edges()
    upper = np.append(edges[1:], edges[-1])[:BINS]
    middles = (edges[:BINS] + upper) / 2
    middles[0] = 0.0
    return np.asarray(middles, dtype=np.float64)
