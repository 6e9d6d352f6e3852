"""What a plan physically uses, against arithmetic by hand."""

from typing import Any

import numpy as np
import pytest
from drawn_scenarios import a_scenario

from simulator.core.errors import InputFileError
from simulator.core.usage import Driver, Usage
from simulator.plans.billing_mode.base import StoreUse
from simulator.plans.store import Store
from simulator.scenario.schema import Scenario
from simulator.simulation.outcome import Outcome
from simulator.simulation.simulate import simulate
from simulator.simulation.usage import no_usage

HOUR_S = 3600.0
KIB = 2.0**-20
USERS = 600
RUN = {"every": "1 h", "at": "00:00", "backend": "night"}
NIGHTLY = {"precompute": RUN, "on_miss": "default"}
CACHED = {"on_miss": "compute", "backend": "live", "cache": {"kind": "ttl", "ttl": "25 min"}}
NEARLINE = {"refresh": {"on": "login", "backend": "live"}, "on_miss": "default"}
WEEK = StoreUse(
    horizon_s=168 * HOUR_S,
    row_gib=KIB,
    batch_rows=700e6,
    nearline_rows=5e6,
    cache_rows=3e6,
    reads=56e6,
    busiest_reads_per_s=320.0,
    row_s=100e6 * 168 * HOUR_S,
    peak_rows=100e6,
)


def store(**keys: Any) -> Store:
    return Store.model_validate(keys)


def used(use: StoreUse = WEEK, **keys: Any) -> dict[str, Usage]:
    """Return what is used of a store, by item."""
    made = store(**keys)
    return {usage.item: usage for usage in made.paid_for_by.used(made, use)}


def quantities(usages: dict[str, Usage]) -> dict[tuple[str, str], float]:
    return {(usage.meter, usage.unit): usage.quantity for usage in usages.values()}


def quick(plan: dict[str, Any], **changes: Any) -> Scenario:
    """Return a scenario of one plan, whose batch runs take half an hour at most."""
    scenario = a_scenario(plans={"one": plan}, **changes)
    faster = {"kind": "affine", "per_item": "0.1 s"}
    return scenario.with_(store__write_capacity="50/s", backends__night__service_time=faster)


def items(outcome: Outcome) -> dict[str, Usage]:
    return {usage.item: usage for usage in outcome.usage}


def test_a_store_without_a_medium_of_its_own_is_paid_by_the_row() -> None:
    for meter in ("dynamodb_on_demand", "my_store"):
        found = used(meter=meter)
        assert [(usage.item, usage.meter, usage.quantity) for usage in found.values()] == [
            ("batch writes", f"{meter}/write", 700e6),
            ("nearline writes", f"{meter}/write", 5e6),
            ("cache writes", f"{meter}/write", 3e6),
            ("store reads", f"{meter}/read", 56e6),
            ("storage", f"{meter}/storage", pytest.approx(95.367431640625 * 168)),
        ]
        assert {usage.unit for usage in found.values()} == {"row", "GiB h"}


def test_a_plan_without_runs_refreshes_and_cache_writes_nothing() -> None:
    bare = StoreUse(HOUR_S, KIB, None, None, None, 10.0, 1.0, 0.0, 0.0)
    assert list(used(bare)) == ["store reads", "storage"]
    assert used(bare)["storage"].driver is Driver.TRAFFIC


def test_provisioned_capacity_is_units_times_hours() -> None:
    found = used(meter="dynamodb_provisioned", write_capacity="50_000/s")
    assert quantities(found) == {
        ("dynamodb_provisioned/write_capacity", "unit h"): 50_000 * 168,
        ("dynamodb_provisioned/read_capacity", "unit h"): 320 * 168,
        ("dynamodb_provisioned/storage", "GiB h"): pytest.approx(95.367431640625 * 168),
    }
    assert found["write capacity"].computes_ahead
    assert found["read capacity"].driver is Driver.TRAFFIC


@pytest.mark.parametrize(("size_kib", "write", "read"), [(0.2, 1, 1), (1, 1, 1), (1.5, 2, 1), (4, 4, 1), (4.1, 5, 2)])
def test_a_unit_writes_a_kibibyte_and_reads_four(size_kib: float, write: int, read: int) -> None:
    use = StoreUse(HOUR_S, size_kib * KIB, 1.0, None, None, 1.0, 1.0, 1.0, 1.0)
    found = used(use, meter="dynamodb_provisioned", write_capacity="10/s", read_capacity="7/s")
    assert found["write capacity"].quantity == 10 * write
    assert found["read capacity"].quantity == 7 * read
    assert found["read capacity"].driver is Driver.POPULATION


