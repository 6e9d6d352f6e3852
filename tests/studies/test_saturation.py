"""A verdict for every plan, on scenarios made by hand: requests at a steady rate on a fleet that is large or small."""

import json
from typing import Any

import pytest

from simulator.prices.book import PriceBook
from simulator.report.charts.cost import cost_title
from simulator.report.json_report import as_json
from simulator.report.tables import WIDTH, comparison_panel
from simulator.scenario.schema import Scenario
from simulator.simulation.simulate import simulate
from simulator.studies.check.worlds import fleet_world
from simulator.studies.comparison import Comparison
from simulator.studies.recommendation import recommendation
from simulator.studies.saturation import Saturation, Verdict, saturation_of
from simulator.studies.study import compare
from simulator.studies.warnings import warnings_of


def world(replicas: int = 4, *, fleet: dict[str, Any] | None = None, plan: Any = None, **changes: Any) -> Scenario:
    """Return about 8.1 requests a second of 400 ms: 3.2 Erlang."""
    live = {
        "kind": "fleet",
        "instance": "g4dn.xlarge",
        "service_time": {"kind": "affine", "fixed": "400 ms"},
        "capacity": {"kind": "fixed", "replicas": replicas},
        **(fleet or {}),
    }
    base = {
        "horizon": "6 h",
        "warmup": "10 min",
        "replications": 1,
        "population": {"users": 100_000, "logins_per_day": "7/day", "shape": "inf"},
        "backends": {"live": live},
        "plans": {"p": plan or {"on_miss": "compute", "backend": "live"}},
    }
    return Scenario.model_validate(base | changes)


def verdict_on(scenario: Scenario) -> Saturation:
    return saturation_of(scenario, (simulate(scenario, "p"),))


SPIKE = {"spikes": [{"at": "2 h 20 min", "duration": "40 min", "multiplier": 2}]}


def test_a_fleet_with_room_is_stable() -> None:
    found = verdict_on(world())
    assert (found.verdict, found.since, found.reason) == (Verdict.STABLE, None, "")


def test_a_spike_that_the_fleet_works_off_is_a_backlog() -> None:
    found = verdict_on(world(traffic=SPIKE, start="2026-03-06T17:00"))
    assert found.verdict is Verdict.BACKLOGGED
    assert found.since == "2026-03-06T19:15+00:00"
    assert found.reason.startswith("Friday 19:15 to 2")
    assert " waited by 20:15, all 4 slots busy" in found.reason


def test_a_queue_that_still_grows_at_the_end_is_an_overload() -> None:
    found = verdict_on(world(3))
    assert found.verdict is Verdict.OVERLOADED
    assert found.reason.startswith("since Monday 00:")
    assert "more comes than all 3 slots can do" in found.reason


def test_a_queue_that_has_begun_to_clear_at_the_end_is_an_overload_where_the_horizon_asks_too_much() -> None:
    early = {"spikes": [{"at": "10 min", "duration": "3 h", "multiplier": 2}]}
    found = verdict_on(world(traffic=early, horizon="4 h"))
    assert found.verdict is Verdict.OVERLOADED
    assert "of what all slots can do is asked" in found.reason


def test_many_who_give_up_are_an_overload_and_those_of_an_hour_a_backlog() -> None:
    impatient = {"timeout": "2 s"}
    all_the_time = verdict_on(world(2, fleet=impatient))
    assert all_the_time.verdict is Verdict.OVERLOADED
    assert "of the requests give up or are refused" in all_the_time.reason
    short = {"spikes": [{"at": "2 h", "duration": "20 min", "multiplier": 2.5}]}
    for_a_while = verdict_on(world(5, fleet=impatient, traffic=short, horizon="12 h"))
    assert for_a_while.verdict is Verdict.BACKLOGGED
    assert for_a_while.reason.startswith("Monday 02:00 to 03:00, ")
    assert for_a_while.since == "2026-03-02T02:00+00:00"


def test_those_who_are_refused_count_as_those_who_give_up() -> None:
    found = verdict_on(world(2, fleet={"queue_limit": 5}))
    assert found.verdict is Verdict.OVERLOADED
    assert "of the requests give up or are refused" in found.reason


