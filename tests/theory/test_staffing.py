import math
from collections.abc import Callable

import numpy as np
import pytest

from simulator.theory import constant_service, queueing, staffing

from .oracle_keys import close

Oracle = Callable[[str], dict[str, float]]


def test_servers_for_a_wait_quantile_meet_the_reference(oracle: Oracle) -> None:
    section = oracle("ref3")
    for rate, service, wait in ((1000, 0.02, 0.01), (5000, 0.02, 0.01), (200, 0.1, 0.05)):
        servers = staffing.min_servers_for_wait_quantile(rate, service, wait)
        assert servers == section[f"min c lam={rate}/s S={service} p99 wait<={wait}"]
        if rate == 1000:
            assert rate * service / servers == close(section["   util"])


@pytest.mark.parametrize(("rate", "response"), [(3.0, 5.0), (40.0, 4.8), (40.0, 6.0), (900.0, 4.7)])
def test_servers_for_a_response_quantile_are_those_of_erlang_c_for_exponential_service(
    rate: float, response: float
) -> None:
    evenly = -np.log1p(-(np.arange(200_000) + 0.5) / 200_000)
    servers = staffing.min_servers_for_response_quantile(rate, evenly, response)
    assert queueing.mmc_response_quantile_s(0.99, rate, 1.0, servers) <= response
    if servers - 1 > rate:
        assert queueing.mmc_response_quantile_s(0.99, rate, 1.0, servers - 1) > response


@pytest.mark.parametrize(("rate", "response"), [(0.5, 2.0), (0.8, 7.0), (0.9, 20.0)])
def test_servers_for_a_response_quantile_of_constant_service_are_on_the_safe_side(rate: float, response: float) -> None:
    servers = staffing.min_servers_for_response_quantile(rate, 1.0, response)
    if servers == 1:
        assert 1.0 + constant_service.md1_wait_quantile_s(0.99, rate, 1.0) <= response
    assert servers <= staffing.min_servers_for_wait_quantile(rate, 1.0, response - 1.0)


def test_no_number_of_servers_makes_the_service_itself_faster() -> None:
    with pytest.raises(ValueError, match=r"must be at least the 0\.99 quantile of the service times"):
        staffing.min_servers_for_response_quantile(3.0, [1.0, 4.0], 3.9)


def test_a_day_profile_meets_the_reference(oracle: Oracle) -> None:
    rates = 10 * (1 + 0.6 * np.cos(np.linspace(0, 2 * math.pi, 2_000, endpoint=False)))
    value = oracle("ref3")["PSA arrival-weighted Wq c=20 mu=1 lam=10(1+.6cos)"]
    assert staffing.pointwise_stationary_mean_wait_s(rates, 1.0, 20) == close(value)


@pytest.mark.parametrize(("rate", "service", "wait"), [(0.5, 1.0, 0.0), (300.0, 0.1, 0.02), (50.0, 0.4, 1.0)])
def test_one_server_fewer_than_the_fewest_waits_too_long(rate: float, service: float, wait: float) -> None:
    servers = staffing.min_servers_for_wait_quantile(rate, service, wait, 0.95)
    assert queueing.mmc_wait_quantile_s(0.95, rate, service, servers) <= wait
    if servers - 1 > rate * service:
        assert queueing.mmc_wait_quantile_s(0.95, rate, service, servers - 1) > wait


def test_even_the_most_patient_need_a_stable_queue() -> None:
    assert staffing.min_servers_for_wait_quantile(2.0, 1.0, 50.0, 0.0) == 3


def test_a_flat_profile_waits_as_its_steady_state() -> None:
    flat = staffing.pointwise_stationary_mean_wait_s([8.0] * 24, 1.0, 10)
    assert flat == close(float(queueing.mmc_mean_wait_s(8.0, 1.0, 10)))


def test_moments_without_arrivals_do_not_count() -> None:
    busy = staffing.pointwise_stationary_mean_wait_s([8.0, 6.0], 1.0, [10, 8])
    assert staffing.pointwise_stationary_mean_wait_s([8.0, 0.0, 6.0], 1.0, [10, 1, 8]) == close(busy)


def test_a_profile_waits_longer_than_its_mean_load_says() -> None:
    profile = staffing.pointwise_stationary_mean_wait_s([4.0, 16.0], 1.0, 20)
    assert profile > 10 * float(queueing.mmc_mean_wait_s(10.0, 1.0, 20))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: staffing.min_servers_for_wait_quantile(1.0, 1.0, -1.0), r"wait_s\(=-1\.0\) must be >= 0"),
        (lambda: staffing.pointwise_stationary_mean_wait_s([0.0, 0.0], 1.0, 2), r"rate_per_s\(all 0\) must have"),
        (lambda: staffing.pointwise_stationary_mean_wait_s([1.0, 2.5], 1.0, 2), r"offered_load\(=2\.5, .*\) must be <"),
    ],
)
def test_a_value_out_of_bounds_is_named_with_its_rule(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
