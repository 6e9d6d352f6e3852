"""At what value of a request two plans would have the same net value."""

from simulator.studies.comparison import COST, VALUE, Comparison


def value_per_request_of_equals(comparison: Comparison, plan: str, rival: str) -> float | None:
    """Return at what value of a request two plans have the same net value; None where no value makes them equal. [USD]

    Value is proportional to what a request is worth, so that this is exact for the runs at hand. Nothing is said where
    chance alone may have made the plans differ in value or in cost.
    """
    value = comparison.scenario.value
    if value is None:
        return None
    more_value, more_cost = (comparison.difference(plan, rival, metric) for metric in (VALUE, COST))
    if more_value.includes_zero or more_cost.includes_zero or more_value.mean * more_cost.mean < 0:
        return None
    return value.per_request_usd * more_cost.mean / more_value.mean