SERVERLESS = {
    "kind": "serverless",
    "memory": "2 GiB",
    "service_time": {"kind": "affine", "fixed": "400 ms"},
    "startup": {"kind": "fixed", "value": "100 ms"},
    "concurrency": 1,
}
API = {
    "kind": "api",
    "model": "any",
    "input_tokens": {"kind": "fixed", "count": 100},
    "output_tokens": {"kind": "fixed", "count": 10},
    "first_token": {"base": "300 ms"},
    "per_token": "10 ms",
    "requests_per_minute": 100,
}


@pytest.mark.parametrize("backend", [SERVERLESS, API])
def test_what_others_run_is_overloaded_too_where_it_refuses_many(backend: dict[str, Any]) -> None:
    found = verdict_on(world(backends={"live": backend}, horizon="1 h"))
    assert found.verdict is Verdict.OVERLOADED
    assert found.since == "2026-03-02T00:00+00:00"
    assert found.reason.endswith("% of the requests give up or are refused")


def test_instances_that_are_enough_are_stable() -> None:
    enough = SERVERLESS | {"concurrency": 100}
    assert verdict_on(world(backends={"live": enough}, horizon="1 h")).verdict is Verdict.STABLE


def refusing_and_other(book: PriceBook, **changes: Any) -> Comparison:
    """Return plans on an instance that refuses most, and on a fleet that does not, which costs more."""
    backends = {"one": SERVERLESS, "live": world().model_dump(mode="json")["backends"]["live"]}
    plans = {"one": {"on_miss": "compute", "backend": "one"}, "many": {"on_miss": "compute", "backend": "live"}}
    scenario = world(**{"backends": backends, "plans": plans, "horizon": "1 h", **changes})
    return compare(scenario, book, workers=1)


def test_a_plan_that_keeps_up_is_recommended_before_a_cheaper_one_that_does_not(book: PriceBook) -> None:
    comparison = refusing_and_other(book)
    cost = {name: plan.cost_usd_per_month for name, plan in comparison.plans.items()}
    assert all(plan.meets_slo for plan in comparison.plans.values())
    assert cost["one"] < cost["many"]
    assert comparison.ranking == ("many", "one")
    assert (comparison.rivals, comparison.selection.against) == ((), {})
    choose, other = recommendation(comparison)
    assert choose.startswith("Choose many, the cheapest plan that meets every bound and keeps up: ")
    assert "It is overloaded: " in other
    assert other.endswith(" % of its requests are refused.")
    assert cost_title(comparison).startswith("Many is the only plan that meets every bound and keeps up, at ")


def test_a_bound_that_is_broken_weighs_more_than_an_overload(book: PriceBook) -> None:
    comparison = refusing_and_other(book, slo={"latency_p99": "10 ms", "default_fraction": "90 %"})
    assert not comparison.plans["many"].meets_slo
    assert comparison.recommended is None


def test_an_overloaded_plan_that_is_the_only_one_is_recommended_with_what_is_wrong(book: PriceBook) -> None:
    plans = {"one": {"on_miss": "compute", "backend": "one"}}
    (choose,) = recommendation(refusing_and_other(book, backends={"one": SERVERLESS}, plans=plans))
    assert choose.startswith("Choose one, the only plan: ")
    assert "It is overloaded: " in choose
    assert choose.endswith(" % of its requests are refused.")


def test_those_who_gave_up_are_no_longer_in_the_queue() -> None:
    """The fleet is away; an event waits for each request, and the requests themselves, whose rows expired, give up."""
    away = {"timeout": "1 s", "outages": [{"at": "10 min", "duration": "30 min", "share": 1}]}
    plan = {"on_miss": "compute", "backend": "live", "refresh": {"backend": "live", "on": "request", "debounce": "2 s"}}
    scenario = world(20, fleet=away, plan=plan, horizon="1 h", store={"expiry": "1 s"})
    outcome = simulate(scenario, "p")
    events = 30 * 60 * 8.1
    assert outcome.counted.tally["timed_out"] > events
    assert 0.9 * events < outcome.fleets[0].waiting.max() < 1.1 * events


def test_a_fleet_that_computes_together_is_stable_while_batches_fill() -> None:
    together = {
        "service_time": {"kind": "affine", "fixed": "390 ms", "per_item": "10 ms"},
        "batching": {"max": 8, "hold": "500 ms"},
    }
    assert verdict_on(world(1, fleet=together)).verdict is Verdict.STABLE


