"""Profiles of the catalogue, each derived from real data."""

import functools
from importlib import resources
from typing import Annotated, Literal

import numpy as np
from pydantic import AfterValidator, Field
from ruamel.yaml import YAML
from typing_extensions import override

from simulator.core.errors import did_you_mean
from simulator.demand.profile.base import FloatArray, Profile, from_hourly


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


@functools.cache
def _hours(name: str) -> FloatArray:
    text = (resources.files(__package__) / "catalogue" / f"{name}.yaml").read_text(encoding="utf-8")
    return np.asarray(YAML(typ="safe", pure=True).load(text)["weights"], dtype=np.float64)
