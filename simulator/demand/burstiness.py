"""Bursts within the hour: real request counts vary more than a Poisson process of a smooth rate."""

from typing import Annotated

from pydantic import Field

from simulator.core.component import Part
from simulator.core.units import HOUR_S, Number, PositiveSeconds


class Burstiness(Part):
    """A random factor on the rate of primary logins, redrawn every so often: gamma distributed, with mean 1."""

    cv: Annotated[Number, Field(gt=0, le=5)]
    """Standard deviation of the factor; counts of mean m within one piece have variance/mean 1 + m cv^2."""
    every_s: Annotated[PositiveSeconds, Field(ge=1, le=HOUR_S, examples=["60 s"])]
    """How long a factor lasts; the pieces begin at the scenario's start."""
