"""Rewrite the stored results of the bundled scenarios: ``make golden``. Say why in CHANGELOG.md, Results changed."""

import json
from pathlib import Path
from typing import Any

from simulator.prices.loading import load_book
from simulator.report.json_report import as_json
from simulator.scenario.loading import load_scenario
from simulator.studies.study import compare

HERE = Path(__file__).parent
SCENARIOS = sorted((HERE.parent.parent / "scenarios").glob("*.yaml"))
SMALL = {"population.users": "20k", "horizon": "2 d", "replications": 2}
"""Few users, so that all of it runs in seconds: a stored result guards the code, not the scenario's answer."""


def result(path: Path) -> dict[str, Any]:
    """Return the JSON of a scenario with few users."""
    scenario = load_scenario(path, SMALL)
    content: dict[str, Any] = json.loads(json.dumps(as_json(compare(scenario, load_book(scenario.prices), workers=1))))
    del content["version"]
    return content


def stored(path: Path) -> Path:
    """Return where a scenario's result is stored."""
    return HERE / f"{path.stem}.json"


if __name__ == "__main__":
    for scenario_path in SCENARIOS:
        stored(scenario_path).write_text(json.dumps(result(scenario_path), indent=1) + "\n", encoding="utf-8")
