"""What checks read from an outcome."""

from collections.abc import Callable

import numpy as np

from simulator.core.arrays import FloatArray
from simulator.simulation.outcome import Outcome


def share_of_requests(field: str) -> Callable[[Outcome], float]:
    """Return the reading of a tally as a share of the requests."""
    return lambda outcome: outcome.counted.tally[field] / outcome.counted.tally["requests"]


def mean_wait_s(outcome: Outcome) -> float:
    """Return the mean wait of all requests. [s]"""
    return outcome.counted.tally["wait_s"] / outcome.counted.tally["requests"]


def mean_wait_of_answered_s(outcome: Outcome) -> float:
    """Return the mean wait of the requests that got a prediction; the others, refused at once, did not wait. [s]"""
    tally = outcome.counted.tally
    return tally["wait_s"] / (tally["requests"] - tally["defaulted"])


def mean_latency_s(outcome: Outcome) -> float:
    """Return the mean latency of all requests. [s]"""
    return outcome.counted.latency.mean


def answered_within(latency_s: float) -> Callable[[Outcome], float]:
    """Return the reading of the share of requests answered within a time: a quantile, without a bin's width."""
    return lambda outcome: outcome.counted.latency.share_up_to(latency_s)


def utilisation(outcome: Outcome) -> float:
    """Return busy over provisioned replica time."""
    return float(outcome.busy_replica_s.sum() / outcome.provisioned_replica_s.sum())


def mean_age_s(outcome: Outcome) -> float:
    """Return the mean age of the predictions served. [s]"""
    return outcome.counted.age.mean


def fresh_fraction(change_per_s: float) -> Callable[[Outcome], float]:
    """Return the reading of the share of predictions served that are still fresh."""

    def fresh(age_s: FloatArray) -> FloatArray:
        return np.asarray(np.exp(-change_per_s * age_s))

    return lambda outcome: outcome.counted.age.mean_of(fresh)


def makespans_s(outcome: Outcome) -> list[float]:
    """Return how long each run took, which are independent of one another. [s]"""
    assert outcome.batch is not None
    return [run.makespan_s for run in outcome.batch.runs]
