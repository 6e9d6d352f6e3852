"""Every key says what has to be done again when it changes: simulate, bill, judge, or nothing."""

from pathlib import Path
from typing import Any

import pytest
from drawn_scenarios import a_scenario

from simulator.core.component import WrittenDefaults
from simulator.core.errors import UserError
from simulator.scenario.key_kinds import KeyKind, as_physical, kind_of_key, physical_digest
from simulator.scenario.schema import Scenario

PHYSICAL = (
    "population.users",
    "plans.cached.cache.ttl",
    "plans.together, cached.cache.ttl",
    "backends.batching.service_time.points[1].time",
    "backends.live.capacity.max",
    "traffic.spikes[0].multiplier",
    "value.default_quality",
    "model.accuracy.initial",
    "seed",
    "value",
    "plans",
)
PRICES = (
    "prices",
    "backends.night.feature_pipeline.cost",
    "backends.night.purchase",
    "backends.live.instance",
    "backends.functions.meter",
    "backends.bought.batch.discount",
    "plans.nearline.refresh.stream.event_size",
    "plans.cached.store.meter",
    "store.medium",
    "model.training.instance",
    "model.feature_reads",
)
WEIGHTS = ("slo", "slo.latency_p99", "slo.batch_deadline", "value.per_request")
STUDY = ("name", "replications")


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        *((path, KeyKind.PHYSICAL) for path in PHYSICAL),
        *((path, KeyKind.PRICE) for path in PRICES),
        *((path, KeyKind.WEIGHT) for path in WEIGHTS),
        *((path, KeyKind.STUDY) for path in STUDY),
    ],
)
def test_a_key_is_of_the_kind_that_its_part_says(path: str, kind: KeyKind) -> None:
    assert kind_of_key(a_scenario(), path) is kind


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("plans.cachd.cache.ttl", "there is no 'cachd' (in 'plans'); did you mean 'cached'?"),
        ("plans.cached.cache.tll", "unknown key 'tll'; did you mean 'ttl'? (in 'plans.cached.cache')"),
        ("plans.atomic.cache.ttl", "there is no 'plans.atomic.cache' that could have a 'ttl'"),
        ("slo.p99", "did you mean 'latency_p99'?"),
        ("price", "did you mean 'prices'?"),
        ("traffic.spikes[3].at", "there is no item [3]"),
        ("horizon.x", "nothing can be set below it"),
        ("", "cannot be read as a key path"),
    ],
)
def test_a_key_that_is_not_there_is_refused_with_the_one_that_is_meant(path: str, said: str) -> None:
    with pytest.raises(UserError) as refused:
        kind_of_key(a_scenario(), path, "--over")
    assert str(refused.value).startswith(f"--over {path}")
    assert said in str(refused.value)


def test_a_latency_bound_is_physical_where_a_fleet_is_sized_to_it() -> None:
    sized = a_scenario(slo={"latency_p99": "10 min"}).with_(backends__live__capacity={"kind": "for_slo"})
    assert kind_of_key(sized, "slo.latency_p99") is KeyKind.PHYSICAL
    assert kind_of_key(sized, "replications") is KeyKind.PHYSICAL
    assert kind_of_key(sized, "slo.age_p95") is KeyKind.WEIGHT
    for change in ({"slo__latency_p99": "11 min"}, {"replications": 4}):
        assert physical_digest(sized.with_(**change)) != physical_digest(sized)
    assert physical_digest(sized.with_(slo__age_p95="3 h")) == physical_digest(sized)


def test_the_size_of_a_prediction_is_physical_where_the_store_has_a_limit() -> None:
    assert kind_of_key(a_scenario(), "model.prediction_size") is KeyKind.PRICE
    limited = a_scenario(store={"size_limit": "100 KiB"})
    assert kind_of_key(limited, "model.prediction_size") is KeyKind.PHYSICAL
    assert physical_digest(limited.with_(model__prediction_size="2 KiB")) != physical_digest(limited)


@pytest.mark.parametrize(
    "judged", [{"value": "0.01 USD"}, {"model": {"accuracy": "90 %"}}, {"model": {"quality_floor": "5 %"}}]
)
def test_a_half_life_is_physical_where_quality_is_counted(judged: dict[str, Any]) -> None:
    model = {"half_life": "3 h"}
    unjudged = a_scenario(value=None, model=model)
    assert kind_of_key(unjudged, "model.half_life") is KeyKind.WEIGHT
    assert physical_digest(unjudged.with_(model__half_life="4 h")) == physical_digest(unjudged)
    counted = a_scenario(**{"value": None, **judged, "model": model | judged.get("model", {})})
    assert kind_of_key(counted, "model.half_life") is KeyKind.PHYSICAL
    assert physical_digest(counted.with_(model__half_life="4 h")) != physical_digest(counted)


def test_a_plan_of_its_own_depends_on_no_other_plan_and_on_no_backend_that_it_does_not_use() -> None:
    scenario = a_scenario()
    changed = scenario.with_(backends__bought__requests_per_minute=31, plans__atomic=None)
    assert physical_digest(changed) != physical_digest(scenario)
    assert physical_digest(changed, "hybrid") == physical_digest(scenario, "hybrid")
    for other in ({"backends__night__workers": 4}, {"plans__hybrid__cache__ttl": "16 min"}, {"seed": 6}):
        assert physical_digest(scenario.with_(**other), "hybrid") != physical_digest(scenario, "hybrid")


def test_what_is_left_out_is_as_physical_as_its_default_written_out() -> None:
    assert as_physical(a_scenario(replications=3)) == as_physical(a_scenario(warmup="60 min"))


def test_of_a_file_the_content_counts_and_not_its_name(tmp_path: Path) -> None:
    def with_profile(name: str, last: int) -> str:
        file = tmp_path / name
        hours = (f"2026-03-{2 + n // 24:02} {n % 24:02}:00,{1 if n < 167 else last}\n" for n in range(168))
        file.write_text("time,value\n" + "".join(hours))
        return physical_digest(a_scenario(traffic={"profile": {"kind": "csv", "path": str(file)}}))

    one = with_profile("one.csv", 5)
    assert with_profile("two.csv", 5) == one
    assert with_profile("one.csv", 6) != one


def test_the_schema_tells_the_kind_of_keys_that_are_not_physical() -> None:
    found = Scenario.model_json_schema(schema_generator=WrittenDefaults)
    assert found["properties"]["prices"]["x-kind"] == "price"
    assert found["properties"]["slo"]["x-kind"] == "weight"
    assert found["$defs"]["FeaturePipeline"]["properties"]["cost"]["x-kind"] == "price"
    assert "x-kind" not in found["properties"]["population"]
