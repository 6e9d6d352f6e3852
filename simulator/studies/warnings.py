"""What a planner must know before trusting a comparison."""

import math
from collections.abc import Iterator

from simulator.backends.answers.findings import Finding, Topic
from simulator.core.units import about_duration
from simulator.studies import foreseen
from simulator.studies.aim import MOST_REPLICATIONS
from simulator.studies.comparison import Comparison, PlanResult
from simulator.studies.saturation import Verdict

MOST_TIMEOUTS_FRACTION = 0.01
MOST_COLD_STARTS_FRACTION = 0.01
"""Beyond it, who waits for an instance decides the p99."""
MOST_REFUSED_FRACTION = 0.01
WIDEST_INTERVAL_FRACTION = 0.2
"""Of the mean."""
UNEQUAL_FRACTION = 0.05
"""Of the requests of a plan, from which on another that gets so many fewer is not compared with it without a word."""
LATENCIES = ("latency_p99_s", "latency_mean_s")


def warnings_of(comparison: Comparison) -> tuple[str, ...]:
    """Return what a planner must know, a sentence each; first of the study, then plan by plan.

    Of a run that an earlier version kept, nothing is said of what needs the outcomes themselves: runs that did not
    start, rate limits that bind, and reads above a store's capacity.
    """
    if comparison.words is not None:
        return comparison.words.warnings
    plans = comparison.plans.values()
    return (*_of_study(comparison), *(sentence for plan in plans for sentence in _of_plan(comparison, plan)))


def _of_study(comparison: Comparison) -> Iterator[str]:
    scenario, done = comparison.scenario, comparison.replications
    if not comparison.complete:
        asked = f" of {scenario.replications}" if comparison.aim.is_fixed else ""
        yield f"Only {done}{asked} replications finished; the figures are of these."
    if not comparison.aim.is_fixed and done >= MOST_REPLICATIONS:
        yield f"{done:,} replications are the most that are added, and what was asked for may not be reached by them."
    if done == 1:
        yield foreseen.ONE_REPLICATION
    yield from foreseen.of_traffic(scenario)
    yield from _of_unequal_work(comparison)
    yield from (sizing.text for sizing in comparison.sizings)
    yield from foreseen.of_weights(scenario)


def _of_unequal_work(comparison: Comparison) -> Iterator[str]:
    """Warn where clients who wait for their answers get many more of one plan than of another."""
    if comparison.scenario.traffic.closed_loop is None:
        return
    rates = {name: plan.metrics["requests_per_s_mean"].mean for name, plan in comparison.plans.items()}
    fewest, most = min(rates, key=rates.__getitem__), max(rates, key=rates.__getitem__)
    if rates[most] * (1 - UNEQUAL_FRACTION) > rates[fewest]:
        yield (
            f"The clients ask {most} {rates[most]:,.4g} times a second and {fewest} {rates[fewest]:,.4g} times, as "
            "they wait for each answer: costs per month are of unequal work; compare the costs per 1k requests."
        )


def _of_plan(comparison: Comparison, result: PlanResult) -> Iterator[str]:
    name, metrics = result.name, result.metrics
    if result.saturation.verdict is not Verdict.STABLE:
        yield f"{name}: {result.saturation.verdict}: {result.saturation.reason}."
    yield from _of_backends(comparison, result, Topic.ROOM)
    yield from foreseen.of_batches(comparison.scenario, name)
    timeouts = metrics.get("timeout_fraction")
    if timeouts is not None and timeouts.mean > MOST_TIMEOUTS_FRACTION:
        yield f"{name}: {timeouts.mean:.1%} of the requests give up waiting; the fleet is too small or slow to grow."
    refused = metrics.get("refused_fraction")
    if refused is not None and refused.mean > MOST_REFUSED_FRACTION:
        yield f"{name}: {refused.mean:.1%} of the requests are refused at last; a limit is below what is asked for."
    cold = metrics.get("instance_cold_start_fraction")
    if cold is not None and cold.mean > MOST_COLD_STARTS_FRACTION:
        yield (
            f"{name}: {cold.mean:.1%} of the computations wait for an instance to start; with more requests, or a "
            "longer keep-alive, it would be fewer."
        )
    yield from foreseen.of_store(comparison.scenario, name)
    yield from _of_backends(comparison, result, Topic.LIMITS)
    yield from _of_reads(comparison, result)
    yield from _of_writes(comparison, result)
    age = metrics.get("age_p99_s")
    yield from foreseen.of_rows(comparison.scenario, name, age.mean if age else None)
    yield from _of_runs(comparison, result)
    yield from foreseen.of_cycles(comparison.scenario, name)
    yield from foreseen.of_model(comparison.scenario, name)
    wide = [metric for metric in LATENCIES if _is_wide(result, metric)]
    if wide:
        found = metrics[wide[0]]
        what = wide[0].removesuffix("_s").replace("_", " ")
        yield (
            f"{name}: {what} is {about_duration(found.mean)} give or take {about_duration(found.half_width)} "
            "of chance; more replications or a longer horizon would narrow that down."
        )


