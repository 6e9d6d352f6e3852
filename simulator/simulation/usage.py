"""Physical usage of a simulated plan, meter by meter.

Runs and trainings are counted in proportion to time: a horizon of 36 hours holds one and a half nightly runs, wherever
it begins, so that a month's bill does not depend on how many runs happen to start within the horizon.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from simulator.backends.base import BatchBackend, BatchWork, OnlineBackend, OnlineUse
from simulator.core.units import HOUR_S
from simulator.core.usage import Driver, Usage
from simulator.plans.plan import Precompute
from simulator.scenario.schema import Scenario
from simulator.simulation.outcome import BatchUse, FleetUse, ServiceUse

OnlineBackendUse = FleetUse | ServiceUse


def usage_of(
    scenario: Scenario,
    plan_name: str,
    tally: Mapping[str, float],
    fleets: Sequence[OnlineBackendUse],
    batch: BatchUse | None,
) -> Iterator[Usage]:
    """Yield what a plan used from time 0 to the horizon."""
    plan = scenario.plans[plan_name]
    if plan.precompute and batch:
        yield from _batch_usage(scenario, plan.precompute, batch)
    for use in fleets:
        yield from _online_usage(scenario, plan.backend, use)
    if fleets and scenario.model.feature_reads:
        computed = tally["computed"] + tally["revalidated"] + tally["refreshed"]
        reads = computed * scenario.model.feature_reads
        yield Usage("feature reads", "feature_store/read", reads, "row", Driver.TRAFFIC)
    if plan.has_store:
        yield from _store_usage(scenario, plan_name, tally)
    training = scenario.training(plan)
    if training is not None:
        hours = training.machine_hours * scenario.horizon_s / training.every_s
        yield Usage("training", training.meter, hours, "h", Driver.POPULATION)


def no_usage(scenario: Scenario, plan_name: str) -> tuple[Usage, ...]:
    """Return every line of a plan's usage, with nothing used: the meters that a price book must know."""
    plan = scenario.plans[plan_name]
    fleets = [FleetUse(name, np.zeros(1), np.zeros(1), 0, defaultdict(float)) for name in scenario.online_names(plan)]
    batch = BatchUse((), 0, 0, 0.0, {}, 0.0, 0.0) if plan.precompute else None
    return tuple(usage_of(scenario, plan_name, defaultdict(float), fleets, batch))


def _online_usage(scenario: Scenario, answering: str | None, use: OnlineBackendUse) -> Iterator[Usage]:
    backend, ahead = scenario.backends[use.backend], use.backend != answering
    assert isinstance(backend, OnlineBackend)
    for metered in backend.used(OnlineUse(float(use.provisioned_replica_s.sum()), use.counts)):
        yield Usage(
            f"{'nearline' if ahead else 'online'} {metered.what}",
            metered.meter,
            metered.quantity,
            metered.unit,
            Driver.TRAFFIC,
            backend=use.backend if metered.is_replica_time else "",
            after_events=ahead,
            computes_ahead=ahead,
            stand_in=metered.stand_in,
        )


def _batch_usage(scenario: Scenario, precompute: Precompute, batch: BatchUse) -> Iterator[Usage]:
    cluster = scenario.backends[precompute.backend]
    assert isinstance(cluster, BatchBackend)
    runs, driver = batch.runs_per_horizon, Driver.POPULATION
    worker_s = {meter: runs * mean_s for meter, mean_s in batch.mean_run_worker_s.items()}
    for metered in cluster.worked(BatchWork(runs, runs * batch.mean_run_rows, worker_s)):
        item = f"batch {metered.what}"
        yield Usage(
            item,
            metered.meter,
            metered.quantity,
            metered.unit,
            driver,
            computes_ahead=True,
            stand_in=metered.stand_in,
        )
    if cluster.feature_pipeline.cost_usd:
        meter, price_usd = "scenario/feature_pipeline", cluster.feature_pipeline.cost_usd
        yield Usage("feature pipeline", meter, runs, "run", driver, given_price_usd=price_usd, computes_ahead=True)
    rows = runs * batch.mean_run_rows
    size_gib, meter = scenario.model.prediction_size_gib, f"{scenario.store.meter}/write"
    yield Usage("batch writes", meter, rows, "row", driver, row_gib=size_gib, computes_ahead=True)


def _store_usage(scenario: Scenario, plan_name: str, tally: Mapping[str, float]) -> Iterator[Usage]:
    meter, row_gib = scenario.store.meter, scenario.model.prediction_size_gib
    plan = scenario.plans[plan_name]
    ahead = plan.precompute is not None
    if plan.refresh:
        rows = tally["written_nearline"]
        yield Usage(
            "nearline writes",
            f"{meter}/write",
            rows,
            "row",
            Driver.TRAFFIC,
            row_gib=row_gib,
            after_events=True,
            computes_ahead=True,
        )
    if plan.cache:
        yield Usage("cache writes", f"{meter}/write", tally["written_online"], "row", Driver.TRAFFIC, row_gib=row_gib)
    yield Usage("store reads", f"{meter}/read", tally["requests"], "row", Driver.TRAFFIC, row_gib=row_gib)
    held = tally["row_s"] * row_gib / HOUR_S
    yield Usage("storage", f"{meter}/storage", held, "GiB h", Driver.POPULATION if ahead else Driver.TRAFFIC)
