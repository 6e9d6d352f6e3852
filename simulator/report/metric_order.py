"""The order in which metrics stand in tables of all of them."""

from simulator.studies.comparison import Comparison


def metrics_of_all(comparison: Comparison) -> list[str]:
    """Return all metrics, in the order in which the plans that have most of them show them."""
    plans = sorted(comparison.plans.values(), key=lambda plan: -len(plan.metrics))
    found = list(plans[0].metrics)
    for plan in plans[1:]:
        place = 0
        for metric in plan.metrics:
            if metric in found:
                place = found.index(metric) + 1
            else:
                found.insert(place, metric)
                place += 1
    return found
