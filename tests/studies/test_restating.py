"""A key that is no physical one changes no simulation: restating an outcome is as good as simulating anew.

The keys are found by walking the models, so that a new one that says it is a price or a weight needs a case here.
"""

import functools
from pathlib import Path
from typing import Any

import pytest
from drawn_scenarios import a_scenario

from simulator.core.component import Part, kind_of_field
from simulator.core.input_files.reading import Tree
from simulator.core.input_files.schema_walk import SchemaWalk
from simulator.core.input_files.validation import validate
from simulator.scenario.key_kinds import KeyKind, physical_digest
from simulator.scenario.overrides import apply_overrides, stated
from simulator.scenario.schema import Scenario
from simulator.simulation.identity import simulation_digest
from simulator.simulation.outcome import Outcome
from simulator.simulation.restating import restated
from simulator.studies.executor import Task, run_tasks
from simulator.studies.kept_outcomes import as_text

RUNS, HYBRID, NEARLINE, FUNCTIONS, BOUGHT = "rolling", "hybrid", "nearline", "on functions, cached", "bought"
AHEAD = "bought ahead"

CASES: dict[str, tuple[Any, ...]] = {
    "Scenario.name": (HYBRID, ("name", "another")),
    "Scenario.slo": (RUNS, ("slo", {"batch_deadline": "00:21", "age_p95": "2 h"})),
    "Scenario.prices": (HYBRID, ("prices", "llm-2025-09")),
    "Scenario.replications": (HYBRID, ("replications", 7)),
    "Segment.name": (NEARLINE, ("population.segments[0].name", "others")),
    "Model.prediction_size": (HYBRID, ("model.prediction_size", "7 KiB")),
    "Model.half_life": (HYBRID, ("model.half_life", "1 h")),
    "Model.response_size": (HYBRID, ("model.response_size", "9 KiB")),
    "Model.feature_reads": (HYBRID, ("model.feature_reads", 11)),
    "Value.per_request": (HYBRID, ("value.per_request", "0.02 USD")),
    "Training.instance": (HYBRID, ("model.training.instance", "t2")),
    "Training.purchase": (HYBRID, ("model.training.purchase", "spot")),
    "Store.meter": (HYBRID, ("store.meter", "dynamodb_provisioned")),
    "Store.medium": (HYBRID, ("store.medium", {"kind": "nodes", "room": "10 KiB"})),
    "Store.read_capacity": (HYBRID, ("store.meter", "dynamodb_provisioned"), ("store.read_capacity", "9/s")),
    "Store.rows_per_object": (RUNS, ("store.meter", "s3_standard"), ("store.rows_per_object", 50)),
    "Refresh.stream": (NEARLINE, ("plans.nearline.refresh.stream", {"event_size": "3 KiB"})),
    "FeaturePipeline.cost": (RUNS, ("backends.night.feature_pipeline.cost", "3 USD")),
    "FeaturePipeline.instance": (RUNS, ("backends.night.feature_pipeline.instance", "p2")),
    "FeaturePipeline.purchase": (RUNS, ("backends.night.feature_pipeline.purchase", "spot")),
    "FeaturePipeline.machine_hours": (RUNS, ("backends.night.feature_pipeline.machine_hours", 4.5)),
    "BatchCluster.instance": (RUNS, ("backends.night.instance", "b2")),
    "BatchCluster.purchase": (RUNS, ("backends.night.purchase", "spot")),
    "Fleet.instance": (HYBRID, ("backends.live.instance", "f2")),
    "Fleet.purchase": (HYBRID, ("backends.live.purchase", "spot")),
    "Reserved.term": (HYBRID, ("backends.live.reserved.term", "3 y")),
    "Serverless.memory": (FUNCTIONS, ("backends.functions.memory", "3 GiB")),
    "Serverless.meter": (FUNCTIONS, ("backends.functions.meter", "others")),
    "Api.model": (BOUGHT, ("backends.bought.model", "m2")),
    "BatchTier.discount": (AHEAD, ("backends.bought.batch.discount", "40 %")),
}
"""By part and key: a plan that it matters to, and paths with other values."""
UNJUDGED = {"value": None, "model.accuracy": None, "model.quality_floor": None}
WITHOUT = {"Model.half_life": UNJUDGED}
"""What makes a key physical, and is taken out of the small world for it."""


