"""Every component found keeps its family's promises; see component_examples.py for what a new one needs."""

import ast
import importlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import numpy as np
import pytest
from component_examples import EXAMPLES, FAMILIES, examples, kind_of, of_family
from pydantic import TypeAdapter, ValidationError

import simulator
from simulator.backends.base import Machines
from simulator.backends.tokens.base import MOST_TOKENS
from simulator.core.component import Component, components
from simulator.demand.profile.base import SLOTS_PER_WEEK
from simulator.plans.billing_mode.base import StoreUse
from simulator.plans.store import Store

STANDARD_ERRORS = 4
DRAWS = 200_000

pytestmark = pytest.mark.usefixtures("example_files")

FOUND = [
    (package, kind, component)
    for package, (base, _) in FAMILIES.items()
    for kind, component in components(base, package).items()
]
each_component = pytest.mark.parametrize(
    ("package", "component"),
    [pytest.param(package, component, id=f"{package}-{kind}") for package, kind, component in FOUND],
)


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


def test_whoever_uses_the_parts_of_a_scenario_knows_no_kind_of_them_by_name() -> None:
    """Whoever asks `isinstance` would have to be changed with every new kind; a family's base says what to ask."""
    root = Path(simulator.__file__).parent
    modules = {component.__module__ for _, _, component in FOUND}
    listing = {"report/profile_tables.py", "cli/profiles.py"}  # 'predcost profiles' lists what one kind has
    listing.add("studies/planner/windows.py")  # a picture along the window that one kind of scope has
    listing.add("studies/calibration/gap_kinds.py")  # a fit chooses between the two kinds that it knows
    naming = set()
    for folder in ("cli", "report", "studies", "simulation", "scenario"):
        for path in (root / folder).rglob("*.py"):
            nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if any(isinstance(node, ast.ImportFrom) and node.module in modules for node in nodes):
                naming.add(path.relative_to(root).as_posix())
    assert naming == listing


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


def test_a_store_is_paid_on_the_same_meters_whatever_is_asked_of_it() -> None:
    store = Store.model_validate({"meter": "elasticache/cache.r5.4xlarge", "write_capacity": "100/s"})
    nothing = StoreUse(3600.0, 1e-6, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    much = StoreUse(3600.0, 1e-6, 5e6, 3e5, 2e5, 9e7, 4e3, 1e11, 6e6, 80.0)
    for model in of_family("simulator.plans.billing_mode"):
        assert model.paid_by
        idle, busy = list(model.used(store, nothing)), list(model.used(store, much))
        assert [(each.item, each.meter, each.unit) for each in idle] == [(e.item, e.meter, e.unit) for e in busy]
        assert all(each.stores and 0 <= less.quantity <= each.quantity for less, each in zip(idle, busy, strict=True))
        assert any(each.holds and each.quantity for each in busy)


def test_a_cache_keeps_predictions_for_some_time() -> None:
    for model in of_family("simulator.plans.cache"):
        assert 0 < model.fresh_for_s <= model.kept_for_s