def test_an_outage_is_a_backlog_until_it_is_worked_off() -> None:
    outage = {"at": "121 min", "duration": "9.5 min", "share": 1}
    found = verdict_on(world(5, fleet={"outages": [outage]}))
    assert found.verdict is Verdict.BACKLOGGED
    assert "no replica there" in found.reason


def nightly(every: str, shard_s: float) -> Scenario:
    night = {
        "kind": "batch_cluster",
        "instance": "m7g.large",
        "workers": 1,
        "batch_size": 1,
        "shard": 1000,
        "service_time": {"kind": "affine", "fixed": f"{shard_s / 1000} s", "noise": {"kind": "lognormal", "cv": 0.6}},
    }
    return world(
        horizon="3 d",
        population={"users": 10_000, "logins_per_day": "1/day", "shape": 1},
        backends={"night": night},
        plan={"precompute": {"every": every, "backend": "night"}, "on_miss": "default"},
    )


def test_runs_that_sometimes_meet_their_successors_are_a_backlog() -> None:
    found = verdict_on(nightly("1 h", 330.0))
    assert found.verdict is Verdict.BACKLOGGED
    assert "batch runs did not start, the first on" in found.reason


def test_runs_that_take_longer_than_the_time_between_them_are_an_overload() -> None:
    found = verdict_on(nightly("1 h", 500.0))
    assert found.verdict is Verdict.OVERLOADED
    assert found.reason.endswith("and one is due every 1 h")


@pytest.mark.filterwarnings("default")
def test_the_verdict_is_in_json_in_the_table_and_among_the_warnings(book: PriceBook) -> None:
    from rich.console import Console

    comparison = compare(world(3, horizon="1 h"), book, workers=1)
    told = json.loads(json.dumps(as_json(comparison)))["plans"]["p"]["saturation"]
    assert told["verdict"] == "overloaded"
    assert any(sentence == f"p: overloaded: {told['reason']}." for sentence in warnings_of(comparison))
    console = Console(width=WIDTH)
    with console.capture() as capture:
        console.print(comparison_panel(comparison))
    (line,) = [line for line in capture.get().splitlines() if line.split()[:1] == ["load"]]
    assert line.split() == ["load", "overload"]


def steady(load: float, servers: int, service_s: float, noise: Any, seed: int) -> Saturation:
    """Return the verdict on an M/G/c queue of some load over so many services as 2 h have of 1 s."""
    scenario = fleet_world(load * servers / service_s, service_s, servers, noise, seed=seed)
    scenario = scenario.model_copy(update={"horizon_s": 7200 * service_s})
    return saturation_of(scenario, (simulate(scenario, "on demand"),))


QUEUES = [(1, 0.25, "exponential"), (4, 0.4, "none"), (24, 3.4, "exponential"), (100, 0.1, "none")]


@pytest.mark.parametrize(("servers", "service_s", "noise"), QUEUES)
@pytest.mark.parametrize("load", [0.8, 0.95])
def test_a_queue_that_keeps_up_is_stable_however_long_chance_makes_it(
    servers: int, service_s: float, noise: str, load: float
) -> None:
    verdicts = {steady(load, servers, service_s, noise, seed).verdict for seed in range(12)}
    assert verdicts == {Verdict.STABLE}


@pytest.mark.parametrize(("servers", "service_s", "noise"), QUEUES)
@pytest.mark.parametrize("load", [1.06, 1.3])
def test_a_queue_that_is_asked_for_too_much_is_overloaded(
    servers: int, service_s: float, noise: str, load: float
) -> None:
    verdicts = {steady(load, servers, service_s, noise, seed).verdict for seed in range(12)}
    assert verdicts == {Verdict.OVERLOADED}


@pytest.mark.long
@pytest.mark.parametrize(("servers", "service_s", "noise"), QUEUES)
def test_two_hundred_steady_queues_raise_no_false_alarm(servers: int, service_s: float, noise: str) -> None:
    assert {steady(0.95, servers, service_s, noise, seed).verdict for seed in range(200)} == {Verdict.STABLE}


@pytest.mark.long
@pytest.mark.parametrize(("servers", "service_s", "noise"), QUEUES)
def test_of_two_hundred_queues_that_are_asked_for_too_much_few_are_missed(
    servers: int, service_s: float, noise: str
) -> None:
    """One server that 7200 exponential services bring 432 too many has a standard deviation of 120 of them."""
    verdicts = [steady(1.06, servers, service_s, noise, seed).verdict for seed in range(200)]
    assert verdicts.count(Verdict.OVERLOADED) >= 0.98 * len(verdicts)


