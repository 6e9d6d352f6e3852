"""How fast one core carries requests, how that grows with the population, and the ratio against plain SimPy."""

import importlib
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import simpy

from benchmarks.figure import REPEATS, Figure, best_s, child, peak_mib
from simulator.scenario.loading import load_scenario
from simulator.scenario.schema import Scenario
from simulator.simulation.simulate import simulate

HEADLINE = Path(__file__).parent.parent / "scenarios" / "food_delivery_100m.yaml"
MILLION = 1e6
SMALL = {"population.users": "10k", "horizon": "1 h", "warmup": "0 s"}
SINGLE = {"traffic.session.requests": {"kind": "fixed", "count": 1}, "population.daily_active": "7.5 %"}
"""One request per login, and as many requests in a week as the sessions of four make: 60 million."""


TOGETHER = {"kind": "affine", "fixed": "11 ms", "per_item": "0.7 ms", "noise": {"kind": "exponential"}}
FUNCTIONS = {
    "backends.functions": {
        "kind": "serverless",
        "memory": "2 GiB",
        "service_time": {"kind": "affine", "fixed": "19 s", "noise": "exponential"},
        "startup": {"kind": "lognormal", "mean": "4 s", "cv": 0.3},
        "concurrency": 100_000,
    },
    "plans.functions": {"on_miss": "compute", "backend": "functions"},
}
"""Serverless, with so long a service time that about 2,000 instances live."""


def scenario(changes: dict[str, object] | None = None) -> Scenario:
    """Return the headline scenario with exponential service times and some changes."""
    exponential = {"backends.live.service_time.noise": {"kind": "exponential"}}
    changes = changes or {}
    fixed = {} if "backends.live.service_time" in changes else exponential
    return load_scenario(HEADLINE, {"warmup": "1 d", "horizon": "3 d", **fixed, **changes})


def simulated_requests(of: Scenario, plan: str) -> float:
    """Return how many requests a simulation carries, warm-up included."""
    from simulator.simulation.simulate import begin_s  # noqa: PLC0415

    span_s = of.horizon_s - begin_s(of, plan)
    return of.demand.mean_requests_per_s * span_s


def per_core() -> Iterator[Figure]:
    """End to end on one core: drawing users and requests, queue, look-ups, tallies, autoscaler ticks every 15 s."""
    cases = [
        ("on demand, sessions of 4 requests", "on demand", {}, 18),
        ("on demand, one request per login", "on demand", SINGLE, 25),
        ("TTL cache, sessions of 4 requests", "cached", {}, 15),
        ("serverless, 2,000 live instances, sessions of 4 requests", "functions", FUNCTIONS, 2),
        ("nightly batch, sessions of 4 requests", "nightly batch", {}, None),
        ("hybrid over 7 days active, the scenario as it is", "hybrid", {"horizon": "7 d"}, 10),
        ("nearline, the scenario as it is", "nearline", {"horizon": "7 d"}, 10),
        ("stale-while-revalidate, the scenario as it is", "SWR", {"horizon": "7 d"}, None),
    ]
    together = {"max": 64, "hold": "50 ms"}
    batching = {"backends.live.service_time": TOGETHER, "backends.live.batching": together}
    cases.append(("computed some six together, sessions of 4 requests", "on demand", batching, 5))
    for what, plan, changes, aim in cases:
        simulate(scenario({**changes, **SMALL}), plan)  # compiles
        big = scenario(changes)
        took_s = best_s(lambda big=big, plan=plan: simulate(big, plan))
        rate = simulated_requests(big, plan) / took_s / MILLION
        yield Figure(
            f"100M users, {what}, one core",
            f"{rate:.1f}M requests/s ({1000 / rate:.0f} ns each)",
            f"{aim}M/s" if aim else "-",
        )


def scaling() -> Iterator[Figure]:
    """Time per request and memory from a million users to a billion."""
    for plan, aim in (("on demand", "1B at most 1.33 x 10M"), ("cached", "1B at most 1.33 x 10M; 1B within 8 GiB")):
        for users, horizon in (("1M", "7 d"), ("10M", "7 d"), ("100M", "3 d"), ("1B", "2 d")):
            run = child("-m", "benchmarks.engine", plan, users, horizon)
            ns, mib = json.loads(run.output)
            yield Figure(f"{users} users, {plan}", f"{ns:.0f} ns/request, peak {mib / 1024:.2f} GiB", aim)


def against_simpy() -> Iterator[Figure]:
    """The engine against SimPy with a process per request, on the same machine in one run."""
    small = scenario({**SMALL, "population.users": "1M", "horizon": "6 h"})
    for plan in ("on demand", "cached"):
        simulate(small, plan)
        big = scenario()
        engine_ns = best_s(lambda big=big, plan=plan: simulate(big, plan)) / simulated_requests(big, plan) * 1e9
        model_s = best_s(lambda plan=plan: _reference_model()(small, plan, 0).run())
        model_ns = model_s / simulated_requests(small, plan) * 1e9
        yield Figure(
            f"against the tests' SimPy reference model, {plan}",
            f"{model_ns / engine_ns:.0f} times as fast ({engine_ns:.0f} against {model_ns:,.0f} ns/request)",
            "-",
        )
        if plan == "on demand":
            bare_ns = best_s(lambda: _process_per_request(100_000)) / 100_000 * 1e9
            yield Figure(
                "against bare SimPy: a process with a Resource per request, nothing else",
                f"{bare_ns / engine_ns:.0f} times as fast ({engine_ns:.0f} against {bare_ns:,.0f} ns/request)",
                "250 times",
            )


def _reference_model() -> type:
    """Return the tests' process-per-request model, which gives the same answers as the engine."""
    sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "reference"))
    return importlib.import_module("process_model").ProcessModel


def _process_per_request(requests: int) -> None:
    """Serve so many requests by two replicas, the plainest way that SimPy has."""
    import numpy as np  # noqa: PLC0415

    rng = np.random.default_rng(1)
    env = simpy.Environment()
    fleet = simpy.Resource(env, capacity=2)
    gaps, services = rng.exponential(1 / 100, requests), rng.exponential(0.001, requests)
    waits = np.empty(requests)

    def request(number: int):  # noqa: ANN202
        arrived = env.now
        with fleet.request() as turn:
            yield turn
            waits[number] = env.now - arrived
            yield env.timeout(services[number])

    def arrivals():  # noqa: ANN202
        for number, gap in enumerate(gaps):
            yield env.timeout(gap)
            env.process(request(number))

    env.process(arrivals())
    env.run()


BENCHMARKS = {"per_core": per_core, "scaling": scaling, "against_simpy": against_simpy}


def _measure_one(plan: str, users: str, horizon: str) -> None:
    """Print nanoseconds per request and peak memory of a process that does nothing else."""
    simulate(scenario(SMALL), plan)
    of = scenario({"population.users": users, "horizon": horizon, "warmup": "12 h"})
    times = []
    for _ in range(REPEATS):
        begin = time.perf_counter()
        outcome = simulate(of, plan)
        times.append(time.perf_counter() - begin)
    assert outcome.counted.tally["requests"] > 0
    print(json.dumps([min(times) / simulated_requests(of, plan) * 1e9, peak_mib()]))


if __name__ == "__main__":
    _measure_one(*sys.argv[1:])
