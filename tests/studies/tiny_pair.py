"""Two plans whose costs have a closed form: what an API charges by the call, and what a night costs whoever comes."""

from pathlib import Path

from simulator.core.input_files.reading import parse_tree
from simulator.core.input_files.validation import validate
from simulator.core.usage import Driver
from simulator.scenario.schema import Scenario
from simulator.studies.comparison import Comparison, PlanResult

TINY = """
name: Tiny
horizon: 1 h
warmup: 0 s
replications: 3
population: {users: 20_000, logins_per_day: 0.2/day, shape: 1}
traffic: {profile: {kind: flat}, session: {requests: {kind: fixed, count: 1}}}
model: {prediction_size: 1 KiB}
store: {meter: dynamodb_on_demand, read_latency: 4 ms}
backends:
  night:
    kind: batch_cluster
    instance: g4dn.xlarge
    workers: 1
    batch_size: 16
    shard: 2_000
    service_time: {kind: affine, fixed: 1 ms, per_item: 0.2 ms}
    feature_pipeline: {duration: 0 s, cost: 2 USD}
  provider:
    kind: api
    model: gpt-4.1-mini
    input_tokens: {kind: fixed, count: 2_000}
    output_tokens: {kind: fixed, count: 100}
    first_token: {base: 1 s}
    per_token: 1 ms
plans:
  nightly: {precompute: {every: 24 h, at: "02:00", backend: night}, on_miss: default}
  on demand: {on_miss: compute, backend: provider}
prices: [aws-us-east-1, llm-2025-09]
"""
KEY = "population.logins_per_day"
PAIR = ("nightly", "on demand")


def tiny(**changes: object) -> Scenario:
    scenario = validate(Scenario, parse_tree(TINY, "tiny"), "tiny", Path())
    return scenario.with_(**changes) if changes else scenario


def true_crossing(comparison: Comparison) -> float:
    """Return at how many logins per day both plans cost the same in the mean: the calls' price is linear in them.

    Of each plan a part of the bill stays, and the other one is in proportion to its requests; what a request costs is
    the same in every replication.
    """
    nightly, on_demand = (comparison.plans[name] for name in PAIR)
    stays_usd = _part_usd(nightly, Driver.POPULATION) - _part_usd(on_demand, Driver.POPULATION)
    of_calls_usd = _part_usd(on_demand, Driver.TRAFFIC) - _part_usd(nightly, Driver.TRAFFIC)
    requests = stays_usd / of_calls_usd * nightly.metrics["requests"].mean
    scenario = comparison.scenario
    expected = scenario.demand.mean_requests_per_s * scenario.horizon_s
    assert scenario.population.logins_per_day is not None
    return scenario.population.logins_per_day * requests / expected


def _part_usd(plan: PlanResult, driver: Driver) -> float:
    """Return what of a plan's bill stays, or is in proportion to its requests. [USD per month]"""
    meters = {usage.meter for usage in plan.bill.usages if usage.driver is driver}
    return sum(line.usd_per_month for line in plan.bill.lines if line.meter in meters)
