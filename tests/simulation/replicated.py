"""Replications of a plan, and the comparison of their mean with what theory says."""

from collections.abc import Callable

from simulator.scenario.schema import Scenario
from simulator.simulation.outcome import Outcome
from simulator.simulation.simulate import simulate
from simulator.studies.check.comparing import distance

STANDARD_ERRORS = 4
DAY_S = 86400.0


def replicate(scenario: Scenario, plan: str, count: int) -> list[Outcome]:
    return [simulate(scenario, plan, replication) for replication in range(count)]


def agree(values: list[float], expected: float, *, noise: float = 0.05, bias: float = 0.0) -> None:
    """Assert that a mean is within 4 standard errors of what is expected, and that these are small.

    ``noise`` is the largest standard error that still tells something, as a share of the expected value; ``bias`` a
    known error of the measurement, such as the width of a histogram's bin.
    """
    found = distance(values, expected)
    error, off = found.standard_error, found.mean - expected
    assert error < noise * abs(expected), f"a standard error of {error} tells nothing about {expected}"
    assert abs(off) <= STANDARD_ERRORS * error + bias, f"{found.mean} is {off / error:.1f} errors off {expected}"


def agree_each(outcomes: list[Outcome], value: Callable[[Outcome], float], expected: float, **limits: float) -> None:
    agree([value(outcome) for outcome in outcomes], expected, **limits)
