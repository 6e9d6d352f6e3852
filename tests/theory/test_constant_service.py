import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy.special import gammaln

from simulator.theory import constant_service, queueing

from .oracle_keys import cases, close

Oracle = Callable[[str], dict[str, float]]


def test_md1_meets_the_reference(oracle: Oracle) -> None:
    for label, given, value in cases(oracle("c.md1"), "p99 wait", "P(W<=1)"):
        if label == "p99 wait":
            assert constant_service.md1_wait_quantile_s(0.99, given["rho"], 1.0) == close(value)
        else:
            assert 1 - constant_service.md1_wait_exceedance(1.0, given["rho"], 1.0) == close(value)


def test_mdc_meets_the_reference(oracle: Oracle) -> None:
    labels = "Wq/D exact", "P(wait)", "ratio to M/M/c"
    for label, given, value in cases(oracle("c.mdc"), *labels):
        servers, rate = int(given["c"]), given["c"] * given["rho"]
        exact = constant_service.mdc_mean_wait_s(rate, 1.0, servers)
        found = {
            "Wq/D exact": exact,
            "P(wait)": constant_service.mdc_wait_probability(rate, 1.0, servers),
            "ratio to M/M/c": exact / queueing.mmc_mean_wait_s(rate, 1.0, servers),
        }
        assert found[label] == close(value), (label, given)  # the exact ones are off by up to 2e-10: their own series


@pytest.mark.parametrize("load", [1e-3, 0.3, 0.9, 0.99, 0.999, 0.99999, 1 - 1e-9])
def test_one_server_is_the_md1_queue_however_heavy_its_traffic(load: float) -> None:
    # beyond 0.99 the far part of the series is an integral, and the walk is beyond what SciPy's gammainc can do
    assert constant_service.mdc_wait_probability(load, 1.0, 1) == close(load, 1e-11)
    mean = constant_service.mdc_mean_wait_s(load, 1.0, 1)
    assert mean == close(float(queueing.mg1_mean_wait_s(load, 1.0, 0.0)), 1e-11)


@pytest.mark.parametrize(("servers", "utilisation"), [(2, 0.3), (5, 0.9), (40, 0.8), (40, 0.95)])
def test_mdc_is_the_stationary_chain_seen_every_service_time(servers: int, utilisation: float) -> None:
    # waiting(t + D) = max(waiting(t) + Poisson(a) - c, 0), solved as a linear system over 0 to 600 waiting
    load, size = servers * utilisation, 600
    arrivals = np.arange(size + servers + 1)
    probability = np.exp(arrivals * math.log(load) - load - gammaln(arrivals + 1.0))
    step = np.zeros((size, size))
    for waiting in range(size):
        following = np.maximum(waiting + arrivals - servers, 0)
        inside = following < size
        np.add.at(step[waiting], following[inside], probability[inside])
    balance = (step - np.eye(size)).T
    balance[0] = 1.0
    waiting = np.linalg.solve(balance, np.eye(size)[0])
    below = sum(waiting[n] * probability[: servers - n].sum() for n in range(servers))
    mean = constant_service.mdc_mean_wait_s(load, 1.0, servers)
    assert mean == pytest.approx(np.arange(size) @ waiting / load, rel=1e-8)  # the linear system's own precision
    assert constant_service.mdc_wait_probability(load, 1.0, servers) == pytest.approx(1 - below, rel=1e-8)


def test_mdc_holds_for_thousands_of_servers() -> None:
    rate, servers = 4_950.0, 5_000
    ratio = constant_service.mdc_mean_wait_s(rate, 1.0, servers) / float(queueing.mmc_mean_wait_s(rate, 1.0, servers))
    assert 0.5 < ratio < 0.65  # a half in heavy traffic, from above
    assert 0 < constant_service.mdc_wait_probability(rate, 1.0, servers) < float(queueing.erlang_c(rate, servers))


def test_a_fleet_with_room_to_spare_never_waits() -> None:
    assert constant_service.mdc_mean_wait_s(10.0, 1.0, 1_000) == 0
    assert constant_service.mdc_wait_probability(10.0, 1.0, 1_000) == 0


