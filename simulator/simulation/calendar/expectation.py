"""About how many rows the runs of a plan compute, before anything is simulated."""

from dataclasses import dataclass

from simulator.plans.plan import Precompute
from simulator.scenario.schema import Scenario


@dataclass(frozen=True)
class Expected:
    """Some of the users, as a scope may ask about them."""

    scenario: Scenario
    users: float
    every_s: float

    def share_active(self, window_s: float) -> float:
        """Return the expected share of the users who log in within so much time. [s]"""
        return self.scenario.demand.share_active_within(window_s)


def expected_rows(scenario: Scenario, precompute: Precompute, users: float) -> float:
    """Return about how many rows a run over ``users`` computes.

    Growth and spikes are left out. Of an incremental plan it is at most so many, where its scope and those who have
    come since the run before are not one within the other.
    """
    expected = Expected(scenario, users, precompute.every_s)
    rows = precompute.scope.expected_users(expected)
    if precompute.incremental:
        rows = min(rows, users * expected.share_active(precompute.every_s))
    return rows
