"""Whether a plan meets what is asked of it, and what it breaks by how much."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from simulator.core.estimate import Estimate
from simulator.core.units import about_duration, write_clock, write_share
from simulator.scenario.schema import Slo


@dataclass(frozen=True)
class Violation:
    """A bound that a plan breaks."""

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
    return tuple(_violations(slo, metrics))


def _violations(slo: Slo, metrics: Mapping[str, Estimate]) -> Iterator[Violation]:
    for metric, bound_s in (("latency_p99_s", slo.latency_p99_s), ("age_p95_s", slo.age_p95_s)):
        if bound_s is not None and metric in metrics and metrics[metric].mean > bound_s:
            value, (what, share) = metrics[metric].mean, metric.removesuffix("_s").split("_")
            text = f"{what} {share} is {about_duration(value)}, above {about_duration(bound_s)}"
            yield Violation(metric, value, bound_s, text)
    metric, bound = "default_fraction", slo.default_fraction
    if bound is not None and metric in metrics and metrics[metric].mean > bound:
        value = metrics[metric].mean
        yield Violation(metric, value, bound, f"{value:.2%} of requests get the default, above {write_share(bound)}")
    metric = "deadline_miss_fraction"
    if slo.batch_deadline_s is not None and metric in metrics and metrics[metric].mean > 0:
        value = metrics[metric].mean
        text = f"{value:.0%} of the runs are not published by {write_clock(slo.batch_deadline_s)}"
        yield Violation(metric, value, 0.0, text)
