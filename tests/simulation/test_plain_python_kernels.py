"""Kernels are plain functions: without Numba they give the same bytes."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from drawn_scenarios import a_scenario

from simulator.core.histogram import Histogram
from simulator.scenario.schema import Scenario
from simulator.simulation.simulate import simulate

TESTS = Path(__file__).parents[1]


def tiny_runs() -> list[tuple[Scenario, str]]:
    """Return scenarios, each with the name of a plan, in which all kernels have something to do."""
    tiny = a_scenario(horizon="100 min", population={"users": 80, "logins_per_day": "6/day", "shape": 0.6})
    returns = {"probability": "40 %", "gap": {"kind": "lognormal", "mean": "1 h", "cv": 1.5}}
    more = tiny.with_(traffic__return_visits=returns, traffic__burstiness={"cv": 0.5, "every": "7 s"})
    without_quality, scopes = more.with_(value=None, model=None), scoped(tiny)
    return [
        *((scopes, plan) for plan in scopes.plans),
        *((tiny, plan) for plan in tiny.plans),
        *((without_quality, plan) for plan in list(without_quality.plans)[::2]),
    ]


def scoped(tiny: Scenario) -> Scenario:
    """Return a plan for each scope, some of them with rows from before the beginning."""
    scopes = [
        ({"kind": "active_within", "window": "4 h"}, {}),
        ({"kind": "active_within", "window": "20 min"}, {}),
        ({"kind": "most_active", "share": "30 %"}, {"incremental": True}),
        ({"kind": "predicted", "precision": "60 %", "recall": "80 %"}, {"clock": "local"}),
    ]
    hybrid = tiny.model_dump(mode="json")["plans"]["hybrid"]
    plans = [hybrid | {"precompute": hybrid["precompute"] | {"scope": scope} | more} for scope, more in scopes]
    return tiny.with_(
        population__dormant="20 %",
        store__expiry="5 h",
        traffic__timezones={"Asia/Tokyo": "50 %", "Europe/Berlin": "50 %"},
        plans={f"scope {number}": plan for number, plan in enumerate(plans)},
    )


def digests() -> list[str]:
    """Return a digest of what each plan counts, histograms included."""
    found = []
    for scenario, plan in tiny_runs():
        outcome = simulate(scenario, plan)
        digest = hashlib.sha256()
        for histogram in (outcome.counted.latency, outcome.counted.age):
            assert isinstance(histogram, Histogram)
            digest.update(histogram.counts.tobytes())
        numbers = [*outcome.counted.tally.values(), *outcome.busy_replica_s, outcome.unserved_at_end]
        digest.update(repr([float(number).hex() for number in numbers]).encode())
        found.append(f"{plan}: {int(outcome.counted.tally['requests'])} requests, {digest.hexdigest()}")
    return found


def test_plain_python_gives_the_same_bytes_as_compiled_code() -> None:
    program = "from test_plain_python_kernels import *; print('\\n'.join(digests()))"
    paths = [str(Path(__file__).parent), str(TESTS), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    command = [sys.executable, "-P", "-W", "error", "-c", program]
    plain = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert plain.returncode == 0, plain.stderr
    assert plain.stdout.splitlines() == digests()
