"""Predictions computed again after events."""

from typing import Any

from simulator.core.units import DAY_S, MINUTE_S
from simulator.simulation.outcome import Outcome
from simulator.studies.check import readings
from simulator.studies.check.comparing import Check, Experiment, Group, simulated
from simulator.studies.check.worlds import EVENTS_PER_S, NEARLINE_USERS, nearline_world
from simulator.theory.freshness import debounced_prediction_age_s, debounced_recomputes_per_s

_REPLICATIONS = 12


def group() -> Group:
    """Return the checks of nearline refresh."""
    return Group("nearline", (_lagging(), _debounced(10), _debounced(40)))


def recomputes_per_user_s(outcome: Outcome) -> float:
    """Return how often a user's prediction is computed again. [1/s]"""
    return outcome.counted.tally["refreshed"] / outcome.horizon_s / NEARLINE_USERS


def _experiment(what: str, refresh: dict[str, Any], per_s: float, age_s: float) -> Experiment:
    sample = simulated(lambda seed: nearline_world(refresh, seed=seed))
    checks = (
        Check(f"renewed a day, {what}", per_s * DAY_S, lambda outcome: recomputes_per_user_s(outcome) * DAY_S),
        Check(f"age, {what} [min]", age_s / MINUTE_S, lambda outcome: readings.mean_age_s(outcome) / MINUTE_S),
    )
    return Experiment(what, sample, _REPLICATIONS, checks)


def _lagging() -> Experiment:
    """Rows are of the events up to a lag ago: their ages are exponential, as the time since any event is."""
    return _experiment("lag 20 min", {"on": "login", "lag": "20 min"}, EVENTS_PER_S, 1 / EVENTS_PER_S)


def _debounced(window_min: int) -> Experiment:
    window_s = window_min * MINUTE_S
    per_s = float(debounced_recomputes_per_s(EVENTS_PER_S, window_s, restarting=True))
    age_s = float(debounced_prediction_age_s(EVENTS_PER_S, window_s))
    what = f"debounce {window_min} min"
    return _experiment(what, {"on": "login", "debounce": f"{window_min} min"}, per_s, age_s)
