"""What a plan used in one replication, and what that costs and emits: all that pricing it anew needs."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from simulator.core.units import HOUR_S, MONTH_S
from simulator.core.usage import Usage
from simulator.prices.bill import Bill
from simulator.prices.book import PriceBook
from simulator.prices.energy import MachineTime, StatedRange, instance_of, kg_co2e, kwh
from simulator.simulation.outcome import FleetUse, Outcome

COST = "cost_usd_per_month"
COST_PER_1K = "cost_usd_per_1k_requests"
WASTED = "wasted_usd_per_month"
VALUE = "value_usd_per_month"
NET_VALUE = "net_value_usd_per_month"
ENERGY = "kwh_per_month"
EMISSIONS = "kg_co2e_per_month"
PRICED = (COST, COST_PER_1K, WASTED, ENERGY, EMISSIONS, NET_VALUE)
"""The metrics that need a price book."""
STATED_RANGES = (ENERGY, EMISSIONS)
"""Metrics whose low and high are what stated assumptions allow, and not an interval of chance."""
UNKNOWN_MACHINES = frozenset({"GiB s", "token"})
"""Units of what runs on machines that nobody knows; a plan that uses them has no figure for its energy."""


@dataclass(frozen=True)
class FleetTime:
    """How long a fleet's replicas ran, and how busy they were."""

    provisioned_h: float
    """Their hours, from the order to the end; a reserved replica that does not run is paid for and has none. [h]"""
    utilisation: float
    """Share of these that they worked, 0 to 1."""
    load_fraction: float | None = None
    """Share of these that their work takes in batches as large as may be; None where a run of old does not know."""

    @classmethod
    def of(cls, use: FleetUse) -> "FleetTime":
        """Return it for what a fleet did in a replication."""
        provisioned_s = float(use.provisioned_replica_s.sum())
        busy = _share(float(use.busy_replica_s.sum()), provisioned_s)
        return cls(provisioned_s / HOUR_S, busy, _share(use.full_batch_replica_s, provisioned_s))

    @property
    def load(self) -> float:
        """Share of what the replicas can do that was done: a fleet that fills no batch is busy, and yet has room."""
        return self.utilisation if self.load_fraction is None else self.load_fraction


@dataclass(frozen=True)
class Consumption:
    """What a plan used in one replication."""

    usages: tuple[Usage, ...]
    """What was metered over the horizon."""
    horizon_s: float
    """How long that was. [s]"""
    requests: float
    """Requests in it."""
    unread_batch_fraction: float | None
    """Of the rows of batch runs that were replaced, expired or evicted, the share that nobody had read, 0 to 1; None
    where there is no such row."""
    unread_nearline_fraction: float | None
    """The same of the rows that were computed after events."""
    unread_held_fraction: float | None
    """The same of all rows, each weighed by how long it was held: the share of the room that the unread ones took.

    Rows of a run are counted from when its rows become visible on average, which is coarse where they are evicted soon
    after."""
    fleets: Mapping[str, FleetTime]
    """How long the replicas of each fleet ran, by its name."""

    @classmethod
    def of(cls, outcome: Outcome) -> "Consumption":
        """Return what a plan used in a replication, or what it would have if spikes came as often as they are said to.

        See `simulator.studies.spike_months`; the weighted quantities are none below 0.
        """

        def sum_of(name: str) -> float:
            return _at_least_0(weight * float(each.counted.tally[name]) for weight, each in outcome.billed)

        return cls(
            _weighted_usage(outcome),
            outcome.horizon_s,
            sum_of("requests"),
            _share_of_ended(sum_of("wasted_batch"), sum_of("ended_batch")),
            _share_of_ended(sum_of("wasted_nearline"), sum_of("ended_nearline")),
            _share_of_ended(sum_of("unread_row_s"), sum_of("ended_row_s")),
            {use.backend: _fleet_time(outcome, number) for number, use in enumerate(outcome.fleets)},
        )


def worth(outcome: Outcome, value_of: Callable[[Outcome], float]) -> float:
    """Return a figure of a month's money, weighted as the bill is."""
    return math.fsum(weight * value_of(each) for weight, each in outcome.billed)


def _weighted_usage(outcome: Outcome) -> tuple[Usage, ...]:
    if not outcome.beside:
        return outcome.usage
    weights = [weight for weight, _ in outcome.billed]
    return tuple(
        replace(each[0], quantity=_at_least_0(weight * use.quantity for weight, use in zip(weights, each, strict=True)))
        for each in zip(*(part.usage for _, part in outcome.billed), strict=True)
    )


