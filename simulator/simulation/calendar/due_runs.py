"""All runs of a plan: those of its schedule, and those that follow retrainings."""

from collections.abc import Sequence

from simulator.scenario.schema import Scenario
from simulator.simulation.calendar.timetable import Timetable, scheduled
from simulator.simulation.calendar.timing import runs_from_s


def training_ends_s(scenario: Scenario, plan_name: str) -> Sequence[float]:
    """Return when the retrainings of a plan's model end, from before its oldest rows to past the horizon. [s]"""
    training = scenario.training(scenario.plans[plan_name])
    if training is None:
        return ()
    from_s = runs_from_s(scenario, plan_name) - 2 * training.every_s
    return tuple(training.ends_between(from_s, scenario.horizon_s + training.every_s).tolist())


def timetables(scenario: Scenario, plan_name: str) -> tuple[Timetable, ...]:
    """Return the timetables of a plan that computes ahead, none of another."""
    precompute = scenario.plans[plan_name].precompute
    follows = precompute is not None and precompute.after_training
    return scheduled(scenario, plan_name, training_ends_s(scenario, plan_name) if follows else ())


def runs_due(scenario: Scenario, plan_name: str) -> float:
    """Return how many runs are due in as much time as the horizon, a fraction too.

    Those that follow retrainings are counted within the horizon itself, and not where the schedule has a run too.
    """
    precompute = scenario.plans[plan_name].precompute
    assert precompute is not None
    found = timetables(scenario, plan_name)
    triggered = sum(0 <= at_s < scenario.horizon_s for each in found for at_s in each.triggered_s)
    return scenario.horizon_s / precompute.every_s * len(found) + triggered
