"""What a book lacks is told with what needs it and the key that asks for it."""

from pathlib import Path

import pytest
from small_runs import SCENARIOS

from simulator.core.errors import UserError
from simulator.prices.loading import load_book
from simulator.scenario.loading import load_scenario
from simulator.studies.prices_needed import check_prices

FILE = SCENARIOS / "food_delivery_100m.yaml"


def fault_of(file: Path, **changes: object) -> str:
    scenario = load_scenario(file, {key.replace("__", "."): value for key, value in changes.items()})
    with pytest.raises(UserError) as caught:
        check_prices(scenario, load_book("aws-us-east-1"), file)
    return str(caught.value)


def test_a_missing_meter_is_told_with_its_key_its_line_its_plans_and_the_nearest(tmp_path: Path) -> None:
    text = FILE.read_text(encoding="utf-8")
    line = next(n for n, each in enumerate(text.splitlines(), start=1) if "instance: g4dn.xlarge" in each)
    (tmp_path / "mine.yaml").write_text(text.replace("g4dn.xlarge", "g4dn.xlrge", 1), encoding="utf-8")
    said = fault_of(tmp_path / "mine.yaml")
    assert f"line {line}: backends." in said
    assert ".instance: price book 'aws-us-east-1' has no price for 'instance/g4dn.xlrge/" in said
    assert "did you mean 'instance/g4dn.xlarge/" in said
    assert "(needed for " in said


def test_a_key_that_the_command_line_changed_has_no_line() -> None:
    said = fault_of(FILE, backends__live__instance="x9.huge")
    assert "line" not in said.split("backends.live.instance: ")[0]
    assert "needed for online compute of 'on demand', 'cached', 'hybrid', 'nearline', 'SWR'" in said


def test_all_missing_meters_are_told_at_once() -> None:
    said = fault_of(FILE, store__meter="cassandra", backends__night__instance="x9.huge")
    assert said.count("has no price for") == 4
    assert said.count("store.meter: ") == 3


def test_a_training_machine_is_told_by_its_key() -> None:
    training = {"every": "7 d", "instance": "x9.huge", "machine_hours": 40}
    assert "model.training.instance: " in fault_of(FILE, model__training=training)


def test_what_keeps_and_carries_predictions_is_told_by_its_key() -> None:
    own = {"meter": "cassandra"}
    assert "plans.nightly batch.store.meter: " in fault_of(FILE, **{"plans__nightly batch__store": own})
    stream = {"meter": "kafka"}
    assert "plans.nearline.refresh.stream.meter: " in fault_of(FILE, plans__nearline__refresh__stream=stream)
    pipeline = {"instance": "x9.huge", "machine_hours": 3}
    said = fault_of(FILE, backends__night__feature_pipeline=pipeline)
    assert "backends.night.feature_pipeline.instance: " in said
