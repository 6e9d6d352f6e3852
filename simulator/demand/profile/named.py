"""Profiles of the catalogue, each derived from real data."""

import calendar
import functools
from dataclasses import dataclass
from importlib import resources
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import AfterValidator, Field
from ruamel.yaml import YAML
from typing_extensions import override

from simulator.core.arrays import FloatArray
from simulator.core.errors import did_you_mean
from simulator.core.units import HOURS_PER_DAY, HOURS_PER_WEEK
from simulator.demand.profile.base import Profile, from_hourly


def names() -> list[str]:
    """Return the names of the catalogue's profiles."""
    folder = resources.files(__package__) / "catalogue"
    return sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml"))


def _check_name(name: str) -> str:
    if name not in names():
        raise ValueError(f"there is no profile '{name}'; {did_you_mean(name, names())}")
    return name


class Named(Profile):
    """A profile of the catalogue; its file says which data it was derived from, and how."""

    kind: Literal["named"] = "named"
    name: Annotated[str, AfterValidator(_check_name), Field(examples=["evening_meals"])]
    """Which one, such as `evening_meals`."""

    @override
    def weekly_weights(self) -> FloatArray:
        return from_hourly(_hours(self.name))


@dataclass(frozen=True)
class Entry:
    """What the catalogue says of a profile."""

    name: str
    description: str
    source: str
    licence: str
    date: str
    """When it was derived."""
    peak: str
    """The busiest hour of the week, such as ``Tue 17:00``, local time."""
    peak_weight: float
    """Its rate over the mean one."""


def catalogue() -> tuple[Entry, ...]:
    """Return what the catalogue holds, by name."""
    return tuple(_entry(name) for name in names())


def _entry(name: str) -> Entry:
    held, hours = _held(name), _hours(name)
    day, hour = divmod(int(hours.argmax()), HOURS_PER_DAY)
    peak = f"{calendar.day_abbr[day]} {hour:02d}:00" if hours.size == HOURS_PER_WEEK else f"{hour:02d}:00"
    text = {key: " ".join(str(held[key]).split()) for key in ("description", "source", "licence", "date")}
    return Entry(name, **text, peak=peak, peak_weight=float(hours.max() / hours.mean()))


@functools.cache
def _hours(name: str) -> FloatArray:
    return np.asarray(_held(name)["weights"], dtype=np.float64)


def _held(name: str) -> dict[str, Any]:
    text = (resources.files(__package__) / "catalogue" / f"{name}.yaml").read_text(encoding="utf-8")
    return dict(YAML(typ="safe", pure=True).load(text))
