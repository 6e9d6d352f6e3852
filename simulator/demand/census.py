"""How many different users come within a day, a week or 28 days, counted one by one in a bit set."""

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
    wider: list["Wider"] = field(default_factory=list)
    """Who wants to see the users of each window when it is over."""
    _seen: npt.NDArray[np.uint64] = field(init=False)

    def __post_init__(self) -> None:
        self._seen = _nobody(self.users, self.windows)

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
                self.hand_on()
                self.active.append(0)
                self._seen[:] = 0
            edges_s = window * self.window_s, (window + 1) * self.window_s
            begin, end = np.searchsorted(logins.time_s, edges_s)
            self.logins += int(end - begin)
            self.active[window] += mark_active(logins.user[begin:end], self._seen)

    def hand_on(self) -> None:
        """Show the users of the last window so far."""
        for each in self.wider:
            each.see(len(self.active) - 1, self._seen)


class Wider:
    """Counts the users of windows that are several of a census's long, from its sets: that takes no time a login."""

    def __init__(self, census: Census, together: int) -> None:
        self._census, self._together = census, together
        self._windows = census.windows // together
        self._active = [0] * self._windows
        self._seen = _nobody(census.users, self._windows)
        self._window = 0
        census.wider.append(self)

    @property
    def active_fraction(self) -> float | None:
        """Mean share of the users who are active in a window; none where no whole window fits the horizon."""
        if not self._windows:
            return None
        self._census.hand_on()
        return sum(self._active) / self._windows / self._census.users

    def see(self, window: int, seen: npt.NDArray[np.uint64]) -> None:
        """Add the users of one of the census's windows, which come in order; the last may be seen again."""
        own = window // self._together
        if not 0 <= own < self._windows:
            return
        if own != self._window:
            self._window = own
            self._seen[:] = 0
        self._seen |= seen
        self._active[own] = int(np.bitwise_count(self._seen).sum(dtype=np.int64))


def _nobody(users: int, windows: int) -> npt.NDArray[np.uint64]:
    """Return a set without members; of no size where there is nothing to count."""
    return np.zeros(users // BITS + 1 if windows else 0, dtype=np.uint64)
