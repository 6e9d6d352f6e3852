"""Bundled scenarios with few users."""

from pathlib import Path
from typing import Any

from simulator.scenario.loading import load_scenario
from simulator.scenario.schema import Scenario

SCENARIOS = Path(__file__).parent.parent.parent / "scenarios"


def small(name: str = "food_delivery_100m", **changes: Any) -> Scenario:
    few: dict[str, Any] = {"population.users": "20k", "horizon": "1 d", "replications": 2}
    if name == "food_delivery_100m":
        few |= dict.fromkeys(("plans.hybrid", "plans.nearline", "plans.SWR"))
    return load_scenario(SCENARIOS / f"{name}.yaml", few).with_(**changes)
