"""What every profile gives."""

from abc import abstractmethod
from datetime import tzinfo
from typing import Annotated, ClassVar

import numpy as np

from simulator.core.arrays import FloatArray
from simulator.core.component import Component, OneOf
from simulator.core.input_files.short_forms import Short
from simulator.core.units import DAYS_PER_WEEK, HOURS_PER_DAY, HOURS_PER_WEEK, WEEK_S

SLOT_S = 300.0
"""Weights are constant within a slot of five minutes, which every time zone's offset is a multiple of."""
SLOTS_PER_WEEK = round(WEEK_S / SLOT_S)
SLOTS_PER_DAY = SLOTS_PER_WEEK // DAYS_PER_WEEK
SLOTS_PER_HOUR = SLOTS_PER_DAY // HOURS_PER_DAY


class Profile(Component):
    """How the login rate varies over a week of local time."""

    short: ClassVar[Short | None] = Short("name", "named", takes_words=True)
    listed: ClassVar[Short | None] = Short("weights", "hourly")

    @property
    def clock(self) -> tzinfo | None:
        """Whose clock the week is told by; None for every user's own."""
        return None

    @abstractmethod
    def weekly_weights(self) -> FloatArray:
        """Return the weights of a week from Monday 00:00 on its clock, shape (SLOTS_PER_WEEK,), mean 1."""


AnyProfile = Annotated[Profile, OneOf("simulator.demand.profile")]


def from_hourly(weights: FloatArray) -> FloatArray:
    """Return the week's slots for 24 or 168 hourly weights, scaled to mean 1."""
    week = np.tile(weights, HOURS_PER_WEEK // weights.size)
    return np.asarray(np.repeat(week / week.mean(), SLOTS_PER_HOUR), dtype=np.float64)
