"""A comparison as one JSON object."""

import math
from importlib.metadata import version
from typing import Any

from simulator.studies.comparison import Comparison, PlanResult
from simulator.studies.recommendation import recommendation
from simulator.studies.warnings import warnings_of


def as_json(comparison: Comparison) -> dict[str, Any]:
    """Return what ``predcost run --json`` prints, in an order that is always the same; what is not known is None."""
    content = {
        **study_json(comparison),
        "plans": {name: plan_json(result) for name, result in comparison.plans.items()},
        "sizings": [sizing.as_dict() for sizing in comparison.sizings],
        "differences": [difference.as_dict() for difference in comparison.differences],
        "ranking": list(comparison.ranking),
        "recommended": comparison.recommended,
        "selection": comparison.selection.as_dict(),
        "recommendation": list(recommendation(comparison)),
        "turning_points": comparison.turning_points.as_dict() if comparison.turning_points else None,
        "warnings": list(warnings_of(comparison)),
    }
    return {key: finite(value) for key, value in content.items()}


def study_json(comparison: Comparison) -> dict[str, Any]:
    """Return what was studied, and how."""
    scenario = comparison.scenario
    return {
        "scenario": scenario.name,
        "version": version("predcost"),
        "seed": scenario.seed,
        "users": scenario.population.users,
        "horizon_s": scenario.horizon_s,
        "replications": comparison.replications,
    }


def plan_json(result: PlanResult) -> dict[str, Any]:
    """Return one plan: its metrics, its bill, and whether it keeps every bound.

    ``meets_slo`` goes by the means; ``slo`` says of each bound whether that is sure: met, broken or undecided.
    """
    return {
        "metrics": {name: estimate.as_dict() for name, estimate in result.metrics.items()},
        "bill": [line.as_dict() for line in result.bill.lines],
        "meets_slo": result.meets_slo,
        "violations": [violation.as_dict() for violation in result.violations],
        "saturation": result.saturation.as_dict(),
        "slo": {metric: str(told) for metric, told in result.slo.items()},
    }


def finite(value: Any) -> Any:
    """Return the value with None for every number that JSON cannot hold."""
    if isinstance(value, dict):
        return {key: finite(part) for key, part in value.items()}
    if isinstance(value, list):
        return [finite(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
