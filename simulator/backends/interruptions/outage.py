"""A stretch of time in which a part of a fleet is gone."""

from typing import Annotated

from pydantic import Field

from simulator.core.component import Part
from simulator.core.moment import Moment
from simulator.core.units import Fraction, PositiveSeconds


class Outage(Part):
    """A share of the replicas that serve is gone for a while, such as those of a data centre.

    They finish what they are doing, are not paid for while they are gone, and serve again at the end. Replicas that
    start meanwhile serve as ever. An autoscaler goes on with those that are ready; what comes back at the end finds
    room up to its maximum only, and is removed by its rule where it is too much.
    """

    at: Annotated[Moment, Field(examples=["4 d 18 h"])]
    """When it begins: a time from the scenario's start, or a date, on the clock of `start` where it states no zone."""
    duration_s: PositiveSeconds
    """How long it lasts."""
    share_fraction: Annotated[Fraction, Field(gt=0, examples=["50 %"])]
    """Share of the serving replicas that is gone, rounded up to whole ones: the newest."""
