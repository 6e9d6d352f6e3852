"""A fixed fleet against Ciw, an independent queue simulator."""

import math
from typing import Any

import ciw
import numpy as np
import pytest

from simulator.core.histogram import Histogram
from simulator.core.streams import stream
from simulator.demand.arrivals import request_blocks
from simulator.scenario.schema import Scenario
from simulator.simulation.simulate import simulate

SERVERS = 3
SERVICE_S = 1.2
RATE_PER_S = 2.0
WARMUP_S = 1200.0
HORIZON_S = 3600.0
REPLICATIONS = 8
STANDARD_ERRORS = 4


def a_scenario(noise: str, **fleet: Any) -> Scenario:
    users = 1_000_000
    return Scenario.model_validate(
        {
            "seed": 11,
            "horizon": f"{HORIZON_S} s",
            "warmup": f"{WARMUP_S} s",
            "population": {"users": users, "logins_per_day": f"{RATE_PER_S * 86400 / users}/day", "shape": "inf"},
            "backends": {
                "live": {
                    "kind": "fleet",
                    "instance": "f",
                    "service_time": {"kind": "affine", "fixed": f"{SERVICE_S} s", "noise": noise},
                    "capacity": {"kind": "fixed", "replicas": SERVERS},
                    **fleet,
                }
            },
            "plans": {"on demand": {"on_miss": "compute", "backend": "live"}},
        }
    )


def ciw_records(arrivals: Any, service: Any, queue_limit: float = math.inf) -> list[Any]:
    network = ciw.create_network(
        arrival_distributions=[arrivals],
        service_distributions=[service],
        number_of_servers=[SERVERS],
        queue_capacities=[queue_limit],
    )
    simulation = ciw.Simulation(network)
    # Those who come by the horizon are let through, as the engine lets them.
    simulation.simulate_until_max_time(WARMUP_S + HORIZON_S + 600)
    return [record for record in simulation.get_all_records() if record.arrival_date < WARMUP_S + HORIZON_S]


def within_horizon(records: list[Any]) -> tuple[list[float], float]:
    """Return the waits of those who came within the horizon, and the utilisation in it."""
    records = [record for record in records if record.record_type == "service"]
    waits = [record.waiting_time for record in records if record.arrival_date >= WARMUP_S]
    busy_s = math.fsum(
        max(min(record.service_end_date, WARMUP_S + HORIZON_S) - max(record.service_start_date, WARMUP_S), 0.0)
        for record in records
    )
    return waits, busy_s / (SERVERS * HORIZON_S)


def drawn_by_the_engine(scenario: Scenario, noise: str) -> tuple[Any, Any]:
    """Return the engine's arrivals and service times, one request after the other."""
    blocks = list(request_blocks(scenario.demand, scenario.seed, 0, -WARMUP_S, HORIZON_S, HORIZON_S))
    time_s = np.concatenate([block.time_s for block in blocks]) + WARMUP_S
    factors = np.ones(time_s.size)
    if noise == "exponential":
        intervals = np.floor((time_s - WARMUP_S) / scenario.demand.interval_s).astype(int)
        factors = np.concatenate(
            [
                stream(scenario.seed, 0, "service", int(index)).standard_exponential(int(count))
                for index, count in zip(*np.unique(intervals, return_counts=True), strict=True)
            ]
        )
    gaps_s = [*np.diff(time_s, prepend=0.0).tolist(), 1e9]
    service_s = [*(SERVICE_S * factors).tolist(), SERVICE_S]
    return ciw.dists.Sequential(gaps_s), ciw.dists.Sequential(service_s)


@pytest.mark.parametrize("noise", ["exponential", "none"])
def test_the_same_requests_wait_as_long_in_both(noise: str) -> None:
    scenario = a_scenario(noise)
    records = ciw_records(*drawn_by_the_engine(scenario, noise))
    waits_s, utilisation = within_horizon(records)
    outcome = simulate(scenario, "on demand")
    assert outcome.counted.tally["requests"] == len(waits_s) > 7000
    assert outcome.counted.tally["wait_s"] == pytest.approx(math.fsum(waits_s), rel=1e-9)
    busy_s, provisioned_s = outcome.busy_replica_s.sum(), outcome.provisioned_replica_s.sum()
    assert busy_s / provisioned_s == pytest.approx(utilisation, rel=1e-9)
    latencies_s = [r.service_end_date - r.arrival_date for r in records if r.arrival_date >= WARMUP_S]
    for share in (0.5, 0.95, 0.99, 1.0):
        exact_s = float(np.quantile(latencies_s, share, method="inverted_cdf"))
        assert outcome.counted.latency.quantile(share) == pytest.approx(exact_s, rel=0.0041)


@pytest.mark.parametrize("queue_limit", [0, 2])
def test_the_same_requests_are_refused_in_both(queue_limit: int) -> None:
    scenario = a_scenario("none", queue_limit=queue_limit)
    records = ciw_records(*drawn_by_the_engine(scenario, "none"), queue_limit)
    refused = sum(record.record_type == "rejection" and record.arrival_date >= WARMUP_S for record in records)
    waits_s, utilisation = within_horizon(records)
    outcome = simulate(scenario, "on demand")
    tally = outcome.counted.tally
    assert tally["defaulted"] == refused > 200
    assert tally["requests"] == refused + len(waits_s)
    assert tally["wait_s"] == pytest.approx(math.fsum(waits_s), rel=1e-9)
    busy_s, provisioned_s = outcome.busy_replica_s.sum(), outcome.provisioned_replica_s.sum()
    assert busy_s / provisioned_s == pytest.approx(utilisation, rel=1e-9)


@pytest.mark.parametrize("noise", ["exponential", "none"])
def test_mean_waits_and_utilisation_agree_where_each_draws_its_own(noise: str) -> None:
    service = ciw.dists.Exponential(1 / SERVICE_S) if noise == "exponential" else ciw.dists.Deterministic(SERVICE_S)
    theirs, ours = [], []
    for replication in range(REPLICATIONS):
        ciw.seed(replication)
        waits_s, utilisation = within_horizon(ciw_records(ciw.dists.Exponential(RATE_PER_S), service))
        theirs.append((float(np.mean(waits_s)), utilisation))
        outcome = simulate(a_scenario(noise), "on demand", replication)
        tally = outcome.counted.tally
        utilisation = outcome.busy_replica_s.sum() / outcome.provisioned_replica_s.sum()
        ours.append((tally["wait_s"] / tally["requests"], utilisation))
    difference = np.mean(ours, axis=0) - np.mean(theirs, axis=0)
    error = np.sqrt((np.var(ours, axis=0, ddof=1) + np.var(theirs, axis=0, ddof=1)) / REPLICATIONS)
    assert np.all(error < 0.2 * np.mean(theirs, axis=0)), "too noisy to tell anything"
    assert np.all(np.abs(difference) < STANDARD_ERRORS * error)


def test_the_histogram_keeps_the_mean_exactly() -> None:
    outcome = simulate(a_scenario("exponential"), "on demand")
    latency = outcome.counted.latency
    assert isinstance(latency, Histogram)
    assert latency.count == outcome.counted.tally["requests"]
    assert latency.mean == pytest.approx(outcome.counted.tally["latency_s"] / latency.count, rel=1e-12)
