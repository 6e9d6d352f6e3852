import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import gammaln

from simulator.theory import queueing

from .oracle_keys import cases, close

Oracle = Callable[[str], dict[str, float]]


def test_mmc_meets_the_reference(oracle: Oracle) -> None:
    labels = "ErlB", "ErlC", "Wq", "p99 wait", "p99 response"
    for label, given, value in cases(oracle("c.mmc"), *labels):
        load, servers = given["a"], int(given["c"])
        found = {
            "ErlB": queueing.erlang_b(load, servers),
            "ErlC": queueing.erlang_c(load, servers),
            "Wq": queueing.mmc_mean_wait_s(load, 1.0, servers),
            "p99 wait": queueing.mmc_wait_quantile_s(0.99, load, 1.0, servers),
            "p99 response": queueing.mmc_response_quantile_s(0.99, load, 1.0, servers),
        }
        assert found[label] == close(value), (label, given)


def test_mg1_meets_the_reference(oracle: Oracle) -> None:
    for _, given, value in cases(oracle("c.mg1"), "Wq"):
        assert queueing.mg1_mean_wait_s(given["rho"], 1.0, given["cv2"]) == close(value)


def test_mmck_meets_the_reference(oracle: Oracle) -> None:
    for label, given, value in cases(oracle("c.mmck"), "block", "Wq accepted"):
        servers, capacity = int(given["c"]), int(given["K"])
        if label == "block":
            assert queueing.mmck_blocking(given["a"], servers, capacity) == close(value)
        else:
            assert queueing.mmck_mean_wait_s(given["a"], 1.0, servers, capacity) == close(value)


def test_the_stationary_waits_of_a_profiles_mean_and_peak_meet_the_reference(oracle: Oracle) -> None:
    section = oracle("ref3")
    assert queueing.mmc_mean_wait_s(10.0, 1.0, 20) == close(section["stationary Wq at mean"])
    assert queueing.mmc_mean_wait_s(16.0, 1.0, 20) == close(section["stationary Wq at peak 16"])


@pytest.mark.parametrize(
    ("load", "servers"), [(Fraction(9, 10), 1), (Fraction(45), 50), (Fraction(290), 300), (Fraction(40), 9)]
)
def test_erlang_b_is_the_last_term_over_the_sum_in_exact_fractions(load: Fraction, servers: int) -> None:
    term = total = Fraction(1)
    for n in range(1, servers + 1):
        term = term * load / n
        total += term
    assert queueing.erlang_b(float(load), servers) == close(float(term / total), 1e-13)


@pytest.mark.parametrize("load", [4_500.0, 4_990.0, 6_000.0])
def test_erlang_b_holds_for_thousands_of_servers(load: float) -> None:
    states = np.arange(5_001)
    logs = states * math.log(load) - gammaln(states + 1.0)
    by_sum = math.exp(logs[-1] - logs.max()) / math.fsum(np.exp(logs - logs.max()))
    assert queueing.erlang_b(load, 5_000) == close(by_sum, 1e-10)  # ln n! is 40,000: the sum has twelve digits


def test_one_server_is_busy_for_its_load() -> None:
    loads = np.array([0.0, 0.01, 0.5, 0.999999])
    assert queueing.erlang_c(loads, 1) == pytest.approx(loads, rel=1e-12)


def test_loads_and_servers_broadcast() -> None:
    waits = queueing.mmc_mean_wait_s(np.array([[1.0], [2.0]]), 1.0, np.array([3, 4, 5]))
    assert waits.shape == (2, 3)
    assert waits[1, 0] == queueing.mmc_mean_wait_s(2.0, 1.0, 3)
    assert waits[0, 2] == queueing.mmc_mean_wait_s(1.0, 1.0, 5)


def test_the_mean_wait_is_the_integral_of_its_tail() -> None:
    tail = quad(lambda t: float(queueing.mmc_wait_exceedance(t, 4.0, 2.0, 10)), 0, 100)[0]
    assert queueing.mmc_mean_wait_s(4.0, 2.0, 10) == close(tail)


@pytest.mark.parametrize("servers", [9, 10, 11, 30])
def test_the_mean_response_is_the_integral_of_its_tail(servers: int) -> None:
    # with 9 servers for 8 Erlang, c - a = 1 is where the textbook form divides by zero
    tail = quad(lambda t: float(queueing.mmc_response_exceedance(t, 8.0, 1.0, servers)), 0, 80, limit=200)[0]
    assert queueing.mmc_mean_wait_s(8.0, 1.0, servers) + 1 == close(tail)


def test_the_response_tail_has_no_seam_where_one_server_is_spare() -> None:
    below, at, above = (queueing.mmc_response_exceedance(3.0, load, 1.0, 9) for load in (8 - 1e-9, 8.0, 8 + 1e-9))
    assert below < at < above
    assert above - below == pytest.approx(0, abs=1e-8)


def test_one_servers_response_is_exponential() -> None:
    times = np.array([0.0, 1.0, 30.0, 2_000.0])
    expected = np.exp(-0.2 * times)
    assert queueing.mmc_response_exceedance(times, 0.8, 1.0, 1) == pytest.approx(expected, rel=1e-12, abs=1e-300)


@pytest.mark.parametrize("level", [0.1, 0.5, 0.99, 0.999999])
def test_quantiles_invert_their_tails(level: float) -> None:
    for rate, servers in ((0.9, 1), (8.0, 9), (90.0, 100), (4_900.0, 5_000)):
        response = queueing.mmc_response_quantile_s(level, rate / 2, 2.0, servers)
        assert queueing.mmc_response_exceedance(response, rate / 2, 2.0, servers) == close(1 - level)
        wait = queueing.mmc_wait_quantile_s(level, rate / 2, 2.0, servers)
        waits_at_all = queueing.erlang_c(rate, servers)
        assert queueing.mmc_wait_exceedance(wait, rate / 2, 2.0, servers) == close(min(1 - level, float(waits_at_all)))