def test_capacity_that_is_bought_must_be_stated() -> None:
    with pytest.raises(ValueError, match="dynamodb_provisioned is paid by the capacity that is bought"):
        store(meter="dynamodb_provisioned")


@pytest.mark.parametrize(
    ("meter", "nodes"),
    [("elasticache/cache.r5.4xlarge", 2), ("elasticache/cache.m6g.12xlarge", 1), ("elasticache/cache.m4.large", 20)],
)
def test_nodes_are_whole_and_three_quarters_of_each_hold_rows(meter: str, nodes: int) -> None:
    # 95.4 GiB are held; the nodes have 105.81, 157.13 and 6.42 GiB, three quarters of which are 79.4, 117.8 and 4.81
    assert quantities(used(meter=meter)) == {(meter, "h"): nodes * 168}


def test_a_limit_on_the_size_is_the_room_that_is_rented() -> None:
    node = {"meter": "elasticache/cache.r5.4xlarge"}
    assert used(**node, size_limit="500 GiB")["store nodes"].quantity == 7 * 168
    assert used(**node, size_limit="10 GiB")["store nodes"].quantity == 168


def test_any_store_can_be_of_any_medium() -> None:
    own = {"meter": "our_memory", "medium": {"kind": "nodes", "room": "30 GiB"}}
    assert quantities(used(**own)) == {("our_memory", "h"): 4 * 168}
    assert used(meter="our_buckets", medium="objects", rows_per_object=1000)["batch writes"].quantity == 700_000
    assert used(meter="s3_standard", medium="rows", rows_per_object=1000)["batch writes"].quantity == 700e6


def test_a_node_of_unknown_room_is_an_error_that_says_how_to_state_it() -> None:
    with pytest.raises(ValueError, match=r"elasticache/cache\.x9 has; write e\.g\. medium: \{kind: nodes, room"):
        store(meter="elasticache/cache.x9")


def test_a_run_writes_many_rows_into_an_object_and_all_others_one() -> None:
    found = used(meter="s3_standard", rows_per_object="100_000")
    assert found["batch writes"].quantity == 7_000
    assert found["nearline writes"].quantity == 5e6
    assert found["cache writes"].quantity == 3e6
    assert found["store reads"].quantity == 56e6
    assert used(meter="s3_standard")["batch writes"].quantity == 700e6


def test_everything_that_keeping_takes_is_marked_so_and_nothing_else_is() -> None:
    for keys in (
        {},
        {"meter": "s3_standard"},
        {"meter": "dynamodb_provisioned", "write_capacity": "1/s"},
        {"meter": "elasticache/cache.m4.large"},
    ):
        assert all(usage.stores for usage in used(**keys).values())
    outcome = simulate(quick(NIGHTLY), "one")
    assert {usage.item for usage in outcome.usage if not usage.stores} == {"batch compute", "training"}


def test_a_run_for_everyone_fills_the_store_and_it_stays_full() -> None:
    outcome = simulate(quick(NIGHTLY, store={}), "one")
    assert outcome.store is not None
    assert outcome.store.peak_rows == USERS
    assert outcome.store.batch_rows == USERS * 5
    assert outcome.store.row_s == pytest.approx(USERS * 5 * HOUR_S)
    assert outcome.store.busiest_reads_per_s == outcome.traffic.busiest_minute / 60


def test_the_most_that_is_held_is_between_the_mean_and_all_that_was_written() -> None:
    for plan in (CACHED, NEARLINE):
        kept = simulate(quick(plan), "one").store
        assert kept is not None
        written = (kept.cache_rows or 0) + (kept.nearline_rows or 0)
        assert kept.row_s / kept.horizon_s <= kept.peak_rows <= written
        assert kept.peak_rows > 0


def test_a_limit_on_the_rows_limits_the_most_that_is_held() -> None:
    limited = {"size_limit": "50 KiB", "write_capacity": "9/s"}
    kept = simulate(quick(CACHED).with_(store=limited), "one").store
    assert kept is not None
    assert 0 < kept.peak_rows <= 50


def test_a_plan_without_a_store_asks_nothing_of_it() -> None:
    plan = {"on_miss": "compute", "backend": "live"}
    outcome = simulate(quick(plan), "one")
    assert outcome.store is None
    assert not any(usage.stores for usage in outcome.usage)


