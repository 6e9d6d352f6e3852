"""Predictions that nobody reads."""

import math

from simulator.scenario.schema import Scenario
from simulator.simulation.outcome import Outcome
from simulator.studies.check.comparing import Check, Experiment, Group, simulated
from simulator.studies.check.worlds import nightly_world
from simulator.theory.logins import unread_fraction

_USERS = 20_000
_LOGINS_PER_DAY = 0.8
_REPLICATIONS = 8


def group() -> Group:
    """Return the checks of waste."""
    return Group("waste", tuple(_unread(shape) for shape in (math.inf, 1.0, 0.2)))


def unread_world(shape: float, seed: int = 1) -> Scenario:
    """Return nightly rows for users of different habits, all published at the same time."""
    population = {"users": _USERS, "logins_per_day": f"{_LOGINS_PER_DAY}/day", "shape": shape}
    cluster = {"service_time": {"kind": "affine", "per_item": "0.1 s"}, "shard": _USERS}
    return nightly_world("atomic", cluster=cluster, seed=seed, population=population)


def unread_share(outcome: Outcome) -> float:
    """Return the share of a run's rows that nobody read."""
    return outcome.counted.tally["wasted"] / outcome.counted.tally["written_batch"]


def _unread(shape: float) -> Experiment:
    who = "users alike" if math.isinf(shape) else f"gamma users, {shape:g}"
    check = Check(f"never read, {who}", float(unread_fraction(_LOGINS_PER_DAY, shape)), unread_share)
    return Experiment(f"unread, {who}", simulated(lambda seed: unread_world(shape, seed)), _REPLICATIONS, (check,))
