"""What a scenario says about its model and about what answers are worth, and what it must not say."""

from typing import Any

import pytest
from drawn_scenarios import a_scenario

from simulator.core.errors import InputFileError

TRAINING = {"every": "7 d", "instance": "g5.xlarge", "machine_hours": 40}


@pytest.mark.parametrize(
    ("changes", "place", "words"),
    [
        (
            {"model__accuracy": {"initial": "90 %", "floor": "95 %"}},
            "with_(model__accuracy=...)",
            "'floor' (95 %) is above 'initial' (90 %); accuracy falls from 'initial' to 'floor'",
        ),
        ({"model__accuracy": {"initial": "0 %"}}, "model.accuracy.initial", "must be above 0"),
        ({"model__accuracy": {"initial": "101 %"}}, "model.accuracy.initial", "at most"),
        (
            {"model__accuracy": {"loss_per_day": "1 %"}},
            "with_(model__accuracy=...)",
            "needs 'initial', e.g. 'initial: 96 %'",
        ),
        (
            {"model__training": TRAINING | {"every": "30 h"}},
            "with_(model__training=...)",
            "a training takes 1.67 d (machine_hours / machines), longer than 'every' (1.25 d)",
        ),
        ({"model__training": TRAINING | {"purchase": "leased"}}, "model.training.purchase", "on_demand"),
        ({"model__training": TRAINING | {"machine_hours": 0}}, "model.training.machine_hours", "above 0"),
        ({"model__training": TRAINING | {"machine_hours": "inf"}}, "model.training.machine_hours", "at most"),
        ({"model__training": TRAINING | {"machines": 0}}, "model.training.machines", "at least 1"),
        (
            {"model__half_life": None},
            "scenario 'Scenario': model:",
            "'quality_floor' (30 %) is what a wholly stale prediction is worth, and without 'half_life' none grows",
        ),
        (
            {"value": {"default_quality": "60 %"}},
            "with_(value=...)",
            "needs 'per_request', e.g. 'per_request: 0.0004 USD'",
        ),
        ({"value": {"per_request": 0.01}}, "value.per_request", "has no unit; write e.g. '30 USD'"),
        ({"value__latency_loss": "1 %"}, "value", "latency_loss_per_100ms"),
        (
            {"model__accuracy": None, "plans__cached__accuracy": {"initial": "97 %"}},
            "with_(plans__cached__accuracy=...)",
            "quality is told relative to the scenario's model; give 'model.accuracy' too",
        ),
        (
            {"plans__cached__training": TRAINING | {"every": "30 h"}},
            "with_(plans__cached__training=...)",
            "longer than 'every'",
        ),
    ],
)
def test_a_contradiction_says_where_what_and_what_would_be_right(
    changes: dict[str, Any], place: str, words: str
) -> None:
    with pytest.raises(InputFileError) as caught:
        a_scenario().with_(**changes)
    assert place in str(caught.value)
    assert words in str(caught.value)


def test_a_training_may_take_all_the_time_there_is() -> None:
    scenario = a_scenario().with_(model__training=TRAINING | {"every": "40 h"})
    assert scenario.model.training is not None
    assert scenario.model.training.duration_s == scenario.model.training.every_s


def test_a_plan_serves_the_scenarios_model_unless_it_says_otherwise() -> None:
    scenario = a_scenario().with_(plans__cached__accuracy={"initial": "99 %"}, plans__rolling__training=TRAINING)
    cached, rolling = scenario.plans["cached"], scenario.plans["rolling"]
    assert scenario.accuracy(cached) == cached.accuracy != scenario.model.accuracy
    assert scenario.training(cached) == scenario.model.training
    assert scenario.accuracy(rolling) == scenario.model.accuracy
    assert scenario.training(rolling) == rolling.training != scenario.model.training


@pytest.mark.parametrize(
    ("changes", "asks"),
    [
        ({}, True),
        ({"value": None}, True),
        ({"value": None, "model__accuracy": None}, True),
        ({"value": None, "model__accuracy": None, "model__quality_floor": "0 %"}, False),
        ({"value": None, "model__quality_floor": "0 %"}, True),
        ({"model__accuracy": None, "model__quality_floor": "0 %"}, True),
    ],
)
def test_quality_is_asked_for_by_whatever_tells_better_answers_from_worse(
    changes: dict[str, Any], *, asks: bool
) -> None:
    assert a_scenario().with_(**changes).asks_for_quality is asks


def test_what_is_written_can_be_read_again() -> None:
    scenario = a_scenario().with_(plans__cached__accuracy={"initial": "99 %"}, plans__rolling__training=TRAINING)
    written = scenario.model_dump(mode="json", exclude_none=True)
    assert written["model"]["accuracy"] == {"initial": "96 %", "loss_per_day": "100 %", "floor": "85 %"}
    assert written["value"]["per_request"] == "0.01 USD"
    assert type(scenario).model_validate(written) == scenario
