"""How near the planner comes to the simulation: `python -m benchmarks.planner_accuracy`.

Holds `estimate` against simulations of every scenario in scenarios/, with fewer users where there are many, and of
scenarios drawn at random, and prints a table: by metric and kind, how far off it is at the median and at worst.
"""

import argparse
import json
import math
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.special import stdtrit

from benchmarks.drawn_planner_scenarios import drawn
from simulator.prices.loading import load_book
from simulator.scenario.loading import load_scenario
from simulator.scenario.schema import Scenario
from simulator.studies.comparison import Comparison
from simulator.studies.planner.estimating import estimates_of
from simulator.studies.planner.values import Kind
from simulator.studies.study import compare

SCENARIOS = Path(__file__).parents[1] / "scenarios"
MOST_REQUESTS = 4e6
MOST_USERS = 2_000_000
REPLICATIONS = 4
METRICS = (
    "requests",
    "cost_usd_per_month",
    "wasted_usd_per_month",
    "predictions_computed",
    "predictions_wasted",
    "coverage",
    "cache_hit_ratio",
    "computed_fraction",
    "default_fraction",
    "age_mean_s",
    "age_p50_s",
    "age_p95_s",
    "stale_fraction",
    "latency_mean_s",
    "latency_p50_s",
    "latency_p99_s",
    "replicas_mean",
    "utilisation",
    "batch_makespan_mean_s",
)
CHANCE = 0.99865
"""Of a normal distribution up to three standard deviations."""
AIMS = {"cost": 0.03, "wasted_usd": 0.03, "age": 0.02, "stale": 0.02, "latency_p99": 0.15}
"""How far off an approximate value may be, by the beginning of its metric's name."""
SMALL_SHARE = 0.01
"""Shares below this are compared by their difference, as a part of it."""


@dataclass(frozen=True)
class Miss:
    """An estimate beside a simulation."""

    scenario: str
    plan: str
    metric: str
    kind: str
    estimated: float
    simulated: float
    error_fraction: float
    """Relative to the simulation."""
    standard_errors: float
    """How many of the simulation's."""
    overloaded: bool
    replications: int

    @property
    def is_by_chance(self) -> bool:
        """Whether it lies in the 99.7 % interval: three standard errors or, of few replications, more."""
        return bool(abs(self.standard_errors) <= stdtrit(self.replications - 1, CHANCE))

    @property
    def aim_fraction(self) -> float | None:
        """How far off it may be; None where no aim is stated."""
        return next((aim for starts, aim in AIMS.items() if self.metric.startswith(starts)), None)


def bundled() -> Iterator[Scenario]:
    """Yield the scenarios that come with the program, at a size that is simulated in seconds."""
    for path in sorted(SCENARIOS.glob("*.yaml")):
        scenario = load_scenario(path)
        per_user = scenario.demand.expected_rates(scenario.horizon_s).mean_per_s * scenario.horizon_s
        per_user /= scenario.population.users
        users = scenario.population.users
        if scenario.traffic.replay is None:
            users = min(users, MOST_USERS, int(MOST_REQUESTS / per_user))
        yield scenario.with_(population__users=users, replications=REPLICATIONS)


def simulated(scenario: Scenario, kept: Path | None) -> dict[str, dict[str, tuple[float, float]]]:
    """Return each plan's metrics with their standard errors; kept results are not simulated again."""
    place = kept / f"{scenario.name.replace('/', '-')}.json" if kept else None
    if place and place.exists():
        return json.loads(place.read_text())  # type: ignore[no-any-return]
    found = _metrics(compare(scenario, load_book(scenario.prices)))
    if place:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(json.dumps(found))
    return found


def _metrics(comparison: Comparison) -> dict[str, dict[str, tuple[float, float]]]:
    found = {}
    for name, plan in comparison.plans.items():
        rows = {metric: [values[metric] for values in plan.values] for metric in plan.metrics}
        found[name] = {
            metric: (float(np.mean(row)), float(np.std(row, ddof=1) / math.sqrt(len(row))))
            for metric, row in rows.items()
        }
        found[name]["overloaded"] = (float(plan.is_overloaded), 0.0)
    return found


