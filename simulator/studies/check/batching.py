"""Requests computed together: how many, and how long they wait for one another."""

from collections.abc import Callable

from simulator.scenario.schema import Scenario
from simulator.simulation.outcome import Outcome
from simulator.studies.check import readings
from simulator.studies.check.comparing import Check, Experiment, Group, simulated
from simulator.studies.check.worlds import fleet_world
from simulator.theory.batching import batcher_mean_hold_s, batcher_mean_size, bulk_service

RATE_PER_S = 20.0
_REPLICATIONS = 20
_MANY = 200  # replicas: one is always free
_MILLI = 1e-3


def group() -> Group:
    """Return the checks of batching."""
    held = _held(0.05, 8), _held(0.25, 8), _held(0.2, 4)
    return Group("batching", (*held, _bulk(0.05, 0.0, 2), _bulk(0.15, 0.0, 4), _bulk(0.1, 0.02, 8)))


def mean_batch(fixed_s: float, per_item_s: float) -> Callable[[Outcome], float]:
    """Return the reading of the mean batch from the work done, of which every batch has the fixed time once."""

    def read(outcome: Outcome) -> float:
        requests = outcome.counted.tally["requests"]
        batches = (float(outcome.busy_replica_s.sum()) - per_item_s * requests) / fixed_s
        return requests / batches

    return read


def _held(hold_s: float, largest: int) -> Experiment:
    """Check batches that wait to be full, but no longer than the hold time; nobody waits for a replica."""
    fixed_s = 0.4
    what = f"{largest} or {hold_s / _MILLI:g} ms"
    hold_ms = float(batcher_mean_hold_s(RATE_PER_S, hold_s, largest)) / _MILLI
    batching = {"max": largest, "hold": f"{hold_s} s"}
    return Experiment(
        what,
        simulated(lambda seed: fleet_world(RATE_PER_S, fixed_s, _MANY, "none", seed=seed, batching=batching)),
        _REPLICATIONS,
        (
            Check(
                f"mean batch, {what}",
                float(batcher_mean_size(RATE_PER_S, hold_s, largest)),
                mean_batch(fixed_s, 0.0),
            ),
            Check(
                f"mean hold, {what} [ms]",
                hold_ms,
                lambda outcome: (readings.mean_latency_s(outcome) - fixed_s) / _MILLI,
            ),
        ),
    )


def _bulk(fixed_s: float, per_item_s: float, largest: int) -> Experiment:
    """Check one replica that takes all who wait when it becomes free."""
    theory = bulk_service(RATE_PER_S, fixed_s, per_item_s, largest)
    what = f"M/D[{largest}]/1 at {theory.utilisation:.0%}"

    def world(seed: int) -> Scenario:
        return fleet_world(
            RATE_PER_S, fixed_s, 1, "none", per_item_s=per_item_s, seed=seed, batching={"max": largest, "hold": "0 s"}
        )

    checks = (
        Check(f"mean batch, {what}", theory.mean_batch, mean_batch(fixed_s, per_item_s)),
        Check(f"sojourn, {what} [s]", theory.mean_sojourn_s, readings.mean_latency_s),
        Check(f"utilisation, {what}", theory.utilisation, readings.utilisation),
    )
    return Experiment(what, simulated(world), _REPLICATIONS, checks)
