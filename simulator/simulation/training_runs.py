"""When retrainings end, for runs that follow them."""

from collections.abc import Sequence

from simulator.scenario.schema import Scenario


def training_ends_s(scenario: Scenario, plan_name: str) -> Sequence[float]:
    """Return when the retrainings of a plan's model end, in order, before and after time 0. [s]"""
    del scenario, plan_name
    return ()
