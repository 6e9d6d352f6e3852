"""Every component found keeps its family's promises. A new component needs an example here."""

import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

import simulator
from simulator.backends.base import AnyBackend, Backend, Machines
from simulator.backends.capacity.base import AnyCapacity, Capacity
from simulator.backends.noise.base import AnyNoise, Noise
from simulator.backends.service_time.base import AnyServiceTime, ServiceTime
from simulator.backends.tokens.base import MOST_TOKENS, AnyTokens, Tokens
from simulator.core.component import Component, components
from simulator.core.duration.base import AnyDuration, Duration
from simulator.demand.profile.base import SLOTS_PER_WEEK, AnyProfile, Profile
from simulator.demand.requests.base import AnyRequests, Requests
from simulator.plans.billing_mode.base import AnyBillingMode, BillingMode
from simulator.plans.cache.base import AnyCache, Cache
from simulator.plans.scope.base import AnyScope, Scope

STANDARD_ERRORS = 4
DRAWS = 200_000
AFFINE = {"kind": "affine", "fixed": "11 ms", "per_item": "0.3 ms"}
CALL = {"input_tokens": {"kind": "fixed", "count": 2_000}, "output_tokens": {"kind": "fixed", "count": 300}}

FAMILIES: dict[str, tuple[type[Component], Any]] = {
    "simulator.demand.profile": (Profile, AnyProfile),
    "simulator.core.duration": (Duration, AnyDuration),
    "simulator.demand.requests": (Requests, AnyRequests),
    "simulator.backends": (Backend, AnyBackend),
    "simulator.backends.noise": (Noise, AnyNoise),
    "simulator.backends.tokens": (Tokens, AnyTokens),
    "simulator.backends.service_time": (ServiceTime, AnyServiceTime),
    "simulator.backends.capacity": (Capacity, AnyCapacity),
    "simulator.plans.scope": (Scope, AnyScope),
    "simulator.plans.cache": (Cache, AnyCache),
    "simulator.plans.billing_mode": (BillingMode, AnyBillingMode),
}

