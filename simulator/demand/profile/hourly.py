"""Weights by hour of day or of week."""

from typing import Annotated, Literal

import numpy as np
from pydantic import AfterValidator, Field
from typing_extensions import override

from simulator.core.arrays import FloatArray
from simulator.core.units import HOURS_PER_DAY, HOURS_PER_WEEK, Number
from simulator.demand.profile.base import Profile, from_hourly


def _check_hours(weights: list[float]) -> list[float]:
    if len(weights) not in {HOURS_PER_DAY, HOURS_PER_WEEK}:
        raise ValueError(f"has {len(weights)} weights; give 24 (hours of a day) or 168 (hours of a week from Monday)")
    if sum(weights) <= 0:
        raise ValueError("are all 0; at least one weight must be above 0")
    return weights


Weight = Annotated[Number, Field(ge=0, allow_inf_nan=False)]
HourlyWeights = Annotated[list[Weight], AfterValidator(_check_hours)]


class Hourly(Profile):
    """A weight for each of 24 hours of a day, or of 168 hours of a week from Monday 00:00."""

    kind: Literal["hourly"] = "hourly"
    weights: HourlyWeights
    """24 or 168 relative rates from 0; only their proportions matter."""

    @override
    def weekly_weights(self) -> FloatArray:
        return from_hourly(np.asarray(self.weights))
