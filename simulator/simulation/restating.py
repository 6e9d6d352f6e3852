"""An outcome as another scenario states it that is simulated alike: other prices, other bounds, the same requests.

What an outcome has of its scenario's prices are the meters of what was used, and a price that the scenario states; of
its bounds, how many runs were late. All of it follows from what was counted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from simulator.backends.base import BatchBackend
from simulator.scenario.schema import Scenario
from simulator.simulation.calendar.timing import deadline_s
from simulator.simulation.outcome import BatchUse, Outcome
from simulator.simulation.usage import usage_of

if TYPE_CHECKING:
    from simulator.simulation.ahead.runs import BatchRun


def restated(outcome: Outcome, scenario: Scenario) -> Outcome:
    """Return what the simulation of a scenario would return, from that of one with the same `physical_digest`.

    Names of meters are the scenario's, and so are the sizes that they are charged by.
    """
    cluster = scenario.batch_backend(scenario.plans[outcome.plan])
    batch, store = outcome.batch, outcome.store
    changed = replace(
        outcome,
        batch=_batch(batch, scenario, cluster) if batch and cluster else None,
        store=store and replace(store, row_gib=scenario.model.prediction_size_gib),
        beside=tuple((weight, restated(each, scenario)) for weight, each in outcome.beside),
    )
    return with_usage(changed, scenario)


def with_usage(outcome: Outcome, scenario: Scenario) -> Outcome:
    """Return an outcome with what its scenario's plan used, meter by meter."""
    used = usage_of(
        scenario,
        outcome.plan,
        outcome.counted.tally,
        outcome.traffic,
        (*outcome.fleets, *outcome.services),
        outcome.batch,
        outcome.store,
    )
    return replace(outcome, usage=tuple(used))


def late_runs(scenario: Scenario, runs: Sequence["BatchRun"]) -> int:
    """Return how many runs were published after the deadline."""
    clock_s = scenario.slo.batch_deadline_s
    if clock_s is None:
        return 0
    return sum(run.end_s > deadline_s(run.due_s, clock_s, run.midnight_s) for run in runs)


def _batch(use: BatchUse, scenario: Scenario, cluster: BatchBackend) -> BatchUse:
    def renamed(worker_s: Mapping[str, float]) -> dict[str, float]:
        return {cluster.metered_as(meter): spent_s for meter, spent_s in worker_s.items()}

    return replace(
        use,
        runs=tuple(replace(run, worker_s=renamed(run.worker_s)) for run in use.runs),
        late=late_runs(scenario, use.runs),
        mean_run_worker_s=renamed(use.mean_run_worker_s),
    )
