"""The store that predictions are kept in."""

import functools
from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator
from typing_extensions import override

from simulator.core.component import Part, components
from simulator.core.input_files.short_forms import Short
from simulator.core.key_kind import KeyKind
from simulator.core.units import Count, Gib, PerSecond, PositiveSeconds, Seconds
from simulator.plans.billing_mode.base import AnyBillingMode, BillingMode
from simulator.plans.billing_mode.rows import Rows
from simulator.plans.eviction.base import AnyEviction
from simulator.plans.eviction.lru import LeastRecentlyUsed

BILLING_MODES = "simulator.plans.billing_mode"


class Store(Part):
    """The prediction store."""

    short: ClassVar[Short | None] = Short("meter")

    meter: Annotated[str, Field(min_length=1, max_length=80), KeyKind.PRICE] = "dynamodb_on_demand"
    """What the price book calls it."""
    billing_mode: Annotated[AnyBillingMode | None, Field(alias="medium"), KeyKind.PRICE] = None
    """How it is paid for; without it, that follows from `meter`: dynamodb_provisioned is paid by the capacity bought,
    elasticache/... and redis by the node, s3_standard by the request, and all others by the row."""
    read_latency_s: Seconds = 0.004
    """Time to read a prediction; every request of a plan with a store waits for it."""
    write_capacity_per_s: PerSecond | None = None
    """Rows that can be written per second; it limits how fast a run is published. Without it there is no limit."""
    read_capacity_per_s: Annotated[PerSecond | None, KeyKind.PRICE] = None
    """Rows that can be read per second, where capacity is what is paid; without it, as many as in the busiest minute.
    It delays nobody."""
    rows_per_object: Annotated[Count, Field(le=1_000_000_000), KeyKind.PRICE] = 1
    """Rows that a batch run writes into one object, where the medium is objects."""
    expiry_s: PositiveSeconds | None = None
    """Age at which a prediction that was computed ahead, in a batch or after an event, is no longer served; without
    it, it is served until replaced."""
    size_limit_gib: Gib | None = None
    """Room for predictions; when it is full, one is evicted for each new one. Without it there is no limit."""
    eviction: AnyEviction = LeastRecentlyUsed()
    """Which one that is."""

    @model_validator(mode="after")
    def _can_be_paid_for(self) -> Self:
        fault = self.paid_for_by.fault(self)
        if fault is not None:
            raise ValueError(fault)
        return self

    @model_validator(mode="after")
    def _evicts_from_a_limited_size(self) -> Self:
        if self.size_limit_gib is None and self.eviction != LeastRecentlyUsed():
            raise ValueError(f"eviction: {self.eviction.kind} has no effect without a size_limit, e.g. 1 GiB")
        return self

    @property
    @override
    def makes_physical(self) -> tuple[str, ...]:
        """A limit of room turns the size of a prediction into a number of rows."""
        return () if self.size_limit_gib is None else ("model.prediction_size",)

    @property
    def paid_for_by(self) -> BillingMode:
        """The billing mode that is stated, or that follows from the meter."""
        return self.billing_mode or billing_mode_of(self.meter)

    @property
    def reading_renews(self) -> bool:
        """Whether a row that is read keeps its place in a store of limited size for longer."""
        return self.size_limit_gib is None or self.eviction.reading_renews

    @property
    def caution(self) -> str | None:
        """What is to be known of a bill for it, where that is not plain."""
        return self.paid_for_by.caution(self)

    @property
    def writes_per_s(self) -> float:
        """Write capacity; infinity where there is no limit. [1/s]"""
        return float("inf") if self.write_capacity_per_s is None else self.write_capacity_per_s


@functools.cache
def billing_mode_of(meter: str) -> BillingMode:
    """Return the billing mode of a store of this name."""
    for found in components(BillingMode, BILLING_MODES).values():
        if issubclass(found, BillingMode) and found.recognises(meter):
            return found()
    return Rows()