def _of_backends(comparison: Comparison, result: PlanResult, topic: Topic) -> Iterator[str]:
    """Yield what the plan's online backends warn of themselves, each on its own."""
    for name in comparison.scenario.online_names(comparison.scenario.plans[result.name]):
        for warned in comparison.scenario.online(name).warnings(_finding(comparison, result, name)):
            if warned.topic is topic:
                yield f"{result.name}: {warned.sentence}"


def _finding(comparison: Comparison, result: PlanResult, name: str) -> Finding:
    """Return what the run found of an online backend."""
    fleets, backend = result.consumptions[0].fleets, comparison.scenario.online(name)
    counts = [use.counts for outcome in result.outcomes for use in outcome.services if use.backend == name]
    alone = len(fleets) == 1 and not backend.computes_together and "utilisation" in result.metrics
    load = 0.0
    if name in fleets:
        load = result.metrics["utilisation"].mean if alone else _load(result, name)
    return Finding(
        name,
        answers=name == comparison.scenario.plans[result.name].backend,
        among=len(fleets),
        clients_wait=comparison.scenario.traffic.closed_loop is not None,
        load_fraction=load,
        calls=sum(count["calls"] for count in counts),
        refused=sum(count["refused"] for count in counts),
    )


def _load(result: PlanResult, backend: str) -> float:
    """Return which share of what one of a plan's fleets can do was done."""
    times = [consumption.fleets[backend] for consumption in result.consumptions]
    provisioned_h = math.fsum(each.provisioned_h for each in times)
    return math.fsum(each.provisioned_h * each.load for each in times) / provisioned_h if provisioned_h else 0.0


def _of_reads(comparison: Comparison, result: PlanResult) -> Iterator[str]:
    """Warn of a store whose read capacity is smaller than what is asked of it, as nothing in the simulation waits."""
    uses = [outcome.store for outcome in result.outcomes if outcome.store is not None]
    capacity_per_s = comparison.scenario.store_of(comparison.scenario.plans[result.name]).read_capacity_per_s
    busiest_per_s = max((use.busiest_reads_per_s for use in uses), default=0.0)
    if capacity_per_s is not None and busiest_per_s > capacity_per_s:
        yield (
            f"{result.name}: the store can be read {capacity_per_s:,.4g} times a second, and the busiest minute asks "
            f"for {busiest_per_s:,.4g}; what a store does to reads above its capacity is not simulated."
        )


def _of_writes(comparison: Comparison, result: PlanResult) -> Iterator[str]:
    """Warn of a store whose write capacity is smaller than what the cache and events ask: runs alone keep to it."""
    uses = [outcome.store for outcome in result.outcomes if outcome.store is not None]
    store = comparison.scenario.store_of(comparison.scenario.plans[result.name])
    capacity_per_s = store.write_capacity_per_s
    busiest_per_s = max((use.busiest_writes_per_s for use in uses), default=0.0)
    if capacity_per_s is not None and busiest_per_s > capacity_per_s:
        unpaid = ", and the bill has the capacity alone" if store.paid_for_by.by_capacity else ""
        yield (
            f"{result.name}: the store can be written {capacity_per_s:,.4g} times a second, and single rows (the "
            f"cache's, and those after events) were written {busiest_per_s:,.4g} times a second in the busiest hour; "
            f"what a store does to writes above its capacity is not simulated{unpaid}."
        )


def _of_runs(comparison: Comparison, result: PlanResult) -> Iterator[str]:
    """Warn of runs that fell out."""
    if comparison.scenario.plans[result.name].precompute is None:
        return
    missed = sum(outcome.batch.missed for outcome in result.outcomes if outcome.batch)
    if missed:
        yield (
            f"{result.name}: {missed} batch runs in {len(result.outcomes)} replications did not start, as the run "
            "before was still going."
        )


def _is_wide(result: PlanResult, metric: str) -> bool:
    found = result.metrics.get(metric)
    return found is not None and 2 * found.half_width > WIDEST_INTERVAL_FRACTION * found.mean
