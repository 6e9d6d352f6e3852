"""Physical usage of a simulated plan, meter by meter.

Runs and trainings are counted in proportion to time: a horizon of 36 hours holds one and a half nightly runs, wherever
it begins, so that a month's bill does not depend on how many runs happen to start within the horizon.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from simulator.backends.answers.usage import BatchWork, OnlineUse
from simulator.backends.base import BatchBackend
from simulator.core.units import HOUR_S, MINUTE_S
from simulator.core.usage import Driver, Usage
from simulator.plans.billing_mode.base import StoreUse
from simulator.plans.plan import Plan, Precompute, Stream
from simulator.scenario.schema import Scenario
from simulator.simulation.outcome import BatchUse, FleetUse, ServiceUse
from simulator.simulation.workload.traffic import Traffic

OnlineBackendUse = FleetUse | ServiceUse


def usage_of(
    scenario: Scenario,
    plan_name: str,
    tally: Mapping[str, float],
    traffic: Traffic,
    fleets: Sequence[OnlineBackendUse],
    batch: BatchUse | None,
    kept: StoreUse | None,
) -> Iterator[Usage]:
    """Yield what a plan used from time 0 to the horizon."""
    plan, store = scenario.plans[plan_name], scenario.store_of(scenario.plans[plan_name])
    of_store = tuple(store.paid_for_by.used(store, kept)) if kept else ()
    if plan.precompute and batch:
        yield from _batch_usage(scenario, plan.precompute, batch)
    yield from (usage for usage in of_store if _by_runs(usage))
    for use in fleets:
        yield from _online_usage(scenario, plan.backend, use)
    if plan.refresh and plan.refresh.stream:
        events = tally["requests"] if plan.refresh.on == "request" else traffic.logins
        yield from _stream_usage(plan.refresh.stream, events, scenario.horizon_s)
    if fleets and scenario.model.feature_reads:
        computed = tally["computed"] + tally["revalidated"] + tally["refreshed"]
        reads = computed * scenario.model.feature_reads
        yield Usage("feature reads", "feature_store/read", reads, "row", Driver.TRAFFIC)
    yield from (usage for usage in of_store if not _by_runs(usage))
    if scenario.model.response_size_gib is not None:
        sent_gib = tally["requests"] * scenario.model.response_size_gib
        yield Usage("egress", "egress", sent_gib, "GiB", Driver.TRAFFIC)
    training = scenario.training(plan)
    if training is not None:
        hours = training.machine_hours * scenario.horizon_s / training.every_s
        yield Usage("training", training.meter, hours, "h", Driver.POPULATION)


def store_use(
    scenario: Scenario,
    plan: Plan,
    tally: Mapping[str, float],
    traffic: Traffic,
    batch: BatchUse | None,
    peak_rows: int,
    busiest_writes_per_s: float = 0.0,
) -> StoreUse | None:
    """Return what a plan asked of its store from time 0 to the horizon; None where it keeps nothing."""
    if not plan.has_store:
        return None
    return StoreUse(
        horizon_s=scenario.horizon_s,
        row_gib=scenario.model.prediction_size_gib,
        batch_rows=batch.runs_per_horizon * batch.mean_run_rows if batch else None,
        nearline_rows=tally["written_nearline"] if plan.refresh else None,
        cache_rows=tally["written_online"] if plan.cache else None,
        reads=tally["requests"],
        busiest_reads_per_s=traffic.busiest_minute / MINUTE_S,
        row_s=tally["row_s"],
        peak_rows=max(peak_rows, math.ceil(tally["row_s"] / scenario.horizon_s)),
        busiest_writes_per_s=busiest_writes_per_s,
    )


def no_usage(scenario: Scenario, plan_name: str) -> tuple[Usage, ...]:
    """Return every line of a plan's usage, with nothing used: the meters that a price book must know."""
    plan, tally, traffic = scenario.plans[plan_name], defaultdict[str, float](float), Traffic(0, 0, None)
    fleets = [FleetUse(name, np.zeros(1), np.zeros(1), 0, defaultdict(float)) for name in scenario.online_names(plan)]
    batch = BatchUse((), 0, 0, 0.0, {}, 0.0, 0.0) if plan.precompute else None
    kept = store_use(scenario, plan, tally, traffic, batch, 0)
    return tuple(usage_of(scenario, plan_name, tally, traffic, fleets, batch, kept))


def _by_runs(usage: Usage) -> bool:
    """Return whether batch runs are what it is for; on the bill it stands with them."""
    return usage.computes_ahead and not usage.after_events


def _stream_usage(stream: Stream, events: float, horizon_s: float) -> Iterator[Usage]:
    for item, what, quantity, unit, driver in (
        ("event stream", "stream", horizon_s / HOUR_S, "h", Driver.POPULATION),
        ("events", "in", events * stream.event_size_gib, "GiB", Driver.TRAFFIC),
    ):
        meter = f"{stream.meter}/{what}"
        yield Usage(item, meter, quantity, unit, driver, after_events=True, computes_ahead=True)


def _online_usage(scenario: Scenario, answering: str | None, use: OnlineBackendUse) -> Iterator[Usage]:
    backend, ahead = scenario.online(use.backend), use.backend != answering
    online = OnlineUse(
        float(use.provisioned_replica_s.sum()),
        use.counts,
        scenario.horizon_s,
        beyond_reserved_s=use.beyond_reserved_s,
        tokens=use.tokens if isinstance(use, ServiceUse) else {},
    )
    for metered in backend.used(online):
        yield Usage(
            f"{'nearline' if ahead else 'online'} {metered.what}",
            metered.meter,
            metered.quantity,
            metered.unit,
            Driver.POPULATION if metered.is_standing else Driver.TRAFFIC,
            backend=use.backend,
            follows_replicas=metered.follows_replicas,
            after_events=ahead,
            computes_ahead=ahead,
            stand_in=metered.stand_in,
            if_priced=metered.if_priced,
            by_prompt=metered.by_prompt,
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
            if_priced=metered.if_priced,
            by_prompt=metered.by_prompt,
        )
    pipeline = cluster.feature_pipeline
    if pipeline.instance is not None:
        hours = runs * pipeline.machine_hours
        yield Usage("feature pipeline machines", pipeline.meter, hours, "h", driver, computes_ahead=True)
    if pipeline.cost_usd:
        meter, price_usd = "scenario/feature_pipeline", pipeline.cost_usd
        yield Usage("feature pipeline", meter, runs, "run", driver, given_price_usd=price_usd, computes_ahead=True)
