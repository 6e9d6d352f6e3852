"""Spikes that come more or less often in a month than the horizon does.

Let a month hold the horizon m times, and a spike come k times a month. With U the usage of the horizon and V that of
the same horizon without the spike, a month is billed m V + k (U - V): the ordinary weeks, and so many times what the
spike adds, its aftermath within the horizon included. That is m times the mixture (k/m) U + (1 - k/m) V, and m U where
k = m. Of several spikes each adds to those that come before it in order of k. Both are simulated with the same random
numbers. What is not money (latency, age, counts) stays that of the horizon with all its spikes.
"""

from itertools import pairwise

from simulator.core.units import MONTH_S
from simulator.scenario.schema import Scenario


def weighted_scenarios(scenario: Scenario) -> tuple[float, list[tuple[float, Scenario]]]:
    """Return the weight of a scenario in its month's bill, and of those with fewer spikes that make up the rest."""
    start, spikes = scenario.demand.home_start, scenario.traffic.spikes
    rates = sorted(
        {
            spike.per_month
            for spike in spikes
            if spike.per_month is not None
            and spike.begins_s(start) < scenario.horizon_s
            and spike.begins_s(start) + spike.duration_s > 0
        }
    )
    months = MONTH_S / scenario.horizon_s
    steps = [1.0, *(rate / months for rate in rates), 0.0]
    *fewer, all_of_them = (step - following for step, following in pairwise(steps))
    others = [
        (weight, _up_to(scenario, rates[:number])) for number, weight in enumerate(fewer) if abs(weight) > ROUNDING
    ]
    return (all_of_them, others) if others else (1.0, [])


def _up_to(scenario: Scenario, rates: list[float]) -> Scenario:
    """Return the scenario with those of its spikes alone that have no rate or one of these."""
    kept = [spike for spike in scenario.traffic.spikes if spike.per_month is None or spike.per_month in rates]
    traffic = scenario.traffic.model_copy(update={"spikes": kept})
    return scenario.model_copy(update={"traffic": traffic})


ROUNDING = 1e-12
"""Weights below are 0."""
