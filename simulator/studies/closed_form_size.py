"""About how many replicas a latency bound needs, by a closed form, before anything is simulated."""

from simulator.backends.answers.facts import Asked
from simulator.backends.base import Resizable
from simulator.demand.demand import Rates
from simulator.scenario.schema import Scenario


def fleet_to_size(scenario: Scenario, plan_name: str) -> Resizable | None:
    """Return the backend that a plan's requests wait for, if its size is to be found."""
    backend = scenario.online_backend(scenario.plans[plan_name])
    return None if backend is None else backend.to_be_sized


def closed_form_replicas(scenario: Scenario, plan_name: str, fleet: Resizable) -> int:
    """Return the fewest replicas with which the busiest hour's p99 latency meets the bound, if all is computed."""
    load = scenario.demand.expected_rates(scenario.horizon_s)
    return fleet.closed_form_replicas(asked_of_backend(scenario, plan_name, load))


def asked_of_backend(scenario: Scenario, plan_name: str, load: Rates) -> Asked:
    """Return what the busiest hour asks of what computes a plan's predictions online, if all is computed."""
    plan, bound_s = scenario.plans[plan_name], scenario.slo.latency_p99_s
    read_s = scenario.store_of(plan).read_latency_s if plan.has_store else 0.0
    hour = scenario.demand.clock.hour(load.busiest_s)
    return Asked(load.peak_per_s, hour, None if bound_s is None else bound_s - read_s)