def _fleet_time(outcome: Outcome, number: int) -> FleetTime:
    if not outcome.beside:
        return FleetTime.of(outcome.fleets[number])
    uses = [(weight, each.fleets[number]) for weight, each in outcome.billed]
    provisioned_s = _at_least_0(weight * float(use.provisioned_replica_s.sum()) for weight, use in uses)
    busy_s = _at_least_0(weight * float(use.busy_replica_s.sum()) for weight, use in uses)
    full_s = _at_least_0(weight * use.full_batch_replica_s for weight, use in uses)
    return FleetTime(provisioned_s / HOUR_S, _share(busy_s, provisioned_s), _share(full_s, provisioned_s))


def _at_least_0(terms: Iterable[float]) -> float:
    return max(math.fsum(terms), 0.0)


def _share(part: float, whole: float) -> float:
    """Return a share, 0 where there is nothing."""
    return float(min(part / whole, 1.0)) if whole else 0.0


def _share_of_ended(part: float, whole: float) -> float | None:
    return float(part / whole) if whole else None


def with_prices(values: Mapping[str, float], consumption: Consumption, book: PriceBook) -> dict[str, float]:
    """Return a replication's metrics with those that need prices put in or replaced."""
    kept = {name: value for name, value in values.items() if name not in PRICED}
    found = {**kept, **dict(_money(consumption, book))}
    found |= {name: figure.likely for name, figure in emitted(consumption, book).items()}
    return found if VALUE not in found else {**found, NET_VALUE: found[VALUE] - found[COST]}


def _money(consumption: Consumption, book: PriceBook) -> Iterator[tuple[str, float]]:
    bill = Bill.of(consumption.usages, book, consumption.horizon_s)
    yield COST, bill.total_usd_per_month
    per_1k = bill.usd_per_1k_requests(consumption.requests)
    if per_1k is not None:
        yield COST_PER_1K, per_1k
    wasted_usd = _wasted_usd_per_month(bill, consumption)
    if wasted_usd is not None:
        yield WASTED, wasted_usd


def _wasted_usd_per_month(bill: Bill, consumption: Consumption) -> float | None:
    """Return the price of what nobody read; None where it is not known, as no row ended within the horizon. [USD]"""
    by_runs = any(line.computes_ahead and not line.after_events for line in bill.lines)
    if by_runs and consumption.unread_batch_fraction is None:
        return None
    return bill.wasted_usd_per_month(
        consumption.unread_batch_fraction or 0.0,
        consumption.unread_nearline_fraction or 0.0,
        consumption.unread_held_fraction or 0.0,
    )


def emitted(consumption: Consumption, book: PriceBook) -> dict[str, StatedRange]:
    """Return the energy and the CO2e of a month, by metric; nothing where the book does not know enough.

    Batch workers and training machines are taken to be at full load from their order to their end, which is a little
    too much while they start. Fleets are as busy as they were, for as long as their replicas ran: what is reserved and
    does not run emits nothing.
    """
    if book.energy is None or book.energy.grid is None:
        return {}
    if any(usage.unit in UNKNOWN_MACHINES for usage in consumption.usages):
        return {}
    used_kwh = kwh(_machine_times(consumption), book.energy)
    if used_kwh is None:
        return {}
    return {ENERGY: used_kwh, EMISSIONS: kg_co2e(used_kwh, book.energy.grid)}


def _machine_times(consumption: Consumption) -> Iterator[MachineTime]:
    months = MONTH_S / consumption.horizon_s
    of_fleets: dict[str, str] = {}
    for usage in consumption.usages:
        instance = instance_of(usage.meter)
        if instance is None:
            continue
        if usage.backend in consumption.fleets:
            of_fleets[usage.backend] = instance
        else:
            yield MachineTime(instance, usage.quantity * months, 1.0)
    for backend, instance in of_fleets.items():
        ran = consumption.fleets[backend]
        yield MachineTime(instance, ran.provisioned_h * months, ran.utilisation)


def mean_range(ranges: Sequence[StatedRange]) -> StatedRange:
    """Return the mean over replications."""
    count = len(ranges)
    return StatedRange(
        sum(each.likely for each in ranges) / count,
        sum(each.low for each in ranges) / count,
        sum(each.high for each in ranges) / count,
    )
