"""Variants that share a stream of requests have the results, to the last byte, that each has alone."""

import weakref
from collections.abc import Sequence
from typing import Any

import pytest
from drawn_scenarios import a_scenario
from exact import plain

from simulator.demand import arrivals
from simulator.scenario.schema import Scenario
from simulator.simulation.calendar.timing import begin_s
from simulator.simulation.simulate import Variant, simulate, simulate_together
from simulator.simulation.workload.request_stream import RequestStream, Source, Stretch

HOUR_S = 3600.0
RETURNS = {"probability": "40 %", "gap": {"kind": "lognormal", "mean": "50 min", "cv": 1.5}}
NIGHT = {"every": "61 min", "at": "00:20", "backend": "night"}
SCOPED = {
    "incremental": {
        "precompute": NIGHT | {"scope": {"kind": "active_within", "window": "61 min"}, "incremental": True},
        "on_miss": "compute",
        "backend": "live",
    },
    "predicted": {
        "precompute": NIGHT | {"scope": {"kind": "predicted", "precision": 0.3, "recall": 0.4}},
        "on_miss": "default",
    },
    "active": {
        "precompute": NIGHT | {"scope": {"kind": "active_within", "window": "1234.5678 s"}},
        "on_miss": "stored",
    },
    "on demand": {"on_miss": "compute", "backend": "live"},
    "earlier": {
        "on_miss": "compute",
        "backend": "bought",
        "refresh": {"on": "login", "lag": "3001 s", "backend": "bought"},
    },
}
WORLDS = {
    "every kind of plan": {},
    "single requests that return": {
        "traffic": {"session": {"requests": 1}, "return_visits": RETURNS},
        "warmup": "617.3 s",
        "plans": {name: how.model_dump(mode="json") for name, how in list(a_scenario().plans.items())[::4]},
    },
    "scopes": {"plans": SCOPED, "warmup": "617.3 s", "horizon": "97.3 min"},
}


def together(
    scenario: Scenario, plans: Sequence[str], replication: int = 0, block_s: float | None = None
) -> dict[str, Any]:
    variants = [Variant(scenario, plan) for plan in plans]
    outcomes = simulate_together(variants, replication, block_s)
    return {outcome.plan: plain(outcome) for outcome in outcomes}


@pytest.mark.parametrize("world", WORLDS)
def test_plans_together_have_the_results_that_each_has_alone_in_any_grouping(world: str) -> None:
    scenario = a_scenario(**WORLDS[world])
    plans = list(scenario.plans)
    alone = {plan: plain(simulate(scenario, plan, 1)) for plan in plans}
    assert len({begin_s(scenario, plan) for plan in plans}) > 1
    assert together(scenario, plans, 1) == alone
    for part in (plans[::-3], plans[1::3]):
        assert together(scenario, part, 1, 5000.0) == {plan: alone[plan] for plan in part}


def test_variants_of_other_scenarios_with_the_same_requests_can_be_together() -> None:
    few, many = (a_scenario().with_(backends__small__capacity__replicas=count) for count in (1, 3))
    outcomes = simulate_together([Variant(few, "on demand, fixed"), Variant(many, "on demand, fixed")])
    wanted = [simulate(scenario, "on demand, fixed") for scenario in (few, many)]
    assert plain(list(outcomes)) == plain(wanted)
    assert plain(wanted[0]) != plain(wanted[1])


@pytest.mark.parametrize("changes", [{"seed": 6}, {"horizon": "4 h"}, {"traffic__spikes": []}, {"warmup": "9 h"}])
def test_variants_with_other_requests_are_refused(changes: dict[str, Any]) -> None:
    variants = [Variant(a_scenario(), "cached"), Variant(a_scenario().with_(**changes), "cached")]
    with pytest.raises(AssertionError, match="other requests"):
        next(simulate_together(variants))


def test_each_interval_is_drawn_once_however_many_plans_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[int] = []
    draw = arrivals._Source._primary_logins

    def counted(source: arrivals._Source, index: int) -> arrivals.Logins:
        drawn.append(index)
        return draw(source, index)

    monkeypatch.setattr(arrivals._Source, "_primary_logins", counted)
    plans = [plan for plan, how in a_scenario().plans.items() if not how.has_store]
    together(a_scenario(), plans)
    assert len(plans) > 3
    assert len(drawn) == len(set(drawn))


def test_all_are_told_to_begin_and_then_of_every_request() -> None:
    scenario = a_scenario(warmup="0 s")
    told: list[tuple[int, int]] = []
    variants = [Variant(scenario, plan) for plan in ("on demand", "bought")]
    first, second = simulate_together(variants, on_carried=lambda *news: told.append(news))
    assert told[0] == (0, 0)
    assert sum(requests for number, requests in told if number == 0) == first.counted.tally["requests"]
    assert sum(requests for number, requests in told if number == 1) == second.counted.tally["requests"]


def test_what_is_left_of_a_stretch_leads_to_the_same_next() -> None:
    requests = RequestStream(Source.of(a_scenario()), 0, -HOUR_S, HOUR_S)
    stretch = requests.draw()
    assert stretch is not None
    rest = stretch.since(-HOUR_S / 2)
    assert rest.block.time_s.tolist() == [time_s for time_s in stretch.block.time_s if time_s >= -HOUR_S / 2]
    assert 0 < rest.block.time_s.size < stretch.block.time_s.size
    assert rest.next is stretch.next
    assert stretch.since(-HOUR_S) is stretch


def test_past_blocks_are_dropped_as_soon_as_all_have_been_through(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[weakref.ref[Stretch]] = []
    held: list[int] = []
    draw = RequestStream.draw

    def watched(requests: RequestStream) -> Stretch | None:
        held.append(sum(each() is not None for each in drawn))
        stretch = draw(requests)
        if stretch is not None:
            drawn.append(weakref.ref(stretch))
        return stretch

    monkeypatch.setattr(RequestStream, "draw", watched)
    plans = ["on demand", "rolling", "nearline", "cached", "bought after events"]
    scenario = a_scenario()
    assert len({begin_s(scenario, plan) for plan in plans}) > 1
    together(scenario, plans, block_s=scenario.demand.interval_s)
    assert len(drawn) > 5
    assert max(held) <= 2
