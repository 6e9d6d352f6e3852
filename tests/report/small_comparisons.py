"""Comparisons of a bundled scenario with few users."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

from simulator.core.estimate import Estimate
from simulator.prices.book import PriceBook
from simulator.scenario.loading import load_scenario
from simulator.studies.comparison import Comparison, comparison_of
from simulator.studies.factors import read_factors
from simulator.studies.plan_result import priced_plan
from simulator.studies.study import compare
from simulator.studies.sweep import Point, Sweep

SCENARIO = Path(__file__).parent.parent.parent / "scenarios" / "food_delivery_100m.yaml"
SCHEDULE = {"every": "24 h", "at": "02:00", "scope": {"kind": "everyone"}, "publish": "rolling", "backend": "night"}
NIGHTLY = {"precompute": SCHEDULE, "on_miss": "default"}
ON_DEMAND = {"on_miss": "compute", "backend": "live"}
HYBRID = {**ON_DEMAND, "precompute": SCHEDULE, "cache": {"kind": "ttl", "ttl": "6 h"}}
LONG = "everything that the recommendations team has tried since spring, number"


def compared(book: PriceBook, **changes: Any) -> Comparison:
    quick = {"kind": "affine", "fixed": "1.1 ms", "noise": {"kind": "lognormal", "cv": 0.17}}
    few = {
        "population.users": "10k",
        "horizon": "1 d",
        "replications": 2,
        "backends.live.service_time": quick,
        **dict.fromkeys(("plans.hybrid", "plans.nearline", "plans.SWR")),
        **changes,
    }
    return compare(load_scenario(SCENARIO, few), book, workers=1)


def again(comparison: Comparison, book: PriceBook, *, feature_pipeline: bool) -> Comparison:
    """Return the same runs with other prices, and without what the scenario itself prices unless asked for."""
    outcomes = [
        replace(
            outcome,
            usage=tuple(usage for usage in outcome.usage if feature_pipeline or usage.given_price_usd is None),
        )
        for plan in comparison.plans.values()
        for outcome in plan.outcomes
    ]
    return comparison_of(comparison.scenario, book, outcomes)


def with_metric(comparison: Comparison, plan: str, metric: str, estimate: Estimate) -> Comparison:
    """Return the comparison with one metric of a plan put in its place."""
    result = comparison.plans[plan]
    changed = replace(result, metrics={**result.metrics, metric: estimate})
    return replace(comparison, plans={**comparison.plans, plan: changed})


def with_fewer_replications(comparison: Comparison, plan: str, count: int) -> Comparison:
    """Return the comparison with the first replications of a plan alone, as where the choice is not for it any more."""
    found = comparison.plans[plan]
    fewer = priced_plan(
        comparison.scenario,
        comparison.book,
        plan,
        found.values[:count],
        found.consumptions[:count],
        found.saturation,
        found.outcomes[:count],
    )
    return replace(comparison, plans={**comparison.plans, plan: fewer})


def without(comparison: Comparison, *plans: str) -> Comparison:
    """Return the comparison without some plans."""
    return replace(comparison, plans={name: plan for name, plan in comparison.plans.items() if name not in plans})


def swept(comparison: Comparison, over: Mapping[str, str]) -> Sweep:
    """Return a sweep that has found the same everywhere."""
    factors = tuple(read_factors(comparison.scenario, over, "over"))
    places = list(product(*(range(len(factor.levels)) for factor in factors)))
    points = tuple(
        Point(place, tuple(factor.levels[k] for factor, k in zip(factors, place, strict=True)), comparison)
        for place in places
    )
    return Sweep(comparison.scenario, factors, points, len(points))
