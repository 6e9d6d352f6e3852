"""A daily cosine."""

from typing import Literal

import numpy as np
from typing_extensions import override

from simulator.core.arrays import FloatArray
from simulator.core.units import DAY_S, DAYS_PER_WEEK, ClockSeconds, Fraction
from simulator.demand.profile.base import SLOT_S, SLOTS_PER_DAY, Profile


class Cosine(Profile):
    """A daily cosine: 1 + amplitude x cos(2 pi (t - peak) / day)."""

    kind: Literal["cosine"] = "cosine"
    peak_s: ClockSeconds
    """Local time of day of the highest rate."""
    amplitude_fraction: Fraction
    """How far the rate rises above its mean, as a share of it."""

    @override
    def weekly_weights(self) -> FloatArray:
        edges_s = np.arange(SLOTS_PER_DAY + 1) * SLOT_S
        turn = 2 * np.pi / DAY_S
        area = np.diff(np.sin(turn * (edges_s - self.peak_s))) / (turn * SLOT_S)  # each slot's exact mean
        return np.tile(1 + self.amplitude_fraction * area, DAYS_PER_WEEK)
