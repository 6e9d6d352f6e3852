"""How long batch runs take."""

from simulator.core.units import MINUTE_S
from simulator.simulation.outcome import Outcome
from simulator.studies.check import readings
from simulator.studies.check.comparing import Check, Experiment, Group, simulated
from simulator.studies.check.worlds import shards_world
from simulator.theory.batch import makespan_exceedance, mean_makespan_s

_SHARDS, _SHARD_S, _WORKERS = 60, 160.0, 7
_BEFORE_S = 14 * MINUTE_S  # the feature pipeline, and the workers' start
_LATE_S = 2_100.0


def group() -> Group:
    """Return the checks of batch runs."""
    return Group("batch", (_makespan(),))


def _makespan() -> Experiment:
    cluster = {"workers": _WORKERS, "startup": "3 min", "feature_pipeline": {"duration": "11 min"}}
    mean_s = _BEFORE_S + float(mean_makespan_s(_SHARDS, _SHARD_S, _WORKERS))

    def in_minutes(outcome: Outcome) -> list[float]:
        return [makespan_s / MINUTE_S for makespan_s in readings.makespans_s(outcome)]

    def late(outcome: Outcome) -> list[float]:
        return [float(makespan_s > _BEFORE_S + _LATE_S) for makespan_s in readings.makespans_s(outcome)]

    return Experiment(
        "makespan",
        simulated(lambda seed: shards_world(_SHARDS, _SHARD_S, cluster, seed=seed)),
        4,
        (
            Check("makespan, exponential shards [min]", mean_s / MINUTE_S, in_minutes),
            Check(
                f"runs over {(_BEFORE_S + _LATE_S) / MINUTE_S:g} min",
                makespan_exceedance(_LATE_S, _SHARDS, _SHARD_S, _WORKERS),
                late,
            ),
        ),
    )
