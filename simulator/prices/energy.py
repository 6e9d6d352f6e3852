"""What instances draw, and what that emits: estimates, each with the range that its sources allow.

An instance draws its idle watts and, in proportion to how busy it is, what it draws more at full load. A building draws
more than its machines do (PUE), and a grid emits so much for a kilowatt-hour. Left out: making the machines, storage,
networks, and machines that nobody knows, such as those behind a function or an API.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Self

from pydantic import Field, model_validator

from simulator.core.component import Part
from simulator.core.units import Fraction, Number
from simulator.prices.price import Amount, DateText, Text

W_PER_KW = 1_000.0
INSTANCE = "instance/"
"""What the meters of instances begin with: ``instance/g4dn.xlarge/spot``."""


class InstanceWatts(Part):
    """What one instance draws."""

    instance: Annotated[Text, Field(examples=["g4dn.xlarge"])]
    """Its type, as in its meters."""
    idle_w: Annotated[Amount, Field(alias="idle")]
    """What it draws with nothing to do. [W]"""
    full_w: Annotated[Amount, Field(alias="full")]
    """What it draws with all the work it can do. [W]"""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.full_w < self.idle_w:
            raise ValueError(
                f"'{self.instance}' draws {self.full_w:g} W at full load, less than idle ({self.idle_w:g})"
            )
        return self

    def drawn_w(self, utilisation: float) -> float:
        """Return what it draws when busy for such a share of the time. [W]"""
        return self.idle_w + (self.full_w - self.idle_w) * min(max(utilisation, 0.0), 1.0)


class WattGroup(Part):
    """Watts read at one place on one day."""

    source: Text
    """Where they were read."""
    date: Annotated[DateText, Field(min_length=1)]
    """The day they were read, or what dates them."""
    within_fraction: Annotated[Fraction, Field(examples=["30 %"])]
    """How far off they may be, either way."""
    why: Text
    """Why so far."""
    instances: tuple[InstanceWatts, ...]
    """The instances."""


class Grid(Part):
    """Where the machines stand."""

    region: Text
    """What the provider calls the place."""
    kg_co2e_per_kwh: Amount
    """What a kilowatt-hour emits there. [kg CO2e/kWh]"""
    within_fraction: Annotated[Fraction, Field(examples=["20 %"])]
    """How far off that may be, either way."""
    why: Text
    """Why so far."""
    pue: Annotated[Number, Field(ge=1, allow_inf_nan=False)]
    """What the building draws, of what its machines draw: the power usage effectiveness."""
    source: Text
    """Where these were read."""
    date: Annotated[DateText, Field(min_length=1)]
    """The day they were read, or what dates them."""


class Energy(Part):
    """What instances draw and what the grid emits; without an instance's watts nothing is said of who uses it."""

    grid: Grid | None = None
    """Where the machines stand; without it nothing is said at all."""
    watts: tuple[WattGroup, ...] = ()
    """What instances draw, by where that was read; of several, the last holds."""

    def by_instance(self) -> Mapping[str, tuple[InstanceWatts, float]]:
        """Return the watts of every instance, and how far off they may be."""
        return {each.instance: (each, group.within_fraction) for group in self.watts for each in group.instances}

    def under(self, other: "Energy | None") -> "Energy":
        """Return this with what another says laid over it."""
        if other is None:
            return self
        return Energy(grid=other.grid or self.grid, watts=(*self.watts, *other.watts))


@dataclass(frozen=True)
class StatedRange:
    """A figure and the range that stated assumptions allow; chance has no part in it."""

    likely: float
    low: float
    high: float

    def within(self, fraction: float, factor: float = 1.0) -> "StatedRange":
        """Return it times a factor that may be off by ``fraction`` either way, both at their worst."""
        return StatedRange(
            self.likely * factor, self.low * factor * (1 - fraction), self.high * factor * (1 + fraction)
        )


@dataclass(frozen=True)
class MachineTime:
    """Hours of one type of instance, and how busy it was."""

    instance: str
    hours: float
    utilisation: float
    """Share of the time that it worked, 0 to 1."""


def instance_of(meter: str) -> str | None:
    """Return the instance type that a meter counts the hours of; None for other meters."""
    kind, _, rest = meter.partition("/")
    return rest.rpartition("/")[0] or None if f"{kind}/" == INSTANCE else None


def kwh(times: Iterable[MachineTime], energy: Energy) -> StatedRange | None:
    """Return the energy that machines took from the grid; None where the watts of one, or the place, is not known.

    [kWh]
    """
    known, each_kwh = energy.by_instance(), []
    if energy.grid is None:
        return None
    for time in times:
        if time.instance not in known:
            return None
        watts, within = known[time.instance]
        drawn_kwh = time.hours * watts.drawn_w(time.utilisation) / W_PER_KW * energy.grid.pue
        each_kwh.append(StatedRange(drawn_kwh, drawn_kwh, drawn_kwh).within(within))
    if not each_kwh:
        return None
    return StatedRange(
        *(math.fsum(values) for values in zip(*((e.likely, e.low, e.high) for e in each_kwh), strict=True))
    )


def kg_co2e(used_kwh: StatedRange, grid: Grid) -> StatedRange:
    """Return what so much energy emits. [kg CO2e]"""
    return used_kwh.within(grid.within_fraction, grid.kg_co2e_per_kwh)