EXAMPLES: dict[str, dict[str, list[dict[str, Any]]]] = {
    "simulator.demand.profile": {
        "flat": [{}],
        "cosine": [{"peak": "18:30", "amplitude": "70 %"}, {"peak": "00:00", "amplitude": 1}],
        "hourly": [{"weights": list(range(24))}, {"weights": [1.5, *[0.25] * 167]}],
        "named": [{"name": "evening_meals"}, {"name": "commuters"}],
        "csv": [{"path": "counts.csv"}, {"path": "counts.csv", "time": "when", "value": "other"}],
    },
    "simulator.core.duration": {
        "exponential": [{"mean": "20 s"}],
        "fixed": [{"value": "3 min"}, {"value": "0 s"}],
        "lognormal": [{"mean": "20 s", "cv": 1.5}],
    },
    "simulator.demand.requests": {
        "fixed": [{"count": 1}, {"count": 7}],
        "geometric": [{"mean": 1}, {"mean": 4.5}],
        "poisson": [{"mean": 1}, {"mean": 4.5}],
    },
    "simulator.backends.tokens": {
        "fixed": [{"count": 1}, {"count": "2_000"}],
        "lognormal": [
            {"mean": 300, "cv": 1.5},
            {"mean": 1.2, "cv": 3},
            {"mean": 2_000, "cv": 1.2, "most": "4_096"},
        ],
    },
    "simulator.backends": {
        "api": [
            {"model": "m", **CALL, "per_token": "10 ms"},
            {
                "model": "m",
                "tokens": {"path": "calls.csv"},
                "first_token": {"base": "400 ms", "per_input_token": "0.1 ms"},
                "noise": {"kind": "lognormal", "cv": 0.3},
                "requests_per_minute": "10k",
                "tokens_per_minute": "2M",
                "retries": {"attempts": 4, "backoff": "1 s", "longest_backoff": "20 s", "jitter": "50 %"},
                "batch": {"window": {"kind": "lognormal", "mean": "2 h", "cv": 1}, "discount": "50 %"},
                "shard": 100_000,
                "feature_pipeline": {"duration": "10 min", "cost": "3.5 USD"},
            },
            {"model": "m", **CALL, "per_token": "10 ms", "prompt_cache": {"prefix": "1_500", "lifetime": "1 h"}},
        ],
        "batch_cluster": [
            {"instance": "b", "service_time": AFFINE, "workers": 3, "batch_size": 64, "shard": 1000},
            {
                "instance": "b",
                "purchase": "spot",
                "reclaim": {"mean": "20 h", "reprovision": "5 min"},
                "service_time": AFFINE,
                "workers": 2,
                "on_demand_workers": 1,
                "batch_size": 1,
                "shard": 1,
                "startup": "4 min",
                "feature_pipeline": {"duration": "10 min", "cost": "3.5 USD"},
            },
        ],
        "fleet": [
            {"instance": "f", "service_time": AFFINE, "capacity": {"kind": "fixed", "replicas": 3}},
            {
                "instance": "f",
                "service_time": AFFINE | {"noise": {"kind": "lognormal", "cv": 0.4}},
                "slots": 4,
                "timeout": "900 ms",
                "capacity": {"kind": "autoscaled", "min": 2, "max": 9, "target": "60 %"},
            },
            {
                "instance": "f",
                "purchase": "spot",
                "service_time": AFFINE,
                "capacity": {"kind": "fixed", "replicas": 9},
                "reserved": {"replicas": 3, "term": "3 y"},
                "reclaim": {"mean": "6 h", "reprovision": "4 min"},
                "outages": [{"at": "4 d 18 h", "duration": "1 h", "share": "50 %"}],
            },
        ],
        "serverless": [
            {"memory": "2 GiB", "service_time": AFFINE, "startup": {"kind": "fixed", "value": "4 s"}},
            {
                "memory": "512 MiB",
                "service_time": AFFINE | {"noise": "exponential"},
                "startup": {"kind": "lognormal", "mean": "3 s", "cv": 0.4},
                "keep_alive": "15 min",
                "concurrency": 3000,
                "bills_startup": False,
                "billing_step": "100 ms",
                "meter": "our_functions",
                "retries": {"attempts": 2},
            },
        ],
    },
    "simulator.backends.noise": {"none": [{}], "exponential": [{}], "lognormal": [{"cv": 0.5}, {"cv": 1.2}]},
    "simulator.backends.service_time": {
        "affine": [AFFINE, {"per_item": "1 ms", "noise": "exponential"}],
        "table": [
            {"points": [{"batch": 1, "time": "1.078 ms"}, {"batch": 256, "time": "70.171 ms"}]},
            {"path": "times.csv"},
        ],
    },
    "simulator.backends.capacity": {
        "fixed": [{"replicas": 12}],
        "for_slo": [{}, {"max": 40}],
        "hourly": [{"replicas": [*range(1, 25)]}, {"replicas": [3, *[0] * 167], "startup": "90 s"}],
        "autoscaled": [
            {"max": 40, "target": "60 %"},
            {"min": 3, "max": 9, "target": 1, "tick": "30 s", "startup": "90 s", "stabilisation": "0 s"},
        ],
    },
    "simulator.plans.scope": {
        "everyone": [{}],
        "active_within": [{"window": "7 d"}, {"window": "90 min"}],
        "most_active": [{"share": "20 %"}, {"share": 0}, {"share": 1}],
        "predicted": [{"precision": "60 %", "recall": "80 %"}, {"precision": "0.1 %", "recall": 1}],
    },
    "simulator.plans.cache": {
        "ttl": [{"ttl": "6 h"}],
        "sliding": [{"ttl": "6 h"}],
        "stale_while_revalidate": [{"ttl": "6 h"}, {"ttl": "10 min", "stale_for": "7 d"}],
    },
    "simulator.plans.billing_mode": {
        "nodes": [{}, {"room": "80 GiB"}],
        "objects": [{}],
        "provisioned": [{}],
        "rows": [{}],
        "share": [{}],
    },
}

