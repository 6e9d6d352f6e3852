"""The model whose predictions are served, and what a served request is worth."""

from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator
from typing_extensions import override

from simulator.core.component import Part
from simulator.core.input_files.short_forms import Short
from simulator.core.key_kind import KeyKind
from simulator.core.units import Fraction, Gib, PositiveSeconds, Seconds, Usd, write_share
from simulator.plans.served_model import Accuracy, Training

KIB = 2.0**-20
COUNTED = ("model.half_life",)
"""What the quality of an answer follows from, and nothing else that is simulated."""


class Model(Part):
    """The model whose predictions are served."""

    prediction_size_gib: Annotated[Gib, KeyKind.PRICE] = KIB
    """Size of one stored prediction."""
    response_size_gib: Annotated[Gib | None, KeyKind.PRICE] = None
    """What an answer sends to the user over the internet; without it nothing is said about egress."""
    feature_lag_s: Seconds = 0.0
    """Age of the features that an online prediction sees; 0 = perfectly fresh."""
    feature_reads: Annotated[int, Field(ge=0, le=1_000_000), KeyKind.PRICE] = 0
    """Feature-store rows read per online prediction."""
    half_life_s: Annotated[PositiveSeconds | None, KeyKind.WEIGHT] = None
    """Age at which half the predictions no longer fit the user; without it nothing is said about staleness."""
    quality_floor_fraction: Fraction = 0.0
    """What a wholly stale prediction is still worth, as a share of a fresh one's quality."""
    accuracy: Accuracy | None = None
    """How accurate it is, and how that falls with its age; without it all models are taken to be equally good."""
    training: Training | None = None
    """How it is trained again; without it the data's cutoff is the scenario's start, and training costs nothing."""

    @property
    @override
    def makes_physical(self) -> tuple[str, ...]:
        """Quality is counted request by request, where it is counted; the stale fraction follows from ages."""
        return COUNTED if self.accuracy is not None or self.quality_floor_fraction > 0 else ()

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.quality_floor_fraction > 0 and self.half_life_s is None:
            raise ValueError(
                f"'quality_floor' ({write_share(self.quality_floor_fraction)}) is what a wholly stale prediction is "
                "worth, and without 'half_life' none grows stale; give 'half_life', or leave out 'quality_floor'"
            )
        return self


class Value(Part):
    """What answers are worth: weights that are the user's to give, for none is a fact."""

    short: ClassVar[Short | None] = Short("per_request")

    per_request_usd: Annotated[Usd, Field(examples=["0.0004 USD"]), KeyKind.WEIGHT]
    """What a request is worth that is answered with quality 1."""
    default_quality_fraction: Fraction = 0.0
    """Quality of the default response, before what its latency takes."""
    latency_loss_per_100ms_fraction: Fraction = 0.0
    """Share of the quality that every 100 ms of latency take; none is left where they have taken all."""

    @property
    @override
    def makes_physical(self) -> tuple[str, ...]:
        """As for a model whose accuracy is known."""
        return COUNTED
