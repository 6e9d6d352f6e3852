"""What plans would cost elsewhere: by closed forms, put right by what was simulated here.

It says where to look; nothing of it is printed before a simulation has confirmed it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from simulator.core.units import HOUR_S
from simulator.core.usage import Usage
from simulator.scenario.schema import Scenario
from simulator.studies.comparison import COST, VALUE, Comparison
from simulator.studies.planner.estimating import World


@dataclass
class Foresight:
    """The plans of a comparison, elsewhere."""

    comparison: Comparison
    estimates: int = 0
    """How often a plan was estimated so far."""
    _off_usd: dict[str, float] = field(default_factory=dict)
    """By plan: how far a closed form is below the simulation, here. [USD per month]"""
    _last: tuple[Scenario, World] | None = None

    def _world(self, there: Scenario) -> World:
        """Return a scenario's world; plans are asked for one after the other."""
        if self._last is None or self._last[0] is not there:
            self._last = there, self._here.elsewhere(there)
        return self._last[1]

    @cached_property
    def _here(self) -> World:
        return World.of(self.comparison.scenario)

    def loss_usd(self, there: Scenario, plan: str) -> float:
        """Return about what decides against a plan elsewhere; NaN where no closed form says it. [USD per month]"""
        return self._cost_usd(there, plan) + self._off(plan) - self._value_usd(there, plan)

    def off_fraction(self) -> float:
        """Return how far any plan's closed form that was asked for is from what was simulated, over its cost."""
        known = [(plan, abs(off)) for plan, off in self._off_usd.items() if math.isfinite(off)]
        return max((off / (self._simulated_usd(plan) or 1.0) for plan, off in known), default=0.0)

    def knows(self, plan: str) -> bool:
        """Return whether closed forms say what a plan costs."""
        return not math.isnan(self._off(plan))

    def usages(self, there: Scenario, plan: str) -> Sequence[Usage] | None:
        """Return what a plan would use; None where no closed form says it."""
        self.estimates += 1
        bill = self._world(there).estimate(plan, self.comparison.book, waits=False).bill
        return None if bill is None else bill.usages

    def busiest_load(self, there: Scenario, plan: str) -> float:
        """Return how busy the busiest fleet would be in its busiest hour, if it had the most replicas that it may."""
        loads = [0.0]
        for use in self._world(there).expected(plan, waits=False).outcome.fleets:
            most = there.online(use.backend).most_replicas
            if most is not None:
                loads.append(float(np.max(use.busy_replica_s)) / HOUR_S / most)
        return max(loads)

    def _off(self, plan: str) -> float:
        if plan not in self._off_usd:
            self._off_usd[plan] = self._simulated_usd(plan) - self._cost_usd(self.comparison.scenario, plan)
        return self._off_usd[plan]

    def _cost_usd(self, there: Scenario, plan: str) -> float:
        self.estimates += 1
        value = self._world(there).estimate(plan, self.comparison.book, waits=False).metrics.get(COST)
        return math.nan if value is None else value.value

    def _simulated_usd(self, plan: str) -> float:
        return self.comparison.plans[plan].cost_usd_per_month

    def _value_usd(self, there: Scenario, plan: str) -> float:
        """Return what a plan's answers would be worth if each were worth what it is here. [USD per month]"""
        if not self.comparison.weighs_value:
            return 0.0
        return requests_over_here(self.comparison, there) * self.comparison.plans[plan].metrics[VALUE].mean


def requests_over_here(comparison: Comparison, there: Scenario) -> float:
    """Return how many times as many requests a changed scenario has, but for growth and spikes."""
    return there.demand.mean_requests_per_s / comparison.scenario.demand.mean_requests_per_s
