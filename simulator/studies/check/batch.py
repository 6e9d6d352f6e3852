"""How long batch runs take."""

from simulator.core.units import MINUTE_S
from simulator.simulation.outcome import Outcome
from simulator.studies.check import readings
from simulator.studies.check.comparing import Check, Experiment, Group, simulated
from simulator.studies.check.worlds import shards_world, spot_world
from simulator.theory.batch import checkpointed_time_s, makespan_exceedance, mean_makespan_s

_REPLICATIONS = 2  # of 250 runs each, which are independent
_SHARDS, _SHARD_S, _WORKERS = 20, 160.0, 7
_BEFORE_S = 14 * MINUTE_S  # the feature pipeline, and the workers' start
_LATE_S = 720.0


def group() -> Group:
    """Return the checks of batch runs."""
    return Group("batch", (_makespan(), _spot()))


def _makespan() -> Experiment:
    cluster = {"workers": _WORKERS, "startup": "3 min", "feature_pipeline": {"duration": "11 min"}}
    mean_s = _BEFORE_S + float(mean_makespan_s(_SHARDS, _SHARD_S, _WORKERS))

    def late(outcome: Outcome) -> list[float]:
        return [float(makespan_s > _BEFORE_S + _LATE_S) for makespan_s in readings.makespans_s(outcome)]

    return Experiment(
        "makespan",
        simulated(lambda seed: shards_world(_SHARDS, _SHARD_S, cluster, seed=seed)),
        _REPLICATIONS,
        (
            Check("makespan, random shards [min]", mean_s / MINUTE_S, _in_minutes),
            Check(
                f"runs over {(_BEFORE_S + _LATE_S) / MINUTE_S:g} min",
                makespan_exceedance(_LATE_S, _SHARDS, _SHARD_S, _WORKERS),
                late,
            ),
        ),
    )


def _in_minutes(outcome: Outcome) -> list[float]:
    return [makespan_s / MINUTE_S for makespan_s in readings.makespans_s(outcome)]


def _spot() -> Experiment:
    """Check Daly's time on a worker that is taken away: what it has done of a shard is lost, a shard is kept."""
    shards, shard_s, mean_s, reprovision_s = 12, 600.0, 1_500.0, 120.0
    takes_s = float(checkpointed_time_s(shards * shard_s, shard_s, 0.0, reprovision_s, mean_s))
    check = Check("makespan on a spot worker [min]", takes_s / MINUTE_S, _in_minutes)
    sample = simulated(lambda seed: spot_world(shards, shard_s, mean_s, reprovision_s, seed=seed))
    return Experiment("spot worker", sample, _REPLICATIONS, (check,))
