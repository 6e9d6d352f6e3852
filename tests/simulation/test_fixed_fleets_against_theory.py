import pytest
from replicated import agree_each, replicate

from simulator.core.histogram import RELATIVE_ERROR
from simulator.studies.check.readings import mean_wait_s, utilisation
from simulator.studies.check.worlds import fleet_world
from simulator.theory.constant_service import md1_wait_quantile_s, mdc_mean_wait_s
from simulator.theory.queueing import mg1_mean_wait_s, mm1_timeout_fraction, mmc_mean_wait_s, mmc_response_quantile_s

RATE_PER_S = 20.0
REPLICATIONS = 12


@pytest.mark.parametrize(("replicas", "slots"), [(1, 1), (4, 1), (2, 15)])
def test_exponential_service_waits_as_long_as_erlang_c_says(replicas: int, slots: int) -> None:
    servers = replicas * slots
    service_s = 0.85 * servers / RATE_PER_S
    outcomes = replicate(
        fleet_world(RATE_PER_S, service_s, replicas, "exponential", slots=slots), "on demand", REPLICATIONS
    )
    agree_each(outcomes, mean_wait_s, float(mmc_mean_wait_s(RATE_PER_S, service_s, servers)))


def test_the_99th_percentile_of_exponential_service_is_that_of_erlang_c() -> None:
    outcomes = replicate(fleet_world(RATE_PER_S, 0.17, 4, "exponential"), "on demand", REPLICATIONS)
    expected_s = mmc_response_quantile_s(0.99, RATE_PER_S, 0.17, 4)
    agree_each(outcomes, lambda o: o.counted.latency.quantile(0.99), expected_s, bias=RELATIVE_ERROR * expected_s)


@pytest.mark.parametrize("servers", [1, 5])
def test_constant_service_waits_as_long_as_crommelin_says(servers: int) -> None:
    service_s = 0.9 * servers / RATE_PER_S
    outcomes = replicate(fleet_world(RATE_PER_S, service_s, servers, "none"), "on demand", REPLICATIONS)
    agree_each(outcomes, mean_wait_s, mdc_mean_wait_s(RATE_PER_S, service_s, servers))


def test_the_99th_percentile_of_constant_service_is_that_of_the_md1_queue() -> None:
    service_s = 0.8 / RATE_PER_S
    outcomes = replicate(fleet_world(RATE_PER_S, service_s, 1, "none"), "on demand", REPLICATIONS)
    expected_s = service_s + md1_wait_quantile_s(0.99, RATE_PER_S, service_s)
    agree_each(outcomes, lambda o: o.counted.latency.quantile(0.99), expected_s, bias=RELATIVE_ERROR * expected_s)


@pytest.mark.parametrize("cv", [0.5, 1.5])
def test_lognormal_service_on_one_server_waits_as_long_as_pollaczek_and_khinchine_say(cv: float) -> None:
    service_s = 0.7 / RATE_PER_S
    world = fleet_world(RATE_PER_S, service_s, 1, {"kind": "lognormal", "cv": cv})
    outcomes = replicate(world, "on demand", REPLICATIONS)
    agree_each(outcomes, mean_wait_s, float(mg1_mean_wait_s(RATE_PER_S, service_s, cv**2)))


@pytest.mark.parametrize("servers", [1, 6])
def test_utilisation_is_offered_load_over_servers(servers: int) -> None:
    service_s = 0.8 * servers / RATE_PER_S
    outcomes = replicate(fleet_world(RATE_PER_S, service_s, servers, "exponential"), "on demand", REPLICATIONS)
    agree_each(outcomes, utilisation, 0.8, noise=0.01)


@pytest.mark.parametrize("load", [0.8, 1.3])
def test_as_many_time_out_as_the_single_queue_with_constant_patience_says(load: float) -> None:
    service_s, patience_s = load / RATE_PER_S, 0.25
    world = fleet_world(RATE_PER_S, service_s, 1, "exponential", timeout=f"{patience_s} s")
    outcomes = replicate(world, "on demand", REPLICATIONS)
    expected = mm1_timeout_fraction(RATE_PER_S, service_s, patience_s)
    agree_each(outcomes, lambda o: o.counted.tally["timed_out"] / o.counted.tally["requests"], expected)
