"""How old nightly predictions are when they are served, and how many are still fresh."""

import numpy as np

from simulator.core.units import DAY_S, HOUR_S
from simulator.scenario.schema import Scenario
from simulator.studies.check import readings
from simulator.studies.check.comparing import Check, Experiment, Group, simulated
from simulator.studies.check.worlds import (
    NIGHTLY_HALF_LIFE_S,
    NIGHTLY_MAKESPAN_S,
    NIGHTLY_SHARDS,
    PUBLISHED_S,
    nightly_world,
)
from simulator.theory.freshness import (
    change_rate_per_s,
    diurnal_freshness,
    diurnal_mean_prediction_age_s,
    mean_prediction_age_s,
    periodic_freshness,
    rolling_freshness,
)

CHANGE_PER_S = float(change_rate_per_s(NIGHTLY_HALF_LIFE_S))
_REPLICATIONS = 8
_AMPLITUDE = 0.9


def group() -> Group:
    """Return the checks of freshness."""
    return Group("freshness", (_atomic(), _rolling(), _cosine(13), _cosine(22)))


def in_shards(continuous: float) -> float:
    """Return the freshness of rows that are published shard by shard, from that of rows published one by one."""
    changes = CHANGE_PER_S * NIGHTLY_MAKESPAN_S / NIGHTLY_SHARDS
    return float(continuous * changes / np.expm1(changes))


def _checks(what: str, age_s: float, fresh: float) -> tuple[Check, Check]:
    return (
        Check(f"age, {what} [h]", age_s / HOUR_S, lambda outcome: readings.mean_age_s(outcome) / HOUR_S),
        Check(f"fresh, {what}", fresh, readings.fresh_fraction(CHANGE_PER_S)),
    )


def _atomic() -> Experiment:
    age_s = float(mean_prediction_age_s(DAY_S, NIGHTLY_MAKESPAN_S))
    fresh = float(periodic_freshness(CHANGE_PER_S, DAY_S, NIGHTLY_MAKESPAN_S))
    sample = simulated(lambda seed: nightly_world("atomic", seed=seed))
    return Experiment("published at the end", sample, _REPLICATIONS, _checks("published at the end", age_s, fresh))


def _rolling() -> Experiment:
    # a shard is published when it is done: on average half a shard's time after half the makespan
    delay_s = NIGHTLY_MAKESPAN_S * (1 + 1 / NIGHTLY_SHARDS) / 2
    age_s = float(mean_prediction_age_s(DAY_S, delay_s))
    fresh = in_shards(float(rolling_freshness(CHANGE_PER_S, DAY_S, NIGHTLY_MAKESPAN_S)))
    sample = simulated(lambda seed: nightly_world("rolling", seed=seed))
    return Experiment("published as done", sample, _REPLICATIONS, _checks("published as done", age_s, fresh))


def _cosine(peak_h: int) -> Experiment:
    def world(seed: int) -> Scenario:
        profile = {"kind": "cosine", "peak": f"{peak_h:02d}:00", "amplitude": f"{100 * _AMPLITUDE:g} %"}
        return nightly_world("atomic", seed=seed, traffic={"profile": profile})

    given = DAY_S, NIGHTLY_MAKESPAN_S, _AMPLITUDE, (peak_h * HOUR_S - PUBLISHED_S) % DAY_S
    age_s = float(diurnal_mean_prediction_age_s(*given))
    fresh = float(diurnal_freshness(CHANGE_PER_S, *given))
    what = f"read most at {peak_h} h"
    return Experiment(what, simulated(world), _REPLICATIONS, _checks(what, age_s, fresh))
