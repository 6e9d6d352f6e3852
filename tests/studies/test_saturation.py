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
from simulator.studies.comparison import Comparison, compare
from simulator.studies.recommendation import recommendation
from simulator.studies.saturation import Saturation, Verdict, saturation_of
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
    assert (comparison.rivals, comparison.as_good) == ((), ())
    choose, other = recommendation(comparison)
    assert choose.startswith("Choose many, the cheapest plan that meets every bound and keeps up: ")
    assert "It is overloaded: " in other
    assert other.endswith(" % of its requests are refused.")
    assert cost_title(comparison).startswith("Many is the cheapest plan that meets every bound and keeps up, at ")


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
