"""A sweep of many points against as many runs of their own: CPU time of both, in turns, and how busy the cores are."""

import os
import resource
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from benchmarks.engine import HEADLINE
from benchmarks.figure import Figure
from simulator.scenario.loading import load_scenario
from simulator.scenario.schema import Scenario
from simulator.studies.executor import cores
from simulator.studies.factors import read_factors
from simulator.studies.study import compare
from simulator.studies.sweep import SweepStudy
from simulator.studies.variants import Books, Variants, scenarios_at

OVER = {"plans.cached.cache.ttl": "1h..48h:log8", "backends.live.capacity.min": "2..9:8"}
"""Lifetimes and the smallest fleet: 64 points that all draw the same requests."""
PLANS = ("nightly batch", "on demand", "cached")
USERS = os.environ.get("PREDCOST_SWEEP_USERS", "1M")


@dataclass(frozen=True)
class Took:
    """What something took, of this process and its children."""

    cpu_s: float
    wall_s: float


def took(work: Callable[[], object]) -> Took:
    """Measure something once."""
    begin, begin_s = _cpu_s(), time.perf_counter()
    work()
    return Took(_cpu_s() - begin, time.perf_counter() - begin_s)


def _cpu_s() -> float:
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)


def swept(scenario: Scenario, over: Mapping[str, str], workers: int | None) -> int:
    """Sweep, and return how many simulations that took."""
    variants = Variants(Books(), workers)
    SweepStudy(scenario, read_factors(scenario, over, "--over"), variants, "--over").run()
    return variants.simulated


def run_apart(scenario: Scenario, over: Mapping[str, str], workers: int | None) -> int:
    """Run every point on its own, and return how many simulations that took."""
    books = Books()
    factors = read_factors(scenario, over, "--over")
    points = [{factors[0].key: one, factors[1].key: other} for one in factors[0].levels for other in factors[1].levels]
    for there in scenarios_at(scenario, points, "--over"):
        compare(there, books.of(there), workers)
    return len(points) * len(scenario.plans) * scenario.replications


def sweep() -> Iterator[Figure]:
    """64 points of lifetime and fleet against 64 runs."""
    few = {name: None for name in load_scenario(HEADLINE).plans if name not in PLANS}
    changes = {"population.users": USERS, "horizon": "1 d", "replications": 1}
    scenario = load_scenario(HEADLINE, {**changes, **{f"plans.{name}": None for name in few}})
    swept(scenario.with_(population__users="1k", horizon="1 h"), OVER, 1)  # compiles
    simulations: list[int] = []
    together, apart = [], []
    for _ in range(2):
        together.append(took(lambda: simulations.append(swept(scenario, OVER, None))))
        apart.append(took(lambda: simulations.append(run_apart(scenario, OVER, None))))
    one, other = (min(each, key=lambda took: took.cpu_s) for each in (together, apart))
    wall = min(each.wall_s for each in together)
    busy = max(each.cpu_s / each.wall_s for each in together) / cores()
    yield Figure(
        f"64 points of lifetime and fleet, {USERS} users, three plans, a day",
        f"{one.cpu_s:.1f} s of CPU for {simulations[0]} simulations, {other.cpu_s:.1f} s for {simulations[1]} in 64 "
        f"runs: {one.cpu_s / other.cpu_s:.2f}; {wall:.1f} s on the clock",
        "0.75",
    )
    yield Figure("of it, how busy the cores are", f"{busy * 100:.0f} %", "90 %")


BENCHMARKS = {"sweep": sweep}
