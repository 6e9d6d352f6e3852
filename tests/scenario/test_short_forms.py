"""A value alone stands for the obvious kind, wherever a file, an override or Python gives it."""

from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import ruamel.yaml

from simulator.core.component import WrittenDefaults
from simulator.core.errors import InputFileError, UserError
from simulator.scenario.loading import load_scenario
from simulator.scenario.overrides import read_assignment
from simulator.scenario.schema import Scenario

FILE = """\
population: {users: 1M, daily_active: 2 %, shape: 0.2}
traffic:
  profile: evening_meals
  session: {requests: 3, think_time: 20 s}
store: redis
backends:
  live:
    kind: fleet
    instance: g4dn.xlarge
    service_time: 35 ms
    capacity: 20
    retries: 2
    batching: 16
    reserved: 4
  night:
    kind: batch_cluster
    instance: g4dn.xlarge
    workers: 2
    batch_size: 2
    shard: 100
    service_time: {kind: affine, fixed: 1 ms, noise: 0.3}
    feature_pipeline: 20 min
  language model: {kind: api, model: gpt-4.1-mini, input_tokens: 500, output_tokens: 300, first_token: 900 ms}
  functions: {kind: serverless, memory: 2 GiB, service_time: 60 ms, startup: 4 s}
plans:
  cached: {on_miss: compute, backend: live, cache: 6 h}
  recent: {on_miss: default, precompute: {backend: night, scope: 7 d}}
  nightly: {on_miss: default, precompute: night}
  nearline: {on_miss: compute, backend: live, refresh: live}
  provider: {on_miss: compute, backend: language model}
"""
IN_FULL = {
    "traffic.profile": {"kind": "named", "name": "evening_meals"},
    "traffic.session.requests": {"kind": "fixed", "count": 3},
    "traffic.session.think_time": {"kind": "fixed", "value": "20 s"},
    "store.meter": "redis",
    "backends.live.service_time.fixed": "35 ms",
    "backends.live.capacity": {"kind": "fixed", "replicas": 20},
    "backends.live.retries.attempts": 2,
    "backends.live.batching.max": 16,
    "backends.live.reserved.replicas": 4,
    "backends.night.service_time.noise": {"kind": "lognormal", "cv": 0.3},
    "backends.night.feature_pipeline.duration": "20 min",
    "backends.language model.input_tokens": {"kind": "fixed", "count": 500},
    "backends.language model.first_token.base": "900 ms",
    "backends.functions.startup": {"kind": "fixed", "value": "4 s"},
    "plans.cached.cache": {"kind": "ttl", "ttl": "6 h"},
    "plans.recent.precompute.scope": {"kind": "active_within", "window": "7 d"},
    "plans.nightly.precompute.backend": "night",
    "plans.nearline.refresh.backend": "live",
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "short.yaml"
    path.write_text(FILE, encoding="utf-8")
    return path


def resolved(scenario: Scenario, path: str) -> Any:
    found: Any = scenario.model_dump(mode="json", exclude_none=True)
    for key in path.split("."):
        found = found[key]
    return found


def faults(path: Path, **overrides: object) -> str:
    with pytest.raises(InputFileError) as caught:
        load_scenario(path, {key.replace("__", "."): value for key, value in overrides.items()})
    return str(caught.value)


@pytest.mark.parametrize("path", list(IN_FULL))
def test_a_value_alone_is_resolved_to_the_form_in_full(file: Path, path: str) -> None:
    assert resolved(load_scenario(file), path) == IN_FULL[path]


def test_what_is_resolved_reads_back_to_the_same_scenario(file: Path) -> None:
    scenario = load_scenario(file)
    assert Scenario.model_validate(scenario.model_dump(mode="json")) == scenario


def test_a_file_in_short_forms_fits_the_json_schema(file: Path) -> None:
    schema = Scenario.model_json_schema(schema_generator=WrittenDefaults)
    data = ruamel.yaml.YAML(typ="safe", pure=True).load(file)
    jsonschema.validate(data, schema)
    data["plans"]["cached"]["cache"] = ["6 h"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data, schema)


@pytest.mark.parametrize(
    ("path", "value", "written"),
    [
        ("plans.cached.cache", "2 h", {"kind": "ttl", "ttl": "2 h"}),
        ("plans.cached.cache.ttl", "12 h", None),
        ("plans.cached.cache", "{kind: sliding, ttl: 1 h}", {"kind": "sliding", "ttl": "1 h"}),
        ("backends.live.capacity.replicas", 7, None),
        ("backends.live.capacity", [1] * 24, {"kind": "hourly", "replicas": [1] * 24, "startup": "0 s"}),
        ("traffic.profile", "flat", {"kind": "flat"}),
        ("traffic.profile.name", "commuters", None),
        ("traffic.profile", [1.0, 2.0] * 12, {"kind": "hourly", "weights": [1.0, 2.0] * 12}),
        ("backends.live.service_time.noise", "none", {"kind": "none"}),
        ("backends.live.service_time.per_item", "1 ms", "1 ms"),
        ("plans.nightly.precompute.every", "12 h", "12 h"),
        ("store.expiry", "7 d", "7 d"),
    ],
)
def test_an_override_gives_a_short_form_or_leads_into_one(file: Path, path: str, value: Any, written: Any) -> None:
    value = read_assignment(f"{path}={value}")[1] if isinstance(value, str) else value
    scenario = load_scenario(file, {path: value})
    assert resolved(scenario, path) == (value if written is None else written)


def test_with_takes_short_forms_and_leads_into_them(file: Path) -> None:
    changed = load_scenario(file).with_(plans__cached__cache="2 h", backends__live__capacity__replicas=9, store="mine")
    assert resolved(changed, "plans.cached.cache") == {"kind": "ttl", "ttl": "2 h"}
    assert resolved(changed, "backends.live.capacity") == {"kind": "fixed", "replicas": 9}
    assert changed.store.meter == "mine"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("cache: 6 h", "cache: 6", "line 26: plans.cached.cache: 6 has no unit; write e.g. '6 h'"),
        ("cache: 6 h", "cache: tll", "kind 'tll' is not one of sliding, stale_while_revalidate, ttl; did you mean"),
        ("capacity: 20", "capacity: lots", "kind 'lots' is not one of autoscaled, fixed, for_slo, hourly"),
        ("capacity: 20", f"capacity: [{'1, ' * 23}x]", "line 11: backends.live.capacity[23]: 'x' must be a whole"),
        ("requests: 3", "requests: 3.5", "alone it stands for kind: fixed, and other kinds are geometric, poisson"),
        ("scope: 7 d", "scope: 20 %", "kind: active_within, and other kinds are everyone, most_active, predicted"),
        ("profile: evening_meals", "profile: evening_meal", "did you mean 'evening_meals'?"),
        ("profile: evening_meals", "profile: foo", "other kinds are cosine, csv, flat, hourly"),
        ("profile: evening_meals", "profile: true", "must be a mapping with a 'kind'"),
        ("noise: 0.3", "noise: 0", "line 21: backends.night.service_time.noise: 0 must be above 0"),
        ("batching: 16", "batching: 1", "line 13: backends.live.batching: 1 must be at least 2"),
        ("service_time: 60 ms", "service_time: sixty", "kind 'sixty' is not one of affine, table"),
    ],
)
def test_a_wrong_value_alone_is_told_where_it_stands(file: Path, old: str, new: str, told: str) -> None:
    assert old in FILE
    file.write_text(FILE.replace(old, new), encoding="utf-8")
    assert told in faults(file)


