"""Whether a plan meets what is asked of it, how sure that is, and what it breaks by how much."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy.special import stdtrit

from simulator.core.estimate import CONFIDENCE, Estimate
from simulator.core.units import about_duration, write_clock, write_share
from simulator.scenario.schema import Slo


class BoundVerdict(StrEnum):
    """Whether a bound is kept, each told with 95 % confidence: of the two errors there is only one to be made."""

    MET = "met"
    BROKEN = "broken"
    UNDECIDED = "undecided"
    """Chance alone may have put the mean on its side of the bound."""


@dataclass(frozen=True)
class Violation:
    """A bound that a plan's mean breaks."""

    metric: str
    value: float
    bound: float
    text: str
    """In words."""

    def as_dict(self) -> dict[str, str | float]:
        """Return it for JSON."""
        return {"metric": self.metric, "value": self.value, "bound": self.bound, "text": self.text}


def violations(slo: Slo, metrics: Mapping[str, Estimate]) -> tuple[Violation, ...]:
    """Return the bounds that the means over replications break."""
    return tuple(
        Violation(metric, metrics[metric].mean, bound, _text(slo, metric, metrics[metric].mean, bound))
        for metric, bound in _bounds(slo)
        if metric in metrics and metrics[metric].mean > bound
    )


def verdicts(slo: Slo, values: Sequence[Mapping[str, float]]) -> dict[str, BoundVerdict]:
    """Return whether each bound is kept, by metric.

    Parameters
    ----------
    slo
        The bounds.
    values
        The metrics, replication by replication.
    """
    shared = [(metric, bound) for metric, bound in _bounds(slo) if all(metric in each for each in values)]
    return {metric: _verdict([each[metric] for each in values], bound) for metric, bound in shared}


def _verdict(sample: Sequence[float], bound: float) -> BoundVerdict:
    if bound == 0:  # what never is below 0 is above it for certain once it was seen to be
        return BoundVerdict.BROKEN if max(sample) > 0 else BoundVerdict.MET
    if len(sample) == 1:
        return BoundVerdict.UNDECIDED
    mean, error = float(np.mean(sample)), float(np.std(sample, ddof=1)) / math.sqrt(len(sample))
    unsure = float(stdtrit(len(sample) - 1, CONFIDENCE)) * error
    if mean + unsure <= bound:
        return BoundVerdict.MET
    return BoundVerdict.BROKEN if mean - unsure > bound else BoundVerdict.UNDECIDED


def _bounds(slo: Slo) -> Iterator[tuple[str, float]]:
    """Yield what must not be exceeded, by metric."""
    stated = (
        ("latency_p99_s", slo.latency_p99_s),
        ("age_p95_s", slo.age_p95_s),
        ("default_fraction", slo.default_fraction),
        ("deadline_miss_fraction", None if slo.batch_deadline_s is None else 0.0),
    )
    for metric, bound in stated:
        if bound is not None:
            yield metric, bound


def bound_words(metric: str) -> str:
    """Return what a metric's bound is called in a sentence: ``latency p99``, ``batch deadline``."""
    return _BOUND_WORDS.get(metric, metric.removesuffix("_s").replace("_", " "))


_BOUND_WORDS = {"default_fraction": "share of defaults", "deadline_miss_fraction": "batch deadline"}


def _text(slo: Slo, metric: str, value: float, bound: float) -> str:
    if metric == "default_fraction":
        return f"{value:.2%} of requests get the default, above {write_share(bound)}"
    if metric == "deadline_miss_fraction" and slo.batch_deadline_s is not None:
        return f"{value:.0%} of the runs are not published by {write_clock(slo.batch_deadline_s)}"
    what, share = metric.removesuffix("_s").split("_")
    return f"{what} {share} is {about_duration(value)}, above {about_duration(bound)}"
