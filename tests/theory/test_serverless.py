import math
from collections.abc import Callable

import pytest
from birth_and_death import exact_instances

from simulator.theory.queueing import erlang_b
from simulator.theory.serverless import live_instances, scaled_to_zero_fraction

from .oracle_keys import cases, close

Oracle = Callable[[str], dict[str, float]]


def test_scaling_to_zero_meets_the_reference(oracle: Oracle) -> None:
    written_short = {0.00166667: 1 / 600}
    for _, given, value in cases(oracle("c.cold"), "P_cold scale-to-zero"):
        rate = written_short.get(given["lam"], given["lam"])
        assert scaled_to_zero_fraction(rate, given["S"], given["T"]) == close(value)


def test_the_published_simulation_of_a_cloud_function_is_met() -> None:
    """SimFaaS (Mahmoudi and Khazaei, 2021), its first example, with the digits that are published."""
    found = live_instances(0.9, 1.991, 600.0, cold_service_s=2.244)
    assert found.cold_fraction == pytest.approx(0.00133, abs=0.000005)
    assert found.live_mean == pytest.approx(7.7, abs=0.02)
    assert found.running_mean == pytest.approx(1.79, abs=0.005)
    assert found.refused_fraction == 0


@pytest.mark.parametrize(
    ("rate", "keep", "limit"), [(0.3, 4.0, 3), (2.0, 0.5, 5), (2.0, 30.0, 5), (6.0, 3.0, 7), (0.05, 600.0, 2)]
)
def test_instances_are_those_of_the_matrix_exponential(rate: float, keep: float, limit: int) -> None:
    live, cold = exact_instances(rate, 1.3, keep, limit)
    found = live_instances(rate, 1.3, keep, limit=limit)
    assert found.cold_fraction == pytest.approx(cold, rel=1e-8)
    assert found.live_mean == pytest.approx(live, rel=1e-8)
    assert found.refused_fraction == close(float(erlang_b(rate * 1.3, limit)))
    assert found.running_mean == close(rate * 1.3 * (1 - found.refused_fraction))


def test_instances_without_a_limit_are_those_of_the_matrix_exponential() -> None:
    live, cold = exact_instances(5.0, 1.7, 60.0)
    found = live_instances(5.0, 1.7, 60.0)
    assert (found.live_mean, found.cold_fraction) == (close(live, 1e-8), close(cold, 1e-8))


def test_a_far_limit_is_none() -> None:
    near, far = live_instances(2.0, 1.5, 60.0, limit=200), live_instances(2.0, 1.5, 60.0)
    assert (near.live_mean, near.cold_fraction) == (close(far.live_mean), close(far.cold_fraction))


def test_one_instance_at_most_is_renewal_theory() -> None:
    """It has gone where the idle time, which is exponential, outlasts the keep-alive."""
    rate, service, keep = 0.001, 2.0, 600.0
    found = live_instances(rate, service, keep, limit=1)
    assert found.cold_fraction == pytest.approx(math.exp(-rate * keep) / (1 + rate * service), rel=1e-9)


def test_without_an_end_of_keeping_nothing_starts_and_all_that_may_run_live() -> None:
    found = live_instances(8.0, 1.0, 1e9, limit=10)
    assert found.live_mean == close(10.0)
    assert found.cold_fraction == pytest.approx(0, abs=1e-12)


def test_hardly_kept_instances_are_those_that_run_and_start_for_every_request() -> None:
    for keep in (0.0, 1e-9):
        found = live_instances(3.0, 1.0, keep)
        assert found.live_mean == pytest.approx(3.0, rel=1e-8)
        assert found.cold_fraction == pytest.approx(1.0, rel=1e-8)


def test_without_requests_nothing_lives() -> None:
    found = live_instances(0.0, 1.0, 600.0)
    assert (found.running_mean, found.live_mean, found.refused_fraction) == (0, 0, 0)
    assert found.cold_fraction == 1
    assert live_instances(1e-12, 1.0, 600.0).cold_fraction == close(1.0)


def test_thousands_of_instances_are_no_more_trouble() -> None:
    found = live_instances(5_000.0, 1.0, 600.0)
    assert found.running_mean == close(5_000.0)
    assert 5_000 + 3 * 5_000**0.5 < found.live_mean < 5_000 + 6 * 5_000**0.5
    assert 0 < found.cold_fraction < 1e-4


def test_slower_cold_requests_keep_more_running() -> None:
    found = live_instances(0.05, 2.0, 30.0, cold_service_s=8.0)
    assert found.running_mean == pytest.approx(0.05 * (2.0 + 6.0 * found.cold_fraction), rel=1e-9)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rate_per_s": -1.0}, r"rate_per_s\(=-1\.0\) must be >= 0"),
        ({"keep_alive_s": -1.0}, r"keep_alive_s\(=-1\.0\) must be >= 0"),
        ({"limit": 0}, r"limit\(=0\.0\) must be a whole number >= 1"),
        ({"cold_service_s": 0.0}, r"cold_service_s\(=0\.0\) must be > 0"),
    ],
)
def test_a_value_out_of_bounds_is_named_with_its_rule(changes: dict[str, float], message: str) -> None:
    given = {"rate_per_s": 1.0, "service_s": 1.0, "keep_alive_s": 1.0} | changes
    with pytest.raises(ValueError, match=message):
        live_instances(**given)