def test_the_least_response_is_nothing() -> None:
    assert queueing.mmc_response_quantile_s(0.0, 1.0, 1.0, 2) == 0
    assert math.copysign(1, queueing.mmc_response_quantile_s(0.0, 1.0, 1.0, 2)) == 1


def test_an_idle_queues_response_is_its_service() -> None:
    assert queueing.mmc_response_quantile_s(0.9, 0.0, 3.0, 2) == close(3 * math.log(10))


def test_exponential_service_makes_mg1_the_queue_of_one_server() -> None:
    rates = np.array([0.0, 0.1, 0.4, 0.49])
    assert queueing.mg1_mean_wait_s(rates, 2.0, 1.0) == pytest.approx(
        queueing.mmc_mean_wait_s(rates, 2.0, 1), rel=1e-12
    )


@pytest.mark.parametrize(
    ("load", "servers", "capacity"), [(0.0, 2, 4), (1.6, 2, 10), (4.0, 4, 9), (30.0, 5, 25), (9.0, 10, 10)]
)
def test_mmck_balances_births_and_deaths(load: float, servers: int, capacity: int) -> None:
    states = [1.0]
    for n in range(1, capacity + 1):
        states.append(states[-1] * load / min(n, servers))
    share = np.array(states) / math.fsum(states)
    assert queueing.mmck_blocking(load, servers, capacity) == close(float(share[-1]))
    if load:
        queue = float(np.maximum(np.arange(capacity + 1) - servers, 0) @ share)
        expected = queue / (load * (1 - share[-1]))
        assert queueing.mmck_mean_wait_s(load, 1.0, servers, capacity) == pytest.approx(expected, rel=1e-9)


def test_much_room_makes_mmck_an_mmc() -> None:
    assert queueing.mmck_mean_wait_s(4.5, 2.0, 10, 5_000) == close(float(queueing.mmc_mean_wait_s(4.5, 2.0, 10)))
    assert queueing.mmck_blocking(9.0, 10, 5_000) == pytest.approx(0, abs=1e-200)


def test_an_overload_is_refused_and_nothing_overflows() -> None:
    assert queueing.mmck_blocking(1_000.0, 10, 5_000) == close(1 - 10 / 1_000)
    assert queueing.mmck_mean_wait_s(1_000.0, 1.0, 10, 5_000) == close((4_990 - 1 / 99) / 10)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: queueing.erlang_b(-1.0, 2), r"offered_load\(=-1\.0\) must be >= 0"),
        (lambda: queueing.erlang_b(1.0, 1.5), r"servers\(=1\.5\) must be a whole number >= 1"),
        (lambda: queueing.erlang_c([1.0, 2.0, 3.0], 2), r"offered_load\(=2\.0, .*\) must be < servers\(=2\)"),
        (lambda: queueing.mmc_mean_wait_s(1.0, 0.0, 2), r"service_s\(=0\.0\) must be > 0"),
        (lambda: queueing.mmc_mean_wait_s(-1.0, 1.0, 2), r"rate_per_s\(=-1\.0\) must be >= 0"),
        (
            lambda: queueing.mmc_wait_quantile_s(1.0, 1.0, 1.0, 2),
            r"quantile\(=1\.0\) must be a fraction from 0 to below 1",
        ),
        (lambda: queueing.mmc_wait_exceedance(-1.0, 1.0, 1.0, 2), r"wait_s\(=-1\.0\) must be >= 0"),
        (
            lambda: queueing.mmc_response_quantile_s(0.9, 5.0, 1.0, 2),
            r"offered_load\(=5\.0, .*\) must be < servers\(=2\)",
        ),
        (lambda: queueing.mg1_mean_wait_s(0.5, 1.0, -1.0), r"squared_cv\(=-1\.0\) must be >= 0"),
        (lambda: queueing.mmck_blocking(1.0, 5, 4), r"capacity\(=4\) must be >= servers\(=5\)"),
        (lambda: queueing.mmck_mean_wait_s(0.0, 1.0, 5, 6), r"rate_per_s\(=0\.0\) must be > 0"),
    ],
)
def test_a_value_out_of_bounds_is_named_with_its_rule(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(("rate", "service"), [(0.8, 1.0), (1.3, 1.0), (0.5, 2.0), (3.0, 0.3)])
def test_timeouts_are_those_of_the_work_in_the_system(rate: float, service: float) -> None:
    """Its density balances what comes above a level, and what is worked off: solved here on a fine grid."""
    patience, step = 2.0, 1e-3
    levels = np.arange(0, 40 * service + patience, step)
    density = np.zeros(levels.size)
    above = rate  # the rate at which work comes above a level, from an empty system of weight 1
    for n, level in enumerate(levels):
        density[n] = above
        above += step * (density[n] * rate * (level <= patience) - above / service)
    beyond = density[levels > patience].sum() * step
    share = beyond / (1 + density.sum() * step)
    assert queueing.mm1_timeout_fraction(rate, service, patience) == pytest.approx(share, rel=0.01)


def test_nobody_gives_up_a_long_patience_unless_there_is_too_much_to_do() -> None:
    assert queueing.mm1_timeout_fraction(0.5, 1.0, 1_000.0) == pytest.approx(0, abs=1e-12)
    assert queueing.mm1_timeout_fraction(2.0, 1.0, 300.0) == close(0.5)
    assert queueing.mm1_timeout_fraction(0.8, 1.0, 0.0) == close(0.8 / 1.8)
