"""What is said of a plan or of a comparison in more than one place."""

from simulator.studies.comparison import Comparison, PlanResult
from simulator.studies.saturation import Verdict
from simulator.studies.verdict import bound_words
from simulator.studies.warnings import MOST_REFUSED_FRACTION
from simulator.studies.words import listed, percent

MORE = "Give more users, a longer horizon or more replications"
"""What to do where there is too little to recommend anything."""


def seen(comparison: Comparison) -> str:
    """Return how many requests of how many users were simulated."""
    users, requests = comparison.scenario.population.users, comparison.requests
    return f"{requests:,.0f} request{'' if requests == 1 else 's'} of {users:,} user{'' if users == 1 else 's'}"


def broken(result: PlanResult) -> str:
    """Say which bounds a plan breaks, and by how much."""
    return "; ".join(violation.text for violation in result.violations)


def trouble(result: PlanResult) -> str:
    """Say that a plan does not keep up, and how many it refuses; nothing where it does and there are few."""
    refused = mean(result, "refused_fraction")
    verdict, reason = result.saturation.verdict, result.saturation.reason
    load = f" It is {verdict}: {reason}." if verdict is not Verdict.STABLE else ""
    if result.unsure_bounds:
        load += (
            f" Whether it keeps its bound of {unsure(result)} is not decided: it is so near that chance alone may tell."
        )
    return f"{load} {percent(refused)} of its requests are refused." if refused > MOST_REFUSED_FRACTION else load


def unsure(result: PlanResult) -> str:
    """Return the bounds of which chance decides whether they seem kept."""
    return listed([bound_words(metric) for metric in result.unsure_bounds])


def mean(result: PlanResult, metric: str) -> float:
    """Return a metric's mean, 0 where a plan has no such metric."""
    return result.metrics[metric].mean if metric in result.metrics else 0.0
