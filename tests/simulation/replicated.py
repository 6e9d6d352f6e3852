"""Replications of a plan, and the comparison of their mean with what theory says."""

from collections.abc import Callable
from typing import Any

import numpy as np

from simulator.scenario.schema import Scenario
from simulator.simulation.outcome import Outcome
from simulator.simulation.simulate import simulate

STANDARD_ERRORS = 4
DAY_S = 86400.0


def replicate(scenario: Scenario, plan: str, count: int) -> list[Outcome]:
    return [simulate(scenario, plan, replication) for replication in range(count)]


def agree(values: list[float], expected: float, *, noise: float = 0.05, bias: float = 0.0) -> None:
    """Assert that a mean is within 4 standard errors of what is expected, and that these are small.

    ``noise`` is the largest standard error that still tells something, as a share of the expected value; ``bias`` a
    known error of the measurement, such as the width of a histogram's bin.
    """
    error = float(np.std(values, ddof=1)) / len(values) ** 0.5
    assert error < noise * abs(expected), f"a standard error of {error} tells nothing about {expected}"
    off = float(np.mean(values)) - expected
    assert abs(off) <= STANDARD_ERRORS * error + bias, f"{np.mean(values)} is {off / error:.1f} errors off {expected}"


def agree_each(outcomes: list[Outcome], value: Callable[[Outcome], float], expected: float, **limits: float) -> None:
    agree([value(outcome) for outcome in outcomes], expected, **limits)


def fleet_world(rate_per_s: float, service_s: float, replicas: int, noise: Any, **fleet: Any) -> Scenario:
    """Return Poisson requests on a fixed fleet, all from users alike."""
    users = 1_000_000
    return Scenario.model_validate(
        {
            "seed": 3,
            "horizon": "2 h",
            "warmup": "10 min",
            "population": {"users": users, "logins_per_day": f"{rate_per_s * DAY_S / users}/day", "shape": "inf"},
            "backends": {
                "live": {
                    "kind": "fleet",
                    "instance": "f",
                    "service_time": {"kind": "affine", "fixed": f"{service_s} s", "noise": noise},
                    "capacity": {"kind": "fixed", "replicas": replicas},
                    **fleet,
                }
            },
            "plans": {"on demand": {"on_miss": "compute", "backend": "live"}},
        }
    )
