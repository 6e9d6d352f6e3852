"""How far the logins of clusters reach: from how many days of primary logins a day, or several, are visited.

The windows of a census begin a number of whole days after the scenario's start, and so at the same phase of the
profile. A cluster visits one more day for each gap that ends on another day than it begins, so that both the length of
the gap and the time of day at which it begins matter.
"""

import functools
from dataclasses import dataclass

import numpy as np

from simulator.core.arrays import FloatArray
from simulator.core.duration.base import Duration
from simulator.core.units import DAY_S
from simulator.demand.profile.base import SLOT_S
from simulator.demand.return_visits import ReturnVisits

SLOTS_PER_DAY = round(DAY_S / SLOT_S)


@dataclass(frozen=True)
class Clusters:
    """Primary logins with the return visits that follow from them, over the day."""

    returns: ReturnVisits
    phase: tuple[float, ...]
    """Share of the primary logins in each slot of a day, counted from the scenario's start."""

    @property
    def logins_per_primary(self) -> float:
        """Mean logins of a cluster."""
        return self.returns.logins_per_primary

    def reach_days(self, days: float = 1) -> float:
        """Return how many days of primary logins a window of whole days is reached from, on average over the windows.

        A user whose primary logins are Poisson of rate r stays away from the window with probability e^(-r A). Of the
        windows of T days, a login is in T; one that comes a gap later is in as many more as there are midnights in
        the gap, T at most. So A = T + the sum over a cluster's gaps of E[min(midnights, T)]. At a flat profile that is
        T + q/(1-q) E[min(gap, T)], exactly, whatever the distribution of the gap. Otherwise the time of day at which
        gaps begin is followed from return visit to return visit, in slots of five minutes. Growth and spikes are left
        out, and so are the differences between the days of a week. A window of other than whole days begins at no
        time of day in particular, and the form for a flat profile is taken for it.

        Parameters
        ----------
        days
            Length T of the window. [day]
        """
        whole = round(days)
        if whole != days:
            returns_per_primary = self.returns.logins_per_primary - 1.0
            return days + returns_per_primary * self.returns.gap.mean_up_to_s(days * DAY_S) / DAY_S
        begin = _gaps_begin(self.returns, self.phase)
        up_to_s = _means_up_to_s(self.returns.gap, whole * SLOTS_PER_DAY)
        longer = np.diff(up_to_s) / SLOT_S  # the probability that a gap lasts longer, averaged over each slot
        crossed = longer.reshape(whole, SLOTS_PER_DAY).sum(axis=0)[::-1]
        return days + float(begin @ crossed)


@functools.lru_cache(maxsize=16)
def _gaps_begin(returns: ReturnVisits, phase: tuple[float, ...]) -> FloatArray:
    """Return the mean number of a cluster's gaps that begin in each slot of a day: sum of q^k phase_k, k from 1."""
    slots = round(returns.longest_s / SLOT_S) + 2
    up_to_s = _means_up_to_s(returns.gap, slots)
    shift = np.concatenate([[1.0 - up_to_s[1] / SLOT_S], -np.diff(up_to_s, 2) / SLOT_S])
    over_the_day = np.bincount(np.arange(shift.size) % SLOTS_PER_DAY, shift, SLOTS_PER_DAY)
    over_the_day += (1.0 - over_the_day.sum()) / SLOTS_PER_DAY  # the longest gaps end at any time of day
    q = returns.probability_fraction
    spectrum = q * np.fft.rfft(phase) / (1.0 - q * np.fft.rfft(over_the_day))
    return np.asarray(np.fft.irfft(spectrum, SLOTS_PER_DAY))


@functools.lru_cache(maxsize=16)
def _means_up_to_s(gap: Duration, slots: int) -> FloatArray:
    """Return the mean of a gap cut at 0, 1, ... slots. [s]"""
    return np.array([0.0, *(gap.mean_up_to_s(slot * SLOT_S) for slot in range(1, slots + 1))])
