"""How much request counts vary inside the hour: variance over mean, which is 1 for a Poisson process."""

import numpy as np

from simulator.core.arrays import FloatArray, IntArray
from simulator.core.units import HOUR_S, MINUTE_S
from simulator.demand.arrivals import RequestBlock

SECONDS = int(HOUR_S)
WINDOWS_S = (1, int(MINUTE_S))


class Dispersion:
    """Variance/mean of the counts in windows of a second and of a minute, against the mean of each hour.

    The daily profile therefore does not count, but for its slope within the hour: where that moves the rate by a share
    d, it adds about rate x window x d^2/12, which tells at high rates and in the longer window. Hours weigh by their
    requests. Only whole windows within the horizon count.
    """

    def __init__(self, horizon_s: float) -> None:
        self._horizon_s = horizon_s
        self._hour = 0
        self._counts = np.zeros(SECONDS, dtype=np.int64)
        self._squares = dict.fromkeys(WINDOWS_S, 0.0)
        self._requests = dict.fromkeys(WINDOWS_S, 0)

    def take(self, block: RequestBlock) -> None:
        """Count a block of requests; blocks come in order of time, and may end anywhere."""
        for hour in range(int(max(block.begin_s, 0.0) // HOUR_S), int(np.ceil(block.end_s / HOUR_S))):
            if hour != self._hour:
                self._close()
                self._hour = hour
            first, last = np.searchsorted(block.time_s, (hour * HOUR_S, (hour + 1) * HOUR_S))
            self._counts += _per_second(block.time_s[first:last], hour * HOUR_S)

    def _close(self) -> None:
        """Put an hour's counts to those before."""
        seconds = min(SECONDS, int(self._horizon_s - self._hour * HOUR_S))
        for window_s in WINDOWS_S:
            whole = max(seconds, 0) // window_s
            if whole > 1 and self._counts.any():
                counts = self._counts[: whole * window_s].reshape(whole, window_s).sum(axis=1)
                self._squares[window_s] += float(counts.var(ddof=1)) * whole
                self._requests[window_s] += int(counts.sum())
        self._counts[:] = 0

    def of(self, window_s: int) -> float | None:
        """Return variance/mean for one of WINDOWS_S, once all blocks have been taken; none without requests to tell."""
        self._close()
        requests = self._requests[window_s]
        return self._squares[window_s] / requests if requests else None


def _per_second(time_s: FloatArray, start_s: float) -> IntArray:
    """Return how many requests, given in order of time, each second of the hour has that begins at a moment. [s]"""
    if time_s.size < SECONDS:
        return np.bincount((time_s - start_s).astype(np.int64), minlength=SECONDS)
    return np.diff(np.searchsorted(time_s, start_s + np.arange(SECONDS + 1)))
