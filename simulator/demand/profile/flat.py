"""The same rate at all hours."""

from typing import Literal

import numpy as np
from typing_extensions import override

from simulator.core.arrays import FloatArray
from simulator.demand.profile.base import SLOTS_PER_WEEK, Profile


class Flat(Profile):
    """The same rate at all hours."""

    kind: Literal["flat"] = "flat"

    @override
    def weekly_weights(self) -> FloatArray:
        return np.ones(SLOTS_PER_WEEK)
