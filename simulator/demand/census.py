"""How many different users come within a day, a week or 28 days, counted one by one in a bit set."""

from dataclasses import dataclass, field

import numpy as np

from simulator.core.arrays import BitSet
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
    logins: int = 0
    """Logins in all windows."""
    wider: list["Wider"] = field(default_factory=list)
    """Who wants to see the users of each window when it is over."""
    _seen: BitSet = field(init=False)
    _window: int = field(default=-1, init=False)
    """The one whose users are being marked."""
    _over: list[int] = field(default_factory=list, init=False)
    """Users of the windows before."""

    def __post_init__(self) -> None:
        self._seen = _nobody(self.users, self.windows)

    @property
    def active(self) -> list[int]:
        """Users with at least one login, window by window, up to the last window with a login."""
        return [*self._over, _members(self._seen)] if self._window >= 0 else []

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
        edges_s = np.arange(self.windows + 1) * self.window_s  # a division may be rounded to the other side of one
        first, last = np.searchsorted(edges_s, logins.time_s[[0, -1]], side="right") - 1
        for window in range(max(int(first), 0), min(int(last) + 1, self.windows)):
            while self._window < window:
                self.hand_on()
                self._over = self.active
                self._window += 1
                self._seen[:] = 0
            begin, end = np.searchsorted(logins.time_s, edges_s[window : window + 2])
            self.logins += int(end - begin)
            mark_active(logins.user[begin:end], self._seen.view(np.uint8))

    def hand_on(self) -> None:
        """Show the users of the last window so far."""
        for each in self.wider:
            each.see(self._window, self._seen)


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

    def see(self, window: int, seen: BitSet) -> None:
        """Add the users of one of the census's windows, which come in order; the last may be seen again."""
        own = window // self._together
        if not 0 <= own < self._windows:
            return
        if own != self._window:
            self._window = own
            self._seen[:] = 0
        self._seen |= seen
        self._active[own] = _members(self._seen)


def _members(seen: BitSet) -> int:
    return int(np.bitwise_count(seen).sum(dtype=np.int64))


def _nobody(users: int, windows: int) -> BitSet:
    """Return a set without members; of no size where there is nothing to count."""
    return np.zeros(users // BITS + 1 if windows else 0, dtype=np.uint64)