FOUND = [
    (package, kind, component)
    for package, (base, _) in FAMILIES.items()
    for kind, component in components(base, package).items()
]
each_component = pytest.mark.parametrize(
    ("package", "component"),
    [pytest.param(package, component, id=f"{package}-{kind}") for package, kind, component in FOUND],
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let examples name files."""
    hours = [f"2026-03-{2 + hour // 24:02d} {hour % 24:02d}:15" for hour in range(168)]
    lines = [f"{time},{time},{hour % 24},{hour}" for hour, time in enumerate(hours)]
    (tmp_path / "counts.csv").write_text("\n".join(["time,when,value,other", *lines]))
    (tmp_path / "calls.csv").write_text("ContextTokens,GeneratedTokens\n4808,10\n110,27\n")
    (tmp_path / "times.csv").write_text("batch,seconds\n1,0.002\n8,0.004\n64,0.02\n")
    monkeypatch.chdir(tmp_path)


def kind_of(component: type[Component]) -> str:
    kind = component.model_fields["kind"].default
    assert isinstance(kind, str)
    return kind


def examples(package: str, component: type[Component]) -> list[Any]:
    """Return the examples of a component as models."""
    kind = kind_of(component)
    given = EXAMPLES[package].get(kind)
    if not given:
        pytest.fail(f"there is no example of {component.__name__}; add one to EXAMPLES['{package}']['{kind}']")
    adapter = TypeAdapter(FAMILIES[package][1])
    return [adapter.validate_python({"kind": kind, **example}) for example in given]


def of_family(package: str) -> Iterator[Any]:
    base, _ = FAMILIES[package]
    for component in components(base, package).values():
        yield from examples(package, component)


def test_every_family_of_the_program_is_tested_here() -> None:
    root = Path(simulator.__file__).parent
    marked = set()
    for path in root.rglob("*.py"):
        marked |= set(re.findall(r'(?<!`)Annotated\[\w+, OneOf\("([\w.]+)"\)\]\n', path.read_text(encoding="utf-8")))
    assert marked == set(FAMILIES)


@pytest.mark.parametrize("package", list(FAMILIES))
def test_every_module_of_a_family_holds_a_component_or_its_base(package: str) -> None:
    base, _ = FAMILIES[package]
    folder = Path(next(iter(importlib.import_module(package).__path__)))
    holding = {component.__module__.rpartition(".")[2] for component in components(base, package).values()}
    assert {path.stem for path in folder.glob("*.py")} - {"__init__", "base"} == holding


@pytest.mark.parametrize("package", list(FAMILIES))
def test_no_example_is_left_of_a_component_that_is_gone(package: str) -> None:
    base, _ = FAMILIES[package]
    assert set(EXAMPLES[package]) == set(components(base, package))


@each_component
def test_a_component_states_a_literal_kind(package: str, component: type[Component]) -> None:
    annotation = component.model_fields["kind"].annotation
    assert get_origin(annotation) is Literal
    assert get_args(annotation) == (kind_of(component),)
    assert components(FAMILIES[package][0], package)[kind_of(component)] is component


@each_component
def test_a_component_and_its_fields_are_explained_in_the_json_schema(package: str, component: type[Component]) -> None:
    schema = component.model_json_schema()
    assert schema["description"], f"{package}: {component.__name__} has no docstring"

    def explained(field: dict[str, Any]) -> bool:
        """Whether a field, or the part that it refers to, has a description."""
        part = schema.get("$defs", {}).get(field.get("$ref", "").rpartition("/")[2], {})
        return bool(field.get("description") or part.get("description"))

    fields = {name: field for name, field in schema["properties"].items() if name != "kind"}
    assert [name for name, field in fields.items() if not explained(field)] == []
    assert schema["additionalProperties"] is False


@each_component
def test_a_component_is_frozen_and_refuses_unknown_keys(package: str, component: type[Component]) -> None:
    for model in examples(package, component):
        with pytest.raises(ValidationError, match="frozen"):
            model.kind = "other"
        with pytest.raises(ValidationError, match="Extra inputs"):
            component.model_validate({**model.model_dump(mode="json"), "surprise": 1})


@each_component
def test_a_component_survives_being_written_and_read(package: str, component: type[Component]) -> None:
    for model in examples(package, component):
        again = TypeAdapter(FAMILIES[package][1]).validate_python(model.model_dump(mode="json"))
        assert type(again) is component
        assert again == model


def test_weights_of_a_week_are_five_minutes_each_and_one_on_average() -> None:
    for model in of_family("simulator.demand.profile"):
        weights = model.weekly_weights()
        assert weights.shape == (SLOTS_PER_WEEK,)
        assert weights.dtype == np.float64
        assert weights.mean() == pytest.approx(1, abs=1e-9)
        assert weights.min() >= -1e-12


def assert_mean(drawn: np.ndarray, expected: float, what: object) -> None:
    error = drawn.std(ddof=1) / drawn.size**0.5
    assert abs(drawn.mean() - expected) <= STANDARD_ERRORS * error + 1e-12, what


def test_durations_are_from_zero_and_have_the_mean_they_state() -> None:
    for model in of_family("simulator.core.duration"):
        drawn = model.draw_s(np.random.default_rng(1), DRAWS)
        assert drawn.shape == (DRAWS,)
        assert drawn.min() >= 0
        assert_mean(drawn, model.typical_s, model)


def test_factors_on_service_times_have_mean_one_and_the_variance_they_state() -> None:
    for model in of_family("simulator.backends.noise"):
        drawn = model.draw(np.random.default_rng(2), DRAWS)
        assert drawn.shape == (DRAWS,)
        assert drawn.min() >= 0
        assert_mean(drawn, 1.0, model)
        assert_mean((drawn - 1) ** 2, model.cv_squared, model)


def test_calls_have_whole_numbers_of_tokens_with_the_mean_they_state() -> None:
    for model in of_family("simulator.backends.tokens"):
        drawn = model.draw(np.random.default_rng(5), DRAWS)
        assert drawn.shape == (DRAWS,)
        assert drawn.dtype == np.int64
        assert 1 <= drawn.min() <= drawn.max() <= getattr(model, "most", MOST_TOKENS)
        assert_mean(drawn, model.mean_tokens, model)


def test_logins_make_whole_numbers_of_further_requests_with_the_mean_they_state() -> None:
    for model in of_family("simulator.demand.requests"):
        drawn = model.draw_follow_ups(np.random.default_rng(3), DRAWS)
        assert drawn.shape == (DRAWS,)
        assert drawn.dtype == np.int64
        assert drawn.min() >= 0
        assert_mean(drawn + 1.0, model.mean_per_login, model)


@pytest.mark.parametrize("package", ["simulator.core.duration", "simulator.demand.requests"])
def test_the_same_stream_draws_the_same(package: str) -> None:
    for model in of_family(package):
        draw = model.draw_s if package.endswith("duration") else model.draw_follow_ups
        assert np.array_equal(draw(np.random.default_rng(4), 100), draw(np.random.default_rng(4), 100))


def test_service_takes_time_and_no_less_for_more_predictions() -> None:
    for model in of_family("simulator.backends.service_time"):
        largest = min(model.largest_batch, 10_000)
        times_s = [model.mean_s(batch) for batch in np.linspace(1, largest, 50)]
        assert times_s[0] > 0
        assert np.all(np.diff(times_s) >= 0)


def test_capacity_grows_with_load_between_one_and_its_most() -> None:
    for model in of_family("simulator.backends.capacity"):
        counts = [model.replicas_for(load) for load in (0.0, 0.3, 1.0, 4.2, 17.0, 1e6)]
        assert counts == sorted(counts)
        assert counts[0] >= 1
        assert counts[-1] <= model.most_replicas
        assert model.replica_startup_s >= 0


def test_backends_name_the_meter_of_their_machines() -> None:
    for model in of_family("simulator.backends"):
        if isinstance(model, Machines):
            assert model.meter == f"instance/{model.instance}/{model.purchase}"


def test_a_batch_of_a_backend_is_one_that_its_service_time_knows() -> None:
    for model in of_family("simulator.backends"):
        if not isinstance(model, Machines):
            continue
        batch = getattr(model, "batch_size", 1)
        assert batch <= model.service_time.largest_batch
        assert model.service_time.mean_s(batch) > 0


@dataclass
class Everybody:
    """Users, a third of whom log in at some time of any window."""

    users: float
    every_s: float = 86400.0

    def share_active(self, window_s: float) -> float:
        return 1 / 3 if window_s else 0.0


def test_a_scope_holds_no_more_users_than_there_are() -> None:
    for model in of_family("simulator.plans.scope"):
        for users in (12_345, 0):
            assert 0 <= model.expected_users(Everybody(users)) <= users


def test_a_cache_keeps_predictions_for_some_time() -> None:
    for model in of_family("simulator.plans.cache"):
        assert 0 < model.fresh_for_s <= model.kept_for_s