def test_a_wait_of_many_services_in_the_peak_is_a_backlog_though_the_slots_are_many() -> None:
    """24 slots of 3.4 s are asked for as much as they can do at six in the evening: p99 is 13 services above one."""
    cosine = {"profile": {"kind": "cosine", "peak": "18:00", "amplitude": "80 %"}}
    fleet = {"slots": 4, "service_time": {"kind": "affine", "fixed": "3.4 s"}}
    population = {"users": 1_000_000, "logins_per_day": f"{24 / 1.8 / 3.4 * 86400 / 1e6}/day", "shape": "inf"}
    scenario = world(6, fleet=fleet, population=population, traffic=cosine, horizon="2 d")
    outcome = simulate(scenario, "p")
    assert 35 < outcome.counted.latency.quantile(0.99) < 65
    found = saturation_of(scenario, (outcome,))
    assert found.verdict is Verdict.BACKLOGGED
    assert ", all 24 slots busy" in found.reason


def test_a_request_that_wakes_a_fleet_is_no_backlog() -> None:
    sleepy = {"capacity": {"kind": "autoscaled", "min": 0, "max": 9, "target": "60 %", "startup": "2 min"}}
    few = {"users": 1000, "logins_per_day": "0.05/day", "shape": "inf"}
    scenario = world(fleet=sleepy, population=few, horizon="1 d")
    outcome = simulate(scenario, "p")
    assert outcome.fleets[0].serving.min() == 0
    assert outcome.fleets[0].waiting.max() > 0
    assert outcome.counted.latency.quantile(0.5) > 120
    assert saturation_of(scenario, (outcome,)).verdict is Verdict.STABLE


FILLING = {"service_time": {"kind": "affine", "fixed": "390 ms", "per_item": "10 ms"}, "batching": {"max": 40}}


def test_a_batching_fleet_has_room_as_long_as_its_batches_can_be_fuller(book: PriceBook) -> None:
    """One slot does 40 in 790 ms: 50.6 a second. It is busy all the time, asked for 25 or for 49 of them."""

    def told(per_s: float) -> tuple[Comparison, list[str]]:
        population = {"users": 1_000_000, "logins_per_day": f"{per_s * 86400 / 1e6}/day", "shape": "inf"}
        comparison = compare(world(1, fleet=FILLING, population=population, horizon="1 h"), book, workers=1)
        return comparison, [said for said in warnings_of(comparison) if "no room" in said]

    half, said = told(25.0)
    assert half.plans["p"].metrics["utilisation"].mean > 0.99
    assert (said, half.plans["p"].saturation.verdict) == ([], Verdict.STABLE)
    full, said = told(49.5)
    assert ["is asked for 9" in sentence and "% of what it does in full batches" in sentence for sentence in said] == [
        True
    ]
    assert full.plans["p"].metrics["requests_per_batch"].mean > 30


def test_no_more_are_computed_together_than_may_be_however_many_wait(book: PriceBook) -> None:
    """At three times what the fleet can do, most of what is asked for within the horizon begins after it."""
    population = {"users": 1_000_000, "logins_per_day": f"{150 * 86400 / 1e6}/day", "shape": "inf"}
    comparison = compare(world(1, fleet=FILLING, population=population, horizon="1 h"), book, workers=1)
    assert comparison.plans["p"].metrics["requests_per_batch"].mean == 40


def test_a_provider_whose_results_are_written_slower_than_they_come_is_overloaded() -> None:
    night = API | {"kind": "api", "shard": 1000, "batch": {"window": {"kind": "fixed", "value": "5 h"}}}
    plan = {"precompute": {"every": "2 h", "backend": "night"}, "on_miss": "default"}
    users = {"users": 10_000, "logins_per_day": "1/day", "shape": 1}

    def found(per_s: float) -> Saturation:
        return verdict_on(
            world(
                backends={"night": night},
                plan=plan,
                population=users,
                horizon="1 d",
                store={"write_capacity": f"{per_s}/s"},
            )
        )

    assert found(2.0).verdict is Verdict.STABLE
    late = found(1.0)
    assert late.verdict is Verdict.OVERLOADED
    assert late.reason == "writing a run takes 2.78 h, and one is due every 2 h: rows become visible later and later"
