"""Results as pandas data frames."""

import pandas as pd

from simulator.report import format as form
from simulator.report.metric_order import metrics_of_all
from simulator.studies.comparison import COST, NET_VALUE, Comparison, PlanResult

_LEADING = (
    *(COST, NET_VALUE, "wasted_usd_per_month", "wasted_fraction", "age_mean_s", "age_p95_s"),
    *("stale_fraction", "latency_p50_s", "latency_p99_s"),
)


def metrics_table(comparison: Comparison) -> pd.DataFrame:
    """Return every metric's mean as people read it, with its unit: a row for each metric, a column for each plan.

    What decides comes first: rank, cost, waste, age, latency.
    """
    found = metrics_of_all(comparison)
    ranks = {name: str(place) for place, name in enumerate(comparison.ranking, 1)}
    rows = {"rank": {name: ranks[name] for name in comparison.plans}} | {
        form.metric_label(metric): {
            name: form.metric_text(metric, plan.metrics[metric].mean) if metric in plan.metrics else form.NOTHING
            for name, plan in comparison.plans.items()
        }
        for metric in sorted(found, key=lambda metric: _LEADING.index(metric) if metric in _LEADING else len(_LEADING))
    }
    table = pd.DataFrame.from_dict(rows, orient="index", columns=list(comparison.plans))
    return table.rename_axis(index="metric", columns="plan")


def numbers_table(comparison: Comparison) -> pd.DataFrame:
    """Return every metric's mean, low and high as numbers, in the units of their names; NaN where it does not apply."""
    parts = {name: metrics_of(plan) for name, plan in comparison.plans.items()}
    return pd.concat(parts, axis="columns", names=["plan", "estimate"]).reindex(metrics_of_all(comparison))


def metrics_of(result: PlanResult) -> pd.DataFrame:
    """Return one plan's metrics: mean, low and high, in the units of their names."""
    rows = {name: vars(estimate) for name, estimate in result.metrics.items()}
    return pd.DataFrame.from_dict(rows, orient="index", dtype=float, columns=["mean", "low", "high"]).rename_axis(
        "metric"
    )


def differences_table(comparison: Comparison) -> pd.DataFrame:
    """Return every plan's metrics less those of the first of the ranking, paired by replication."""
    columns = ["plan", "against", "metric", "mean", "low", "high"]
    rows = [difference.as_dict() for difference in comparison.differences]
    return pd.DataFrame(rows, columns=columns).astype({"mean": float, "low": float, "high": float})
