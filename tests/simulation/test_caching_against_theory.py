import pytest
from replicated import agree_each, replicate

from simulator.scenario.schema import Scenario
from simulator.simulation.outcome import Outcome
from simulator.theory.caching import fixed_ttl_freshness, gamma_fixed_ttl_hit_fraction, gamma_fixed_ttl_mean_age_s
from simulator.theory.freshness import change_rate_per_s

HOUR_S = 3600.0
REPLICATIONS = 16
HALF_LIFE_S = 2 * HOUR_S


def outcomes_of(shape: float, reads_per_ttl: float) -> list[Outcome]:
    """Return a cached plan whose computations take next to no time, long after it began."""
    scenario = Scenario.model_validate(
        {
            "horizon": "6 h",
            "warmup": "10 h",
            "population": {"users": 6000, "logins_per_day": f"{24 * reads_per_ttl}/day", "shape": shape},
            "model": {"half_life": f"{HALF_LIFE_S} s"},
            "store": {"read_latency": "0 s"},
            "backends": {
                "live": {
                    "kind": "fleet",
                    "instance": "f",
                    "slots": 500,
                    "service_time": {"kind": "affine", "fixed": "10 us"},
                    "capacity": {"kind": "fixed", "replicas": 1},
                }
            },
            "plans": {"cached": {"on_miss": "compute", "backend": "live", "cache": {"kind": "ttl", "ttl": "1 h"}}},
        }
    )
    return replicate(scenario, "cached", REPLICATIONS)


def hit_ratio(outcome: Outcome) -> float:
    return outcome.counted.tally["cached"] / outcome.counted.tally["requests"]


@pytest.mark.parametrize("shape", [float("inf"), 1.0, 0.3])
@pytest.mark.parametrize("reads_per_ttl", [0.4, 3.0])
def test_hit_ratio_and_age_are_those_of_a_fixed_time_to_live(shape: float, reads_per_ttl: float) -> None:
    outcomes = outcomes_of(shape, reads_per_ttl)
    expected = float(gamma_fixed_ttl_hit_fraction(shape, reads_per_ttl / HOUR_S, HOUR_S))
    agree_each(outcomes, hit_ratio, expected, noise=0.01)
    expected_age_s = float(gamma_fixed_ttl_mean_age_s(shape, reads_per_ttl / HOUR_S, HOUR_S))
    agree_each(outcomes, lambda o: o.counted.age.mean, expected_age_s, noise=0.01)


def test_the_stale_fraction_is_that_of_a_fixed_time_to_live() -> None:
    from simulator.simulation.metrics import stale_fraction

    rate_per_s = float(change_rate_per_s(HALF_LIFE_S))
    hit = float(gamma_fixed_ttl_hit_fraction(0.3, 3.0 / HOUR_S, HOUR_S))
    expected = 1 - float(fixed_ttl_freshness(hit, HOUR_S, rate_per_s))
    agree_each(outcomes_of(0.3, 3.0), lambda o: stale_fraction(o, HALF_LIFE_S), expected, noise=0.01)
