"""About how many replicas a latency bound needs, by a closed form, before anything is simulated."""

import math

from simulator.backends.fleet import Fleet
from simulator.scenario.schema import Scenario
from simulator.theory.staffing import min_servers_for_response_quantile

QUANTILE = 0.99


def fleet_to_size(scenario: Scenario, plan_name: str) -> Fleet | None:
    """Return the fleet that a plan's requests wait for, if its size is to be found."""
    fleet = scenario.online_backend(scenario.plans[plan_name])
    return fleet if isinstance(fleet, Fleet) and fleet.capacity.is_to_be_sized else None


def closed_form_replicas(scenario: Scenario, plan_name: str, fleet: Fleet) -> int:
    """Return the fewest replicas with which the busiest hour's p99 latency meets the bound, if all is computed.

    The hour is taken as a queue in steady state, M/G/c with Poisson arrivals at its mean rate: bursts within it, the
    sessions' own and hits in the store are left to the simulation. A fleet that computes requests together is taken to
    fill its batches: they are what queues, after a request has waited for its batch to fill or for the hold time. Where
    the service alone takes too long for all requests (and hits or smaller batches may yet meet the bound), it is the
    fewest replicas that keep up.
    """
    bound_s = scenario.slo.latency_p99_s
    assert bound_s is not None
    per_s = scenario.demand.expected_rates(scenario.horizon_s).peak_per_s
    plan = scenario.plans[plan_name]
    read_s = scenario.store_of(plan).read_latency_s if plan.has_store else 0.0
    fewest = fleet.capacity.replicas_for(per_s * fleet.full_batch_work_s / fleet.slots)
    if per_s == 0:
        return fewest
    together = len(fleet.service_times_s) - 1
    services_s = fleet.service_sample_s() * fleet.service_times_s[-1] / fleet.mean_service_s
    filling_s = min(fleet.batching.hold_s, (together - 1) / per_s) if fleet.batching else 0.0
    left_s = bound_s - read_s - filling_s
    if (services_s > left_s).mean() > 1 - QUANTILE:
        return fewest
    servers = min_servers_for_response_quantile(per_s / together, services_s, left_s, QUANTILE)
    return min(max(math.ceil(servers / fleet.slots), 1), fleet.capacity.most_replicas)
