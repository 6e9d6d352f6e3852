"""Every bundled scenario, made small: it runs, is kept, and costs the same when it is priced again."""

from pathlib import Path

import pytest
from small_runs import SCENARIOS

from simulator.prices.loading import load_book
from simulator.scenario.loading import load_scenario
from simulator.studies.reprice import reprice
from simulator.studies.run_folder import write_run
from simulator.studies.stored_run import read_run
from simulator.studies.study import compare

FEW = {"population.users": "2k", "horizon": "3 h", "warmup": "0 s", "replications": 1}
SCENARIO_FILES = sorted(SCENARIOS.glob("*.yaml"))


@pytest.mark.parametrize("file", SCENARIO_FILES, ids=lambda file: file.stem)
def test_a_kept_run_costs_the_same_at_the_prices_it_was_kept_with(file: Path, tmp_path: Path) -> None:
    scenario = load_scenario(file, FEW)
    book = load_book(scenario.prices)
    comparison = compare(scenario, book, workers=1)
    write_run(comparison, tmp_path, [])
    repriced = reprice(read_run(tmp_path), book)
    for name, plan in comparison.plans.items():
        found = repriced.after.plans[name]
        assert found.consumptions == plan.consumptions
        assert found.bill.lines == plan.bill.lines
        assert found.metrics == plan.metrics