@functools.cache
def _scenario() -> Scenario:
    """The small world, with whatever else a price can hang on."""
    changes: dict[str, Any] = {
        "horizon": "3 h",
        "population": {
            "segments": [{"name": "all", "share": "100 %", "logins_per_day": "6/day", "shape": 0.6}],
            "users": 300,
        },
        "traffic.spikes": [{"at": "65 min", "duration": "7 min", "multiplier": 6, "per_month": 4}],
        "backends.night.feature_pipeline": {"duration": "3 min", "instance": "p", "machine_hours": 2},
        "backends.live.reserved": {"replicas": 1},
        "backends.bought.batch": {"window": {"kind": "exponential", "mean": "15 min"}},
        "plans.bought ahead": {"precompute": {"every": "2 h", "backend": "bought"}, "on_miss": "default"},
    }
    return _changed(a_scenario(), changes)


def _changed(scenario: Scenario, changes: dict[str, Any]) -> Scenario:
    tree = apply_overrides(Tree(stated(scenario)), changes, model=Scenario)
    return validate(Scenario, tree, "the small world", Path())


def _outcome(scenario: Scenario, plan: str) -> Outcome:
    ((_, outcome),) = run_tasks([Task(scenario, plan, 0)], workers=1)
    return outcome


@functools.cache
def _simulated(plan: str) -> Outcome:
    return _outcome(_scenario(), plan)


def _parts() -> set[type[Part]]:
    """Return all parts that a scenario may be made of."""
    walk, found, waiting = SchemaWalk(Scenario), set[type[Part]](), [Scenario.__pydantic_core_schema__]
    while waiting:
        core = walk.core(waiting.pop())
        if core["type"] == "model" and core["cls"] not in found:
            found.add(core["cls"])
            waiting.extend(walk.fields(core).values())
        choices = core.get("choices", ())
        waiting.extend(choices.values() if isinstance(choices, dict) else (part for part in choices if "type" in part))
        waiting.extend(core[name] for name in ("values_schema",) if name in core)
        items = core.get("items_schema", ())
        waiting.extend(items if isinstance(items, (list, tuple)) else (items,))
    return found


def _keys_that_are_not_physical() -> set[str]:
    return {
        f"{part.__name__}.{field.alias or name}"
        for part in _parts()
        for name, field in part.model_fields.items()
        if kind_of_field(field) is not KeyKind.PHYSICAL
    }


def test_every_key_that_is_not_physical_has_a_case() -> None:
    assert set(CASES) == _keys_that_are_not_physical()


@pytest.mark.parametrize("key", CASES)
def test_an_outcome_is_restated_to_the_last_byte_as_a_simulation_would_have_it(key: str) -> None:
    plan, *changes = CASES[key]
    without = WITHOUT.get(key)
    was = _changed(_scenario(), without) if without else _scenario()
    changed = _changed(was, dict(changes))
    assert stated(changed) != stated(was)
    assert physical_digest(changed) == physical_digest(was)
    simulated = _outcome(was, plan) if without else _simulated(plan)
    assert as_text(restated(simulated, changed)) == as_text(_outcome(changed, plan))


def test_workers_bought_in_two_ways_are_restated_by_each_way() -> None:
    bought = {"purchase": "spot", "reclaim": {"mean": "9 min", "reprovision": "1 min"}, "on_demand_workers": 1}
    spot = _changed(_scenario(), {f"backends.night.{key}": value for key, value in bought.items()})
    renamed = _changed(spot, {"backends.night.instance": "on_demand/b"})
    was, anew = _outcome(spot, RUNS), _outcome(renamed, RUNS)
    assert as_text(restated(was, renamed)) == as_text(anew) != as_text(was)


def test_a_physical_key_is_seen_by_the_digest_of_the_plan_that_it_matters_to() -> None:
    changed = _changed(_scenario(), {"backends.live.slots": 3})
    assert simulation_digest(changed, HYBRID) != simulation_digest(_scenario(), HYBRID)
    assert simulation_digest(changed, RUNS) == simulation_digest(_scenario(), RUNS)


def test_when_the_others_begin_is_part_of_what_a_simulation_is() -> None:
    alone = _changed(_scenario(), {f"plans.{name}": None for name in _scenario().plans if name != HYBRID})
    early = _changed(alone, {"plans.early": {"refresh": {"debounce": "3 h", "backend": "live"}, "on_miss": "default"}})
    assert simulation_digest(early, HYBRID) != simulation_digest(alone, HYBRID)


def test_a_plan_that_has_the_same_store_under_another_medium_is_the_same_simulation() -> None:
    store = {**stated(_scenario())["store"], "meter": "s3_standard", "rows_per_object": 50}
    medium = _changed(_scenario(), {f"plans.{RUNS}.store": store})
    assert simulation_digest(medium, RUNS) == simulation_digest(_scenario(), RUNS)
    assert as_text(restated(_simulated(RUNS), medium)) == as_text(_outcome(medium, RUNS))
    slower = _changed(medium, {f"plans.{RUNS}.store.write_capacity": "2/s"})
    assert simulation_digest(slower, RUNS) != simulation_digest(_scenario(), RUNS)