def misses(scenario: Scenario, kept: Path | None) -> Iterator[Miss]:
    """Yield every estimate of a scenario beside its simulation."""
    truth = simulated(scenario, kept)
    for name, plan in estimates_of(scenario, load_book(scenario.prices)).plans.items():
        for metric in METRICS:
            if metric not in plan.metrics or metric not in truth[name]:
                continue
            mean, error = truth[name][metric]
            value = plan.metrics[metric]
            off = value.value - mean
            near = abs(off) < 1e-9 * max(abs(mean), 1e-9)
            scale = max(abs(mean), SMALL_SHARE) if metric.endswith(("_fraction", "_ratio")) else abs(mean)
            yield Miss(
                scenario.name,
                name,
                metric,
                value.kind,
                value.value,
                mean,
                0.0 if near else off / (scale or 1.0),
                0.0 if near else off / (error or 1e-12 * max(abs(mean), 1e-9)),
                bool(truth[name]["overloaded"][0]),
                scenario.replications,
            )


def table(found: list[Miss]) -> str:
    """Return the table in Markdown."""
    by_key = defaultdict[tuple[str, str], list[Miss]](list)
    for miss in found:
        if not miss.overloaded:
            by_key[miss.metric, miss.kind].append(miss)
    lines = [
        "| metric | kind | values | median error | worst error | aim | within it |",
        "|---|---|--:|--:|--:|--:|--:|",
    ]
    for metric in METRICS:
        for kind in Kind:
            of = by_key.get((metric, kind))
            if of:
                lines.append(_row(metric, kind, of))
    return "\n".join(lines)


def _row(metric: str, kind: str, of: list[Miss]) -> str:
    errors = sorted(abs(miss.error_fraction) for miss in of)
    aim, met = of[0].aim_fraction, ""
    if kind == Kind.EXACT:
        met, told = f"{np.mean([miss.is_by_chance for miss in of]):.0%}", "chance"
    else:
        told = "" if aim is None else f"{aim:.0%}"
        met = "" if aim is None else f"{np.mean([error <= aim for error in errors]):.0%}"
    return f"| {metric} | {kind} | {len(of)} | {np.median(errors):.2%} | {errors[-1]:.2%} | {told} | {met} |"


def main() -> None:
    """Print the table, and what misses its aim."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kept", type=Path, help="A folder that simulated results are kept in, and taken from.")
    parser.add_argument("--only", help="Scenarios whose name contains this.")
    parser.add_argument("--drawn", type=int, default=60, help="How many scenarios are drawn.")
    parser.add_argument("--bundled", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--misses", type=float, default=0.02, help="Print values that are farther off.")
    given = parser.parse_args()
    found = list[Miss]()
    for scenario in (*(bundled() if given.bundled else ()), *drawn(given.drawn)):
        if given.only and given.only not in scenario.name:
            continue
        began = time.process_time()
        found += misses(scenario, given.kept)
        print(f"{scenario.name}: {time.process_time() - began:.1f} s")
    print(table(found))
    for miss in sorted(found, key=lambda each: (each.metric, each.scenario)):
        is_off = not miss.is_by_chance if miss.kind == Kind.EXACT else abs(miss.error_fraction) > given.misses
        if is_off and abs(miss.standard_errors) > 2:
            print(
                f"{miss.metric:22s} {miss.error_fraction:+8.1%} {miss.standard_errors:+9.1f} se {miss.estimated:12.6g}"
                f" {miss.simulated:12.6g} {miss.kind[:6]} {miss.scenario[:26]} / {miss.plan}"
                f"{' OVERLOADED' if miss.overloaded else ''}"
            )


if __name__ == "__main__":
    main()
