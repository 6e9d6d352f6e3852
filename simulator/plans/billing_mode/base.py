"""What every billing mode of a store gives: the meters on which it counts what a plan physically asks of it."""

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar, Protocol

from simulator.core.component import Component, OneOf
from simulator.core.units import HOUR_S
from simulator.core.usage import Driver, Usage


class Rented(Protocol):
    """What a way of paying goes by of the store that is paid for."""

    @property
    def meter(self) -> str:
        """What the price book calls it."""

    @property
    def write_capacity_per_s(self) -> float | None:
        """Rows that can be written per second; None without a limit. [1/s]"""

    @property
    def read_capacity_per_s(self) -> float | None:
        """Rows that can be read per second, where that is what is paid; None for as many as are. [1/s]"""

    @property
    def rows_per_object(self) -> int:
        """Rows that a batch run writes into one object."""

    @property
    def size_limit_gib(self) -> float | None:
        """Room for predictions; None without a limit. [GiB]"""


@dataclass(frozen=True)
class StoreUse:
    """What a plan physically asked of its store within the horizon, whatever the way it is billed."""

    horizon_s: float
    row_gib: float
    """Size of a row. [GiB]"""
    batch_rows: float | None
    """Rows that batch runs wrote, in proportion to time; None for a plan without."""
    nearline_rows: float | None
    """Rows that were written after events; None for a plan without."""
    cache_rows: float | None
    """Online predictions that were kept; None for a plan without a cache."""
    reads: float
    busiest_reads_per_s: float
    """Reads of the busiest minute. [1/s]"""
    row_s: float
    """Rows x time held. [s]"""
    peak_rows: float
    """Most rows held at the full hours."""
    busiest_writes_per_s: float = 0.0
    """Rows written one at a time, after events and by the cache, in the hour with the most of them. [1/s]"""

    @property
    def hours(self) -> float:
        """Length of the horizon. [h]"""
        return self.horizon_s / HOUR_S

    @property
    def held_gib_h(self) -> float:
        """Size x time of what was held. [GiB h]"""
        return self.row_s * self.row_gib / HOUR_S

    @property
    def peak_gib(self) -> float:
        """Most that was held at the full hours. [GiB]"""
        return self.peak_rows * self.row_gib

    @property
    def follows(self) -> Driver:
        """What the rows that are held grow with."""
        return Driver.TRAFFIC if self.batch_rows is None else Driver.POPULATION


class BillingMode(Component):
    """How a store is paid for."""

    paid_by: ClassVar[str]
    """What is paid for, in a word or two."""
    by_objects: ClassVar[bool] = False
    """Whether a run's rows are written in objects, so that the price follows from how many are in one."""
    by_capacity: ClassVar[bool] = False
    """Whether capacity is what is paid, so that what is asked beyond it is not on the bill."""

    @classmethod
    @abstractmethod
    def recognises(cls, meter: str) -> bool:
        """Return whether a store of this name is billed this way, where the scenario does not say."""

    def fault(self, store: Rented) -> str | None:
        """Return what a store lacks to be paid for in this way."""
        del store
        return None

    def caution(self, store: Rented) -> str | None:
        """Return what is to be known of a bill that is paid for in this way."""
        del store
        return None

    @abstractmethod
    def used(self, store: Rented, use: StoreUse) -> Iterator[Usage]:
        """Yield what was used of it, the same meters in the same order whatever the quantities."""


def batch_writes(meter: str, rows: float, use: StoreUse) -> Usage:
    """Return what batch runs write."""
    name = f"{meter}/write"
    return Usage(
        "batch writes", name, rows, "row", Driver.POPULATION, row_gib=use.row_gib, computes_ahead=True, stores=True
    )


def other_writes(meter: str, use: StoreUse) -> Iterator[Usage]:
    """Yield what is written one row at a time: after events, and by the cache."""
    name = f"{meter}/write"
    if use.nearline_rows is not None:
        yield Usage(
            "nearline writes",
            name,
            use.nearline_rows,
            "row",
            Driver.TRAFFIC,
            row_gib=use.row_gib,
            after_events=True,
            computes_ahead=True,
            stores=True,
        )
    if use.cache_rows is not None:
        yield Usage("cache writes", name, use.cache_rows, "row", Driver.TRAFFIC, row_gib=use.row_gib, stores=True)


def reads(meter: str, use: StoreUse) -> Usage:
    """Return what is read, row by row."""
    return Usage("store reads", f"{meter}/read", use.reads, "row", Driver.TRAFFIC, row_gib=use.row_gib, stores=True)


def storage(meter: str, use: StoreUse) -> Usage:
    """Return the room that is paid by what is held, for as long as it is."""
    return Usage("storage", f"{meter}/storage", use.held_gib_h, "GiB h", use.follows, stores=True, holds=True)


AnyBillingMode = Annotated[BillingMode, OneOf("simulator.plans.billing_mode")]