def test_times_scale_with_the_service_time() -> None:
    assert constant_service.mdc_mean_wait_s(4.0, 2.0, 10) == close(2 * constant_service.mdc_mean_wait_s(8.0, 1.0, 10))
    slow, quick = (constant_service.md1_wait_quantile_s(0.95, rate, s) for rate, s in ((0.4, 2.0), (0.8, 1.0)))
    assert slow == close(2 * quick)
    assert constant_service.md1_wait_exceedance(5.0, 0.4, 2.0) == constant_service.md1_wait_exceedance(2.5, 0.8, 1.0)


@pytest.mark.parametrize("load", [0.2, 0.5, 0.9])
def test_md1_tail_is_erlangs_alternating_sum_where_that_has_digits(load: float) -> None:
    for time in (0.0, 0.4, 1.0, 2.5, 4.99):
        terms = [
            (-load * (time - k)) ** k / math.factorial(k) * math.exp(load * (time - k)) for k in range(int(time) + 1)
        ]
        expected = 1 - (1 - load) * math.fsum(terms)
        found = constant_service.md1_wait_exceedance(time, load, 1.0)
        assert found == pytest.approx(expected, abs=1e-12)  # the sum cancels


@pytest.mark.parametrize("load", [0.05, 0.5, 0.9, 0.99, 0.9999])
def test_md1_mean_wait_is_the_integral_of_its_tail(load: float) -> None:
    nodes, weights = np.polynomial.legendre.leggauss(20)
    decay = -math.log(load)  # a start for the far end: the tail falls at least as fast as load^t
    services = math.ceil(45 / decay)
    panels = np.unique(np.append(np.arange(min(services, 400)), np.linspace(min(services, 400), services, 400)))
    half = np.diff(panels)[:, None] / 2
    times = panels[:-1, None] + half * (1 + nodes)
    mean = float(np.sum(half * weights * constant_service.md1_wait_exceedance(times, load, 1.0)))
    assert mean == close(float(queueing.mg1_mean_wait_s(load, 1.0, 0.0)))


def test_md1_tail_has_no_seam_where_its_asymptote_begins() -> None:
    for load in (0.3, 0.9, 0.999):
        tail = np.log(constant_service.md1_wait_exceedance(np.array([125.5, 126.5, 127.5, 128.5]), load, 1.0))
        assert np.diff(tail, 2) == pytest.approx([0, 0], abs=1e-11)


@pytest.mark.parametrize("level", [0.6, 0.99, 0.999999, 1 - 1e-12])
def test_md1_quantile_inverts_its_tail(level: float) -> None:
    for load in (0.5, 0.9, 0.9999):
        wait = constant_service.md1_wait_quantile_s(level, load, 1.0)
        # the tail at rounding's neighbour of the wait differs by its slope
        assert constant_service.md1_wait_exceedance(wait, load, 1.0) == close(1 - level)


def test_most_do_not_wait_where_the_load_is_low() -> None:
    assert constant_service.md1_wait_quantile_s(0.8, 0.2, 1.0) == 0
    assert constant_service.md1_wait_quantile_s(0.81, 0.2, 1.0) > 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: constant_service.md1_wait_exceedance(-1.0, 0.5, 1.0), r"wait_s\(=-1\.0\) must be >= 0"),
        (
            lambda: constant_service.md1_wait_exceedance(1.0, 1.5, 1.0),
            r"offered_load\(=1\.5, .*\) must be < servers\(=1\)",
        ),
        (lambda: constant_service.md1_wait_quantile_s(1.0, 0.5, 1.0), r"quantile\(=1\.0\) must be a fraction"),
        (lambda: constant_service.mdc_mean_wait_s(0.0, 1.0, 2), r"rate_per_s\(=0\.0\) must be > 0"),
        (
            lambda: constant_service.mdc_wait_probability(2.0, 1.0, 2),
            r"offered_load\(=2\.0, .*\) must be < servers\(=2\)",
        ),
        (lambda: constant_service.mdc_wait_probability(2.0, 0.0, 2), r"service_s\(=0\.0\) must be > 0"),
        (lambda: constant_service.mdc_mean_wait_s(3.0, 1.0, 2), r"offered_load\(=3\.0, .*\) must be <"),
    ],
)
def test_a_value_out_of_bounds_is_named_with_its_rule(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
