import math

import pytest
from birth_and_death import exact_instances

from simulator.theory.serverless import cold_start_fraction, mean_live_instances

CASES = [(0.9, 1.991, 600.0), (0.9, 1.991, 60.0), (10.0, 1.0, 600.0), (5.0, 0.1, 30.0), (0.01, 1.0, 600.0)]


@pytest.mark.parametrize("case", CASES)
def test_live_instances_and_cold_starts_are_near_the_exact_solution(case: tuple[float, float, float]) -> None:
    live, cold = exact_instances(*case)
    assert live - 1e-9 <= mean_live_instances(*case) <= 1.06 * live
    assert 0.9 * cold <= cold_start_fraction(*case) <= 1.01 * cold


def test_without_a_keep_alive_every_request_starts_an_instance() -> None:
    assert mean_live_instances(3.0, 2.0, 0.0) == pytest.approx(6.0)
    assert cold_start_fraction(3.0, 2.0, 0.0) == pytest.approx(1.0)


def test_an_instance_that_is_kept_for_long_is_started_once() -> None:
    assert cold_start_fraction(3.0, 2.0, 1e12) < 1e-9
    assert mean_live_instances(0.0, 2.0, 600.0) == 0.0


def test_thousands_of_instances_are_counted_too() -> None:
    live = mean_live_instances(40_000.0, 0.05, 600.0)
    assert 2000.0 < live < 2000.0 + 10 * math.sqrt(2000.0)
    assert 0.0 < cold_start_fraction(40_000.0, 0.05, 600.0) < 1e-4


@pytest.mark.parametrize("bad", [(-1.0, 1.0, 1.0), (1.0, 0.0, 1.0), (1.0, 1.0, -1.0)])
def test_rates_and_times_that_make_no_sense_are_refused(bad: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match=r"must be"):
        mean_live_instances(*bad)
