from typing import Any

import pytest
from closed_loops import FLEET, closed_loop
from replicated import agree_each, replicate

from simulator.core.errors import UserError
from simulator.simulation.simulate import simulate
from simulator.theory.finite_source import finite_source

HOUR_S = 3600.0
FUNCTION = {
    "kind": "serverless",
    "service_time": {"kind": "affine", "fixed": "20 ms", "per_item": "0 s"},
    "memory": "1 GiB",
    "startup": "0.3 s",
    "keep_alive": "10 s",
}


@pytest.mark.parametrize(("clients", "think_s"), [(3, 0.0), (4, 0.05), (16, 0.05), (60, 0.3), (200, 0.05)])
def test_clients_get_as_much_as_the_finite_source_queue_says(clients: int, think_s: float) -> None:
    think = {"kind": "exponential", "mean": f"{think_s} s"} if think_s else "0 s"
    outcomes = replicate(closed_loop(clients, think), "on demand", 6)
    expected = finite_source(clients, 4, 0.02, think_s)
    agree_each(outcomes, lambda o: o.counted.tally["requests"] / HOUR_S, expected.throughput_per_s, noise=0.01)
    agree_each(outcomes, lambda o: o.counted.latency.mean, expected.response_s, noise=0.01)


def test_the_law_of_the_pauses_changes_no_throughput_where_nobody_queues() -> None:
    outcomes = replicate(closed_loop(4, {"kind": "lognormal", "mean": "50 ms", "cv": 3}), "on demand", 6)
    expected = finite_source(4, 4, 0.02, 0.05).throughput_per_s
    agree_each(outcomes, lambda o: o.counted.tally["requests"] / HOUR_S, expected, noise=0.01)


@pytest.mark.parametrize("backend", [FLEET, FUNCTION, {**FLEET, "batching": 8, "slots": 2}])
def test_littles_law_holds_of_any_backend(backend: dict[str, Any]) -> None:
    outcome = simulate(closed_loop(30, "40 ms", backend), "on demand")
    per_s = outcome.counted.tally["requests"] / HOUR_S
    assert per_s * (outcome.counted.latency.mean + 0.04) == pytest.approx(30, rel=0.001)


def test_the_blocks_that_are_worked_on_change_nothing() -> None:
    scenario = closed_loop(16, "50 ms")
    one, other = (simulate(scenario, "on demand", block_s=block_s) for block_s in (300.0, HOUR_S))
    assert one.counted.tally == other.counted.tally
    assert one.traffic == other.traffic


def test_what_comes_is_counted_by_the_hour_and_the_minute_it_comes_in() -> None:
    outcome = simulate(closed_loop(16, "50 ms", horizon="90 min"), "on demand")
    assert sum(outcome.traffic.arrivals) == outcome.traffic.logins == outcome.counted.tally["requests"]
    per_minute = outcome.counted.tally["requests"] / 90
    assert per_minute < outcome.traffic.busiest_minute < 1.1 * per_minute


def test_each_plan_has_the_requests_that_it_lets_come() -> None:
    slow = {**FLEET, "service_time": "100 ms"}
    backends = {"live": FLEET, "slow": slow}
    plans = {name: {"on_miss": "compute", "backend": name} for name in backends}
    scenario = closed_loop(16, "50 ms", backends=backends, plans=plans)
    fast, late = (simulate(scenario, name).counted.tally["requests"] for name in plans)
    assert fast > 4 * late


def test_a_plan_that_does_not_compute_every_request_is_refused() -> None:
    plan = {"on_miss": "compute", "backend": "live", "cache": "1 h"}
    with pytest.raises(UserError, match=r"plans\.on demand: has cache; with traffic.closed_loop each request must be"):
        closed_loop(16, "50 ms", plans={"on demand": plan})


def test_clients_who_never_think_may_not_be_refused_at_once() -> None:
    with pytest.raises(UserError, match=r"think_time: 'live' may refuse a request at once.* must be above 0 s"):
        closed_loop(16, "0 s", {**FLEET, "queue_limit": 3})
    with pytest.raises(UserError, match="may refuse a request at once"):
        closed_loop(16, "0 s", {**FUNCTION, "concurrency": 15})
    closed_loop(16, "0 s", {**FUNCTION, "concurrency": 16})


def test_more_requests_than_can_be_simulated_are_refused_by_the_clients_that_make_them() -> None:
    with pytest.raises(UserError, match=r"traffic\.closed_loop: 10,000,000 clients make"):
        closed_loop(10_000_000, "0 s", {**FLEET, "service_time": "1 us"})


def test_a_closed_loop_stands_alone() -> None:
    traffic = {"closed_loop": 4, "profile": "commuters", "growth_per_week": "1 %"}
    with pytest.raises(UserError, match="has both closed_loop and profile, growth_per_week; leave out one"):
        closed_loop(4, "0 s", traffic=traffic)
