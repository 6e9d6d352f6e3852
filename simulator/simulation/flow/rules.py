"""What a plan says, as the record that compiled code goes by."""

import numpy as np

from simulator.plans.plan import OnFailure, OnMiss
from simulator.scenario.schema import Scenario
from simulator.simulation.state.quality import set_quality_rules
from simulator.simulation.state.records import RULES, Record, record
from simulator.simulation.state.rows import Layout


def rules_of(scenario: Scenario, plan_name: str, layout: Layout) -> Record:
    """Return the RULES of a plan."""
    plan = scenario.plans[plan_name]
    store, backends = scenario.store_of(plan), scenario.online_backends(plan)
    rules = record(RULES)
    rules["has_store"] = plan.has_store
    rules["computes"] = plan.on_miss is OnMiss.COMPUTE
    rules["in_background"] = plan.refresh is not None or plan.revalidates
    rules["wastes"] = plan.computes_in_background
    rules["works"] = bool(backends)
    rules["retries"] = any(backend.retries is not None for backend in backends)
    rules["falls_back"] = plan.on_failure is OnFailure.STORED
    rules["serves_stored"] = plan.on_miss is OnMiss.STORED
    rules["shards"] = layout.shards
    rules["shard_size"] = layout.shard_size
    rules["origin_s"] = layout.origin_s
    rules["tick_s"] = layout.tick_s
    rules["read_s"] = store.read_latency_s if plan.has_store else 0.0
    rules["expiry_s"] = store.expiry_s or np.inf
    rules["lag_s"] = scenario.model.feature_lag_s
    rules["horizon_s"] = scenario.horizon_s
    rules["closed_loop"] = scenario.traffic.closed_loop is not None
    if plan.has_store and store.size_limit_gib is not None:
        rules["reading_renews"] = store.eviction.reading_renews
        rules["most_rows"] = int(store.size_limit_gib / scenario.model.prediction_size_gib)
    if plan.cache:
        rules["keeps"] = True
        rules["slides"] = plan.cache.slides
        rules["fresh_s"] = plan.cache.fresh_for_s
        rules["kept_s"] = plan.cache.kept_for_s
    if plan.refresh:
        rules["refreshes"] = 2 if plan.refresh.on == "request" else 1
        rules["debounce_s"] = plan.refresh.debounce_s
        rules["delay_s"] = plan.refresh.debounce_s + plan.refresh.lag_s
    set_quality_rules(rules, scenario, plan_name)
    return rules
