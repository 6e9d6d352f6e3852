"""Fleets that are sized to the latency bound of the busiest hour."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulator.core.errors import UserError
from simulator.prices.book import PriceBook
from simulator.report.json_report import as_json
from simulator.report.reprice_tables import repriced_json
from simulator.scenario.loading import load_scenario
from simulator.scenario.schema import Scenario
from simulator.studies.closed_form_size import closed_form_replicas, fleet_to_size
from simulator.studies.consequences import consequences
from simulator.studies.reprice import reprice, write_repriced
from simulator.studies.run_folder import write_run
from simulator.studies.saturation import Verdict
from simulator.studies.sizing import Sizing, sized
from simulator.studies.stored_run import read_run
from simulator.studies.study import compare
from simulator.studies.warnings import warnings_of

ON_DEMAND = {"on_miss": "compute", "backend": "live"}
CACHED = {**ON_DEMAND, "cache": {"kind": "ttl", "ttl": "40 min"}}


def world(**changes: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        "horizon": "2 h",
        "warmup": "10 min",
        "replications": 2,
        "population": {"users": 1000, "logins_per_day": "480/day", "shape": "inf"},  # 5.6 a second
        "backends": {
            "live": {
                "kind": "fleet",
                "instance": "g4dn.xlarge",
                "service_time": {"kind": "affine", "fixed": "1 s", "noise": "exponential"},
                "capacity": "for_slo",
            }
        },
        "plans": {"on demand": ON_DEMAND},
        "slo": {"latency_p99": "5.2 s"},
    }
    return base | changes


def a_scenario(**changes: Any) -> Scenario:
    return Scenario.model_validate(world(**changes))


def faults(**changes: Any) -> list[str]:
    return [f"{'.'.join(keys)}: {said}" for keys, said in a_scenario(**changes).contradictions()]


def live_with(**fleet: Any) -> dict[str, Any]:
    return {"live": world()["backends"]["live"] | fleet}


def test_the_simulation_confirms_or_corrects_the_closed_form_and_one_less_is_not_enough() -> None:
    scenario, (sizing,) = sized(a_scenario(), workers=1)
    p99_s = dict(sizing.tried)
    assert abs(sizing.replicas - sizing.closed_form) <= 1
    assert p99_s[sizing.replicas] <= 5.2 < p99_s[sizing.replicas - 1]
    assert scenario.backends["live"].model_dump()["capacity"] == {"kind": "fixed", "replicas": sizing.replicas}
    assert f"The closed form said {sizing.closed_form}" in sizing.text


def test_plans_that_share_a_fleet_get_one_each() -> None:
    scenario, sizings = sized(a_scenario(plans={"on demand": ON_DEMAND, "cached": CACHED}), workers=1)
    found = {sizing.plan: sizing.replicas for sizing in sizings}
    assert found["cached"] < found["on demand"]
    assert set(scenario.backends) == {"live of on demand", "live of cached"}
    assert scenario.plans["cached"].backend == "live of cached"
    assert Scenario.model_validate(scenario.model_dump(mode="json")) == scenario


def test_a_comparison_sizes_by_itself_and_says_how(book: PriceBook) -> None:
    comparison = compare(a_scenario(replications=1), book, workers=1)
    (sizing,) = comparison.sizings
    p99_s = comparison.plans["on demand"].metrics["latency_p99_busiest_hour_s"].mean
    assert p99_s == dict(sizing.tried)[sizing.replicas]
    assert comparison.plans["on demand"].metrics["replicas_peak"].mean == sizing.replicas
    assert sizing.text in warnings_of(comparison)
    (told,) = json.loads(json.dumps(as_json(comparison)))["sizings"]
    assert (told["replicas"], told["closed_form"]) == (sizing.replicas, sizing.closed_form)


def test_a_run_that_is_kept_and_priced_anew_still_says_how_fleets_were_sized(book: PriceBook, tmp_path: Path) -> None:
    comparison = compare(a_scenario(replications=1), book, workers=1)
    kept, again = tmp_path / "kept", tmp_path / "again"
    for folder in (kept, again):
        folder.mkdir()
    write_run(comparison, kept, [])
    run = read_run(kept)
    write_repriced(reprice(run, book), run, ["aws-us-east-1"], again, [])
    assert run.sizings == read_run(again).sizings == comparison.sizings
    content = repriced_json(reprice(run, book))
    assert content["sizings"] == as_json(comparison)["sizings"]
    assert content["warnings"] == list(warnings_of(comparison))


def test_a_fleet_whose_users_give_up_does_not_count_as_fast() -> None:
    _, (sizing,) = sized(a_scenario(backends=live_with(timeout="500 ms"), replications=1), workers=1)
    assert sizing.replicas >= 6


def test_a_fleet_that_refuses_does_not_count_as_fast() -> None:
    _, (sizing,) = sized(a_scenario(backends=live_with(queue_limit=1), replications=1), workers=1)
    assert sizing.replicas >= 8


REFRESHED = {**ON_DEMAND, "refresh": {"backend": "live", "on": "request"}}


def test_a_fleet_that_refreshes_too_is_not_sized_into_overload(book: PriceBook) -> None:
    """Users who find their last prediction, however old: nobody waits, however far behind the fleet is."""
    regulars = {"users": 20_000, "logins_per_day": "8.64/day", "shape": "inf"}  # 2 a second, 2 Erlang of refreshes
    scenario, (sizing,) = sized(a_scenario(plans={"p": REFRESHED}, population=regulars, replications=1), workers=1)
    assert dict(sizing.tried)[1] < 5.2
    assert 1 in sizing.overloaded
    assert sizing.replicas > 1
    assert compare(scenario, book, workers=1).plans["p"].saturation.verdict is Verdict.STABLE


def test_a_single_replica_is_told_of_as_one() -> None:
    sizing = Sizing("p", "live", 5.0, 1, 1, ((1, 2.0),))
    assert sizing.text.startswith("p: 1 replica of 'live' meets 5 s at p99")


def test_the_text_says_that_fewer_would_be_overloaded() -> None:
    sizing = Sizing("p", "live", 5.0, 1, 2, ((1, 0.004), (2, 0.004)), frozenset({1}))
    assert sizing.text.endswith("and with 1 it was 4 ms, and the fleet was overloaded.")
    tried = sizing.as_dict()["tried"]
    assert isinstance(tried, list)
    assert [each["overloaded"] for each in tried] == [True, False]


def test_the_bound_that_no_wait_meets_is_that_of_the_plans_own_store() -> None:
    slow, quick = {"read_latency": "6 s"}, {"read_latency": "1 ms"}
    assert faults(plans={"cached": {**CACHED, "store": quick}}, store=slow) == []
    (fault,) = faults(plans={"cached": {**CACHED, "store": slow}}, store=quick)
    assert fault.startswith("slo.latency_p99: 5.2 s cannot be met by plan 'cached'")


def test_a_fleet_that_computes_together_is_sized_by_its_batches() -> None:
    service = {"kind": "affine", "fixed": "950 ms", "per_item": "50 ms", "noise": "exponential"}
    together = live_with(service_time=service, batching={"max": 8, "hold": "100 ms"})
    _, (sizing,) = sized(a_scenario(backends=together, slo={"latency_p99": "7 s"}, replications=1), workers=1)
    assert sizing.closed_form <= 3
    assert sizing.replicas <= 4


def test_validating_shows_the_closed_form() -> None:
    scenario = a_scenario()
    fleet = fleet_to_size(scenario, "on demand")
    assert fleet is not None
    replicas = closed_form_replicas(scenario, "on demand", fleet)
    told = {fact.what: fact.value for fact in consequences(scenario)}
    assert told["replicas for the p99, closed form"] == f"{replicas} if all is computed"


def test_a_bound_must_be_given() -> None:
    (fault,) = faults(slo={})
    assert fault.startswith("backends.live.capacity: for_slo sizes the fleet to 'slo.latency_p99', which is not given")


def test_a_bound_that_even_no_wait_meets_is_refused() -> None:
    (fault,) = faults(slo={"latency_p99": "4 s"})  # the service alone: ln(100) = 4.6 s
    assert fault.startswith("slo.latency_p99: 4 s cannot be met by plan 'on demand'")


def test_a_fleet_that_nobody_waits_for_cannot_be_sized() -> None:
    (fault,) = faults(plans={"nearline": {"refresh": {"backend": "live"}, "on_miss": "default"}})
    assert fault.startswith("plans.nearline.refresh.backend: nobody waits for what 'live' computes")


def test_a_plan_whose_misses_alone_are_too_slow_fails_with_what_was_found() -> None:
    with pytest.raises(
        UserError, match=r"plan 'cached': .* do not meet slo.latency_p99 \(1.5 s\): in the busiest hour p99"
    ):
        sized(a_scenario(plans={"cached": CACHED}, slo={"latency_p99": "1.5 s"}, replications=1), workers=1)


def test_the_most_replicas_are_not_exceeded() -> None:
    with pytest.raises(UserError, match=r"6 replicas do not meet .*; raise 'capacity.max'"):
        sized(a_scenario(backends=live_with(capacity={"kind": "for_slo", "max": 6}), replications=1), workers=1)


def test_a_scenario_without_such_a_fleet_stays_as_it_is() -> None:
    scenario = a_scenario(backends=live_with(capacity={"kind": "fixed", "replicas": 3}))
    found, sizings = sized(scenario)
    assert found is scenario
    assert sizings == ()


def test_the_service_times_of_closed_forms_are_always_the_same() -> None:
    fleet = fleet_to_size(a_scenario(), "on demand")
    assert fleet is not None
    assert np.array_equal(fleet.service_sample_s(), fleet.service_sample_s())


def test_a_file_may_ask_for_it(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(json.dumps(world()), encoding="utf-8")
    assert fleet_to_size(load_scenario(path), "on demand") is not None
