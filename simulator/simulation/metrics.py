"""The metrics of an outcome that need no prices; a metric that does not apply to a plan is absent.

Counts are over the horizon. Latency is what the user waits: store read, queue and service. Ages and the stale fraction
are of answers that are predictions. The busiest hour is that with the most answers (see outcome.Hours).
``wasted_fraction`` is, of the predictions whose use was over within the horizon, the share that nobody had read: rows
are over when they are replaced, expire or are evicted, and computations that are not kept when they have answered. All
of them are looked at over their whole life, so that it has no edge effects and never exceeds 1; it is
``predictions_wasted`` over ``predictions_computed`` but for what these two have at the edges of the horizon. It is
absent where nothing that can be wasted was over. ``quality_mean`` is over all
requests, relative to a fresh prediction of the scenario's model at age 0, answered at once; the better model of a plan
can have more than 1.

The active fractions are of users with at least one login in a window of a day, of 7 days and of 28 days: the means over
all whole windows that fit the horizon, the first beginning with it; where none fits, the metric is absent.
``dispersion_1s`` and ``dispersion_60s`` are variance/mean of the requests that come in a second and in a minute,
against the mean of the hour (see demand.dispersion): 1 for a Poisson process, above it where people come in bursts.

``wait_mean_s``, its quantiles and ``waited_fraction`` (of requests that waited at all) are over all requests, those too
that asked no backend and so did not wait: from asking it to the beginning of the computation (queue, hold, retries,
instance cold start), or to its end where a request waits for another's of the same user, or to giving up.

``timeout_fraction`` and ``refused_fraction`` are the shares of requests that gave up or were refused at last, after all
retries; they get the default, or what ``on_failure`` says (``fallback_fraction``). A time-out counts as such where the
last attempt ended in one.

``replicas_mean``, ``replicas_peak`` and ``utilisation`` are of the replicas of fleets and of the live instances of
serverless backends; ``instance_cold_start_fraction`` is the share of the latter's computations that started one.

Those of batch runs are of the runs that were due and ended within the horizon. ``deadline_miss_fraction`` is the share
of runs that were published late, or never began as the one before was still going. Where workers can be reclaimed,
``batch_reclaims_mean`` is how many were in a run, and ``lost_shards_fraction`` the share of the shards begun that were
lost with their worker, before all their rows were written, and done again.
"""

from collections.abc import Iterator, Mapping

import numpy as np

from simulator.core.arrays import FloatArray
from simulator.core.units import MINUTE_S, MONTH_S
from simulator.plans.plan import Plan
from simulator.scenario.schema import Scenario
from simulator.simulation.outcome import Outcome

Metric = tuple[str, float | None]

QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
LATENCY_QUANTILES = {**QUANTILES, "p999": 0.999}


def metrics_of(scenario: Scenario, outcome: Outcome) -> dict[str, float]:
    """Return the metrics of one plan and replication by name, in the order in which reports show them."""
    found = [*_traffic(outcome), *_predictions(scenario, outcome), *_age(scenario, outcome)]
    found += [*_latency(scenario, outcome), *_quality(scenario, outcome), *_fleet(scenario, outcome)]
    found += [*_retries(scenario, outcome), *_batch(scenario, outcome)]
    return {name: float(value) for name, value in found if value is not None}


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _traffic(outcome: Outcome) -> Iterator[Metric]:
    requests = outcome.counted.tally["requests"]
    yield "logins", outcome.traffic.logins
    yield "requests", requests
    yield "requests_per_s_mean", requests / outcome.horizon_s
    yield "requests_per_s_peak", outcome.traffic.busiest_minute / MINUTE_S
    yield "daily_active_fraction", outcome.traffic.daily_active_fraction
    yield "weekly_active_fraction", outcome.traffic.weekly_active_fraction
    yield "monthly_active_fraction", outcome.traffic.monthly_active_fraction
    yield "dispersion_1s", outcome.traffic.dispersion_1s
    yield "dispersion_60s", outcome.traffic.dispersion_60s


def _predictions(scenario: Scenario, outcome: Outcome) -> Iterator[Metric]:
    plan, tally = scenario.plans[outcome.plan], outcome.counted.tally
    online = tally["computed"] + tally["revalidated"]
    computed = tally["written_batch"] + online + tally["refreshed"]
    yield "predictions_computed", computed
    yield "predictions_computed_batch", tally["written_batch"] if plan.precompute else None
    yield "predictions_computed_online", online if plan.backend else None
    yield "predictions_computed_nearline", tally["refreshed"] if plan.refresh else None
    yield "predictions_wasted", tally["wasted"]
    yield "wasted_fraction", _wasted_fraction(plan, tally)
    ahead = plan.precompute or plan.refresh
    yield "coverage", _share(tally["precomputed"], tally["requests"]) if ahead else None
    yield "cache_hit_ratio", _share(tally["cached"], tally["requests"]) if plan.cache else None
    yield "computed_fraction", _share(tally["computed"], tally["requests"])
    yield "default_fraction", _share(tally["defaulted"], tally["requests"])


