"""What came, in numbers."""

from dataclasses import dataclass

import numpy as np

from simulator.core.units import DAY_S, DAYS_PER_WEEK, HOUR_S, MINUTE_S, MONTHLY_ACTIVE_DAYS
from simulator.demand.arrivals import RequestBlock
from simulator.demand.census import Census, Wider
from simulator.demand.dispersion import Dispersion


@dataclass(frozen=True)
class Traffic:
    """What came; the same for every plan, unless its clients wait for their answers."""

    logins: int
    busiest_minute: int
    """Requests in the busiest minute."""
    daily_active_fraction: float | None
    """None where the horizon is shorter than a day."""
    weekly_active_fraction: float | None = None
    """Mean over whole weeks from time 0; None where the horizon is shorter than one."""
    monthly_active_fraction: float | None = None
    """Mean over whole stretches of 28 days from time 0; None where the horizon is shorter than one."""
    dispersion_1s: float | None = None
    """Variance/mean of the requests of each second inside the hour; None where there are none."""
    dispersion_60s: float | None = None
    """The same of each minute."""
    arrivals: tuple[int, ...] = ()
    """Requests of each hour, when they come; Hours has them when they are answered."""


class TrafficCount:
    """Counts what comes from time 0 to the horizon. [s]"""

    def __init__(self, users: int, horizon_s: float) -> None:
        self._horizon_s = horizon_s
        self._days = Census(users, DAY_S, horizon_s)
        self._weeks = Wider(self._days, DAYS_PER_WEEK)
        self._months = Wider(self._days, MONTHLY_ACTIVE_DAYS)
        self._dispersion = Dispersion(horizon_s)
        self._logins = self._busiest_minute = 0
        self._arrivals = np.zeros(int(np.ceil(horizon_s / HOUR_S)), dtype=np.int64)

    def take(self, block: RequestBlock) -> None:
        """Count a block of requests; blocks come in order of time, and end with a minute or at the horizon."""
        for logins in block.logins:
            first, last = np.searchsorted(logins.time_s, (0.0, self._horizon_s))
            self._logins += int(last - first)
            self._days.observe(logins)
        minutes = np.arange(np.floor(max(block.begin_s, 0.0) / MINUTE_S), np.ceil(block.end_s / MINUTE_S) + 1)
        if minutes.size > 1:
            counts = np.diff(np.searchsorted(block.time_s, minutes * MINUTE_S))
            self._busiest_minute = max(self._busiest_minute, int(counts.max()))
        self._count_hours(block)
        self._dispersion.take(block)

    def _count_hours(self, block: RequestBlock) -> None:
        first = int(max(np.floor(block.begin_s / HOUR_S), 0.0))
        end = min(int(np.ceil(block.end_s / HOUR_S)), self._arrivals.size)
        if first < end:
            edges_s = np.minimum(np.arange(first, end + 1) * HOUR_S, self._horizon_s)
            self._arrivals[first:end] += np.diff(np.searchsorted(block.time_s, edges_s))

    def traffic(self) -> Traffic:
        """Return what was counted, once all blocks have been taken."""
        return Traffic(
            logins=self._logins,
            busiest_minute=self._busiest_minute,
            daily_active_fraction=self._days.active_fraction,
            weekly_active_fraction=self._weeks.active_fraction,
            monthly_active_fraction=self._months.active_fraction,
            dispersion_1s=self._dispersion.of(1),
            dispersion_60s=self._dispersion.of(60),
            arrivals=tuple(self._arrivals.tolist()),
        )
