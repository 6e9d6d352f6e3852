"""Whatever the scenario, something is estimated of it, and nothing impossible."""

import math

from drawn_scenarios import a_scenario, scenarios
from hypothesis import given, settings

from simulator.scenario.schema import Scenario
from simulator.simulation.metrics import metrics_of
from simulator.studies.planner.estimating import World

NOT_SHARES = {"dispersion_1s", "dispersion_60s"}


def check(scenario: Scenario) -> None:
    world = World.of(scenario)
    for plan in scenario.plans:
        expected = world.expected(plan)
        for metric, value in metrics_of(scenario, expected.outcome).items():
            assert math.isfinite(value), (plan, metric)
            assert value >= 0, (plan, metric)
            if metric.endswith(("_fraction", "_ratio")) and metric not in NOT_SHARES:
                assert value <= 1 + 1e-9, (plan, metric)
        if expected.no_form:
            continue
        tally = expected.outcome.counted.tally
        answered = sum(tally[kind] for kind in ("precomputed", "cached", "computed", "defaulted"))
        assert math.isclose(answered, tally["requests"], rel_tol=1e-6), plan


def test_a_world_with_everything_in_it() -> None:
    check(a_scenario())


@settings(max_examples=25)
@given(scenarios())
def test_drawn_scenarios(scenario: Scenario) -> None:
    check(scenario)