def test_one_time_zone_stands_for_all_users(file: Path) -> None:
    scenario = load_scenario(file, {"traffic.timezones": "Europe/Berlin"})
    assert scenario.traffic.timezones == {"Europe/Berlin": 1.0}
    with pytest.raises(InputFileError, match="there is no time zone 'Berlin'"):
        load_scenario(file, {"traffic.timezones": "Berlin"})


STARTER = (resources.files("simulator.scenario") / "starter.yaml").read_text(encoding="utf-8")
OFFERED = [
    (number, key)
    for number, line in enumerate(STARTER.split("\n"))
    if (key := line.strip().removeprefix("# ").partition(": ")[0]).isidentifier()
    and line.strip().startswith("# ")
    and key not in ("default", "functions", "provider", "hybrid")
]
"""Keys that the starter offers in comments on one line."""
INSTEAD_OF = {"capacity": "capacity", "monthly_active": "shape"}


@pytest.mark.parametrize(("number", "key"), OFFERED)
def test_what_the_starter_offers_in_a_comment_can_be_taken(number: int, key: str, tmp_path: Path) -> None:
    lines = STARTER.split("\n")
    taken = lines[number].replace("# ", "", 1)
    other = INSTEAD_OF.get(key)
    kept = [line for line in lines if other is None or not line.strip().startswith(f"{other}:")]
    path = tmp_path / "starter.yaml"
    path.write_text("\n".join(taken if line == lines[number] else line for line in kept), encoding="utf-8")
    assert load_scenario(path) != load_scenario_of(STARTER, tmp_path)


def load_scenario_of(text: str, folder: Path) -> Scenario:
    path = folder / "as_it_is.yaml"
    path.write_text(text, encoding="utf-8")
    return load_scenario(path)


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("dau: 2 %", "daily_active"), ("mau: 20 %", "monthly_active"), ("alpha: 0.2", "shape"), ("usres: 1M", "users")],
)
def test_a_key_by_another_name_is_told_by_its_own(file: Path, wrong: str, right: str) -> None:
    file.write_text(FILE.replace("{users: 1M,", f"{{{wrong}, users: 1M,"), encoding="utf-8")
    assert f"did you mean '{right}'?" in faults(file)


def test_an_override_into_a_value_that_stands_for_nothing_is_refused(file: Path) -> None:
    with pytest.raises(UserError, match="nothing can be set below"):
        load_scenario(file, {"backends.live.instance.size": 4})