def test_a_plan_may_have_a_store_of_its_own() -> None:
    own = {"meter": "s3_standard", "write_capacity": "50/s", "rows_per_object": 30, "read_latency": "1 s"}
    scenario = quick(NIGHTLY | {"store": own})
    outcome = simulate(scenario, "one")
    assert items(outcome)["batch writes"].quantity == USERS * 5 / 30
    assert items(outcome)["store reads"].meter == "s3_standard/read"
    assert outcome.counted.latency.quantile(0.01) == pytest.approx(1.0, rel=0.01)
    assert scenario.store_of(scenario.plans["one"]).expiry_s is None
    assert scenario.store.expiry_s == 70 * 60


def test_a_store_of_its_own_needs_a_plan_that_keeps_something() -> None:
    with pytest.raises(ValueError, match="keeps no predictions"):
        quick({"on_miss": "compute", "backend": "live", "store": {"meter": "redis"}})


def test_a_plans_own_store_needs_room_for_a_prediction() -> None:
    scenario = quick(CACHED)
    with pytest.raises(InputFileError, match=r"plans\.one\.store\.size_limit"):
        scenario.with_(plans__one__store={"size_limit": "1 B"})


def test_every_answer_sends_its_size() -> None:
    outcome = simulate(quick(NIGHTLY).with_(model__response_size="20 KiB"), "one")
    egress = items(outcome)["egress"]
    assert (egress.meter, egress.unit, egress.driver) == ("egress", "GiB", Driver.TRAFFIC)
    assert egress.quantity == pytest.approx(outcome.counted.tally["requests"] * 20 * KIB)
    assert "egress" not in items(simulate(quick(NIGHTLY), "one"))


@pytest.mark.parametrize("on", ["login", "request"])
def test_events_are_carried_by_a_stream_that_is_paid_by_the_hour_and_the_size(on: str) -> None:
    refresh = {"on": on, "debounce": "5 min", "backend": "live", "stream": {"event_size": "2 KiB"}}
    outcome = simulate(quick(NEARLINE | {"refresh": refresh}), "one")
    found = items(outcome)
    assert (found["event stream"].meter, found["event stream"].unit) == ("kinesis_on_demand/stream", "h")
    assert found["event stream"].quantity == 5
    events = outcome.traffic.logins if on == "login" else outcome.counted.tally["requests"]
    assert events > outcome.counted.tally["refreshed"]
    assert (found["events"].meter, found["events"].unit) == ("kinesis_on_demand/in", "GiB")
    assert found["events"].quantity == pytest.approx(events * 2 * KIB)
    assert "events" not in items(simulate(quick(NEARLINE), "one"))


def test_a_feature_pipeline_may_run_on_machines() -> None:
    pipeline = {"duration": "3 min", "instance": "m7g.4xlarge", "purchase": "spot", "machine_hours": 2.5}
    scenario = quick(NIGHTLY).with_(backends__night__feature_pipeline=pipeline)
    found = items(simulate(scenario, "one"))["feature pipeline machines"]
    assert (found.meter, found.quantity) == ("instance/m7g.4xlarge/spot", 12.5)
    with pytest.raises(InputFileError, match="give both or none"):
        scenario.with_(backends__night__feature_pipeline={"instance": "m7g.4xlarge"})


@pytest.mark.parametrize("plan", [NIGHTLY, CACHED, NEARLINE, NIGHTLY | CACHED])
@pytest.mark.parametrize("meter", ["redis", "s3_standard", "dynamodb_provisioned", "elasticache/cache.m4.large"])
def test_every_meter_is_known_before_anything_is_simulated(plan: dict[str, Any], meter: str) -> None:
    scenario = quick(plan).with_(store__meter=meter, model__response_size="1 KiB", horizon="1 h")
    if scenario.plans["one"].refresh:
        scenario = scenario.with_(plans__one__refresh__stream={})
    expected = [(usage.item, usage.meter, usage.unit) for usage in no_usage(scenario, "one")]
    assert expected == [(usage.item, usage.meter, usage.unit) for usage in simulate(scenario, "one").usage]


def test_in_a_large_table_some_places_stand_for_all() -> None:
    from simulator.simulation.store.held_rows import MOST_LOOKED_AT, stride_of

    assert stride_of(MOST_LOOKED_AT) == 1
    assert stride_of(MOST_LOOKED_AT + 1) == 2
    many = quick(NIGHTLY, store={}).with_(population__users=700_000, horizon="1 h", traffic__return_visits=None)
    scenario = many.with_(backends__night__shard=7000, backends__night__workers=50, store__write_capacity="1_000_000/s")
    kept = simulate(scenario.with_(backends__night__service_time={"per_item": "1 us", "kind": "affine"}), "one").store
    assert kept is not None
    assert kept.peak_rows == pytest.approx(700_000, rel=0.01)
    assert np.isfinite(kept.peak_gib)
