"""What a long study will take is told before it begins."""

import re
from pathlib import Path

from drawn_scenarios import a_scenario
from small_runs import SCENARIOS, small

from simulator.scenario.loading import load_scenario
from simulator.studies.executor import Task, run_tasks
from simulator.studies.forecast import LONG_S, forecast
from simulator.studies.outcome_store import OutcomeStore


def headline() -> list[Task]:
    scenario = load_scenario(SCENARIOS / "food_delivery_100m.yaml")
    return [Task(scenario, plan, number) for number in range(3) for plan in scenario.plans]


def test_what_is_soon_done_is_not_foretold() -> None:
    scenario = small()
    assert forecast([Task(scenario, plan, 0) for plan in scenario.plans]) is None


def test_a_long_study_is_foretold_with_its_simulations_time_and_memory() -> None:
    found = forecast(headline(), 2)
    assert found is not None
    assert found.simulations == 18
    assert found.duration_s > LONG_S
    assert 2e9 < found.bytes < 6e9
    assert re.fullmatch(
        r"18 simulations: about \d+ (s|min) on [12] process(es)?, about [\d.]+ GB of memory of .* GB that are free",
        found.text,
    )


def test_twice_the_processes_take_about_half_as_long() -> None:
    one, two = forecast(headline(), 1), forecast(headline(), 2)
    assert one is not None
    assert two is not None
    assert 1.6 < one.duration_s / two.duration_s < 2.2 or two.processes == 1


def test_what_is_stored_is_not_counted_as_to_be_simulated(tmp_path: Path) -> None:
    store, scenario = OutcomeStore(tmp_path), a_scenario(horizon="2 h")
    plan = next(iter(scenario.plans))
    done = Task(scenario, plan, 0)
    for _ in run_tasks([done], 1, kept=store):
        pass
    found = forecast([*headline(), done], 2, store)
    assert found is not None
    assert (found.simulations, found.stored) == (18, 1)
    assert "18 simulations, 1 stored ones beside:" in found.text
