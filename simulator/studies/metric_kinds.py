"""What kinds of metrics there are: what they are measured in, and whether more of it is better."""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

from simulator.core.units import read_amount_usd, read_fraction, read_number, read_rate_per_s, read_seconds

LOWER_IS_BETTER = frozenset(
    {
        *("cost_usd_per_month", "cost_usd_per_1k_requests", "wasted_usd_per_month"),
        *("predictions_wasted", "wasted_fraction", "default_fraction", "stale_fraction"),
        *("age_mean_s", "age_p50_s", "age_p95_s", "age_p99_s"),
        *("latency_mean_s", "latency_p50_s", "latency_p95_s", "latency_p99_s", "latency_p999_s"),
        *("latency_p99_busiest_hour_s", "wait_mean_s", "wait_p50_s", "wait_p95_s", "wait_p99_s", "waited_fraction"),
        *("timeout_fraction", "refused_fraction", "fallback_fraction", "retries_per_call"),
        *("instance_cold_start_fraction", "batch_makespan_mean_s", "batch_makespan_p95_s", "deadline_miss_fraction"),
        *("batch_reclaims_mean", "lost_shards_fraction", "kwh_per_month", "kg_co2e_per_month"),
    }
)
HIGHER_IS_BETTER = frozenset({"slo_attainment", "quality_mean", "value_usd_per_month", "net_value_usd_per_month"})
NEITHER = frozenset(
    {
        *("logins", "requests", "requests_per_s_mean", "requests_per_s_peak", "dispersion_1s", "dispersion_60s"),
        *("daily_active_fraction", "weekly_active_fraction", "monthly_active_fraction"),
        *("predictions_computed", "predictions_computed_batch", "predictions_computed_online"),
        *("predictions_computed_nearline", "coverage", "cache_hit_ratio", "computed_fraction"),
        *("requests_per_batch", "replicas_mean", "replicas_peak", "utilisation"),
    }
)
"""Those that tell how something is done; whether that is better, others tell."""
METRICS = LOWER_IS_BETTER | HIGHER_IS_BETTER | NEITHER
_SHARES = frozenset({"coverage", "cache_hit_ratio", "slo_attainment", "utilisation", "quality_mean"})
_RATES = frozenset({"requests_per_s_mean", "requests_per_s_peak"})


class Unit(Enum):
    """What a metric is measured in."""

    USD = "USD"
    SECONDS = "s"
    SHARE = "share"
    PER_S = "1/s"
    NUMBER = ""

    @property
    def example(self) -> str:
        """An amount as people write it."""
        return _EXAMPLES[self]

    def read(self, text: str) -> float:
        """Return an amount of 0 or more as people write it, in SI.

        Raises
        ------
        ValueError
            If it is none.
        """
        return _READERS[self](text)


_EXAMPLES: Mapping[Unit, str] = {
    Unit.USD: "100 USD",
    Unit.SECONDS: "20 ms",
    Unit.SHARE: "1 pp",
    Unit.PER_S: "50/s",
    Unit.NUMBER: "2",
}
_READERS: Mapping[Unit, Callable[[Any], float]] = {
    Unit.USD: read_amount_usd,
    Unit.SECONDS: read_seconds,
    Unit.SHARE: read_fraction,
    Unit.PER_S: read_rate_per_s,
    Unit.NUMBER: read_number,
}


def unit_of(metric: str) -> Unit:
    """Return what a metric is measured in, which the end of its name says where it has a dimension."""
    if metric in _SHARES or metric.endswith("_fraction"):
        return Unit.SHARE
    if metric in _RATES:
        return Unit.PER_S
    if "_usd" in metric:
        return Unit.USD
    return Unit.SECONDS if metric.endswith("_s") and metric not in NEITHER else Unit.NUMBER


def is_better(metric: str, difference: float) -> bool | None:
    """Return whether a difference is for the better; None where that is not for the metric to say."""
    if metric in NEITHER or difference == 0:
        return None
    return (difference > 0) == (metric in HIGHER_IS_BETTER)
