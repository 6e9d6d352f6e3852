"""How much there is to do in a simulation, about: in requests, each carried through a plan."""

from simulator.scenario.schema import Scenario
from simulator.simulation.calendar.timing import begin_s, earliest_s

DRAWN_REQUEST = 1.3
"""To draw and count a request, measured; all plans that are simulated together share it."""
DRAWN_USER = 0.45
"""Measured: a user's row and last login before anything happens."""
DECISIONS_PER_S = 10.0
"""A tick every 15 s takes as long as some 150 requests."""


def expected_requests(scenario: Scenario, plan: str) -> float:
    """Return about how many requests a plan is given, those before time 0 included."""
    return scenario.demand.mean_requests_per_s * (scenario.horizon_s - begin_s(scenario, plan))


def drawing_work(scenario: Scenario) -> float:
    """Return what it takes to draw the requests of a replication."""
    return DRAWN_REQUEST * scenario.demand.mean_requests_per_s * (scenario.horizon_s - earliest_s(scenario))


def beginning_work(scenario: Scenario, plan: str) -> float:
    """Return what it takes to put a plan into its long-run state."""
    how = scenario.plans[plan]
    is_drawn = how.has_store and not (how.precompute is not None and how.precompute.is_for_all)
    return DRAWN_USER * scenario.population.users if is_drawn else 0.0


def carrying_work(scenario: Scenario, plan: str) -> float:
    """Return what it takes to carry the requests through a plan, and to make its decisions."""
    decisions = DECISIONS_PER_S * (scenario.horizon_s - begin_s(scenario, plan))
    return expected_requests(scenario, plan) + decisions
