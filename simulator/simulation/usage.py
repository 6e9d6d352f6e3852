"""Physical usage of a simulated plan, meter by meter."""

from collections.abc import Iterator

import numpy as np

from simulator.core.histogram import BINS, Histogram
from simulator.core.units import HOUR_S
from simulator.core.usage import Driver, Usage
from simulator.scenario.schema import Scenario
from simulator.simulation.outcome import FleetUse
from simulator.simulation.precompute import BatchLog
from simulator.simulation.records import TALLY
from simulator.simulation.request_path import Counted


def usage_of(
    scenario: Scenario, plan_name: str, counted: Counted, fleet: FleetUse | None, batch_log: BatchLog
) -> Iterator[Usage]:
    """Yield what a plan used from time 0 to the horizon."""
    plan = scenario.plans[plan_name]
    if plan.precompute:
        yield from _batch_usage(scenario, plan_name, batch_log)
    if fleet is not None:
        online = scenario.fleet(plan)
        assert online is not None
        yield Usage("online compute", online.meter, fleet.provisioned_replica_s / HOUR_S, "h", Driver.TRAFFIC)
        if scenario.model.feature_reads:
            reads = counted.tally["computed"] * scenario.model.feature_reads
            yield Usage("feature reads", "feature_store/read", reads, "row", Driver.TRAFFIC)
    if plan.has_store:
        yield from _store_usage(scenario, plan_name, counted)


def no_usage(scenario: Scenario, plan_name: str) -> tuple[Usage, ...]:
    """Return every line of a plan's usage, with nothing used: the meters that a price book must know."""
    nothing = Histogram(np.zeros(BINS, dtype=np.int64), 0.0)
    counted = Counted(dict.fromkeys(TALLY.names or (), 0.0), nothing, nothing)
    fleet = FleetUse(0.0, 0.0, 0) if scenario.fleet(scenario.plans[plan_name]) else None
    return tuple(usage_of(scenario, plan_name, counted, fleet, BatchLog()))


def _batch_usage(scenario: Scenario, plan_name: str, log: BatchLog) -> Iterator[Usage]:
    cluster, horizon_s = scenario.batch_cluster(scenario.plans[plan_name]), scenario.horizon_s
    assert cluster is not None
    worker_s = sum(max(min(span.end_s, horizon_s) - max(span.begin_s, 0.0), 0.0) for span in log.worker_spans)
    yield Usage("batch compute", cluster.meter, worker_s / HOUR_S, "h", Driver.POPULATION, computes_ahead=True)
    if cluster.feature_pipeline.cost_usd:
        yield Usage(
            "feature pipeline",
            "scenario/feature_pipeline",
            float(sum(0 <= start_s < horizon_s for start_s in log.started_s)),
            "run",
            Driver.POPULATION,
            given_price_usd=cluster.feature_pipeline.cost_usd,
            computes_ahead=True,
        )


def _store_usage(scenario: Scenario, plan_name: str, counted: Counted) -> Iterator[Usage]:
    meter, row_gib, tally = scenario.store.meter, scenario.model.prediction_size_gib, counted.tally
    ahead = scenario.plans[plan_name].precompute is not None
    if ahead:
        yield Usage(
            "batch writes",
            f"{meter}/write",
            tally["written_batch"],
            "row",
            Driver.POPULATION,
            row_gib=row_gib,
            computes_ahead=True,
        )
    if scenario.plans[plan_name].cache:
        yield Usage("cache writes", f"{meter}/write", tally["written_online"], "row", Driver.TRAFFIC, row_gib=row_gib)
    yield Usage("store reads", f"{meter}/read", tally["requests"], "row", Driver.TRAFFIC, row_gib=row_gib)
    held = tally["row_s"] * row_gib / HOUR_S
    yield Usage("storage", f"{meter}/storage", held, "GiB h", Driver.POPULATION if ahead else Driver.TRAFFIC)
