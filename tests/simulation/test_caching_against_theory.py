"""What caches give, against closed forms."""

from collections.abc import Callable

import numpy as np
import pytest
from replicated import agree_each, replicate
from scipy.optimize import brentq
from scipy.special import roots_genlaguerre

from simulator.core.units import HOUR_S
from simulator.simulation.outcome import Outcome
from simulator.studies.check.caching import hit_ratio
from simulator.studies.check.worlds import CACHE_HALF_LIFE_S, CACHE_USERS, cached_world
from simulator.theory.caching import (
    fixed_ttl_freshness,
    gamma_fixed_ttl_hit_fraction,
    gamma_fixed_ttl_mean_age_s,
    revalidating_mean_age_s,
    sliding_ttl_hit_fraction,
    sliding_ttl_mean_age_s,
)
from simulator.theory.freshness import change_rate_per_s

REPLICATIONS = 16


def outcomes_of(shape: float, reads_per_ttl: float, *given: str, **store: str) -> list[Outcome]:
    return replicate(cached_world(shape, reads_per_ttl, *given, **store), "cached", REPLICATIONS)


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

    rate_per_s = float(change_rate_per_s(CACHE_HALF_LIFE_S))
    hit = float(gamma_fixed_ttl_hit_fraction(0.3, 3.0 / HOUR_S, HOUR_S))
    expected = 1 - float(fixed_ttl_freshness(hit, HOUR_S, rate_per_s))
    agree_each(outcomes_of(0.3, 3.0), lambda o: stale_fraction(o, CACHE_HALF_LIFE_S), expected, noise=0.01)


def over_requests(shape: float, mean_per_s: float, of_rate: Callable[[np.ndarray], np.ndarray]) -> float:
    """Return the mean of a user's value over requests: users by their rate, which is gamma of shape + 1."""
    if np.isinf(shape):
        return float(of_rate(np.array([mean_per_s]))[0])
    at, weight = roots_genlaguerre(80, shape)
    return float(np.average(of_rate(at * mean_per_s / shape), weights=weight))


@pytest.mark.parametrize("shape", [float("inf"), 2.0, 0.5])
def test_hit_ratio_is_that_of_a_sliding_time_to_live(shape: float) -> None:
    outcomes = outcomes_of(shape, 0.8, "sliding")
    expected = over_requests(shape, 0.8 / HOUR_S, lambda r: sliding_ttl_hit_fraction(r, HOUR_S))
    agree_each(outcomes, hit_ratio, expected, noise=0.01)


def test_age_is_that_of_a_sliding_time_to_live() -> None:
    """Of users alike: some gamma users read so often that their predictions' age has no end."""
    outcomes = outcomes_of(float("inf"), 0.8, "sliding", "40 h")
    expected_s = float(sliding_ttl_mean_age_s(0.8 / HOUR_S, HOUR_S))
    agree_each(outcomes, lambda o: o.counted.age.mean, expected_s, noise=0.01)


@pytest.mark.parametrize("shape", [float("inf"), 2.0])
def test_ages_are_those_of_revalidation(shape: float) -> None:
    """Of gamma users those matter who come hardly ever; of shape 2 there are few of them."""
    outcomes = outcomes_of(shape, 0.8, "stale_while_revalidate", "200 h")
    expected_s = over_requests(shape, 0.8 / HOUR_S, lambda r: revalidating_mean_age_s(r, HOUR_S))
    agree_each(outcomes, lambda o: o.counted.age.mean, expected_s, noise=0.01, bias=0.003 * expected_s)
    first_visits = [outcome.counted.tally["computed"] / outcome.counted.tally["requests"] for outcome in outcomes]
    assert max(first_visits) < 1e-3


@pytest.mark.parametrize("shape", [float("inf"), 2.0, 0.5])
def test_a_request_in_so_many_begins_a_revalidation(shape: float) -> None:
    expected = over_requests(shape, 0.8 / HOUR_S, lambda r: 1 / (1 + r * HOUR_S))

    def begun(outcome: Outcome) -> float:
        tally = outcome.counted.tally
        return (tally["revalidated"] + tally["computed"]) / tally["requests"]

    agree_each(outcomes_of(shape, 0.8, "stale_while_revalidate"), begun, expected, noise=0.01)


@pytest.mark.parametrize("shape", [float("inf"), 1.0, 0.3])
def test_hit_ratio_is_that_of_least_recently_used_eviction(shape: float) -> None:
    """Against the approximation of Che et al. (2002), which is exact for users alike, and for many users."""
    rows, mean_per_s = 1000, 8.0 / HOUR_S

    def kept(characteristic_s: float, exponent: float) -> float:
        reads = mean_per_s * characteristic_s
        return float(-np.expm1(-reads) if np.isinf(shape) else 1 - (1 + reads / shape) ** -exponent)

    characteristic_s = brentq(lambda time_s: kept(time_s, shape) - rows / CACHE_USERS, 1e-3, 1e6)
    outcomes = outcomes_of(shape, 8.0, "sliding", size_limit=f"{rows} KiB")
    agree_each(outcomes, hit_ratio, kept(characteristic_s, shape + 1), noise=0.01, bias=2 / rows)
    assert min(outcome.counted.tally["evicted"] for outcome in outcomes) > rows
