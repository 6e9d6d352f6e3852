"""What a plan's store would cost on every medium that the price book knows: the same use, paid for in other ways."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from simulator.core.usage import mean_usage
from simulator.plans.store import Store
from simulator.prices.bill import Bill
from simulator.studies.comparison import Comparison


@dataclass(frozen=True)
class Repriced:
    """A plan's store on some medium."""

    name: str
    """The store's."""
    how: str
    """What is paid for, and how much goes into an object where that makes a difference."""
    usd_per_month: float
    """Writes, reads, storage and nodes. [USD per 30-day month]"""
    is_present: bool
    """Whether it is what the plan has."""


def repriced(comparison: Comparison, plan_name: str) -> tuple[Repriced, ...]:
    """Return a plan's store on every medium that the book has all prices for; nothing where it has no store.

    Latency, write capacity and expiry stay as they are, and so do what is written, read and held. Where there are no
    batch runs to write, the write capacity that is bought elsewhere is that of the busiest minute's requests, each of
    which leads to one write at most.
    """
    scenario = comparison.scenario
    plan = scenario.plans[comparison.plans[plan_name].outcomes[0].plan]
    uses = [outcome.store for outcome in comparison.plans[plan_name].outcomes if outcome.store is not None]
    if not uses:
        return ()
    present, known = scenario.store_of(plan), set(comparison.book.meters)
    found: list[Repriced] = []
    asked, backend = present, scenario.batch_backend(plan)
    if plan.precompute is None:
        asked = present.model_copy(update={"write_capacity_per_s": max(use.busiest_reads_per_s for use in uses)})
    candidates = _candidates(asked, backend.shard if backend else None, comparison.book.meters)
    for how, each in candidates:
        store = present if each == asked else each
        billing_mode = store.paid_for_by
        if {usage.meter for usage in billing_mode.used(store, uses[0])} <= known:
            usages = mean_usage([tuple(billing_mode.used(store, use)) for use in uses])
            lines = Bill.of(usages, comparison.book, scenario.horizon_s).lines[: len(usages)]  # no unused commitments
            usd = math.fsum(line.usd_per_month for line in lines)
            found.append(Repriced(store.meter, how, usd, store == present))
    return tuple(found)


def _candidates(present: Store, shard: int | None, meters: Sequence[str]) -> Iterator[tuple[str, Store]]:
    """Yield the present store, and stores of any name of which the book might have the prices; and how each is paid."""
    names = dict.fromkeys([present.meter, *(name for meter in meters for name in (meter.rpartition("/")[0], meter))])
    for name in names:
        billing_mode = present.billing_mode if name == present.meter else None
        store = present.model_copy(update={"meter": name, "billing_mode": billing_mode})
        if not name or store.paid_for_by.fault(store) is not None:
            continue
        paid_by = f"by {store.paid_for_by.paid_by}"
        if not store.paid_for_by.by_objects:
            yield paid_by, store
            continue
        for rows in _objects(present, shard):
            size = f"{rows:,} rows" if rows > 1 else "a row"
            yield f"{paid_by}, {size} an object", store.model_copy(update={"rows_per_object": rows})


def _objects(present: Store, shard: int | None) -> tuple[int, ...]:
    """Return how many rows an object may have: one; and where there are runs, what is stated, or else a shard."""
    if shard is None:
        return (present.rows_per_object,)
    return tuple(sorted({1, present.rows_per_object if present.rows_per_object > 1 else shard}))
