import pytest
from replicated import agree, agree_each, replicate

from simulator.demand.arrivals import request_blocks
from simulator.demand.census import Census
from simulator.scenario.schema import Scenario
from simulator.theory.logins import active_fraction

DAY_S = 86400.0
USERS = 20_000
REPLICATIONS = 12


def a_scenario(population: dict[str, object], horizon: str) -> Scenario:
    return Scenario.model_validate(
        {
            "horizon": horizon,
            "warmup": "0 s",
            "population": {"users": USERS, **population},
            "backends": {
                "live": {
                    "kind": "fleet",
                    "instance": "f",
                    "service_time": {"kind": "affine", "fixed": "1 ms"},
                    "capacity": {"kind": "fixed", "replicas": 2},
                }
            },
            "plans": {"on demand": {"on_miss": "compute", "backend": "live"}},
        }
    )


def active_in(scenario: Scenario, days: int, replication: int) -> float:
    census = Census(USERS, days * DAY_S, scenario.horizon_s)
    for block in request_blocks(scenario.demand, scenario.seed, replication, 0.0, scenario.horizon_s, DAY_S):
        for logins in block.logins:
            census.observe(logins)
    assert census.active_fraction is not None
    return census.active_fraction


@pytest.mark.parametrize("days", [1, 7, 30])
@pytest.mark.parametrize("shape", [float("inf"), 0.5, 0.08])
def test_distinct_users_over_a_window_are_those_of_gamma_users(days: int, shape: float) -> None:
    scenario = a_scenario({"logins_per_day": "0.3/day", "shape": shape}, "30 d")
    shares = [active_in(scenario, days, replication) for replication in range(REPLICATIONS)]
    agree(shares, float(active_fraction(days, shape, 0.3)), noise=0.01)


@pytest.mark.parametrize("shape", [float("inf"), 0.2])
def test_the_daily_active_share_is_the_one_stated(shape: float) -> None:
    scenario = a_scenario({"daily_active": "15 %", "shape": shape, "dormant": "40 %"}, "5 d")
    outcomes = replicate(scenario, "on demand", REPLICATIONS)
    agree_each(outcomes, lambda o: o.traffic.daily_active_fraction or 0.0, 0.15, noise=0.01)
    assert outcomes[0].traffic.monthly_active_fraction is None