def _wasted_fraction(plan: Plan, tally: Mapping[str, float]) -> float | None:
    if not plan.computes_in_background:
        return _share(0.0, tally["computed"])
    return _share(tally["wasted"], tally["ended"] + (0.0 if plan.cache else tally["computed"]))


def _age(scenario: Scenario, outcome: Outcome) -> Iterator[Metric]:
    age = outcome.counted.age
    if not age.count:
        return
    yield "age_mean_s", age.mean
    for name, share in QUANTILES.items():
        yield f"age_{name}_s", age.quantile(share)
    half_life_s = scenario.model.half_life_s
    if half_life_s is not None:
        yield "stale_fraction", stale_fraction(outcome, half_life_s)


def stale_fraction(outcome: Outcome, half_life_s: float) -> float:
    """Return the mean of 1 - 2^(-age / half-life) over the answers that are predictions."""

    def stale(age_s: FloatArray) -> FloatArray:
        return np.asarray(-np.expm1(-np.log(2.0) * age_s / half_life_s))

    return outcome.counted.age.mean_of(stale)


def _latency(scenario: Scenario, outcome: Outcome) -> Iterator[Metric]:
    latency, tally = outcome.counted.latency, outcome.counted.tally
    if not latency.count:
        return
    yield "latency_mean_s", latency.mean
    for name, share in LATENCY_QUANTILES.items():
        yield f"latency_{name}_s", latency.quantile(share)
    busiest = outcome.busiest_hour.latency
    yield "latency_p99_busiest_hour_s", busiest.quantile(QUANTILES["p99"]) if busiest.count else None
    plan, bound_s = scenario.plans[outcome.plan], scenario.slo.latency_p99_s
    fleet = scenario.online_backend(plan)
    if fleet is not None:
        wait = outcome.counted.wait
        yield "wait_mean_s", wait.mean
        for name, share in QUANTILES.items():
            yield f"wait_{name}_s", wait.quantile(share)
        yield "waited_fraction", wait.share_above(0.0)
        yield "timeout_fraction", tally["timed_out"] / tally["requests"] if np.isfinite(fleet.longest_wait_s) else None
        yield "refused_fraction", tally["refused"] / tally["requests"] if fleet.refuses else None
        yield "fallback_fraction", tally["fell_back"] / tally["requests"] if plan.on_failure == "stored" else None
    if bound_s is not None:
        yield "slo_attainment", latency.share_up_to(bound_s)


def _quality(scenario: Scenario, outcome: Outcome) -> Iterator[Metric]:
    if not scenario.asks_for_quality:
        return
    quality = outcome.counted.tally["quality"]
    yield "quality_mean", _share(quality, outcome.counted.tally["requests"])
    if scenario.value is not None:
        yield "value_usd_per_month", scenario.value.per_request_usd * quality * MONTH_S / outcome.horizon_s


def _retries(scenario: Scenario, outcome: Outcome) -> Iterator[Metric]:
    if any(backend.retries for backend in scenario.online_backends(scenario.plans[outcome.plan])):
        counts = [*(use.counts for use in outcome.fleets), *(use.counts for use in outcome.services)]
        yield "retries_per_call", _share(sum(each["retried"] for each in counts), sum(each["calls"] for each in counts))


def _fleet(scenario: Scenario, outcome: Outcome) -> Iterator[Metric]:
    if not outcome.fleets:
        return
    busy_s, provisioned_s = outcome.busy_replica_s.sum(), outcome.provisioned_replica_s.sum()
    yield "replicas_mean", provisioned_s / outcome.horizon_s
    yield "replicas_peak", sum(fleet.replicas_peak for fleet in outcome.fleets)
    yield "utilisation", _share(busy_s, provisioned_s)
    counts = [use.counts for use in outcome.fleets]
    yield "requests_per_batch", _share(sum(one["batched"] for one in counts), sum(one["batches"] for one in counts))
    instances = [use.counts for use in outcome.fleets if scenario.online(use.backend).most_instances]
    cold = sum(one["cold_starts"] for one in instances)
    yield "instance_cold_start_fraction", _share(cold, sum(one["calls"] for one in instances))


def _batch(scenario: Scenario, outcome: Outcome) -> Iterator[Metric]:
    cluster = scenario.batch_backend(scenario.plans[outcome.plan])
    if outcome.batch is None or cluster is None:
        return
    makespans_s = [run.makespan_s for run in outcome.batch.runs]
    if makespans_s:
        yield "batch_makespan_mean_s", float(np.mean(makespans_s))
        yield "batch_makespan_p95_s", float(np.quantile(makespans_s, 0.95))
    missed = outcome.batch.late + outcome.batch.missed
    yield "deadline_miss_fraction", _share(missed, len(makespans_s) + outcome.batch.missed)
    if cluster.is_reclaimed and makespans_s:
        lost = sum(run.lost_shards for run in outcome.batch.runs)
        yield "batch_reclaims_mean", float(np.mean([run.reclaims for run in outcome.batch.runs]))
        yield "lost_shards_fraction", _share(lost, lost + sum(run.shards for run in outcome.batch.runs))
