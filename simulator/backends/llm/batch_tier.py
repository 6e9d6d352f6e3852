"""The cheaper tier of an API for whoever can wait."""

from typing import Annotated

from pydantic import Field

from simulator.core.component import Part
from simulator.core.duration.base import AnyDuration
from simulator.core.duration.fixed import FixedDuration
from simulator.core.key_kind import KeyKind
from simulator.core.units import DAY_S, Fraction


class BatchTier(Part):
    """Jobs of many calls that are handed in together and come back when the provider has room."""

    window: AnyDuration = FixedDuration.model_construct(value_s=DAY_S)
    """From handing a job in to its results, drawn for each job. Providers promise 24 h, and are mostly faster."""
    discount_fraction: Annotated[Annotated[Fraction, Field(lt=1, examples=["50 %"])] | None, KeyKind.PRICE] = None
    """Off the prices of input and output, where the price book has no prices of the batch tier for the model. Without
    it, such a model is an error."""
