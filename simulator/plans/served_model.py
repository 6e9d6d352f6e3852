"""The model behind a plan's predictions: how accurate it is, how it ages, and what renewing it takes."""

import math
from typing import Annotated, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from simulator.core.component import Part
from simulator.core.input_files.short_forms import Short
from simulator.core.key_kind import KeyKind
from simulator.core.units import DAY_S, HOUR_S, Count, Fraction, Number, PositiveSeconds, about_duration, write_share

MOST_MACHINES = 100_000
MOST_MACHINE_HOURS = 1e9


class Accuracy(Part):
    """How accurate a model is, by its age: the time since its training data's cutoff."""

    short: ClassVar[Short | None] = Short("initial")

    initial_fraction: Annotated[Fraction, Field(gt=0, examples=["96 %"])]
    """Accuracy at age 0."""
    loss_per_day_fraction: Fraction = 0.0
    """Percentage points that are lost per day of age."""
    floor_fraction: Fraction = 0.0
    """What it never falls below."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.floor_fraction > self.initial_fraction:
            raise ValueError(
                f"'floor' ({write_share(self.floor_fraction)}) is above 'initial' "
                f"({write_share(self.initial_fraction)}); accuracy falls from 'initial' to 'floor'"
            )
        return self

    @property
    def loss_per_s(self) -> float:
        """What is lost per second of age. [1/s]"""
        return self.loss_per_day_fraction / DAY_S


class Training(Part):
    """Training the model again and again, the k-th time so many times ``every`` after the scenario's start.

    A training's data ends when it starts, and its model is in service from when it ends. Trainings before the start
    count too, so that the model is in its long-run state from the beginning.
    """

    every_s: Annotated[PositiveSeconds, Field(examples=["7 d"])]
    """Time between the starts of two trainings."""
    instance: Annotated[str, Field(min_length=1, max_length=80, examples=["g5.xlarge"]), KeyKind.PRICE]
    """Instance type, as the price book names it."""
    purchase: Annotated[Literal["on_demand", "spot"], KeyKind.PRICE] = "on_demand"
    """How the instances are bought."""
    machines: Annotated[Count, Field(le=MOST_MACHINES)] = 1
    """How many train together."""
    machine_hours: Annotated[Number, Field(gt=0, le=MOST_MACHINE_HOURS, examples=[40])]
    """Hours of work in one training, over all machines."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.duration_s > self.every_s:
            raise ValueError(
                f"a training takes {about_duration(self.duration_s)} (machine_hours / machines), longer than 'every' "
                f"({about_duration(self.every_s)}); train less often, or on more machines"
            )
        return self

    @property
    def duration_s(self) -> float:
        """How long a training takes. [s]"""
        return self.machine_hours / self.machines * HOUR_S

    @property
    def meter(self) -> str:
        """The meter that its hours are counted on."""
        return f"instance/{self.instance}/{self.purchase}"

    def ends_between(self, from_s: float, until_s: float) -> npt.NDArray[np.float64]:
        """Return when trainings end, from ``from_s`` to before ``until_s``, ascending. [s]"""
        first = math.ceil((from_s - self.duration_s) / self.every_s)
        last = math.ceil((until_s - self.duration_s) / self.every_s)
        return np.arange(first, last, dtype=np.float64) * self.every_s + self.duration_s
