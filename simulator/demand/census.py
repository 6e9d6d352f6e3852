"""How many different users come within a day or a month, counted one by one in a bit set."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from simulator.demand.arrivals import Logins
from simulator.demand.kernels import mark_active

BITS = 64


@dataclass
class Census:
    """Counts logins, and the users behind them, over the whole windows of a length that fit the horizon."""

    users: int
    window_s: float
    """Length of a window; the first begins at time 0. [s]"""
    horizon_s: float
    active: list[int] = field(default_factory=list)
    """Users with at least one login, window by window."""
    logins: int = 0
    """Logins in all windows."""
    _seen: npt.NDArray[np.uint64] = field(init=False)

    def __post_init__(self) -> None:
        self._seen = np.zeros(self.users // BITS + 1 if self.windows else 0, dtype=np.uint64)

    @property
    def windows(self) -> int:
        """How many whole windows there are."""
        return int(self.horizon_s / self.window_s)

    @property
    def active_fraction(self) -> float | None:
        """Mean share of the users who are active in a window, those with nobody included; none where no window fits."""
        return sum(self.active) / self.windows / self.users if self.windows else None

    def observe(self, logins: Logins) -> None:
        """Count the logins of an interval; intervals come in order of time."""
        if not logins.time_s.size:
            return
        first, last = logins.time_s[0] // self.window_s, logins.time_s[-1] // self.window_s
        for window in range(max(int(first), 0), min(int(last) + 1, self.windows)):
            while len(self.active) <= window:
                self.active.append(0)
                self._seen[:] = 0
            edges_s = window * self.window_s, (window + 1) * self.window_s
            begin, end = np.searchsorted(logins.time_s, edges_s)
            self.logins += int(end - begin)
            self.active[window] += mark_active(logins.user[begin:end], self._seen)
