"""Who comes: daily and monthly active shares, requests per login."""

import math
from functools import partial
from typing import Any

from simulator.core.units import DAY_S, DAYS_PER_WEEK, MONTHLY_ACTIVE_DAYS
from simulator.scenario.schema import Scenario
from simulator.simulation.outcome import Outcome
from simulator.studies.check.comparing import Check, Experiment, Group, simulated
from simulator.studies.check.worlds import PROMPT_FLEET
from simulator.theory.logins import active_fraction, dau_mau_fraction

_USERS = 20_000
_LOGINS_PER_DAY = 0.3
_REPLICATIONS = 8


def demand_world(population: dict[str, Any], horizon: str, seed: int, **traffic: Any) -> Scenario:
    """Return a small population whose requests are answered at once."""
    return Scenario.model_validate(
        {
            "seed": seed,
            "horizon": horizon,
            "warmup": "2 h",
            "population": {"users": _USERS, **population},
            "traffic": traffic,
            "backends": {"live": PROMPT_FLEET},
            "plans": {"on demand": {"on_miss": "compute", "backend": "live"}},
        }
    )


def group() -> Group:
    """Return the checks of demand."""
    return Group("demand", (*(_active(shape) for shape in (math.inf, 0.5)), _stated_share(), _requests()))


def _active(shape: float) -> Experiment:
    def world(seed: int) -> Scenario:
        population = {"logins_per_day": f"{_LOGINS_PER_DAY}/day", "shape": shape}
        return demand_world(population, f"{MONTHLY_ACTIVE_DAYS} d", seed)

    share = partial(active_fraction, shape=shape, mean_per_day=_LOGINS_PER_DAY)
    ratio = float(dau_mau_fraction(shape, _LOGINS_PER_DAY, MONTHLY_ACTIVE_DAYS))
    who = "users alike" if math.isinf(shape) else f"gamma {shape:g}"
    return Experiment(
        f"active shares, {who}",
        simulated(world),
        _REPLICATIONS,
        (
            Check(f"active in a day, {who}", float(share(1)), _daily),
            Check(f"active in a week, {who}", float(share(DAYS_PER_WEEK)), _weekly),
            Check(f"active in 28 days, {who}", float(share(MONTHLY_ACTIVE_DAYS)), _monthly),
            Check(f"DAU/MAU, {who}", ratio, lambda outcome: _daily(outcome) / _monthly(outcome)),
        ),
    )


def _stated_share() -> Experiment:
    def world(seed: int) -> Scenario:
        visits = {"probability": "40 %", "gap": {"kind": "exponential", "mean": "5 h"}}
        population = {"daily_active": "15 %", "shape": 0.2, "dormant": "40 %"}
        return demand_world(population, "5 d", seed, return_visits=visits)

    check = Check("active in a day, as stated", 0.15, _daily)
    return Experiment("daily active share as stated", simulated(world), _REPLICATIONS, (check,))


def _requests() -> Experiment:
    def world(seed: int) -> Scenario:
        session = {"requests": {"kind": "geometric", "mean": 4}, "think_time": {"kind": "exponential", "mean": "30 s"}}
        return demand_world({"logins_per_day": "2/day", "shape": 0.5}, "2 d", seed, session=session)

    def per_login(outcome: Outcome) -> float:
        return outcome.counted.tally["requests"] / outcome.traffic.logins

    def logins_per_user_day(outcome: Outcome) -> float:
        return outcome.traffic.logins / _USERS / (outcome.horizon_s / DAY_S)

    checks = Check("requests per login", 4.0, per_login), Check("logins per user-day", 2.0, logins_per_user_day)
    return Experiment("requests per login", simulated(world), _REPLICATIONS, checks)


def _daily(outcome: Outcome) -> float:
    assert outcome.traffic.daily_active_fraction is not None
    return outcome.traffic.daily_active_fraction


def _weekly(outcome: Outcome) -> float:
    assert outcome.traffic.weekly_active_fraction is not None
    return outcome.traffic.weekly_active_fraction


def _monthly(outcome: Outcome) -> float:
    assert outcome.traffic.monthly_active_fraction is not None
    return outcome.traffic.monthly_active_fraction
