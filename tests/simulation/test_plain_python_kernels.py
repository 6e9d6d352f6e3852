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


def tiny_scenarios() -> list[Scenario]:
    tiny = a_scenario(horizon="100 min", population={"users": 120, "logins_per_day": "6/day", "shape": 0.6})
    returns = {"probability": "40 %", "gap": {"kind": "lognormal", "mean": "1 h", "cv": 1.5}}
    more = tiny.with_(traffic__return_visits=returns, traffic__burstiness={"cv": 0.5, "every": "7 s"})
    return [tiny, more.with_(value=None, model=None)]  # with and without the quality of answers


def digests() -> list[str]:
    """Return a digest of what each plan counts, histograms included."""
    found = []
    for scenario, plan in [(tiny, plan) for tiny in tiny_scenarios() for plan in tiny.plans]:
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
