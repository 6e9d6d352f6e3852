"""The share of requests that wait longer than so long, against M/M/c and M/D/c."""

import math

import numpy as np
import pytest
from replicated import agree, agree_each, replicate

from simulator.core.histogram import BINS, RELATIVE_ERROR, Histogram, bin_of
from simulator.simulation.metrics import metrics_of
from simulator.studies.check.worlds import fleet_world
from simulator.theory.constant_service import md1_wait_exceedance, md1_wait_quantile_s, mdc_wait_probability
from simulator.theory.queueing import erlang_c, mmc_wait_exceedance, mmc_wait_quantile_s

RATE_PER_S = 20.0
REPLICATIONS = 12


@pytest.mark.parametrize("servers", [1, 4])
def test_exponential_service_has_the_waits_of_erlang_c(servers: int) -> None:
    service_s = 0.8 * servers / RATE_PER_S
    scenario = fleet_world(RATE_PER_S, service_s, servers, "exponential")
    outcomes = replicate(scenario, "on demand", REPLICATIONS)
    agree_each(outcomes, lambda o: o.counted.wait.share_above(0.0), float(erlang_c(0.8 * servers, servers)))
    for wait_s in (0.05, 0.3):
        expected = float(mmc_wait_exceedance(wait_s, RATE_PER_S, service_s, servers))
        agree_each(outcomes, lambda o, wait_s=wait_s: o.counted.wait.share_above(wait_s), expected, noise=0.1)
    found = [metrics_of(scenario, outcome) for outcome in outcomes]
    agree([each["waited_fraction"] for each in found], float(erlang_c(0.8 * servers, servers)))
    for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
        expected_s = float(mmc_wait_quantile_s(share, RATE_PER_S, service_s, servers))
        agree([each[f"wait_{name}_s"] for each in found], expected_s, noise=0.1, bias=RELATIVE_ERROR * expected_s)


@pytest.mark.parametrize("servers", [1, 5])
def test_as_many_wait_for_constant_service_as_crommelin_says(servers: int) -> None:
    service_s = 0.8 * servers / RATE_PER_S
    outcomes = replicate(fleet_world(RATE_PER_S, service_s, servers, "none"), "on demand", REPLICATIONS)
    expected = mdc_wait_probability(RATE_PER_S, service_s, servers)
    agree_each(outcomes, lambda o: o.counted.wait.share_above(0.0), expected)


def test_waits_for_constant_service_of_one_server_have_the_tail_of_the_md1_queue() -> None:
    service_s = 0.8 / RATE_PER_S
    outcomes = replicate(fleet_world(RATE_PER_S, service_s, 1, "none"), "on demand", REPLICATIONS)
    expected = float(md1_wait_exceedance(0.1, RATE_PER_S, service_s))
    agree_each(outcomes, lambda o: o.counted.wait.share_above(0.1), expected)
    quantile_s = md1_wait_quantile_s(0.95, RATE_PER_S, service_s)
    agree_each(outcomes, lambda o: o.counted.wait.quantile(0.95), quantile_s, bias=RELATIVE_ERROR * quantile_s)


def test_where_servers_are_plenty_nobody_waits_and_that_is_exact() -> None:
    (outcome,) = replicate(fleet_world(RATE_PER_S, 0.001, 400, "none"), "on demand", 1)
    wait = outcome.counted.wait
    assert wait.count == outcome.counted.tally["requests"]
    assert (wait.share_above(0.0), wait.quantile(0.999), wait.mean) == (0.0, 0.0, 0.0)


def test_shares_above_and_up_to_a_value_are_one_together_and_zeros_are_not_above_zero() -> None:
    values = [0.0] * 70 + [0.25] * 20 + [3.0] * 10
    counts = np.zeros(BINS, dtype=np.int64)
    for value in values:
        counts[bin_of(value)] += 1
    histogram = Histogram(counts, math.fsum(values))
    assert histogram.share_above(0.0) == pytest.approx(0.3)
    assert histogram.share_up_to(0.0) == pytest.approx(0.7)
    assert histogram.share_above(1.0) == pytest.approx(0.1)
    for value in (0.0, 0.1, 0.2505, 3.001, 1e12):
        assert histogram.share_above(value) + histogram.share_up_to(value) == pytest.approx(1.0)
